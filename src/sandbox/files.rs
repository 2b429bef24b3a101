//! Files of the sandbox's folder: replaced as a whole, and all of them for their owner only. Whoever holds the keys of a
//! platform can make a shop believe anything.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use super::failure::SandboxError;

pub(super) fn read(path: &Path) -> Result<String, SandboxError> {
    fs::read_to_string(path).map_err(|source| broken(path, source))
}

pub(super) fn write(path: &Path, text: &str) -> Result<(), SandboxError> {
    replace(path, text, 0o600).map_err(|source| broken(path, source))
}

pub(super) fn make_folder(path: &Path) -> Result<(), SandboxError> {
    let mut maker = fs::DirBuilder::new();
    maker.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
    maker.create(path).map_err(|source| broken(path, source))
}

/// Takes from others what rights they have on a folder of ours and the files in it: an earlier version left some.
pub(super) fn keep_private(folder: &Path) {
    let files = fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    for path in files.filter(|path| path.is_file()).chain([folder.to_owned()]) {
        #[cfg(unix)]
        restrict(&path);
        #[cfg(not(unix))]
        let _ = path;
    }
}

#[cfg(unix)]
fn restrict(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(mode) = fs::metadata(path).map(|found| found.permissions().mode()) else { return };
    if mode & 0o077 != 0
        && let Err(error) = fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700))
    {
        tracing::warn!(%error, "others have rights on {}", path.display());
    }
}

pub(super) fn broken(path: &Path, source: io::Error) -> SandboxError {
    SandboxError::File { path: path.to_owned(), source }
}

/// Options for a new file with these permissions from the first moment on, where files have any.
pub(super) fn creating(mode: u32) -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options
}

/// Whoever reads `path` sees the old text or the new one, never half of one.
fn replace(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let draft = path.with_added_extension("new");
    // A draft that an interrupted start left behind may have other permissions.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = creating(mode).write(true).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)
}
