//! The place on the server where books are to arrive: empty, or with half a move in it that is told apart.

use std::{str::FromStr as _, time::Duration};

use futures::TryFutureExt as _;
use sqlx::{
    ConnectOptions as _, Connection as _, Executor as _, MySqlConnection, Row as _, mysql::MySqlConnectOptions,
};
use tokio::time::timeout;

use super::{STAYS, departure::cut, error::MoveError, named, quoted};
use crate::storage::{
    StorageError,
    moves::{Move, MoveState},
};

/// Of a server that has fallen silent: no statement of a move takes so long.
const SILENCE: Duration = Duration::from_mins(2);

/// As on our other connections, but that an id of 0 is an id, and that nobody minds a pause between two statements.
const SETUP: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
                     SET NAMES utf8mb4 COLLATE utf8mb4_bin; \
                     SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO', \
                     innodb_lock_wait_timeout = 5, lock_wait_timeout = 5, wait_timeout = 28800";

/// Two tables that keep the schema itself.
const OF_SCHEMA: [&str; 2] = ["_sqlx_migrations", "_saoma_migrating"];
/// What migrations put into new books, and nothing else.
const NEW_BOOKS: &str =
    "SELECT id FROM generation WHERE number <> 0 OR copied_ms IS NOT NULL OR moved_to IS NOT NULL LIMIT 1";

#[derive(Debug)]
pub struct Arrival {
    pub(super) c: MySqlConnection,
    pub(super) place: String,
    /// Of a row, or of several that are sent together.
    pub(super) packet: u64,
}

pub(super) async fn answered<T, E>(asked: impl Future<Output = Result<T, E>>) -> Result<T, MoveError>
where
    MoveError: From<E>,
{
    timeout(SILENCE, asked.map_err(MoveError::from)).await.map_err(|_| MoveError::Silent)?
}

impl Arrival {
    /// # Errors
    /// The server does not answer, or is one that cannot keep books.
    pub async fn connect(url: &str, place: &str) -> Result<Self, MoveError> {
        let options = MySqlConnectOptions::from_str(url).map_err(StorageError::from)?.disable_statement_logging();
        let mut c = answered(MySqlConnection::connect_with(&options)).await?;
        answered(c.execute(SETUP)).await?;
        let row = sqlx::query("SELECT CAST(VERSION() AS CHAR), CAST(@@max_allowed_packet AS SIGNED)");
        let row = answered(row.fetch_one(&mut c)).await?;
        let version: String = row.try_get_unchecked(0)?;
        let packet: i64 = row.try_get(1)?;
        if let Some(problem) = is_too_old(&version) {
            return Err(MoveError::Unable { place: place.to_owned(), problem });
        }
        Ok(Self { c, place: place.to_owned(), packet: u64::try_from(packet).unwrap_or(0) })
    }

    /// But for those of the schema itself.
    pub(super) async fn list_tables(&mut self) -> Result<Vec<String>, MoveError> {
        let sql = "SELECT CAST(TABLE_NAME AS CHAR) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()";
        let rows = answered(sqlx::query(sql).fetch_all(&mut self.c)).await?;
        let names: Vec<String> = rows.iter().map(|row| row.try_get_unchecked(0)).collect::<Result<_, _>>()?;
        Ok(names.into_iter().filter(|name| !OF_SCHEMA.contains(&name.as_str())).collect())
    }

    /// `true` where half of a move lies that one of `ours` has left, and that may be emptied.
    ///
    /// # Errors
    /// There is anything else.
    pub async fn is_half(&mut self, ours: &[Move]) -> Result<bool, MoveError> {
        let tables = self.list_tables().await?;
        if let Some(half) = self.find_half(&tables).await? {
            return if ours.iter().any(|it| it.run == half.run) {
                Ok(true)
            } else {
                Err(MoveError::HalfOfOthers { place: self.place.clone(), from: half.place })
            };
        }
        self.require_empty(&tables).await?;
        Ok(false)
    }

    async fn find_half(&mut self, tables: &[String]) -> Result<Option<Move>, MoveError> {
        if !tables.iter().any(|name| name == STAYS) {
            return Ok(None);
        }
        let sql = "SELECT run, state, place FROM moves WHERE state IN ('COPYING', 'WHOLE') LIMIT 1";
        let Some(row) = answered(sqlx::query(sql).fetch_optional(&mut self.c)).await? else { return Ok(None) };
        let whole = row.try_get_unchecked::<String, _>(1)? == MoveState::Whole.code();
        let state = if whole { MoveState::Whole } else { MoveState::Copying };
        Ok(Some(Move { run: row.try_get_unchecked(0)?, state, place: row.try_get_unchecked(2)? }))
    }

