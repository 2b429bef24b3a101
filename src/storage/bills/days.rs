//! `bill_days` and `bill_job`: the calendar of bills.

use jiff::{Timestamp, civil::Date, tz};
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use crate::storage::{StorageError, inserted, millis, timestamp};

/// How a day of the calendar stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayState {
    /// Not compared yet.
    Waiting,
    Agrees,
    Differs,
}

impl DayState {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Agrees => "AGREES",
            Self::Differs => "DIFFERS",
        }
    }

    fn parse(code: &str) -> Option<Self> {
        [Self::Waiting, Self::Agrees, Self::Differs].into_iter().find(|state| state.code() == code)
    }
}

/// By which bills go: of Beijing, whatever the machine's zone. As text, the name of a [`Day`].
pub fn day_of(at: Timestamp) -> Date {
    tz::offset(8).to_datetime(at).date()
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// `2026-01-31`.
    pub day: String,
    pub state: DayState,
    /// Why the last try came to no end.
    pub problem: Option<String>,
    pub tries: i64,
    pub next: Option<Timestamp>,
    pub run: i64,
    pub checked: Option<Timestamp>,
    /// JSON.
    pub totals: Option<String>,
}

impl Day {
    /// To the end, agreeing or not: nothing of it is still to be asked.
    pub fn is_compared(&self) -> bool {
        self.state != DayState::Waiting && self.next.is_none()
    }

    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        let (day, state): (String, String) = (row.try_get("day")?, row.try_get("state")?);
        let at = |column| {
            let at: Option<i64> = row.try_get(column)?;
            at.map(|at| timestamp("bill_days", column, 0, at)).transpose()
        };
        let state = DayState::parse(&state).ok_or_else(|| StorageError::Inconsistent {
            table: "bill_days",
            column: "state",
            row: 0,
            problem: format!("{day}: {state:?} is none"),
        })?;
        Ok(Self {
            day,
            state,
            problem: row.try_get("problem")?,
            tries: row.try_get("tries")?,
            next: at("next_ms")?,
            run: row.try_get("run")?,
            checked: at("checked_ms")?,
            totals: row.try_get("totals")?,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT day, state, problem, tries, next_ms, run, checked_ms, totals FROM bill_days ", $rest)
    };
}

/// The day since which bills are looked after; set by the first who asks.
pub async fn since(c: &mut AnyConnection, today: &str) -> Result<String, StorageError> {
    let find = "SELECT since_day FROM bill_job WHERE id = 1";
    if let Some(day) = sqlx::query_scalar(find).fetch_optional(&mut *c).await? {
        return Ok(day);
    }
    let insert = sqlx::query("INSERT INTO bill_job (id, since_day) VALUES (1, ?)").bind(today);
    if inserted(insert.execute(&mut *c).await)? {
        return Ok(today.to_owned());
    }
    Err(StorageError::Raced { table: "bill_job", row: 1 })
}

/// Bills are looked after since `day` at least, whoever has asked for them first.
pub async fn since_no_later(c: &mut AnyConnection, day: &str) -> Result<(), StorageError> {
    if since(c, day).await?.as_str() > day {
        let update = sqlx::query("UPDATE bill_job SET since_day = ? WHERE id = 1 AND since_day > ?");
        update.bind(day).bind(day).execute(c).await?;
    }
    Ok(())
}

/// `None` before anybody has looked after bills.
pub async fn find_since(c: &mut AnyConnection) -> Result<Option<String>, StorageError> {
    Ok(sqlx::query_scalar("SELECT since_day FROM bill_job WHERE id = 1").fetch_optional(c).await?)
}

/// When the first order was placed.
pub async fn first_order_ms(c: &mut AnyConnection) -> Result<Option<i64>, StorageError> {
    Ok(sqlx::query_scalar("SELECT created_ms FROM orders ORDER BY id LIMIT 1").fetch_optional(c).await?)
}

pub async fn find(c: &mut AnyConnection, day: &str) -> Result<Option<Day>, StorageError> {
    let query = sqlx::query(select!("WHERE day = ?")).bind(day);
    query.fetch_optional(c).await?.as_ref().map(Day::read).transpose()
}

/// From one day to another, both included.
pub async fn list(c: &mut AnyConnection, from: &str, to: &str) -> Result<Vec<Day>, StorageError> {
    let query = sqlx::query(select!("WHERE day >= ? AND day <= ? ORDER BY day")).bind(from).bind(to);
    query.fetch_all(c).await?.iter().map(Day::read).collect()
}

/// The earliest day that is to be looked after now.
pub async fn find_due(c: &mut AnyConnection, now: Timestamp) -> Result<Option<Day>, StorageError> {
    let query = sqlx::query(select!("WHERE next_ms <= ? ORDER BY day LIMIT 1")).bind(millis(now));
    query.fetch_optional(c).await?.as_ref().map(Day::read).transpose()
}

/// A day of the calendar, if it is not there; due at `next`.
pub async fn add(c: &mut AnyConnection, day: &str, next: Timestamp) -> Result<(), StorageError> {
    if find(c, day).await?.is_some() {
        return Ok(());
    }
    let sql = "INSERT INTO bill_days (day, state, tries, next_ms, run) VALUES (?, 'WAITING', 0, ?, 0)";
    let insert = sqlx::query(sql).bind(day).bind(millis(next));
    if inserted(insert.execute(c).await)? { Ok(()) } else { Err(StorageError::Raced { table: "bill_days", row: 0 }) }
}

/// A comparison, as it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub number: i64,
    /// The comparison with which its round of questions began: what WeChat has told since then is not asked again.
    pub round: i64,
    /// How many before it came to no good end.
    pub tries: i64,
}

