//! Who has the books open. Every process that does holds a lock on a file beside them together with the others; who
//! puts other books in their place, or takes them somewhere else, has to have it alone. The lock ends with its
//! process, whatever ends that. Not on the file of the books itself: closing it would give up SQLite's own locks.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use super::{
    StorageError,
    file::{FILE, broken, with_suffix},
};

/// Together with others. `None` where there are no locks at all: then nobody who needs to be alone can be, either.
///
/// # Errors
/// [`StorageError::InUse`]: somebody has them alone; or it cannot be told, and whoever has them alone would not be told
/// of us.
pub(crate) fn join(path: &Path) -> Result<Option<File>, StorageError> {
    let lock = lock_of(path);
    let none = |error: io::Error| {
        if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::ReadOnlyFilesystem) {
            tracing::debug!(%error, "no lock beside {}", path.display());
            Ok(None)
        } else {
            Err(broken(&lock, error))
        }
    };
    let file = match open(&lock) {
        Ok(file) => file,
        Err(error) => return none(error),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(StorageError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => none(error),
    }
}

/// # Errors
/// [`StorageError::InUse`]: somebody has them open; or it cannot be told.
pub(crate) fn alone(path: &Path) -> Result<File, StorageError> {
    let lock = lock_of(path);
    let file = open(&lock).map_err(|error| broken(&lock, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StorageError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(broken(&lock, error)),
    }
}

/// One for one file, by whatever links it was found.
fn lock_of(path: &Path) -> PathBuf {
    with_suffix(&fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()), ".lock")
}

fn open(lock: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(FILE).open(lock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_have_them_together_or_one_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("books.db");
        let (one, other) = (join(&path).expect("joins"), join(&path).expect("joins"));
        assert!(one.is_some() && other.is_some());
        assert!(matches!(alone(&path), Err(StorageError::InUse { .. })));
        drop((one, other));
        let _alone = alone(&path).expect("is alone");
        assert!(matches!(join(&path), Err(StorageError::InUse { .. })));
    }

    #[test]
    fn by_a_link_it_is_the_same_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, link) = (folder.path().join("books.db"), folder.path().join("link.db"));
        File::create(&path).expect("makes");
        std::os::unix::fs::symlink(&path, &link).expect("links");
        let _joined = join(&link).expect("joins");
        assert!(matches!(alone(&path), Err(StorageError::InUse { .. })));
    }

    #[test]
    fn what_cannot_be_locked_for_its_own_sake_is_not_taken_for_a_place_without_locks() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("books.db");
        fs::create_dir(with_suffix(&path, ".lock")).expect("makes");
        let joined = join(&path);
        assert!(matches!(joined, Err(StorageError::File { .. })), "{joined:?}");
    }
}
