//! What only SQLite needs: its file, pragmas, connections.
//!
//! What is kept open while the books are: [`READERS`] connections that read, and the one that writes (see
//! [`super::writer`]). They are opened at the start and not later, because on a full disk, or with no
//! descriptor left, none can be opened, and reading must go on. And as long as one is open, nobody reads the
//! log (`-wal`) anew: what a failed COMMIT has left in it shows up after the next start at the earliest.

mod copy;
mod file;
mod leftover;
mod migrate;
mod owner;
mod presence;
#[cfg(test)]
pub(super) use migrate::migrations;
pub(crate) use migrate::{require, require_file};

pub(crate) use copy::{bytes_of, copy_gently, copy_to, folder_of, free_bytes, sync_folder};
pub(crate) use file::{Opened, broken, keep_private, path as file_at, with_suffix};
pub(crate) use leftover::{READY, UNTIL, clear};
pub(crate) use owner::hand_over;
pub(crate) use presence::alone;

use std::{
    fs::{self, File},
    path::Path,
    time::Duration,
};

use sqlx::{
    AnyConnection, AnyPool, ConnectOptions, Connection, Executor,
    any::{AnyConnectOptions, AnyPoolOptions},
    sqlite::SqliteConnectOptions,
};

use super::{Older, StorageError, codes::sqlite::code};

/// WAL lets pages read while a callback is written; FULL makes a commit survive a power cut. Whoever wants to
/// write waits for another process (a command line, another instance) for as long as
/// [`PATIENCE`](super::writer::PATIENCE).
pub(super) const PRAGMAS: &str = "PRAGMA busy_timeout = 3000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                       PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000;";
/// Of the connection that writes. With nearly each of its commits SQLite goes through all the pages that it keeps (where
/// a tree's pages were put into another order, it looks for what lies past the end of the file), and most of what it
/// writes it never reads again: kept, that costs each callback more than what is read again from the system's memory.
const WRITER_CACHE: &str = "PRAGMA cache_size = -16384";
/// Of each that reads. Whoever goes through all the books (an export, a comparison) fills every one of them, by turns,
/// and nothing empties them again: they are what such work costs in memory. What is not in them is in the system's.
const READER_CACHE: &str = "PRAGMA cache_size = -4096";
/// What a process left in the log that was killed right after its disk had refused to sync is in the system's
/// memory and, for all anybody knows, nowhere else; a later sync says nothing of it. So before anything is
/// answered because it is there, it is written into the file and synced.
const SETTLE: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// Changes nothing. A process that gets no descriptor for writing when it opens the log's memory (`-shm`) has it
/// for reading only until its last connection is closed, which is at its end: such a start has to fail.
const PROVE: &str = "BEGIN IMMEDIATE; UPDATE leases SET name = name WHERE name IS NULL; ROLLBACK";

const READERS: u32 = 4;

/// Makes no file: that is done once, at the start. Where a disk has gone for a moment only its empty place is left,
/// and books that were made there would be a new, empty shop.
fn options(url: &str) -> Result<AnyConnectOptions, StorageError> {
    let url = if url.contains('?') { url.replace("mode=rwc", "mode=rw") } else { format!("{url}?mode=rw") };
    let options: AnyConnectOptions = url.parse()?;
    Ok(options.disable_statement_logging())
}

/// Books that are open.
pub(crate) struct Opening {
    pub readers: AnyPool,
    pub connection: AnyConnection,
    /// `None` of books in memory, and where there are no locks.
    pub presence: Option<File>,
}

/// The readers and the writer's connection to the file that `url` names, which is made if it is not there, and
/// migrated.
pub(crate) async fn open(url: &str) -> Result<Opening, StorageError> {
    if let Some(older) = look(url).await? {
        older.close().await;
    }
    file::make_private(url)?;
    let presence = be_present(url)?;
    if let Some(path) = file::path(url)? {
        leftover::sweep(&path);
    }
    let mut connection = connect(url).await?;
    migrate::run(&mut connection, url).await?;
    if let Err(error) = connection.execute(SETTLE).await {
        tracing::error!(%error, "the log of the books cannot be brought into their file");
    }
    if let Err(error) = connection.execute(PROVE).await.map_err(StorageError::from) {
        if may_be_of_connection(&error) {
            return Err(error);
        }
        tracing::error!(%error, "the books cannot be written");
        connection = connect(url).await?;
    }
    Ok(Opening { readers: readers(url).await?, connection, presence })
}

fn be_present(url: &str) -> Result<Option<File>, StorageError> {
    file::path(url)?.map_or(Ok(None), |path| presence::join(&path))
}

/// What lies at `url`, opened for reading only: nobody's file is touched before it is known to be ours.
///
/// # Errors
/// It is somebody else's.
pub(crate) async fn look(url: &str) -> Result<Option<Older>, StorageError> {
    let Some(path) = file::path(url)?.filter(|path| fs::metadata(path).is_ok_and(|file| file.len() > 0)) else {
        return Ok(None);
    };
    // One that cannot even be read is for `open` to complain about.
    let Ok(mut connection) = read_only(&path).await else { return Ok(None) };
    let found = migrate::found(&mut connection).await;
    match found {
        Ok(Some(version)) => Ok(Some(Older { connection, version })),
        found => {
            connection.close().await?;
            found.map(|_| None)
        }
    }
}

/// Nothing of it is changed.
pub(crate) async fn read_only(path: &Path) -> Result<AnyConnection, StorageError> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    let options =
        AnyConnectOptions::from_url(&options.to_url_lossy()).map(ConnectOptions::disable_statement_logging)?;
    Ok(AnyConnection::connect_with(&options).await?)
}

/// The same for whoever makes and migrates nothing.
pub(crate) async fn attach(url: &str) -> Result<Opening, StorageError> {
    require_file(url)?;
    let presence = be_present(url)?;
    if let Some(older) = look(url).await? {
        older.close().await;
    }
    let mut connection = connect(url).await?;
    require(&mut connection).await?;
    Ok(Opening { readers: readers(url).await?, connection, presence })
}

pub(crate) async fn connect(url: &str) -> Result<AnyConnection, StorageError> {
    let mut connection = AnyConnection::connect_with(&options(url)?).await?;
    connection.execute(PRAGMAS).await?;
    connection.execute(WRITER_CACHE).await?;
    Ok(connection)
}

async fn readers(url: &str) -> Result<AnyPool, StorageError> {
    let pool = AnyPoolOptions::new()
        .max_connections(READERS)
        .min_connections(READERS)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(Duration::from_secs(3))
        // One whose thread has died is replaced.
        .test_before_acquire(true)
        .after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute(PRAGMAS).await?;
                connection.execute(READER_CACHE).await?;
                Ok(())
            })
        });
    Ok(pool.connect_with(options(url)?).await?)
}

/// `SQLITE_READONLY` (8): perhaps only of this connection, and for ever. When a file cannot be opened for writing,
/// with no descriptor left for an instant, SQLite opens it for reading without a word, and such a connection's
/// `BEGIN IMMEDIATE` succeeds.
pub(crate) fn may_be_of_connection(error: &StorageError) -> bool {
    let StorageError::ReadOnly(error) = error else { return false };
    error.as_database_error().and_then(code).is_some_and(|code| code & 0xff == 8)
}