/// A comparison begins.
pub async fn begin(c: &mut AnyConnection, day: &str) -> Result<Run, StorageError> {
    sqlx::query("UPDATE bill_days SET run = run + 1 WHERE day = ?").bind(day).execute(&mut *c).await?;
    sqlx::query("UPDATE bill_days SET asked_since = run WHERE day = ? AND asked_since = 0")
        .bind(day)
        .execute(&mut *c)
        .await?;
    let sql = "SELECT run, asked_since, tries FROM bill_days WHERE day = ?";
    let (number, round, tries) = sqlx::query_as(sql).bind(day).fetch_one(c).await?;
    Ok(Run { number, round, tries })
}

/// How a comparison came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion {
    pub state: DayState,
    /// JSON.
    pub totals: String,
    /// When it is to be done once more.
    pub next: Option<Timestamp>,
    /// How many came to no good end now.
    pub tries: i64,
    /// Nothing is left to be asked.
    pub is_round_over: bool,
}

pub async fn conclude(
    c: &mut AnyConnection,
    day: &str,
    conclusion: &Conclusion,
    now: Timestamp,
) -> Result<(), StorageError> {
    let sql = "UPDATE bill_days SET state = ?, totals = ?, checked_ms = ?, problem = NULL, tries = ?, next_ms = ? \
               WHERE day = ?";
    sqlx::query(sql)
        .bind(conclusion.state.code())
        .bind(&conclusion.totals)
        .bind(millis(now))
        .bind(conclusion.tries)
        .bind(conclusion.next.map(millis))
        .bind(day)
        .execute(&mut *c)
        .await?;
    if conclusion.is_round_over {
        sqlx::query("UPDATE bill_days SET asked_since = 0 WHERE day = ?").bind(day).execute(c).await?;
    }
    Ok(())
}

/// A day of the calendar that nobody looks after any more is due at `next`.
pub async fn wake(c: &mut AnyConnection, day: &str, next: Timestamp) -> Result<(), StorageError> {
    let sql = "UPDATE bill_days SET next_ms = ? WHERE day = ? AND next_ms IS NULL";
    sqlx::query(sql).bind(millis(next)).bind(day).execute(c).await?;
    Ok(())
}

/// Of a day that has been compared, once its differences have changed.
pub async fn set_state(c: &mut AnyConnection, day: &str, state: DayState) -> Result<(), StorageError> {
    let sql = "UPDATE bill_days SET state = ? WHERE day = ? AND checked_ms IS NOT NULL";
    sqlx::query(sql).bind(state.code()).bind(day).execute(c).await?;
    Ok(())
}

/// It did not, and is tried again at `next`, if at all.
pub async fn put_off(
    c: &mut AnyConnection,
    day: &str,
    problem: Option<&str>,
    next: Option<Timestamp>,
) -> Result<(), StorageError> {
    let problem = problem.map(|problem| problem.chars().take(128).collect::<String>());
    let sql = "UPDATE bill_days SET problem = ?, tries = tries + 1, next_ms = ? WHERE day = ?";
    sqlx::query(sql).bind(problem).bind(next.map(millis)).bind(day).execute(c).await?;
    Ok(())
}

/// Of a day that is in no hurry to be tried again.
pub async fn note_problem(c: &mut AnyConnection, day: &str, problem: &str) -> Result<(), StorageError> {
    let problem = problem.chars().take(128).collect::<String>();
    sqlx::query("UPDATE bill_days SET problem = ? WHERE day = ?").bind(problem).bind(day).execute(c).await?;
    Ok(())
}

/// How many days of the calendar before one are not compared, and how many of all differ. A day whose bill WeChat no
/// longer has (`TOO_OLD`) will never be, and is nothing that anybody can do about.
pub async fn count_trouble(c: &mut AnyConnection, before: &str) -> Result<(i64, i64), StorageError> {
    let missing = "SELECT COUNT(*) FROM bill_days WHERE day < ? AND state = 'WAITING' \
                   AND (next_ms IS NOT NULL OR problem IS NULL OR problem <> 'TOO_OLD')";
    let missing = sqlx::query_scalar(missing).bind(before).fetch_one(&mut *c).await?;
    let differing = "SELECT COUNT(*) FROM bill_days WHERE state = 'DIFFERS'";
    Ok((missing, sqlx::query_scalar(differing).fetch_one(c).await?))
}
