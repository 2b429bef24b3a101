//! The key that seals what is secret in the books: given, or made beside them once. It belongs into every copy of
//! them: without it nobody's second factor opens any more.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::StartupError;
use crate::{
    config::{Mode, Settings, read_small_file},
    entropy::Entropy,
    secret_key::SecretKey,
};

const NAME: &str = "secret.key";
/// Of the operator alone.
const PRIVATE: u32 = 0o600;

/// # Errors
/// A key is there that cannot be read. Where none can be made the shop goes on without: nobody can set up a second
/// factor then, and the log says why.
pub(super) fn find(given: Option<SecretKey>, place: Option<PathBuf>) -> Result<Option<SecretKey>, StartupError> {
    let (None, Some(path)) = (&given, place) else { return Ok(given) };
    match read(&path) {
        Ok(key) => return Ok(Some(key)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(StartupError::SecretKey { path, source: Arc::new(source) }),
    }
    match make(&path) {
        Ok(()) => tracing::info!("a new secret key, which belongs into every backup: {}", path.display()),
        // Another instance was first.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => {
            tracing::error!(%error, "no secret key can be made, so that no second factor can be set up: {}", path.display());
            return Ok(None);
        }
    }
    read(&path).map(Some).map_err(|source| StartupError::SecretKey { path, source: Arc::new(source) })
}

/// Beside the file of the books; those of a sandbox have one of their own wherever they are.
pub(super) fn place(settings: &Settings) -> Option<PathBuf> {
    if settings.database_url.is_server() {
        let is_sandbox = matches!(settings.mode, Mode::Sandbox { .. });
        return is_sandbox.then(|| settings.own_dir().join(NAME));
    }
    Some(PathBuf::from(settings.database_url.place()).parent()?.join(NAME))
}

fn read(path: &Path) -> io::Result<SecretKey> {
    let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
    let text = String::from_utf8(read_small_file(path)?).map_err(|_| invalid("is not UTF-8".to_owned()))?;
    SecretKey::parse(text.trim()).map_err(|error| invalid(error.to_string()))
}

/// Whole or not at all: written under another name first, and never over one that is there.
fn make(path: &Path) -> io::Result<()> {
    let key: [u8; 32] = Entropy::system().bytes();
    let text: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = path.with_extension(format!("part-{}", std::process::id()));
    let written = OpenOptions::new().write(true).create(true).truncate(true).mode(PRIVATE).open(&part);
    let made = written.and_then(|mut file| {
        writeln!(file, "{text}")?;
        file.sync_all()?;
        fs::hard_link(&part, path)
    });
    drop(fs::remove_file(&part));
    made?;
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}
