//! Copies of the books on SQLite: made while a server runs, and put back while none does.

mod place;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use sqlx::{AnyConnection, Connection as _, Row as _};

pub use self::place::Place;
use super::{
    SchemaError, StorageError, generation,
    sqlite::{
        broken, bytes_of, clear, copy_gently, file_at, folder_of, free_bytes, hand_over, read_only, sync_folder,
        with_suffix,
    },
};

const MEGABYTE: u64 = 1 << 20;
/// Books that only grow: nothing ever deletes a row of them.
const LASTING: [&str; 2] = ["payments", "refunds"];

/// The file that holds the books; `None` where they are on a server, or in memory.
///
/// # Errors
/// The address cannot be read.
pub fn file_of(url: &str) -> Result<Option<PathBuf>, StorageError> {
    if url.starts_with("mysql:") { Ok(None) } else { file_at(url) }
}

/// A copy that was made and looked through.
#[derive(Clone, Debug)]
pub struct Backup {
    pub path: PathBuf,
    pub bytes: u64,
    /// How many rows there are in each table.
    pub rows: Vec<(String, i64)>,
}

/// Copies the books in `from`, which others may be writing; opens the copy, reads all of it and counts. It knows that it
/// is a copy of `now`. Only then is it called `to`: whatever has that name is good, however this ends.
///
/// # Errors
/// Less than twice the size of the books is free, there is a file already, or the copy is not good: then there is
/// none.
pub async fn back_up(from: &Path, to: &Path, now: Timestamp) -> Result<Backup, StorageError> {
    sqlx::any::install_default_drivers();
    if fs::symlink_metadata(to).is_ok() {
        return Err(StorageError::FileThere { path: to.to_owned() });
    }
    if !from.exists() {
        return Err(SchemaError::NoBooks.into());
    }
    require_room(folder_of(to), bytes_of(from).saturating_mul(2))?;
    let mut books = read_only(from).await?;
    let before = count(&mut books, &LASTING).await?;
    let checking = with_suffix(to, ".checking");
    clear(&checking)?;
    let copied = copy_gently(from, &checking).await;
    let after = count(&mut books, &LASTING).await?;
    books.close().await?;
    copied?;
    match look_through(&checking, now, &before, &after).await {
        Ok(rows) => {
            File::open(&checking).and_then(|copy| copy.sync_all()).map_err(|error| broken(&checking, error))?;
            hand_over(&checking).map_err(|error| broken(&checking, error))?;
            fs::rename(&checking, to).map_err(|error| broken(to, error))?;
            sync_folder(folder_of(to))?;
            Ok(Backup { path: to.to_owned(), bytes: bytes_of(to), rows })
        }
        Err(error) => {
            clear(&checking)?;
            Err(error)
        }
    }
}

async fn look_through(
    copy: &Path,
    now: Timestamp,
    before: &[(String, i64)],
    after: &[(String, i64)],
) -> Result<Vec<(String, i64)>, StorageError> {
    let mut opened = AnyConnection::connect(&format!("sqlite://{}?mode=rw", copy.display())).await?;
    require_whole(&mut opened, copy).await?;
    let rows = count_all(&mut opened).await?;
    for ((table, least), (_, most)) in before.iter().zip(after) {
        let found = rows.iter().find(|(name, _)| name == table).map_or(-1, |(_, found)| *found);
        if !(*least..=*most).contains(&found) {
            let problem = format!("{found} {table} where there were {least} before and {most} after");
            return Err(StorageError::Damaged { path: copy.to_owned(), problem });
        }
    }
    generation::mark_copied(&mut opened, now).await?;
    opened.close().await?;
    Ok(rows)
}

async fn require_whole(c: &mut AnyConnection, path: &Path) -> Result<(), StorageError> {
    let told: String = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut *c).await?;
    if told != "ok" {
        return Err(StorageError::Damaged { path: path.to_owned(), problem: told });
    }
    // What a full disk has left of a copy may be nothing at all, in which SQLite finds no fault.
    let sql = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'orders'";
    if sqlx::query_scalar::<_, i64>(sql).fetch_one(c).await? == 0 {
        return Err(StorageError::Damaged { path: path.to_owned(), problem: "there are no books in it".to_owned() });
    }
    Ok(())
}

