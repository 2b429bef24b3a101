//! The file that a bill is fetched into: beside the whole one until it is whole itself.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, BufWriter, Read, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use sha1::{Digest as _, Sha1};

use super::outcome::{FetchError, Fetched, Fingerprint};

/// Unpacked: whoever sends zeros packs a thousand of them into one.
pub(crate) const MOST_PLAIN: u64 = 4 * 1024 * 1024 * 1024;
const BUFFER: usize = 64 * 1024;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Removed when it is not kept.
pub(super) struct Part {
    path: PathBuf,
    target: PathBuf,
    file: BufWriter<File>,
    is_kept: bool,
}

impl Part {
    pub(super) fn create(target: &Path) -> io::Result<Self> {
        let (path, file) = create_new(target)?;
        Ok(Self { path, target: target.to_owned(), file: BufWriter::with_capacity(BUFFER, file), is_kept: false })
    }

    pub(super) fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.file.write_all(piece)
    }

    /// On the disk under its own name, in place of what was there.
    fn keep(&mut self) -> io::Result<()> {
        fs::rename(&self.path, &self.target)?;
        self.is_kept = true;
        match self.target.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }
}

/// Under a name that nobody has: two may fetch the same bill at once, and a killed process has left what it had.
fn create_new(target: &Path) -> io::Result<(PathBuf, File)> {
    for number in 0..u32::MAX {
        let mut name = target.as_os_str().to_owned();
        name.push(format!(".{}-{number}.part", std::process::id()));
        let path = PathBuf::from(name);
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_kept {
            fs::remove_file(&self.path).unwrap_or_default();
        }
    }
}

/// Keeps a part whose hash, of either form, is the one that was told.
pub(super) fn check_hash(mut part: Part, hash: &str) -> Result<Fetched, FetchError> {
    part.file.flush()?;
    part.file.get_ref().sync_all()?;
    let (packed, bytes) = hash_of_packed(&part.path)?;
    let (plain, plain_bytes) = hash_of_plain(&part.path)?;
    let matched = match hash {
        _ if hash == plain => Fingerprint::Plain,
        _ if hash == packed => Fingerprint::Packed,
        _ => return Err(FetchError::Hash),
    };
    part.keep()?;
    Ok(Fetched { hash: hash.to_owned(), matched, bytes, plain_bytes })
}

/// Whether a file is still the one of which WeChat told this hash.
///
/// # Errors
/// It cannot be read or unpacked, or is too long.
pub(crate) fn has_hash(path: &Path, hash: &str) -> Result<bool, FetchError> {
    Ok(hash_of_packed(path)?.0 == hash || hash_of_plain(path)?.0 == hash)
}

fn hash_of_packed(path: &Path) -> Result<(String, u64), FetchError> {
    digest(&mut BufReader::with_capacity(BUFFER, File::open(path)?), u64::MAX)
}

/// Of what is packed in it.
fn hash_of_plain(path: &Path) -> Result<(String, u64), FetchError> {
    let mut file = File::open(path)?;
    let mut head = [0; 2];
    let is_packed = file.read_exact(&mut head).is_ok() && head == GZIP;
    let file = BufReader::with_capacity(BUFFER, File::open(path)?);
    if is_packed { digest(&mut MultiGzDecoder::new(file), MOST_PLAIN) } else { digest(&mut { file }, MOST_PLAIN) }
}

fn digest(from: &mut dyn Read, most: u64) -> Result<(String, u64), FetchError> {
    let (mut hash, mut length) = (Sha1::new(), 0_u64);
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // A packed file that ends too early, or is none.
            Err(error) if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput) => {
                return Err(FetchError::CutOff);
            }
            Err(error) => return Err(error.into()),
        };
        length += read as u64;
        if length > most {
            return Err(FetchError::TooLong);
        }
        hash.update(buffer.get(..read).unwrap_or_default());
    }
    Ok((hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect(), length))
}
