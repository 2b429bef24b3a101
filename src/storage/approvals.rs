//! `approvals`: what waits, or has waited, for a second person; and `staff_limits`, from where on it has to.

use jiff::{SignedDuration, Timestamp};
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{StorageError, inserted, millis, timestamp};
use crate::domain::Fen;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Refund,
    Limits,
    Role,
    Disable,
    Enable,
    /// Another second factor.
    Totp,
}

impl Kind {
    pub const ALL: [Self; 6] = [Self::Refund, Self::Limits, Self::Role, Self::Disable, Self::Enable, Self::Totp];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Refund => "REFUND",
            Self::Limits => "LIMITS",
            Self::Role => "ROLE",
            Self::Disable => "DISABLE",
            Self::Enable => "ENABLE",
            Self::Totp => "TOTP",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Waiting,
    Approved,
    Refused,
    /// By whoever asked.
    Withdrawn,
    /// Nobody decided in time, or it can no longer be done.
    Expired,
}

impl State {
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Approved, Self::Refused, Self::Withdrawn, Self::Expired];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Approved => "APPROVED",
            Self::Refused => "REFUSED",
            Self::Withdrawn => "WITHDRAWN",
            Self::Expired => "EXPIRED",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Approval {
    pub id: i64,
    pub kind: Kind,
    pub state: State,
    pub subject: String,
    pub wanted: String,
    pub order_id: Option<i64>,
    pub amount: Option<Fen>,
    pub asked_by: i64,
    pub asker: String,
    pub asked: Timestamp,
    pub ends: Timestamp,
    pub decided_by: Option<i64>,
    pub decider: Option<String>,
    pub decided: Option<Timestamp>,
    pub note: String,
}

impl Approval {
    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        let id = row.try_get("id")?;
        let wrong =
            |column, problem: String| StorageError::Inconsistent { table: "approvals", column, row: id, problem };
        let (kind, state): (&str, &str) = (row.try_get("kind")?, row.try_get("state")?);
        let (amount, decided): (Option<i64>, Option<i64>) = (row.try_get("amount_fen")?, row.try_get("decided_ms")?);
        Ok(Self {
            id,
            kind: Kind::ALL
                .into_iter()
                .find(|it| it.code() == kind)
                .ok_or_else(|| wrong("kind", format!("{kind:?} is none")))?,
            state: State::ALL
                .into_iter()
                .find(|it| it.code() == state)
                .ok_or_else(|| wrong("state", format!("{state:?} is none")))?,
            subject: row.try_get("subject")?,
            wanted: row.try_get("wanted")?,
            order_id: row.try_get("order_id")?,
            amount: amount.map(Fen::new).transpose().map_err(|error| wrong("amount_fen", error.to_string()))?,
            asked_by: row.try_get("asked_by")?,
            asker: row.try_get("asker")?,
            asked: timestamp("approvals", "asked_ms", id, row.try_get("asked_ms")?)?,
            ends: timestamp("approvals", "ends_ms", id, row.try_get("ends_ms")?)?,
            decided_by: row.try_get("decided_by")?,
            decider: row.try_get("decider")?,
            decided: decided.map(|at| timestamp("approvals", "decided_ms", id, at)).transpose()?,
            note: row.try_get("note")?,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT approvals.id AS id, kind, state, subject, wanted, order_id, amount_fen, asked_by, asked_ms, ends_ms, \
             decided_by, decided_ms, note, askers.name AS asker, deciders.name AS decider FROM approvals \
             JOIN staff askers ON askers.id = asked_by LEFT JOIN staff deciders ON deciders.id = decided_by ",
            $rest
        )
    };
}

#[derive(Clone, Debug)]
pub struct NewApproval {
    /// Drawn with the form: pressed twice it is asked for once.
    pub form: String,
    pub kind: Kind,
    pub subject: String,
    pub wanted: String,
    pub order_id: Option<i64>,
    pub amount: Option<Fen>,
    pub asked_by: i64,
    pub asked: Timestamp,
    pub ends: Timestamp,
    pub note: String,
}

/// `false` when this form has been sent before.
pub async fn insert(c: &mut AnyConnection, new: &NewApproval) -> Result<bool, StorageError> {
    let sql = "INSERT INTO approvals (form, kind, state, subject, wanted, order_id, amount_fen, asked_by, asked_ms, \
               ends_ms, note) VALUES (?, ?, 'WAITING', ?, ?, ?, ?, ?, ?, ?, ?)";
    let insert = sqlx::query(sql)
        .bind(&new.form)
        .bind(new.kind.code())
        .bind(&new.subject)
        .bind(&new.wanted)
        .bind(new.order_id)
        .bind(new.amount.map(Fen::get))
        .bind(new.asked_by)
        .bind(millis(new.asked))
        .bind(millis(new.ends))
        .bind(&new.note);
    inserted(insert.execute(c).await)
}