    async fn require_empty(&mut self, tables: &[String]) -> Result<(), MoveError> {
        for table in tables {
            let any = if table == "generation" {
                named(NEW_BOOKS.to_owned())
            } else {
                named(format!("SELECT 1 FROM {} LIMIT 1", quoted(table)))
            };
            if answered(sqlx::query(any).fetch_optional(&mut self.c)).await?.is_some() {
                return Err(MoveError::NotEmpty { place: self.place.clone(), table: table.clone() });
            }
        }
        Ok(())
    }

    /// The mark that keeps everybody away until the end, in the place of that of an earlier try, whose rows go.
    ///
    /// # Errors
    /// Somebody has written something meanwhile.
    pub async fn begin(&mut self, tables: &[String], it: &Move, was_half: bool, now_ms: i64) -> Result<(), MoveError> {
        let mut transaction = self.c.begin().await?;
        if was_half {
            transaction.execute("DELETE FROM moves WHERE state IN ('COPYING', 'WHOLE')").await?;
        }
        let insert = sqlx::query("INSERT INTO moves (run, state, place, began_ms) VALUES (?, ?, ?, ?)");
        let insert = insert.bind(&it.run).bind(it.state.code()).bind(cut(&it.place)).bind(now_ms);
        insert.execute(&mut *transaction).await?;
        transaction.commit().await?;
        if was_half {
            self.empty(tables).await?;
        }
        // Only now can nobody come in any more. Of two moves at the same time each sees the other here.
        let others = sqlx::query("SELECT 1 FROM moves WHERE run <> ? AND state <> 'HERE' LIMIT 1").bind(&it.run);
        let is_alone = answered(others.fetch_optional(&mut self.c)).await?.is_none();
        let empty = if is_alone {
            self.require_empty(tables).await
        } else {
            Err(MoveError::NotEmpty { place: self.place.clone(), table: STAYS.to_owned() })
        };
        if empty.is_err() {
            let take_back = sqlx::query("DELETE FROM moves WHERE run = ?").bind(&it.run);
            answered(take_back.execute(&mut self.c)).await?;
        }
        empty
    }

    /// Of a move that was cut off: nobody could open it, so nothing in it is anybody's.
    async fn empty(&mut self, tables: &[String]) -> Result<(), MoveError> {
        answered(self.c.execute("SET SESSION foreign_key_checks = 0")).await?;
        for table in tables {
            answered(self.c.execute(named(format!("TRUNCATE TABLE {}", quoted(table))))).await?;
        }
        answered(self.c.execute("SET SESSION foreign_key_checks = 1")).await?;
        Ok(())
    }

    /// Everything is there. It still cannot be opened.
    ///
    /// # Errors
    /// The mark is gone.
    pub async fn be_whole(mut self, run: &str) -> Result<(), MoveError> {
        let whole = sqlx::query("UPDATE moves SET state = 'WHOLE' WHERE run = ? AND state = 'COPYING'").bind(run);
        let changed = answered(whole.execute(&mut self.c)).await?.rows_affected();
        if changed != 1 {
            return Err(MoveError::MarkGone { place: self.place });
        }
        answered(self.c.close()).await
    }
}

/// Older ones read over CHECK, or have no `NOWAIT`.
fn is_too_old(version: &str) -> Option<String> {
    let number = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u32>().ok();
    let is_maria = version.contains("MariaDB");
    // How MariaDB tells old clients that it is no MySQL 5.
    let told = if is_maria { version.trim_start_matches("5.5.5-") } else { version };
    let mut parts = told.split('.').map(number);
    let mut next = || parts.next().flatten().unwrap_or(0);
    let found = (next(), next(), next());
    let (least, name) = if is_maria { ((10, 6, 0), "MariaDB 10.6") } else { ((8, 0, 16), "MySQL 8.0.16") };
    // TiDB has versions of its own behind one of MySQL's.
    (found < least && !version.contains("TiDB")).then(|| format!("it is {version}, and {name} or newer is needed"))
}

#[cfg(test)]
mod tests {
    use super::is_too_old;

    #[test]
    fn versions_are_compared_as_numbers() {
        for fine in
            ["8.0.16", "8.4.0", "10.6.0-MariaDB", "5.5.5-10.11.6-MariaDB-1", "11.4.2-MariaDB", "8.0.11-TiDB-v7.5.0"]
        {
            assert_eq!(is_too_old(fine), None, "{fine}");
        }
        for old in ["8.0.15", "5.7.44-log", "10.5.23-MariaDB", "5.5.5-10.3.39-MariaDB", "9"] {
            assert_eq!(is_too_old(old).is_some(), old != "9", "{old}");
        }
    }
}
