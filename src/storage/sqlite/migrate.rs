//! Brings the file up to date, after a copy of it: `saoma.db.before-10` is what it was before it became
//! version 10. One start at a time, by a lock on the folder that leaves no file behind.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::Path,
    sync::Arc,
    time::Duration,
};

use sqlx::{AnyConnection, migrate::Migrator};
use tokio::time::{Instant, sleep};

use super::{
    super::{
        codes::sqlite::is_no_database,
        schema::{self, SchemaError, Standing},
    },
    StorageError,
    copy::{copy_to, folder_of},
    file::{self, broken, with_suffix},
};

/// How long another start is waited for that is at it.
const WAIT: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

pub(crate) fn migrations() -> Migrator {
    schema::migrator(&[
        (1, "checkout", include_str!("../../../migrations/sqlite/0001_checkout.sql")),
        (2, "life", include_str!("../../../migrations/sqlite/0002_life.sql")),
        (3, "collect; compatible", include_str!("../../../migrations/sqlite/0003_collect.sql")),
        (4, "staff; compatible", include_str!("../../../migrations/sqlite/0004_staff.sql")),
        (5, "office; compatible", include_str!("../../../migrations/sqlite/0005_office.sql")),
        (6, "products; compatible", include_str!("../../../migrations/sqlite/0006_products.sql")),
        (7, "bills; compatible", include_str!("../../../migrations/sqlite/0007_bills.sql")),
        (8, "restored; compatible", include_str!("../../../migrations/sqlite/0008_restored.sql")),
        (10, "bill questions; compatible", include_str!("../../../migrations/sqlite/0010_bills.sql")),
        (12, "moves; compatible", include_str!("../../../migrations/sqlite/0012_moves.sql")),
        (14, "request ids; compatible", include_str!("../../../migrations/sqlite/0014_request_ids.sql")),
        (15, "sendings; compatible", include_str!("../../../migrations/sqlite/0015_sendings.sql")),
    ])
}

/// # Errors
/// The file is not ours or is newer, or it could not be copied or migrated: then nothing of it has changed.
pub(crate) async fn run(connection: &mut AnyConnection, url: &str) -> Result<(), StorageError> {
    let migrations = migrations();
    if let Standing::Current = schema::compare(&applied(connection).await?, &migrations)? {
        return Ok(());
    }
    let path = file::path(url)?;
    let _held = match &path {
        Some(path) => hold(folder_of(path)).await?,
        None => None,
    };
    let Standing::Behind { found, .. } = schema::compare(&applied(connection).await?, &migrations)? else {
        return Ok(());
    };
    let version = schema::newest(&migrations);
    if let Some(path) = path.filter(|_| found > 0) {
        let copy = with_suffix(&path, &format!(".before-{version}"));
        copy_to(connection, &copy)
            .await
            .map_err(|error| StorageError::NotCopied { path: copy.clone(), source: Box::new(error) })?;
        tracing::info!("the books are migrated from version {found} to {version}; as they were: {}", copy.display());
    }
    migrations.run(connection).await.map_err(|error| StorageError::Migration(Arc::new(error)))
}

/// The version of books that have to be migrated; `None` of those that need not, and of an empty file.
///
/// # Errors
/// Something else lies there, or they are newer.
pub(crate) async fn found(connection: &mut AnyConnection) -> Result<Option<i64>, StorageError> {
    let count = "SELECT COUNT(*), COUNT(CASE WHEN name = ? THEN 1 END) FROM sqlite_master WHERE type = 'table'";
    let counted = sqlx::query_as::<_, (i64, i64)>(count).bind(schema::TABLE).fetch_one(&mut *connection).await;
    match counted {
        Ok((1.., 0)) => return Err(SchemaError::NotBooks.into()),
        Err(error) if error.as_database_error().is_some_and(is_no_database) => return Err(SchemaError::NotBooks.into()),
        // Locked, or what else there may be: whoever opens them meets it again.
        Err(_) => return Ok(None),
        Ok(_) => {}
    }
    Ok(schema::behind(&applied(connection).await?, &migrations())?)
}

/// For whoever must not migrate.
///
/// # Errors
/// The file is not there, or of another version.
pub(crate) async fn require(connection: &mut AnyConnection) -> Result<(), StorageError> {
    Ok(schema::require(&applied(connection).await?, &migrations())?)
}

/// # Errors
/// There is no file with anything in it.
pub(crate) fn require_file(url: &str) -> Result<(), StorageError> {
    let Some(path) = file::path(url)? else { return Ok(()) };
    match fs::metadata(&path) {
        Ok(found) if found.len() > 0 => Ok(()),
        Ok(_) => Err(SchemaError::NoBooks.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(SchemaError::NoBooks.into()),
        Err(error) => Err(broken(&path, error)),
    }
}

async fn applied(connection: &mut AnyConnection) -> Result<Vec<schema::Applied>, sqlx::Error> {
    let known = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ?";
    let tables: i64 = sqlx::query_scalar(known).bind(schema::TABLE).fetch_one(&mut *connection).await?;
    if tables == 0 { Ok(Vec::new()) } else { schema::applied(connection).await }
}

/// `None` where the file system knows no locks: then starts at the same moment are the operator's to avoid.
async fn hold(folder: &Path) -> Result<Option<File>, StorageError> {
    let file = File::open(folder).map_err(|error| broken(folder, error))?;
    let end = Instant::now() + WAIT;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) if Instant::now() < end => sleep(LOOK_AGAIN).await,
            Err(TryLockError::WouldBlock) => return Err(StorageError::NoAnswer),
            Err(TryLockError::Error(error)) => {
                tracing::debug!(%error, "no lock on {}", folder.display());
                return Ok(None);
            }
        }
    }
}
