//! What a `saoma restore` leaves beside the books that was killed before its end. Nobody restores while this process has
//! them open.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use super::{
    StorageError,
    copy::folder_of,
    file::{broken, with_suffix},
};

/// Books that are laid ready to be put in the place of others.
pub(crate) const READY: &str = ".restoring";
/// With a time behind it: books that others were put in the place of.
pub(crate) const UNTIL: &str = ".until-";

/// Goes on as if the restore had never begun: the books that lie there are those that it was to replace.
pub(super) fn sweep(path: &Path) {
    let ready = with_suffix(path, READY);
    let was_cut_off = ready.exists();
    let swept = clear(&ready).and_then(|()| give_back(path));
    if let Err(error) = swept {
        tracing::warn!(%error, "what a restore has left, which was cut off, cannot be removed");
    } else if was_cut_off {
        tracing::warn!(
            "a restore was cut off before its end: the books are those from before it, which is to be done again"
        );
    }
}

/// The second name that the books may have been given already, and their log if it went with it.
fn give_back(path: &Path) -> Result<(), StorageError> {
    let Ok(books) = fs::metadata(path) else { return Ok(()) };
    for aside in beginning_with(&with_suffix(path, UNTIL))? {
        let is_same = fs::metadata(&aside).is_ok_and(|it| (it.dev(), it.ino()) == (books.dev(), books.ino()));
        if !is_same {
            continue;
        }
        let (log, away) = (with_suffix(path, "-wal"), with_suffix(&aside, "-wal"));
        if away.exists() && !log.exists() {
            fs::rename(&away, &log).map_err(|error| broken(&away, error))?;
        }
        remove(&aside)?;
    }
    Ok(())
}

/// Whatever lies there, and what else begins with its name: a log that is left of another file is none of the next one.
pub(crate) fn clear(path: &Path) -> Result<(), StorageError> {
    beginning_with(path)?.iter().try_for_each(|it| remove(it))
}

fn beginning_with(path: &Path) -> Result<Vec<PathBuf>, StorageError> {
    let Some(name) = path.file_name() else { return Ok(Vec::new()) };
    let folder = folder_of(path);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| broken(folder, error))? {
        let entry = entry.map_err(|error| broken(folder, error))?.path();
        if entry.file_name().is_some_and(|it| it.as_encoded_bytes().starts_with(name.as_encoded_bytes())) {
            found.push(entry);
        }
    }
    Ok(found)
}

/// Another process may have been quicker.
fn remove(path: &Path) -> Result<(), StorageError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(broken(path, error)),
        _ => Ok(()),
    }
}
