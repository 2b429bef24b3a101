//! The books: tables, the statements that read and change them, and the one way to write.
//!
//! Two engines: SQLite for one machine ([`sqlite`], [`writer`]), MySQL and those who speak its
//! protocol (MariaDB, Galera, TiDB) for more ([`mysql`]). Statements are written once for both: `?`
//! placeholders, `BIGINT` milliseconds and fen, nothing that only one engine understands (that stays
//! in `migrations/`, [`sqlite`] and [`mysql`]). Functions take a connection, so that a use case puts
//! several of them into one transaction.
//!
//! What holds on both, and what jobs are therefore made of: between two statements of a transaction
//! others may commit (`READ COMMITTED`), so a job decides by guarded statements (`UPDATE … WHERE
//! status = ?`, rows counted; `INSERT`, [`inserted`]) and not by what it has read. No assignment of an `UPDATE` refers to a column that another one sets:
//! SQLite means its old value, MySQL the new one. No `SUM` without `CAST(… AS SIGNED)`, no boolean
//! column: sqlx's common driver cannot carry what MySQL makes of them. And a job may be run again, also
//! when it has already been committed: see [`Database::write`].
//!
//! Knows no protocol type, no HTTP, no Leptos; decides nothing about money (that is `checkout`).

pub mod approvals;
pub mod attempts;
pub mod audit;
pub mod backfill;
pub mod bills;
pub mod books;
mod codes;
pub mod concerns;
pub mod copies;
pub mod day_sums;
pub mod durability;
mod error;
pub mod events;
pub mod generation;
pub mod heartbeats;
pub mod inbox;
mod job;
pub mod leases;
pub mod looks;
pub mod moves;
pub mod moving;
mod mysql;
pub mod notes;
pub mod notifications;
mod older;
pub mod order_list;
pub mod orders;
pub mod paid;
pub mod payments;
pub mod pictures;
pub mod platform_keys;
pub mod products;
pub mod refund_holds;
pub mod refunds;
pub mod refused;
pub mod removal;
pub mod request_ids;
pub mod restorations;
pub mod rows;
mod schema;
pub mod sendings;
pub mod set_back;
mod several;
mod sqlite;
pub mod staff;
pub mod staff_links;
pub mod staff_sessions;
pub mod surplus;
mod writer;

use std::{fs::File, sync::Arc};

use jiff::Timestamp;
use sqlx::{Any, AnyConnection, AnyPool, pool::PoolConnection};

pub use error::StorageError;
pub use job::JobFuture;
pub use older::Older;
pub use schema::SchemaError;
pub use several::common_share;
use several::{padded, shares, tuple};
pub(crate) use sqlite::keep_private;

