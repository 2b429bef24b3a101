//! The place where books lie, and how others are put in it.

use std::{
    fs::{self, File},
    io, iter,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use sqlx::{AnyConnection, Connection as _};

use super::{file_of, require_room, require_whole};
use crate::storage::{
    StorageError,
    codes::sqlite::is_corrupt,
    generation,
    sqlite::{
        READY, UNTIL, alone, broken, bytes_of, clear, connect, copy_to, folder_of, hand_over, look, read_only,
        sync_folder, with_suffix,
    },
};

/// The place where books lie, with nobody else at it for as long as this is there.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    url: String,
    _alone: File,
}

impl Place {
    /// # Errors
    /// A server or a command has them open.
    pub fn take(url: &str) -> Result<Option<Self>, StorageError> {
        let Some(path) = file_of(url)? else { return Ok(None) };
        let folder = folder_of(&path);
        fs::create_dir_all(folder).map_err(|error| broken(folder, error))?;
        let url = url.split_once('?').map_or(url, |(url, _)| url).to_owned();
        Ok(Some(Self { _alone: alone(&path)?, path, url }))
    }

    /// Where the books went that lie there, if they were moved. Of damaged ones nobody knows.
    pub async fn moved_to(&self) -> Option<String> {
        sqlx::any::install_default_drivers();
        let mut books = read_only(&self.path).await.ok()?;
        let found = generation::find(&mut books).await;
        if let Err(error) = books.close().await {
            tracing::debug!(%error, "closing the books that were looked at");
        }
        found.ok()?.moved_to
    }

    /// Copies the books in `from` beside the place, so that they can be opened, and changed, before they are put in it.
    /// Returns their address.
    ///
    /// # Errors
    /// They are none, are damaged or of a newer version, or there is no room.
    pub async fn lay_ready(&self, from: &Path) -> Result<String, StorageError> {
        sqlx::any::install_default_drivers();
        let found = fs::metadata(from).map_err(|error| broken(from, error))?;
        if !found.is_file() {
            return Err(StorageError::NoFile { path: from.to_owned() });
        }
        require_room(folder_of(&self.path), bytes_of(from).saturating_mul(2))?;
        let mut books = read_whole(from).await.map_err(|error| damaged(from, error))?;
        let ready = self.ready();
        self.clear()?;
        copy_to(&mut books, &ready).await?;
        books.close().await?;
        Ok(format!("{}{READY}", self.url))
    }

    fn ready(&self) -> PathBuf {
        with_suffix(&self.path, READY)
    }

    /// Puts what was laid ready, and is closed, in its place. Returns where what lay there is now.
    ///
    /// # Errors
    /// It is still open, or a file cannot be moved: then what lay there is there still.
    pub async fn put_in(&self, now: Timestamp) -> Result<Option<PathBuf>, StorageError> {
        let ready = self.ready();
        if bytes_of(&with_suffix(&ready, "-wal")) > 0 {
            return Err(StorageError::InUse { path: ready });
        }
        File::open(&ready).and_then(|file| file.sync_all()).map_err(|error| broken(&ready, error))?;
        let aside = match fs::metadata(&self.path) {
            Ok(_) => Some(self.put_aside(now).await?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(broken(&self.path, error)),
        };
        hand_over(&ready).map_err(|error| broken(&ready, error))?;
        fs::rename(&ready, &self.path).map_err(|error| broken(&self.path, error))?;
        sync_folder(folder_of(&self.path))?;
        self.clear()?;
        Ok(aside)
    }

    /// A second name for what lies there. Its log is brought into it before, so that at no moment old books lie beside
    /// the log of others, or without their own.
    async fn put_aside(&self, now: Timestamp) -> Result<PathBuf, StorageError> {
        let aside = self.free_name(now);
        let settled = async {
            let mut old = connect(&self.url).await?;
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut old).await?;
            old.close().await?;
            Ok::<_, StorageError>(())
        };
        if let Err(error) = settled.await {
            // Damaged, perhaps, which is why others are put back: then nothing of its log can be brought into it.
            tracing::warn!(%error, "what lies at {} cannot be opened", self.path.display());
        }
        for suffix in ["-wal", "-shm"] {
            let (from, to) = (with_suffix(&self.path, suffix), with_suffix(&aside, suffix));
            match fs::rename(&from, to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(broken(&from, error)),
                _ => {}
            }
        }
        fs::hard_link(&self.path, &aside).map_err(|error| broken(&aside, error))?;
        sync_folder(folder_of(&aside))?;
        Ok(aside)
    }

    /// Others may have been put aside in the same second.
    fn free_name(&self, now: Timestamp) -> PathBuf {
        let name = with_suffix(&self.path, &format!("{UNTIL}{}", now.as_second()));
        let others = (2..).map(|number: u32| with_suffix(&name, &format!("-{number}")));
        let is_free = |path: &PathBuf| {
            ["", "-wal", "-shm"].iter().all(|end| fs::symlink_metadata(with_suffix(path, end)).is_err())
        };
        iter::once(name.clone()).chain(others).find(is_free).unwrap_or(name)
    }

    /// What an earlier try may have left, and what nothing came of.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn clear(&self) -> Result<(), StorageError> {
        clear(&self.ready())
    }
}

/// Opens a copy, for reading, once all of it has been read.
async fn read_whole(path: &Path) -> Result<AnyConnection, StorageError> {
    if let Some(older) = look(&format!("sqlite://{}", path.display())).await? {
        older.close().await;
    }
    let mut books = read_only(path).await?;
    require_whole(&mut books, path).await?;
    Ok(books)
}

/// One that was cut off cannot even be looked through.
fn damaged(path: &Path, error: StorageError) -> StorageError {
    match error {
        StorageError::Database(error) if error.as_database_error().is_some_and(is_corrupt) => {
            StorageError::Damaged { path: path.to_owned(), problem: error.to_string() }
        }
        error => error,
    }
}
