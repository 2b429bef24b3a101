//! What only SQLite needs: folder, pragmas, its words for "busy".

use std::{path::Path, sync::Arc, time::Duration};

use sqlx::{
    AnyConnection, AnyPool, ConnectOptions, Connection, Executor,
    any::{AnyConnectOptions, AnyPoolOptions},
    error::DatabaseError,
    migrate::Migrator,
    sqlite::SqliteError,
};

use super::{StorageError, migrator};

/// WAL lets pages read while a callback is written; FULL makes a commit survive a power cut.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                       PRAGMA busy_timeout = 5000; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4000;";

const READERS: u32 = 4;

pub fn migrations() -> Migrator {
    migrator(&[
        ("checkout", include_str!("../../migrations/sqlite/0001_checkout.sql")),
        ("life", include_str!("../../migrations/sqlite/0002_life.sql")),
        ("collect; compatible", include_str!("../../migrations/sqlite/0003_collect.sql")),
    ])
}

fn options(url: &str) -> Result<AnyConnectOptions, StorageError> {
    let url = if url.contains('?') { url.to_owned() } else { format!("{url}?mode=rwc") };
    let options: AnyConnectOptions = url.parse()?;
    Ok(options.disable_statement_logging())
}

/// The folder of the file that `url` names.
pub fn make_folder(url: &str) -> Result<(), StorageError> {
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let path = Path::new(path.split('?').next().unwrap_or_default());
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    std::fs::create_dir_all(folder)
        .map_err(|source| StorageError::Folder { path: folder.to_owned(), source: Arc::new(source) })
}

pub async fn connect(url: &str) -> Result<AnyConnection, StorageError> {
    let mut connection = AnyConnection::connect_with(&options(url)?).await?;
    connection.execute(PRAGMAS).await?;
    Ok(connection)
}

pub async fn readers(url: &str) -> Result<AnyPool, StorageError> {
    let pool = AnyPoolOptions::new()
        .max_connections(READERS)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(3))
        .test_before_acquire(false)
        .after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute(PRAGMAS).await?;
                Ok(())
            })
        });
    Ok(pool.connect_with(options(url)?).await?)
}

/// `SQLITE_BUSY` (5), `SQLITE_LOCKED` (6) and their extended codes, which carry them in the low byte.
pub fn is_busy(error: &dyn DatabaseError) -> bool {
    let error = error.try_downcast_ref::<SqliteError>();
    error
        .and_then(DatabaseError::code)
        .and_then(|code| code.parse::<i32>().ok())
        .is_some_and(|code| matches!(code & 0xff, 5 | 6))
}
