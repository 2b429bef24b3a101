//! The books that go: a file that nobody else may have open.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use sqlx::{
    AnyConnection, AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, SqliteConnection,
    sqlite::SqliteConnectOptions,
};

use crate::storage::{
    StorageError,
    books::{self, Mark},
    copies::file_of,
    generation::{self, Generation},
    millis,
    moves::{self, Move, MoveState},
    sqlite::{PRAGMAS, alone, connect, require, require_file},
};

/// Nobody else has them open for as long as this is there.
#[derive(Debug)]
pub struct Departure {
    path: PathBuf,
    url: String,
    _alone: File,
}

/// What they say of themselves.
#[derive(Clone, Debug)]
pub struct Standing {
    pub mark: Option<Mark>,
    pub generation: Generation,
    pub moves: Vec<Move>,
}

impl Departure {
    /// `None` where the books are on a server already.
    ///
    /// # Errors
    /// A server or a command has them open, or there are none of this program's version.
    pub async fn take(url: &str) -> Result<Option<Self>, StorageError> {
        sqlx::any::install_default_drivers();
        let Some(path) = file_of(url)? else { return Ok(None) };
        require_file(url)?;
        let it = Self { _alone: alone(&path)?, path, url: url.to_owned() };
        let mut c = it.connect().await?;
        let required = require(&mut c).await;
        c.close().await?;
        required.map(|()| Some(it))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    async fn connect(&self) -> Result<AnyConnection, StorageError> {
        connect(&self.url).await
    }

    /// # Errors
    /// They cannot be read.
    pub async fn look(&self) -> Result<Standing, StorageError> {
        let mut c = self.connect().await?;
        let (mark, generation) = (books::find(&mut c).await?, generation::find(&mut c).await?);
        let moves = moves::list(&mut c).await?;
        c.close().await?;
        Ok(Standing { mark, generation, moves })
    }

    /// That a try to go `to` there begins: what it leaves there if it is cut off is known by this.
    ///
    /// # Errors
    /// They cannot be written.
    pub async fn begin(&self, run: &str, to: &str, now: Timestamp) -> Result<(), StorageError> {
        let mut c = self.connect().await?;
        let it = Move { run: run.to_owned(), state: MoveState::Leaving, place: cut(to) };
        moves::begin(&mut c, &it, now).await?;
        Ok(c.close().await?)
    }

    /// As they are now, and as nobody changes them until [`Held::let_go`].
    ///
    /// # Errors
    /// Somebody who does not know of the lock is writing them.
    pub async fn hold(&self) -> Result<Held, StorageError> {
        // A row of pictures is large, and a few of them are read ahead.
        let options = SqliteConnectOptions::new().filename(&self.path).row_buffer_size(8).disable_statement_logging();
        let mut c = SqliteConnection::connect_with(&options).await?;
        c.execute(PRAGMAS).await?;
        match c.execute("BEGIN IMMEDIATE").await.map_err(StorageError::from) {
            Ok(_) => Ok(Held { c }),
            Err(error) if error.is_transient() => Err(StorageError::InUse { path: self.path.clone() }),
            Err(error) => Err(error),
        }
    }
}

/// The same, in a transaction that nothing else can come between.
#[derive(Debug)]
pub struct Held {
    pub(super) c: SqliteConnection,
}

impl Held {
    /// Nothing has come of it.
    ///
    /// # Errors
    /// They cannot be closed.
    pub async fn release(mut self) -> Result<(), StorageError> {
        self.c.execute("ROLLBACK").await?;
        Ok(self.c.close().await?)
    }

    /// From here on they are no longer kept: whoever opens them is told where they went, and whoever has them open still,
    /// by whatever way round the lock, writes nothing more.
    ///
    /// # Errors
    /// After [`StorageError::OutcomeUnknown`] nobody knows whether they are: they say so themselves.
    pub async fn let_go(mut self, run: &str, to: &str, now: Timestamp) -> Result<(), StorageError> {
        let moved = sqlx::query("UPDATE generation SET moved_to = ? WHERE id = 1").bind(cut(to));
        moved.execute(&mut self.c).await?;
        let left = sqlx::query("UPDATE moves SET state = 'LEFT', ended_ms = ? WHERE run = ? AND state = 'LEAVING'");
        if left.bind(millis(now)).bind(run).execute(&mut self.c).await?.rows_affected() != 1 {
            return Err(StorageError::Raced { table: "moves", row: 0 });
        }
        self.refuse_writes().await?;
        let committed = self.c.execute("COMMIT").await;
        committed.map_err(|error| StorageError::OutcomeUnknown(Box::new(error.into())))?;
        Ok(self.c.close().await?)
    }

    /// All but what tells of the move.
    async fn refuse_writes(&mut self) -> Result<(), StorageError> {
        let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite^_%' ESCAPE '^' \
                   AND name NOT LIKE '^_%' ESCAPE '^' AND name NOT IN ('generation', 'moves')";
        let tables: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut self.c).await?;
        for table in tables.iter().map(|name| name.replace('"', "\"\"")) {
            for change in ["INSERT", "UPDATE", "DELETE"] {
                let sql = format!(
                    "CREATE TRIGGER \"moved_{table}_{change}\" BEFORE {change} ON \"{table}\" \
                     BEGIN SELECT RAISE(ABORT, 'these books were moved'); END"
                );
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.c).await?;
            }
        }
        Ok(())
    }
}

/// As long as the column is. It is for people.
pub(super) fn cut(place: &str) -> String {
    place.chars().take(255).collect()
}
