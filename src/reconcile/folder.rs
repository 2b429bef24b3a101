//! Where bills lie: in a folder of their own in the data folder, for its owner only. They hold openids.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, BufReader, Read},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;

use super::day::BillDay;
use crate::gateway::{BillKind, MOST_PLAIN};

/// So long a file is kept: as long as the bodies of notifications, and longer than WeChat has it.
const KEPT: Duration = Duration::from_hours(100 * 24);
const BUFFER: usize = 64 * 1024;
const ENDING: &str = ".bill";

#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Makes the folder, if it is not there.
    pub(super) fn path(&self, day: BillDay, kind: BillKind) -> io::Result<PathBuf> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        Ok(self.0.join(format!("{day}.{}{ENDING}", kind.code().to_ascii_lowercase())))
    }

    /// `None` when this instance has not fetched it.
    pub(super) fn find(&self, day: BillDay, kind: BillKind) -> io::Result<Option<PathBuf>> {
        let path = self.path(day, kind)?;
        Ok(fs::exists(&path)?.then_some(path))
    }

    /// A file that has no name: it goes with its handle, also when the process is killed.
    pub(super) fn scratch(&self) -> io::Result<File> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        for number in 0..u32::MAX {
            let path = self.0.join(format!(".scratch-{}-{number}", std::process::id()));
            match OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => {
                    fs::remove_file(&path)?;
                    return Ok(file);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Removes what is older than it has to be kept, and what a killed process has left. How many bills.
    pub(super) fn tidy(&self, now: Timestamp) -> io::Result<usize> {
        let now = Duration::from_millis(now.as_millisecond().try_into().unwrap_or_default());
        let mut removed = 0;
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let modified = entry.metadata()?.modified()?.duration_since(SystemTime::UNIX_EPOCH);
            let age = modified.map_or(Duration::ZERO, |modified| now.saturating_sub(modified));
            let is_left = name.starts_with(".scratch-") || name.ends_with(".part");
            if name.ends_with(ENDING) && age > KEPT {
                fs::remove_file(entry.path())?;
                removed += 1;
            } else if is_left && age > Duration::from_hours(24) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(removed)
    }
}

/// What a bill's file holds, packed or not.
pub(super) fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    let mut head = [0; 2];
    let is_packed = File::open(path)?.read_exact(&mut head).is_ok() && head == [0x1f, 0x8b];
    let file = BufReader::with_capacity(BUFFER, File::open(path)?);
    Ok(if is_packed { Box::new(MultiGzDecoder::new(file).take(MOST_PLAIN)) } else { Box::new(file.take(MOST_PLAIN)) })
}
