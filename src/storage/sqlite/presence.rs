//! Who has the books open. Every process that does holds a lock on a file beside them together with the others; who
//! puts other books in their place, or takes them somewhere else, has to have it alone. The lock ends with its
//! process, whatever ends that. Not on the file of the books itself: closing it would give up SQLite's own locks.

use std::{
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use super::{
    StorageError,
    file::{FILE, broken, with_suffix},
};

/// Together with others. `None` where no lock can be had: then nobody who needs to be alone can be, either.
///
/// # Errors
/// [`StorageError::InUse`]: somebody has them alone.
pub(crate) fn join(path: &Path) -> Result<Option<File>, StorageError> {
    let Ok(file) = open(path) else { return Ok(None) };
    match file.try_lock_shared() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(StorageError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => {
            tracing::debug!(%error, "no lock beside {}", path.display());
            Ok(None)
        }
    }
}

/// # Errors
/// [`StorageError::InUse`]: somebody has them open; or it cannot be told.
pub(crate) fn alone(path: &Path) -> Result<File, StorageError> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StorageError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(broken(&with_suffix(path, ".lock"), error)),
    }
}

fn open(path: &Path) -> Result<File, StorageError> {
    let lock = with_suffix(path, ".lock");
    let opened = OpenOptions::new().write(true).create(true).truncate(false).mode(FILE).open(&lock);
    opened.map_err(|error| broken(&lock, error))
}
