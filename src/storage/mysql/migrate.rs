//! Brings the schema up to date, also when many instances start at once, on any nodes of a cluster.
//!
//! The lock of sqlx's own `run` is one by name (`GET_LOCK`): MariaDB waits for nobody with it, Galera
//! refuses it. And the row that is written before each migration cannot be the lock, because MySQL
//! commits in the middle of a migration, and Galera sends a change of the schema around before the
//! commit that should have decided whose it is. So the lock is a row of its own, committed before
//! anything else is done: of all instances one gets it in. It is taken for one migration at a time,
//! and only where there is one to run.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Duration,
};

use sqlx::{
    AnyConnection, Connection, Executor,
    any::AnyConnectOptions,
    error::DatabaseError,
    migrate::{Migrate, MigrateError, Migrator},
};
use tokio::time::{Instant, sleep, timeout};

use super::{
    super::{
        Older, StorageError,
        codes::mysql::{is_nothing_there, is_transient},
        schema::{self, SchemaError, Standing},
    },
    waits::{CONNECT, pause},
};

/// How long others are waited for. Whoever waits longer is told of a migration that was not finished,
/// which is then either a long one, or one whose process died, and somebody has to look.
const WAIT: Duration = Duration::from_mins(1);

/// How often one waits before one says so: about half a second.
const NOTICED: usize = 8;
const GIVING_BACK: usize = 5;

pub(super) const LOCK: &str = "CREATE TABLE IF NOT EXISTS _saoma_migrating (id INT NOT NULL PRIMARY KEY, \
                    holder VARCHAR(16) NOT NULL, until_s BIGINT NOT NULL) ENGINE = InnoDB";
/// A holder that died leaves the lock to the next one. One that is only slow has by then marked its
/// migration as begun, so that the next one does not run it a second time.
const TAKE: &str = "INSERT INTO _saoma_migrating (id, holder, until_s) VALUES (1, ?, UNIX_TIMESTAMP() + 60)";
const TAKE_OVER: &str = "UPDATE _saoma_migrating SET holder = ?, until_s = UNIX_TIMESTAMP() + 60 \
                         WHERE id = 1 AND until_s < UNIX_TIMESTAMP()";
const GIVE_BACK: &str = "DELETE FROM _saoma_migrating WHERE id = 1 AND holder = ?";

fn migrations() -> Migrator {
    schema::migrator(&[
        (1, "checkout", include_str!("../../../migrations/mysql/0001_checkout.sql")),
        (2, "life", include_str!("../../../migrations/mysql/0002_life.sql")),
        (3, "collect; compatible", include_str!("../../../migrations/mysql/0003_collect.sql")),
        (4, "staff; compatible", include_str!("../../../migrations/mysql/0004_staff.sql")),
        (5, "office; compatible", include_str!("../../../migrations/mysql/0005_office.sql")),
        (6, "products; compatible", include_str!("../../../migrations/mysql/0006_products.sql")),
        (7, "bills; compatible", include_str!("../../../migrations/mysql/0007_bills.sql")),
        (8, "restored; compatible", include_str!("../../../migrations/mysql/0008_restored.sql")),
        (10, "bill questions; compatible", include_str!("../../../migrations/mysql/0010_bills.sql")),
        (12, "moves; compatible", include_str!("../../../migrations/mysql/0012_moves.sql")),
        (14, "request ids; compatible", include_str!("../../../migrations/mysql/0014_request_ids.sql")),
        (15, "sendings; compatible", include_str!("../../../migrations/mysql/0015_sendings.sql")),
    ])
}

/// For whoever must not migrate.
///
/// # Errors
/// There are no books, or they are of another version.
pub(crate) async fn require(options: &AnyConnectOptions) -> Result<(), StorageError> {
    let Some(mut connection) = connected(options).await? else { return Err(SchemaError::NoBooks.into()) };
    let applied = applied(&mut connection).await?;
    connection.close().await?;
    Ok(schema::require(&applied, &migrations())?)
}

/// The books, if they have to be migrated.
///
/// # Errors
/// They are newer, or the server does not answer.
pub(crate) async fn look(options: &AnyConnectOptions) -> Result<Option<Older>, StorageError> {
    let Some(mut connection) = connected(options).await? else { return Ok(None) };
    let version = schema::behind(&applied(&mut connection).await?, &migrations())?;
    if let Some(version) = version {
        return Ok(Some(Older { connection, version }));
    }
    connection.close().await?;
    Ok(None)
}

/// `None` where there is no such database.
async fn connected(options: &AnyConnectOptions) -> Result<Option<AnyConnection>, StorageError> {
    let connecting = timeout(CONNECT, AnyConnection::connect_with(options));
    match connecting.await.map_err(|_| StorageError::NoAnswer)? {
        Err(error) if error.as_database_error().is_some_and(is_nothing_there) => Ok(None),
        connected => Ok(Some(connected?)),
    }
}