pub async fn find(c: &mut AnyConnection, id: i64) -> Result<Option<Approval>, StorageError> {
    let query = sqlx::query(select!("WHERE approvals.id = ?")).bind(id);
    query.fetch_optional(c).await?.as_ref().map(Approval::read).transpose()
}

pub async fn find_by_form(c: &mut AnyConnection, form: &str) -> Result<Option<Approval>, StorageError> {
    let query = sqlx::query(select!("WHERE form = ?")).bind(form);
    query.fetch_optional(c).await?.as_ref().map(Approval::read).transpose()
}

/// Newest first, older than `before`.
pub async fn list(
    c: &mut AnyConnection,
    state: Option<State>,
    before: i64,
    most: i64,
) -> Result<Vec<Approval>, StorageError> {
    let query = match state {
        Some(state) => sqlx::query(select!("WHERE state = ? AND approvals.id < ? ORDER BY approvals.id DESC LIMIT ?"))
            .bind(state.code()),
        None => sqlx::query(select!("WHERE approvals.id < ? ORDER BY approvals.id DESC LIMIT ?")),
    };
    query.bind(before).bind(most).fetch_all(c).await?.iter().map(Approval::read).collect()
}

/// All about an order, newest first.
pub async fn list_of_order(c: &mut AnyConnection, order_id: i64) -> Result<Vec<Approval>, StorageError> {
    let query = sqlx::query(select!("WHERE order_id = ? ORDER BY approvals.id DESC")).bind(order_id);
    query.fetch_all(c).await?.iter().map(Approval::read).collect()
}

/// Those whose time is over: also what a clock that was ahead has given more than `life`.
pub async fn list_ended(c: &mut AnyConnection, now: Timestamp, life: SignedDuration) -> Result<Vec<i64>, StorageError> {
    let sql =
        "SELECT id FROM approvals WHERE state = 'WAITING' AND (ends_ms <= ? OR ends_ms > ?) ORDER BY id LIMIT 500";
    Ok(sqlx::query_scalar(sql).bind(millis(now)).bind(millis(now + life)).fetch_all(c).await?)
}

/// One of several at once decides. `false` when it does not wait any more.
pub async fn decide(
    c: &mut AnyConnection,
    id: i64,
    state: State,
    decided_by: Option<i64>,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let sql = "UPDATE approvals SET state = ?, decided_by = ?, decided_ms = ? WHERE id = ? AND state = 'WAITING'";
    let update = sqlx::query(sql).bind(state.code()).bind(decided_by).bind(millis(now)).bind(id);
    Ok(update.execute(c).await?.rows_affected() == 1)
}

/// What one person may give back without a second one; `None`: any amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    pub per_refund: Option<Fen>,
    pub per_day: Option<Fen>,
}

pub async fn limits(c: &mut AnyConnection) -> Result<Limits, StorageError> {
    let sql = "SELECT per_refund_fen, per_day_fen FROM staff_limits WHERE id = 1";
    let row: Option<(Option<i64>, Option<i64>)> = sqlx::query_as(sql).fetch_optional(c).await?;
    let (per_refund, per_day) = row.unwrap_or_default();
    let fen = |column, amount: Option<i64>| {
        amount.map(Fen::new).transpose().map_err(|error| StorageError::Inconsistent {
            table: "staff_limits",
            column,
            row: 1,
            problem: error.to_string(),
        })
    };
    Ok(Limits { per_refund: fen("per_refund_fen", per_refund)?, per_day: fen("per_day_fen", per_day)? })
}

pub async fn set_limits(c: &mut AnyConnection, limits: Limits, now: Timestamp) -> Result<(), StorageError> {
    let (per_refund, per_day) = (limits.per_refund.map(Fen::get), limits.per_day.map(Fen::get));
    let sql = "UPDATE staff_limits SET per_refund_fen = ?, per_day_fen = ?, changed_ms = ? WHERE id = 1";
    let update = sqlx::query(sql).bind(per_refund).bind(per_day).bind(millis(now));
    if update.execute(&mut *c).await?.rows_affected() == 1 {
        return Ok(());
    }
    let sql = "INSERT INTO staff_limits (id, per_refund_fen, per_day_fen, changed_ms) VALUES (1, ?, ?, ?)";
    let insert = sqlx::query(sql).bind(per_refund).bind(per_day).bind(millis(now));
    if inserted(insert.execute(c).await)? { Ok(()) } else { Err(StorageError::Raced { table: "staff_limits", row: 1 }) }
}