async fn count_all(c: &mut AnyConnection) -> Result<Vec<(String, i64)>, StorageError> {
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite^_%' ESCAPE '^' \
               AND name NOT LIKE '^_%' ESCAPE '^' ORDER BY name";
    let names = sqlx::query(sql).fetch_all(&mut *c).await?;
    let names: Vec<String> = names.iter().map(|row| row.try_get("name")).collect::<Result<_, _>>()?;
    count(c, &names).await
}

async fn count(c: &mut AnyConnection, tables: &[impl AsRef<str>]) -> Result<Vec<(String, i64)>, StorageError> {
    let mut counted = Vec::with_capacity(tables.len());
    for table in tables.iter().map(AsRef::as_ref) {
        let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM \"{table}\""));
        counted.push((table.to_owned(), sqlx::query_scalar(sql).fetch_one(&mut *c).await?));
    }
    Ok(counted)
}

fn require_room(folder: &Path, wanted: u64) -> Result<(), StorageError> {
    let free = free_bytes(folder)?;
    if free >= wanted {
        return Ok(());
    }
    let (wanted, free) = (wanted.div_ceil(MEGABYTE), free / MEGABYTE);
    Err(StorageError::NoRoom { folder: folder.to_owned(), wanted, free })
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicBool, Ordering},
        thread,
    };

    use super::*;
    use crate::storage::{Database, sqlite::connect};

    const NOW: Timestamp = Timestamp::constant(1_767_196_800, 0);

    /// Books in which the copy finds a row that may not be there, behind enough others that reading them takes a while.
    async fn bad_books(folder: &Path) -> PathBuf {
        let path = folder.join("books.db");
        let url = format!("sqlite://{}", path.display());
        Database::open(&url).await.expect("makes them").close().await;
        let mut c = connect(&url).await.expect("opens");
        let fill = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) \
                    INSERT INTO bill_days (day, state, tries, run) SELECT 'day' || i, 'WAITING', 0, 0 FROM n";
        sqlx::query(fill).execute(&mut c).await.expect("fills");
        sqlx::query("PRAGMA ignore_check_constraints = ON").execute(&mut c).await.expect("ignores");
        sqlx::query("INSERT INTO bill_job (id, since_day) VALUES (2, '')").execute(&mut c).await.expect("breaks");
        c.close().await.expect("closes");
        path
    }

    #[tokio::test]
    async fn no_copy_has_its_name_before_it_was_looked_through() {
        sqlx::any::install_default_drivers();
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (bad_books(folder.path()).await, folder.path().join("copy.db"));
        // Of an earlier try that was killed.
        fs::write(with_suffix(&to, ".checking-journal"), "of another file").expect("writes");
        let over = AtomicBool::new(false);
        let backed_up = thread::scope(|scope| {
            let watching = scope.spawn(|| {
                let mut was_there = false;
                while !over.load(Ordering::SeqCst) {
                    was_there |= to.exists();
                }
                was_there
            });
            let backing_up = scope.spawn(|| {
                let runtime = tokio::runtime::Runtime::new().expect("a runtime");
                let done = runtime.block_on(back_up(&from, &to, NOW));
                over.store(true, Ordering::SeqCst);
                done
            });
            assert!(!watching.join().expect("watches"), "whoever takes it then has a copy that is not good");
            backing_up.join().expect("ends")
        });
        assert!(matches!(backed_up, Err(StorageError::Damaged { .. })), "{backed_up:?}");
        let left: Vec<_> = fs::read_dir(folder.path()).expect("reads").flatten().map(|it| it.file_name()).collect();
        assert!(!left.iter().any(|it| it.to_string_lossy().starts_with("copy.db")), "{left:?}");
    }
}
