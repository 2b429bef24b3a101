//! `restorations`: each time that older books were put back, and how far what they have forgotten has been asked for.

use jiff::{SignedDuration, Timestamp};
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{StorageError, bills::days, heartbeats, millis, staff_sessions, timestamp};
use crate::domain::OutTradeNo;

/// So long before the last moment that the books know of, everything is asked about.
const BEFORE: SignedDuration = SignedDuration::from_hours(24);

/// How it was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// `saoma restore`.
    Command,
    /// What a backup holds was put there by hand.
    Copy,
    /// The file beside was ahead of them.
    File,
    /// They fell back while an instance was running.
    Memory,
}

impl FoundBy {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Command => "COMMAND",
            Self::Copy => "COPY",
            Self::File => "FILE",
            Self::Memory => "MEMORY",
        }
    }
}

/// Books that were put back and do not yet know everything again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restoration {
    pub id: i64,
    /// The last moment that they know of.
    pub since: Timestamp,
    pub noticed: Timestamp,
    /// Up to which attempt WeChat has been asked.
    pub reached: i64,
    /// When all had been asked about.
    pub asked: Option<Timestamp>,
    /// When refunds were allowed again.
    pub over: Option<Timestamp>,
}

impl Restoration {
    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        let id = row.try_get("id")?;
        let at = |column| timestamp("restorations", column, id, row.try_get(column)?);
        let maybe = |column| {
            let at: Option<i64> = row.try_get(column)?;
            at.map(|at| timestamp("restorations", column, id, at)).transpose()
        };
        Ok(Self {
            id,
            since: at("since_ms")?,
            noticed: at("noticed_ms")?,
            reached: row.try_get("reached_id")?,
            asked: maybe("asked_ms")?,
            over: maybe("over_ms")?,
        })
    }

    /// From when on payments and attempts are asked about.
    pub fn asks_from(&self) -> Timestamp {
        self.since.saturating_sub(BEFORE).unwrap_or(Timestamp::MIN)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, since_ms, noticed_ms, reached_id, asked_ms, over_ms FROM restorations ", $rest)
    };
}

/// The one that is not over.
pub async fn find_open(c: &mut AnyConnection) -> Result<Option<Restoration>, StorageError> {
    // Earlier versions left several.
    let query = sqlx::query(select!("WHERE over_ms IS NULL ORDER BY since_ms, id LIMIT 1"));
    query.fetch_optional(c).await?.as_ref().map(Restoration::read).transpose()
}

/// The newest one, over or not.
pub async fn find_last(c: &mut AnyConnection) -> Result<Option<Restoration>, StorageError> {
    let query = sqlx::query(select!("ORDER BY id DESC LIMIT 1"));
    query.fetch_optional(c).await?.as_ref().map(Restoration::read).transpose()
}

/// These are older books, of `since` or of the last moment that they know themselves; or of an earlier one, if what they
/// have forgotten since then has not been asked for to the end. Then all is asked for once more, by this mark alone.
pub async fn mark(
    c: &mut AnyConnection,
    since: Option<Timestamp>,
    found_by: FoundBy,
    now: Timestamp,
) -> Result<(), StorageError> {
    let since = match since {
        Some(since) => since,
        None => last_known(c).await?.unwrap_or(now),
    };
    let open = find_open(c).await?.map_or(now, |open| open.since);
    let since = since.min(open).min(now);
    end_all(c, now).await?;
    let sql = "INSERT INTO restorations (since_ms, noticed_ms, found_by) VALUES (?, ?, ?)";
    let insert = sqlx::query(sql).bind(millis(since)).bind(millis(now)).bind(found_by.code());
    insert.execute(&mut *c).await?;
    // Refunds that were made since then stand in the bills alone, and books of before bills would begin with today's.
    days::since_no_later(c, &days::day_of(since).to_string()).await?;
    // A copy brings sessions back that somebody has ended, and signs of life of servers that are none of its own. Those
    // that do live beat again.
    heartbeats::stop_all(c).await?;
    staff_sessions::remove_all(c).await
}

