//! `bill_differences`: the queue.

mod found;

use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _, any::AnyRow};

pub use self::found::{KnownDifference, NewDifference, close_gone, list_known, put};
use crate::storage::{StorageError, millis, timestamp};

/// How far a difference has come. Stored by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DifferenceState {
    Open,
    /// Somebody has said why it is so, and that it may stay so.
    Explained,
    /// It is none any more.
    Settled,
}

impl DifferenceState {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Explained => "EXPLAINED",
            Self::Settled => "SETTLED",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        [Self::Open, Self::Explained, Self::Settled].into_iter().find(|state| state.code() == code)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub id: i64,
    pub day: String,
    pub kind: String,
    pub subject: String,
    pub transaction_id: Option<String>,
    pub out_trade_no: Option<String>,
    pub order_id: Option<i64>,
    pub theirs_fen: Option<i64>,
    pub ours_fen: Option<i64>,
    pub state: DifferenceState,
    pub answer: String,
    pub who: String,
    pub why: String,
    pub found: Timestamp,
    pub changed: Timestamp,
}

impl Difference {
    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        let id = row.try_get("id")?;
        let state: &str = row.try_get("state")?;
        let state = DifferenceState::parse(state).ok_or_else(|| StorageError::Inconsistent {
            table: "bill_differences",
            column: "state",
            row: id,
            problem: format!("{state:?} is none"),
        })?;
        Ok(Self {
            id,
            day: row.try_get("day")?,
            kind: row.try_get("kind")?,
            subject: row.try_get("subject")?,
            transaction_id: row.try_get("transaction_id")?,
            out_trade_no: row.try_get("out_trade_no")?,
            order_id: row.try_get("order_id")?,
            theirs_fen: row.try_get("theirs_fen")?,
            ours_fen: row.try_get("ours_fen")?,
            state,
            answer: row.try_get("answer")?,
            who: row.try_get("who")?,
            why: row.try_get("why")?,
            found: timestamp("bill_differences", "found_ms", id, row.try_get("found_ms")?)?,
            changed: timestamp("bill_differences", "changed_ms", id, row.try_get("changed_ms")?)?,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, day, kind, subject, transaction_id, out_trade_no, order_id, theirs_fen, ours_fen, state, answer, \
             who, why, found_ms, changed_ms FROM bill_differences ",
            $rest
        )
    };
}

pub async fn find(c: &mut AnyConnection, id: i64) -> Result<Option<Difference>, StorageError> {
    let query = sqlx::query(select!("WHERE id = ?")).bind(id);
    query.fetch_optional(c).await?.as_ref().map(Difference::read).transpose()
}

/// Of one day, a page of them behind `after`.
pub async fn list_of_day(
    c: &mut AnyConnection,
    day: &str,
    after: i64,
    most: i64,
) -> Result<Vec<Difference>, StorageError> {
    let query = sqlx::query(select!("WHERE day = ? AND id > ? ORDER BY id LIMIT ?")).bind(day).bind(after).bind(most);
    query.fetch_all(c).await?.iter().map(Difference::read).collect()
}

/// Of all days, those that are open, a page of them behind `after`.
pub async fn list_open(c: &mut AnyConnection, after: i64, most: i64) -> Result<Vec<Difference>, StorageError> {
    let query = sqlx::query(select!("WHERE state = 'OPEN' AND id > ? ORDER BY id LIMIT ?")).bind(after).bind(most);
    query.fetch_all(c).await?.iter().map(Difference::read).collect()
}

/// Those that are open and in which only WeChat knows the order or the refund, of `day` and of days after it.
pub async fn list_only_theirs(c: &mut AnyConnection, day: &str, most: i64) -> Result<Vec<Difference>, StorageError> {
    let query = sqlx::query(select!(
        "WHERE state = 'OPEN' AND kind IN ('UNKNOWN_HERE', 'REFUND_UNKNOWN') AND day >= ? ORDER BY id LIMIT ?"
    ));
    query.bind(day).bind(most).fetch_all(c).await?.iter().map(Difference::read).collect()
}

/// Open ones by day, in a span of days.
pub async fn count_open(c: &mut AnyConnection, from: &str, to: &str) -> Result<Vec<(String, i64)>, StorageError> {
    let sql = "SELECT day, COUNT(*) FROM bill_differences WHERE state = 'OPEN' AND day >= ? AND day <= ? \
               GROUP BY day ORDER BY day";
    Ok(sqlx::query_as(sql).bind(from).bind(to).fetch_all(c).await?)
}

/// Staff's word; `false` when it is not in the state in which it was seen.
pub async fn decide(
    c: &mut AnyConnection,
    id: i64,
    from: DifferenceState,
    to: DifferenceState,
    (who, why): (&str, &str),
    now: Timestamp,
) -> Result<bool, StorageError> {
    let sql = "UPDATE bill_differences SET state = ?, who = ?, why = ?, changed_ms = ? WHERE id = ? AND state = ?";
    let update = sqlx::query(sql).bind(to.code()).bind(who).bind(why).bind(millis(now)).bind(id).bind(from.code());
    Ok(update.execute(c).await?.rows_affected() == 1)
}

/// How many of a day are open.
pub async fn count_open_of(c: &mut AnyConnection, day: &str) -> Result<i64, StorageError> {
    let sql = "SELECT COUNT(*) FROM bill_differences WHERE state = 'OPEN' AND day = ?";
    Ok(sqlx::query_scalar(sql).bind(day).fetch_one(c).await?)
}

/// How many are open.
pub async fn count_all_open(c: &mut AnyConnection) -> Result<i64, StorageError> {
    Ok(sqlx::query_scalar("SELECT COUNT(*) FROM bill_differences WHERE state = 'OPEN'").fetch_one(c).await?)
}
