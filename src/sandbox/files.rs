//! Files of the sandbox's folder: replaced as a whole, secrets readable by their owner only.

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
    replace(path, text, 0o644).map_err(|source| broken(path, source))
}

pub(super) fn write_secret(path: &Path, text: &str) -> Result<(), SandboxError> {
    replace(path, text, 0o600).map_err(|source| broken(path, source))
}

pub(super) fn make_folder(path: &Path) -> Result<(), SandboxError> {
    fs::create_dir_all(path).map_err(|source| broken(path, source))
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
