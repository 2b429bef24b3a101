//! A copy of the file while others may be writing it, and the room that it takes.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    thread,
};

use sqlx::{AnyConnection, ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::time::Instant;

use super::{
    StorageError,
    file::{FILE, broken, with_suffix},
};

/// A copy of what is committed, of one moment, while others may be writing; on the disk when this returns.
/// Of an earlier start that got no further, the later copy takes the place of the earlier one.
pub(crate) async fn copy_to(connection: &mut AnyConnection, copy: &Path) -> Result<(), StorageError> {
    let part = Part::begin(copy)?;
    sqlx::query(COPY).bind(part.name()?).execute(connection).await?;
    part.become_copy(copy)
}

/// The same of the books in `from`, beside a server whose callbacks are to go on as if nothing were the matter: what is
/// copied reaches the disk a little at a time. All of it at once would keep every other sync waiting for as long.
pub(crate) async fn copy_gently(from: &Path, copy: &Path) -> Result<(), StorageError> {
    copy_with(from, copy, File::sync_data).await
}

async fn copy_with<S>(from: &Path, copy: &Path, sync: S) -> Result<(), StorageError>
where
    S: FnMut(&File) -> io::Result<()> + Send + 'static,
{
    let part = Part::begin(copy)?;
    let file = part.file.try_clone().map_err(|error| broken(&part.path, error))?;
    let options = SqliteConnectOptions::new().filename(from).read_only(true).disable_statement_logging();
    let mut connection = SqliteConnection::connect_with(&options).await?;
    connection.lock_handle().await?.set_progress_handler(LOOK_EVERY, gentle(file, sync));
    let copied = sqlx::query(COPY).bind(part.name()?).execute(&mut connection).await;
    connection.close().await?;
    copied?;
    part.become_copy(copy)
}

const COPY: &str = "VACUUM INTO ?";
/// Bytes that a copy may be ahead of the disk: a sync that waits for so many takes some ms.
const AHEAD: u64 = 2 << 20;
/// Of SQLite's operations; a row takes several.
const LOOK_EVERY: i32 = 500;

/// Called while the copy grows, in the thread that writes it: goes on (`true`) once little of it is not on the disk, and
/// leaves the disk to others for as long as that took. A disk that fails ends the copy.
fn gentle(file: File, mut sync: impl FnMut(&File) -> io::Result<()> + Send) -> impl FnMut() -> bool + Send {
    let mut settled = 0;
    move || {
        let Ok(written) = file.metadata().map(|file| file.len()) else { return false };
        if written < settled + AHEAD {
            return true;
        }
        let began = Instant::now();
        let is_synced = sync(&file).is_ok();
        settled = written;
        thread::park_timeout(began.elapsed());
        is_synced
    }
}

/// What is not called a copy yet.
struct Part {
    path: PathBuf,
    file: File,
}

impl Part {
    fn begin(copy: &Path) -> Result<Self, StorageError> {
        let path = with_suffix(copy, ".part");
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(broken(&path, error)),
            _ => {}
        }
        let made = OpenOptions::new().write(true).create_new(true).mode(FILE).open(&path);
        let file = made.map_err(|error| broken(&path, error))?;
        Ok(Self { path, file })
    }

    fn name(&self) -> Result<&str, StorageError> {
        self.path.to_str().ok_or_else(|| broken(&self.path, io::ErrorKind::InvalidFilename.into()))
    }

    fn become_copy(self, copy: &Path) -> Result<(), StorageError> {
        self.file.sync_all().map_err(|error| broken(&self.path, error))?;
        fs::rename(&self.path, copy).map_err(|error| broken(copy, error))?;
        sync_folder(folder_of(copy))
    }
}

pub(crate) fn sync_folder(folder: &Path) -> Result<(), StorageError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| broken(folder, error))
}

/// What is free in a folder for somebody without special rights.
pub(crate) fn free_bytes(folder: &Path) -> Result<u64, StorageError> {
    let told = rustix::fs::statvfs(folder).map_err(|error| broken(folder, error.into()))?;
    Ok(told.f_bavail.saturating_mul(told.f_frsize))
}

/// Of the books with their log.
pub(crate) fn bytes_of(path: &Path) -> u64 {
    let size = |suffix| fs::metadata(with_suffix(path, suffix)).map_or(0, |file| file.len());
    size("") + size("-wal")
}

pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tempfile::TempDir;

    use super::*;

    const SIZE: u64 = 24 << 20;

    async fn books(folder: &TempDir) -> PathBuf {
        let path = folder.path().join("books.db");
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let mut c = SqliteConnection::connect_with(&options).await.expect("opens");
        sqlx::query("CREATE TABLE notes (id INTEGER PRIMARY KEY, text BLOB)").execute(&mut c).await.expect("a table");
        let fill = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 24576) \
                    INSERT INTO notes (text) SELECT randomblob(1000) FROM n";
        sqlx::query(fill).execute(&mut c).await.expect("fills");
        c.close().await.expect("closes");
        path
    }

    #[tokio::test]
    async fn a_copy_is_never_far_ahead_of_the_disk() {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, copy) = (books(&folder).await, folder.path().join("copy.db"));
        let synced = Arc::new(Mutex::new(vec![0]));
        let sync = {
            let synced = Arc::clone(&synced);
            move |file: &File| {
                synced.lock().expect("no panic").push(file.metadata()?.len());
                Ok(())
            }
        };
        copy_with(&from, &copy, sync).await.expect("copies");
        let whole = fs::metadata(&copy).expect("is there").len();
        assert!(whole > SIZE, "{whole}");
        let mut synced = synced.lock().expect("no panic");
        synced.push(whole);
        let most = synced.windows(2).map(|pair| pair[1] - pair[0]).max().expect("some");
        // What SQLite holds in memory is written at the end.
        assert!(most <= 3 * AHEAD, "{most} bytes for one sync");
    }

    #[tokio::test]
    async fn a_disk_that_fails_leaves_no_copy() {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, copy) = (books(&folder).await, folder.path().join("copy.db"));
        let copied = copy_with(&from, &copy, |_| Err(io::ErrorKind::Other.into())).await;
        assert!(copied.is_err() && !copy.exists(), "{copied:?}");
    }
}