/// `Ok(false)` when a UNIQUE rule said no, so that "there already" is a case and not a failure.
///
/// # Errors
/// Any other refusal.
pub(crate) fn inserted(result: Result<sqlx::any::AnyQueryResult, sqlx::Error>) -> Result<bool, StorageError> {
    match result {
        Ok(_) => Ok(true),
        Err(error) if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation) => {
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// What is expected of rows that are to be written by one statement.
///
/// Such a statement must not be refused and its transaction go on: a node of Galera then sends some of the
/// refused rows to the others all the same, and falls out of the cluster (MariaDB 10.11, from 8 KiB on).
/// So either it is known what is there, or a refusal ends the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// That all are new, as a rule: nobody looks, and [`StorageError::ThereAlready`] where one is not.
    New,
    /// Anything: what is there is looked up first, and counted.
    Anything,
}

impl Expect {
    /// # Errors
    /// A UNIQUE rule said no. After a look that is a race, and the whole transaction is run again.
    fn all_inserted(
        self,
        table: &'static str,
        result: Result<sqlx::any::AnyQueryResult, sqlx::Error>,
    ) -> Result<(), StorageError> {
        match (inserted(result)?, self) {
            (true, _) => Ok(()),
            (false, Self::New) => Err(StorageError::ThereAlready { table }),
            (false, Self::Anything) => Err(StorageError::Raced { table, row: 0 }),
        }
    }
}

/// The open books. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database(Engine);

#[derive(Clone, Debug)]
enum Engine {
    /// A file: many readers, one writer.
    Sqlite {
        readers: AnyPool,
        writer: writer::Writer,
        /// That this process has them open.
        _presence: Option<Arc<File>>,
    },
    /// A server, which has many writers.
    Mysql(mysql::Server),
}

impl Database {
    /// Looks at what lies at `url` and changes nothing: books of an earlier version, which [`Database::open`] would
    /// migrate; `None` where there is nothing to migrate, or nothing at all.
    ///
    /// # Errors
    /// [`SchemaError`]: it is something else, or of a newer version.
    pub async fn look(url: &str) -> Result<Option<Older>, StorageError> {
        sqlx::any::install_default_drivers();
        if url.starts_with("mysql:") { mysql::look(url).await } else { sqlite::look(url).await }
    }

    /// Opens the database at `url` and migrates it as needed: `sqlite://PATH`, which is made if it
    /// is not there, or `mysql://…/NAME`, which must be there.
    ///
    /// # Errors
    /// The file cannot be made or opened, the server cannot be reached or knows no such user or
    /// database, or the schema is a newer or damaged one.
    pub async fn open(url: &str) -> Result<Self, StorageError> {
        sqlx::any::install_default_drivers();
        if url.starts_with("mysql:") {
            return Ok(Self(Engine::Mysql(mysql::Server::open(url).await?)));
        }
        let sqlite::Opening { readers, connection, presence } = sqlite::open(url).await?;
        let writer = writer::Writer::start(url.to_owned(), connection);
        Ok(Self(Engine::Sqlite { readers, writer, _presence: presence.map(Arc::new) }))
    }

    /// Opens books that are there, and changes nothing about them: for everything but the server, so that no
    /// command in another folder makes new ones, or migrates under a server of an older version.
    ///
    /// # Errors
    /// [`SchemaError`]: they are not there, or of another version. Or as [`Database::open`].
    pub async fn attach(url: &str) -> Result<Self, StorageError> {
        sqlx::any::install_default_drivers();
        if url.starts_with("mysql:") {
            return Ok(Self(Engine::Mysql(mysql::Server::attach(url).await?)));
        }
        let sqlite::Opening { readers, connection, presence } = sqlite::attach(url).await?;
        let writer = writer::Writer::start(url.to_owned(), connection);
        Ok(Self(Engine::Sqlite { readers, writer, _presence: presence.map(Arc::new) }))
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// The pool is exhausted past its time limit, or the database is gone.
    pub async fn read(&self) -> Result<PoolConnection<Any>, StorageError> {
        Ok(match &self.0 {
            Engine::Sqlite { readers, .. } => readers.acquire().await?,
            Engine::Mysql(server) => server.acquire().await?,
        })
    }

    /// Runs `job` in a transaction and answers once it is committed, and on the disk. The job may run more
    /// than once, also when it has been committed: another writer was in the way, the connection was lost
    /// while it was committed, its caller was told that nobody knows and asks again. So it must do nothing
    /// but read and write the books, and find its own work when it comes again (a UNIQUE number that is
    /// there already, a guarded statement that no longer fits).
    ///
    /// # Errors
    /// The job's, or the engine's. Nothing of the job has happened then, **but for one**: after
    /// [`StorageError::OutcomeUnknown`] it may be there, now or after the next start. An error of COMMIT is
    /// always that one.
    pub async fn write<T, F>(&self, job: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut AnyConnection) -> JobFuture<'c, T> + Send + 'static,
    {
        let (job, answer) = job::pending(job);
        match &self.0 {
            Engine::Sqlite { writer, .. } => writer.take(job).await?,
            Engine::Mysql(server) => server.take(job).await?,
        }
        answer.heard().await
    }

    /// The same, for what has to come through while others wait for rows that somebody else has locked, and sees to
    /// it itself that few or none of it wait: callbacks and the platform's keys that they need, what is claimed for
    /// the jobs, heartbeats and leases.
    ///
    /// # Errors
    /// As [`Database::write`].
    pub async fn write_first<T, F>(&self, job: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut AnyConnection) -> JobFuture<'c, T> + Send + 'static,
    {
        let (job, answer) = job::pending(job);
        match &self.0 {
            Engine::Sqlite { writer, .. } => writer.take(job).await?,
            Engine::Mysql(server) => server.take_first(job).await?,
        }
        answer.heard().await
    }

    /// Returns when nothing can be written any more through this: after [`Database::close`], or because
    /// what carries writes out has ended, which it never does by itself.
    pub async fn writing_ended(&self) {
        match &self.0 {
            Engine::Sqlite { writer, .. } => writer.ended().await,
            Engine::Mysql(server) => server.ended().await,
        }
    }

    /// Finishes what is queued and closes files or connections.
    pub async fn close(&self) {
        match &self.0 {
            Engine::Sqlite { readers, writer, .. } => {
                writer.close().await;
                readers.close().await;
            }
            Engine::Mysql(server) => server.close().await,
        }
    }
}

/// What is due and has not been looked after yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    pub count: i64,
    /// The time that was set for the longest due one.
    pub oldest_ms: Option<i64>,
}

/// What stands before the table's name in a statement for many rows whose refusal ends the transaction. SQLite keeps a
/// copy of each page that such a statement touches, only so that it could be undone by itself; nobody here goes on after
/// it was refused, and all is undone.
fn or_fail(c: &AnyConnection) -> &'static str {
    if mysql::is_backend_of(c) { "" } else { "OR FAIL " }
}

pub(crate) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

pub(crate) fn timestamp(
    table: &'static str,
    column: &'static str,
    row: i64,
    millis: i64,
) -> Result<Timestamp, StorageError> {
    Timestamp::from_millisecond(millis).map_err(|error| StorageError::Inconsistent {
        table,
        column,
        row,
        problem: error.to_string(),
    })
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
