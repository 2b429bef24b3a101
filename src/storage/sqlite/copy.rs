//! A copy of the file while others may be writing it, and the room that it takes.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use sqlx::AnyConnection;

use super::{
    StorageError,
    file::{FILE, broken, with_suffix},
};

/// A copy of what is committed, of one moment, while others may be writing; on the disk when this returns.
/// Of an earlier start that got no further, the later copy takes the place of the earlier one.
pub(crate) async fn copy_to(connection: &mut AnyConnection, copy: &Path) -> Result<(), StorageError> {
    let part = with_suffix(copy, ".part");
    let named = part.to_str().ok_or_else(|| broken(&part, io::ErrorKind::InvalidFilename.into()))?;
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(broken(&part, error)),
        _ => {}
    }
    let made = OpenOptions::new().write(true).create_new(true).mode(FILE).open(&part);
    let made = made.map_err(|error| broken(&part, error))?;
    sqlx::query("VACUUM INTO ?").bind(named).execute(connection).await?;
    made.sync_all().map_err(|error| broken(&part, error))?;
    fs::rename(&part, copy).map_err(|error| broken(copy, error))?;
    let folder = folder_of(copy);
    sync_folder(folder)
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
