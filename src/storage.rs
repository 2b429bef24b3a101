//! The books: tables, the statements that read and change them, and the one way to write.
//!
//! Statements are written once for every engine: `?` placeholders, `BIGINT` milliseconds and fen,
//! nothing that only one engine understands (that stays in `migrations/` and [`sqlite`]).
//! Functions take a connection, so that a use case puts several of them into one transaction.
//!
//! Knows no protocol type, no HTTP, no Leptos; decides nothing about money (that is `checkout`).

pub mod attempts;
pub mod events;
pub mod notifications;
pub mod orders;
pub mod payments;
pub mod products;
mod sqlite;
mod writer;

use std::path::PathBuf;

use jiff::Timestamp;
use sqlx::{AnyConnection, AnyPool, pool::PoolConnection};

pub use writer::JobFuture;

/// What went wrong with the books. The operator acts, or it is [`StorageError::is_transient`].
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    #[error("database: {0}")]
    Database(#[source] std::sync::Arc<sqlx::Error>),
    #[error("migration: {0}")]
    Migration(#[source] std::sync::Arc<sqlx::migrate::MigrateError>),
    #[error("cannot make the folder {path}: {source}")]
    Folder { path: PathBuf, source: std::sync::Arc<std::io::Error> },
    #[error("table {table}, column {column}, row {row}: {problem}")]
    Inconsistent { table: &'static str, column: &'static str, row: i64, problem: String },
    #[error("table {table}, row {row}: changed by somebody else meanwhile")]
    Raced { table: &'static str, row: i64 },
    #[error("the database's writer has stopped")]
    WriterGone,
}

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(std::sync::Arc::new(error))
    }
}

impl StorageError {
    /// Another writer was in the way; the same transaction may succeed when run again.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Raced { .. } => true,
            Self::Database(error) => error.as_database_error().is_some_and(sqlite::is_busy),
            _ => false,
        }
    }
}

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

/// The open books. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    readers: AnyPool,
    writer: writer::Writer,
}

impl Database {
    /// Opens the database at `url` (`sqlite://…`), making and migrating it as needed.
    ///
    /// # Errors
    /// The file cannot be made or opened, or holds a newer or damaged schema.
    pub async fn open(url: &str) -> Result<Self, StorageError> {
        sqlx::any::install_default_drivers();
        sqlite::make_folder(url)?;
        let mut connection = sqlite::connect(url).await?;
        sqlx::migrate!("migrations/sqlite")
            .run(&mut connection)
            .await
            .map_err(|error| StorageError::Migration(std::sync::Arc::new(error)))?;
        let readers = sqlite::readers(url).await?;
        Ok(Self { readers, writer: writer::Writer::start(connection) })
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// The pool is exhausted past its time limit, or the database is gone.
    pub async fn read(&self) -> Result<PoolConnection<sqlx::Any>, StorageError> {
        Ok(self.readers.acquire().await?)
    }

    /// Runs `job` in a transaction and answers once it is committed. The job may run more than
    /// once (another writer was in the way), so it must do nothing but read and write the books.
    ///
    /// # Errors
    /// The job's, or that the commit failed: then nothing of it has happened.
    pub async fn write<T, F>(&self, job: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut AnyConnection) -> JobFuture<'c, T> + Send + 'static,
    {
        self.writer.run(job).await
    }

    /// Finishes what is queued and closes the files.
    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }
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