/// Nothing where there is no table yet.
async fn applied(connection: &mut AnyConnection) -> Result<Vec<schema::Applied>, sqlx::Error> {
    match schema::applied(connection).await {
        Err(error) if error.as_database_error().is_some_and(is_nothing_there) => Ok(Vec::new()),
        applied => applied,
    }
}

pub(crate) async fn run(options: &AnyConnectOptions) -> Result<(), StorageError> {
    let migrator = migrations();
    let holder = format!("{:016x}", RandomState::new().hash_one(()));
    let end = Instant::now() + WAIT;
    let mut waits = 0;
    loop {
        let connecting = timeout(CONNECT, AnyConnection::connect_with(options));
        let mut connection = connecting.await.map_err(|_| StorageError::NoAnswer)??;
        let outcome = step(&mut connection, &migrator, &holder).await;
        if let Err(error) = connection.close().await {
            tracing::debug!(%error, "closing the connection that migrated");
        }
        match outcome {
            Ok(Step::NothingLeft) => break,
            Ok(Step::Applied(version)) => {
                tracing::info!(version, "migrated the database");
                continue;
            }
            Ok(Step::Waiting) if Instant::now() < end => {}
            Ok(Step::Waiting) => return Err(StorageError::NoAnswer),
            Err(error) if is_under_way(&error) && Instant::now() < end => {}
            Err(error) => return Err(error),
        }
        waits += 1;
        if waits == NOTICED {
            tracing::warn!("another instance is migrating the database, or was stopped while it did");
        }
        sleep(pause(waits)).await;
    }
    Ok(())
}

enum Step {
    NothingLeft,
    Applied(i64),
    /// Somebody else has the lock.
    Waiting,
}

async fn step(connection: &mut AnyConnection, migrator: &Migrator, holder: &str) -> Result<Step, StorageError> {
    match schema::compare(&applied(connection).await?, migrator) {
        Ok(Standing::Current) => return Ok(Step::NothingLeft),
        Ok(Standing::Behind { .. }) | Err(SchemaError::HalfDone(_)) => {}
        Err(error) => return Err(error.into()),
    }
    if !take(connection, holder).await? {
        return Ok(Step::Waiting);
    }
    let outcome = migrate(connection, migrator).await;
    give_back(connection, holder).await;
    outcome
}

/// By whoever has the lock: nobody else changes a table, because in a cluster that would break into
/// the transactions of whoever does.
async fn migrate(connection: &mut AnyConnection, migrator: &Migrator) -> Result<Step, StorageError> {
    let failed = |error| StorageError::Migration(Arc::new(error));
    connection.ensure_migrations_table(schema::TABLE).await.map_err(failed)?;
    let Standing::Behind { next, .. } = schema::compare(&applied(connection).await?, migrator)? else {
        return Ok(Step::NothingLeft);
    };
    connection.apply(schema::TABLE, next).await.map_err(failed)?;
    Ok(Step::Applied(next.version))
}

/// `true` when the lock is ours now.
async fn take(connection: &mut AnyConnection, holder: &str) -> Result<bool, sqlx::Error> {
    let mut taken = sqlx::query(TAKE).bind(holder).execute(&mut *connection).await;
    if taken.as_ref().is_err_and(|error| error.as_database_error().is_some_and(is_nothing_there)) {
        connection.execute(LOCK).await?;
        taken = sqlx::query(TAKE).bind(holder).execute(&mut *connection).await;
    }
    match taken {
        Ok(_) => Ok(true),
        Err(error) if error.as_database_error().is_some_and(DatabaseError::is_unique_violation) => {
            Ok(sqlx::query(TAKE_OVER).bind(holder).execute(connection).await?.rows_affected() == 1)
        }
        Err(error) => Err(error),
    }
}

/// Where that fails for good, the others wait until the lock is too old.
async fn give_back(connection: &mut AnyConnection, holder: &str) {
    for tries in 1..=GIVING_BACK {
        match sqlx::query(GIVE_BACK).bind(holder).execute(&mut *connection).await {
            Ok(_) => return,
            Err(error) => tracing::debug!(%error, "giving back the right to migrate"),
        }
        sleep(pause(tries)).await;
    }
}

/// Another instance is migrating, or was in the way.
fn is_under_way(error: &StorageError) -> bool {
    match error {
        StorageError::Schema(SchemaError::HalfDone(_)) => true,
        StorageError::Migration(error) => match &**error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                error.as_database_error().is_some_and(is_transient)
            }
            _ => false,
        },
        error => error.is_transient(),
    }
}
