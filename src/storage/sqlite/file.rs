//! The file of the books and who may look into it: its owner alone. Orders, who paid them and what WeChat
//! said are nobody else's business, on a machine that others use as well.

use std::{
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    str::FromStr as _,
    sync::Arc,
};

use sqlx::sqlite::SqliteConnectOptions;

use super::StorageError;

pub(super) const FILE: u32 = 0o600;
const FOLDER: u32 = 0o700;

/// The file that `url` names; `None` for books in memory, and where it is SQLite's to say what is meant.
pub(crate) fn path(url: &str) -> Result<Option<PathBuf>, StorageError> {
    let options = SqliteConnectOptions::from_str(url)?;
    let path = options.get_filename();
    Ok((!path.starts_with("file:") && path != Path::new(":memory:")).then(|| path.to_owned()))
}

/// The file and its log as they were opened. Somebody may delete, move or replace them meanwhile, and the open
/// ones go on taking what is written, for nobody.
#[derive(Debug)]
pub(crate) struct Opened {
    /// With device and inode; the log is not there yet in books that nobody has written.
    files: Vec<(PathBuf, u64, u64)>,
    had_content: bool,
}

impl Opened {
    /// Nothing is watched of books in memory.
    pub(crate) fn at(url: &str) -> Self {
        let path = path(url).ok().flatten();
        let found = |path: PathBuf| {
            let file = fs::metadata(&path).ok()?;
            Some((path, file.dev(), file.ino()))
        };
        let had_content = path.as_ref().and_then(|path| fs::metadata(path).ok()).is_some_and(|file| file.len() > 0);
        let files = path.into_iter().flat_map(|path| [with_suffix(&path, "-wal"), path]).filter_map(found).collect();
        Self { files, had_content }
    }

    /// # Errors
    /// [`StorageError::Moved`].
    pub(crate) fn require_in_place(&self) -> Result<(), StorageError> {
        for (path, device, inode) in &self.files {
            let is_log = path.as_os_str().as_encoded_bytes().ends_with(b"-wal");
            let is_it = fs::metadata(path).is_ok_and(|file| {
                file.dev() == *device && file.ino() == *inode && (is_log || !self.had_content || file.len() > 0)
            });
            if !is_it {
                return Err(StorageError::Moved { path: path.clone() });
            }
        }
        Ok(())
    }
}

/// Makes folder and file where they are not there yet, and takes from others what rights they have on files
/// that are there already. SQLite gives its log and its index the mode of the file. A folder that was there
/// stays as it is: it may hold more than the books.
///
/// # Errors
/// They cannot be made, or it is no file that is there.
pub(super) fn make_private(url: &str) -> Result<(), StorageError> {
    let options = SqliteConnectOptions::from_str(url)?;
    let path = options.get_filename();
    // Whoever says how it is to be opened makes it himself; one in memory has no file.
    if path.starts_with("file:") || url.contains('?') && !url.contains("mode=rwc") {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        DirBuilder::new().recursive(true).mode(FOLDER).create(folder).map_err(|e| broken(folder, e))?;
    }
    // Neither opened nor closed when it is there: closing it would give up the locks that this process has on
    // it through other connections.
    match fs::OpenOptions::new().write(true).create_new(true).mode(FILE).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
                return Err(StorageError::NoFile { path: path.to_owned() });
            }
            for suffix in ["", "-wal", "-shm"] {
                keep_private(&with_suffix(path, suffix));
            }
            Ok(())
        }
        Err(error) => Err(broken(path, error)),
    }
}

pub(crate) fn broken(path: &Path, source: io::Error) -> StorageError {
    StorageError::File { path: path.to_owned(), source: Arc::new(source) }
}

pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// Takes from others what rights they have on a file or folder, if it is there. One that belongs to somebody
/// else, or lies where nothing can be changed, is used all the same, and one like `/tmp` is everybody's.
pub(crate) fn keep_private(path: &Path) {
    const EVERYBODYS: u32 = 0o1000;
    let Ok(found) = fs::metadata(path) else { return };
    // A device, say, is the machine's.
    if !found.is_file() && !found.is_dir() {
        return;
    }
    let mode = found.permissions().mode() & 0o1777;
    let own = mode & FOLDER;
    if mode == own || mode & EVERYBODYS != 0 {
        return;
    }
    match fs::set_permissions(path, Permissions::from_mode(own)) {
        Ok(()) => tracing::warn!("others had rights on {}; they no longer have", path.display()),
        Err(error) => tracing::warn!(%error, "others have rights on {}", path.display()),
    }
}
