//! `moves`: books that go from a file to a server, one row for each try, in both books.

use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{StorageError, millis};

/// How far a try has come: the first two in the books that go, the others in those that come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveState {
    Leaving,
    /// They are no longer kept.
    Left,
    /// Some of it may be there.
    Copying,
    /// All is there, and the old ones still have to let go.
    Whole,
    Here,
}

impl MoveState {
    const ALL: [Self; 5] = [Self::Leaving, Self::Left, Self::Copying, Self::Whole, Self::Here];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Leaving => "LEAVING",
            Self::Left => "LEFT",
            Self::Copying => "COPYING",
            Self::Whole => "WHOLE",
            Self::Here => "HERE",
        }
    }

    /// Nobody may open such books.
    pub const fn is_half(self) -> bool {
        matches!(self, Self::Copying | Self::Whole)
    }
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The same in both books.
    pub run: String,
    pub state: MoveState,
    /// Of the other books.
    pub place: String,
}

impl Move {
    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        let code: &str = row.try_get("state")?;
        let state = MoveState::ALL.into_iter().find(|state| state.code() == code);
        let state = state.ok_or_else(|| StorageError::Inconsistent {
            table: "moves",
            column: "state",
            row: 0,
            problem: format!("{code:?} is none"),
        })?;
        Ok(Self { run: row.try_get("run")?, state, place: row.try_get("place")? })
    }
}

/// All there are, oldest first.
pub async fn list(c: &mut AnyConnection) -> Result<Vec<Move>, StorageError> {
    let sql = "SELECT run, state, place FROM moves ORDER BY began_ms, run";
    sqlx::query(sql).fetch_all(c).await?.iter().map(Move::read).collect()
}

pub async fn begin(c: &mut AnyConnection, it: &Move, now: Timestamp) -> Result<(), StorageError> {
    let insert = sqlx::query("INSERT INTO moves (run, state, place, began_ms) VALUES (?, ?, ?, ?)");
    insert.bind(&it.run).bind(it.state.code()).bind(&it.place).bind(millis(now)).execute(c).await?;
    Ok(())
}

/// `false` when it is not in the state that it is to go on from.
pub async fn go_on(
    c: &mut AnyConnection,
    run: &str,
    (from, to): (MoveState, MoveState),
    now: Timestamp,
) -> Result<bool, StorageError> {
    let update = sqlx::query("UPDATE moves SET state = ?, ended_ms = ? WHERE run = ? AND state = ?");
    let update = update.bind(to.code()).bind(millis(now)).bind(run).bind(from.code());
    Ok(update.execute(c).await?.rows_affected() == 1)
}
