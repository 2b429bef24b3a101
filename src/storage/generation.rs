//! `generation`: how far the books have come. The number rises with every heartbeat, and files beside the books
//! follow it. Books that are behind their files, or behind what a running instance has seen, are older ones that
//! somebody has put back.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _};

use super::{
    StorageError,
    bills::days,
    millis,
    restorations::{self, FoundBy},
    sqlite::hand_over,
    timestamp,
};

/// What it means when the file beside the books cannot be written.
pub const UNNOTICED: &str =
    "the number beside the books cannot be written: older books in their place may not be noticed at the next start";

/// The files beside the books, all with the same number, and what this process has seen. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Beside {
    paths: Arc<[PathBuf]>,
    seen: Arc<AtomicI64>,
}

impl Beside {
    /// A file that is not there, or holds no number, tells nothing.
    pub fn read(paths: Vec<PathBuf>) -> Self {
        let number = |path: &PathBuf| fs::read_to_string(path).ok()?.trim().parse().ok();
        let seen = paths.iter().filter_map(number).max().unwrap_or(0);
        Self { paths: paths.into(), seen: Arc::new(AtomicI64::new(seen)) }
    }

    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// The highest number that was ever seen.
    pub fn seen(&self) -> i64 {
        self.seen.load(Ordering::SeqCst)
    }

    /// After the books are committed, never before: a file that is behind them tells nothing wrong.
    ///
    /// # Errors
    /// It cannot be written. It stays behind, and older books may not be noticed at the next start.
    pub fn follow(&self, number: i64) -> Result<(), StorageError> {
        self.seen.fetch_max(number, Ordering::SeqCst);
        let broken = |path: &PathBuf| {
            let error = write(path, number).err()?;
            Some(StorageError::File { path: path.clone(), source: Arc::new(error) })
        };
        // Each is written, whatever became of another.
        let broken: Vec<StorageError> = self.paths.iter().filter_map(broken).collect();
        broken.into_iter().next().map_or(Ok(()), Err)
    }

    /// The same for whoever goes on all the same, and is heard.
    pub fn follow_or_warn(&self, number: i64) {
        if let Err(error) = self.follow(number) {
            tracing::warn!(%error, "{UNNOTICED}");
        }
    }
}

fn write(path: &Path, number: i64) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        // One that is there is somebody's already.
        if !folder.is_dir() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            hand_over(folder)?;
        }
    }
    let mut part = path.to_owned().into_os_string();
    part.push(".part");
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    writeln!(file, "{number}")?;
    hand_over(Path::new(&part))?;
    fs::rename(&part, path)
}

/// The row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    pub number: i64,
    /// It is a copy that `saoma backup` made then, and nobody has opened it since.
    pub copied: Option<Timestamp>,
    /// These books are no longer kept: they went there.
    pub moved_to: Option<String>,
}

pub async fn find(c: &mut AnyConnection) -> Result<Generation, StorageError> {
    let row = sqlx::query("SELECT number, copied_ms, moved_to FROM generation WHERE id = 1").fetch_one(c).await?;
    let copied: Option<i64> = row.try_get("copied_ms")?;
    Ok(Generation {
        number: row.try_get("number")?,
        copied: copied.map(|at| timestamp("generation", "copied_ms", 1, at)).transpose()?,
        moved_to: row.try_get("moved_to")?,
    })
}

/// What one more has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Risen {
    pub number: i64,
    /// These are older books, and now marked as put back.
    pub was_behind: bool,
}

/// One more. Where the books are behind `seen`, or a copy, they are marked as put back in the same transaction.
pub async fn rise(c: &mut AnyConnection, seen: i64, found_by: FoundBy, now: Timestamp) -> Result<Risen, StorageError> {
    sqlx::query("UPDATE generation SET number = number + 1 WHERE id = 1").execute(&mut *c).await?;
    let Generation { number, copied, .. } = find(c).await?;
    if number > seen && copied.is_none() {
        return Ok(Risen { number, was_behind: false });
    }
    if number == 1 && found_by == FoundBy::File && copied.is_none() && days::first_order_ms(c).await?.is_none() {
        // New ones, in the place of others that somebody has taken away: there is nothing that they could have forgotten.
        let number = seen.saturating_add(1);
        set(c, number).await?;
        return Ok(Risen { number, was_behind: false });
    }
    let found_by = if copied.is_some() { FoundBy::Copy } else { found_by };
    restorations::mark(c, copied, found_by, now).await?;
    let number = number.max(seen.saturating_add(1));
    set(c, number).await?;
    Ok(Risen { number, was_behind: true })
}

/// Books that `saoma restore` puts back, or that somebody says he has: ahead of everything that was `seen` in their
/// place, so that no start takes them for others once more. `since` where somebody knows of when they are.
pub async fn put_back(
    c: &mut AnyConnection,
    seen: i64,
    since: Option<Timestamp>,
    now: Timestamp,
) -> Result<i64, StorageError> {
    let Generation { number, copied, .. } = find(c).await?;
    restorations::mark(c, since.or(copied), FoundBy::Command, now).await?;
    let number = number.max(seen).saturating_add(1);
    set(c, number).await?;
    Ok(number)
}

/// Of books that are no copy any more.
pub async fn set(c: &mut AnyConnection, number: i64) -> Result<(), StorageError> {
    let sql = "UPDATE generation SET number = ?, copied_ms = NULL WHERE id = 1";
    sqlx::query(sql).bind(number).execute(c).await?;
    Ok(())
}

/// In the copy.
pub async fn mark_copied(c: &mut AnyConnection, at: Timestamp) -> Result<(), StorageError> {
    sqlx::query("UPDATE generation SET copied_ms = ? WHERE id = 1").bind(millis(at)).execute(c).await?;
    Ok(())
}
