//! Whose a file is that a command lays into the folder of a service.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt as _, chown},
    path::Path,
};

use super::folder_of;

/// What root lays there is whose folder it is: a service, which is another user, could not open its own books.
///
/// # Errors
/// The folder cannot be read, or the file cannot be given away.
pub(crate) fn hand_over(path: &Path) -> io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let (folder, file) = (fs::metadata(folder_of(path))?, fs::metadata(path)?);
    if (folder.uid(), folder.gid()) == (file.uid(), file.gid()) {
        return Ok(());
    }
    chown(path, Some(folder.uid()), Some(folder.gid()))
}