/// The last moment that the books tell of.
async fn last_known(c: &mut AnyConnection) -> Result<Option<Timestamp>, StorageError> {
    let event: Option<i64> =
        sqlx::query_scalar("SELECT at_ms FROM order_events ORDER BY id DESC LIMIT 1").fetch_optional(&mut *c).await?;
    let beat: Option<i64> = sqlx::query_scalar("SELECT MAX(wall_ms) FROM heartbeats").fetch_one(c).await?;
    event.max(beat).map(|at| timestamp("order_events", "at_ms", 0, at)).transpose()
}

macro_rules! to_ask {
    ($what:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $what,
            " FROM attempts WHERE id > ? AND (state IN ('PREPARING', 'OPEN') OR created_ms >= ? \
             OR EXISTS (SELECT 1 FROM payments WHERE payments.order_id = attempts.order_id \
             AND payments.attempt_id = attempts.id AND payments.success_ms >= ?)) ",
            $rest
        )
    };
}

/// How many of them there are.
pub async fn count_to_ask(c: &mut AnyConnection, open: &Restoration) -> Result<i64, StorageError> {
    let from = millis(open.asks_from());
    let query = sqlx::query_scalar(to_ask!("COUNT(*)", "")).bind(open.reached).bind(from).bind(from);
    Ok(query.fetch_one(c).await?)
}

/// Attempts behind `after` that money may have come for, or gone back from, since `from`: made or paid since then, or
/// open. By their id.
pub async fn list_to_ask(
    c: &mut AnyConnection,
    after: i64,
    from: Timestamp,
    limit: i64,
) -> Result<Vec<(i64, OutTradeNo)>, StorageError> {
    let sql = to_ask!("id, out_trade_no", "ORDER BY id LIMIT ?");
    let query = sqlx::query(sql).bind(after).bind(millis(from)).bind(millis(from)).bind(limit);
    let read = |row: &AnyRow| {
        let id = row.try_get("id")?;
        let number = OutTradeNo::parse(row.try_get("out_trade_no")?);
        let wrong = |error: &dyn std::fmt::Display| StorageError::Inconsistent {
            table: "attempts",
            column: "out_trade_no",
            row: id,
            problem: error.to_string(),
        };
        Ok((id, number.map_err(|error| wrong(&error))?))
    };
    query.fetch_all(c).await?.iter().map(read).collect()
}

/// Asked about up to this attempt.
pub async fn note_reached(c: &mut AnyConnection, id: i64, reached: i64) -> Result<(), StorageError> {
    let sql = "UPDATE restorations SET reached_id = ? WHERE id = ? AND reached_id < ?";
    sqlx::query(sql).bind(reached).bind(id).bind(reached).execute(c).await?;
    Ok(())
}

pub async fn note_asked(c: &mut AnyConnection, id: i64, now: Timestamp) -> Result<(), StorageError> {
    let sql = "UPDATE restorations SET asked_ms = ? WHERE id = ? AND asked_ms IS NULL";
    sqlx::query(sql).bind(millis(now)).bind(id).execute(c).await?;
    Ok(())
}

/// Somebody vouches for it. `false` where nothing was open.
pub async fn end_all(c: &mut AnyConnection, now: Timestamp) -> Result<bool, StorageError> {
    let update = sqlx::query("UPDATE restorations SET over_ms = ? WHERE over_ms IS NULL").bind(millis(now));
    Ok(update.execute(c).await?.rows_affected() > 0)
}

/// Refunds are allowed again.
pub async fn end(c: &mut AnyConnection, id: i64, now: Timestamp) -> Result<bool, StorageError> {
    let sql = "UPDATE restorations SET over_ms = ? WHERE id = ? AND over_ms IS NULL";
    Ok(sqlx::query(sql).bind(millis(now)).bind(id).execute(c).await?.rows_affected() == 1)
}
