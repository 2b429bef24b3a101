//! Which orders somebody has to look after, and when. All that wait have a time in `check_ms`; those that have to
//! be brought to their end have one in `end_ms` besides, so that they are found at once, however many others are
//! due before them. An instance of an earlier version knows `check_ms` only, and so does what it has written.

use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::super::{Backlog, StorageError, millis};

/// Nobody has to look after it any more; unless it can be paid again meanwhile, or still.
pub async fn clear_check(c: &mut AnyConnection, id: i64) -> Result<(), StorageError> {
    let sql = "UPDATE orders SET check_ms = NULL, end_ms = NULL WHERE id = ? AND status <> 'NOTPAY' AND check_ms IS NOT NULL \
               AND NOT EXISTS (SELECT 1 FROM attempts WHERE order_id = orders.id AND state IN ('PREPARING', 'OPEN'))";
    sqlx::query(sql).bind(id).execute(c).await?;
    Ok(())
}

/// An order that somebody has to look after now.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    pub id: i64,
    /// The time that was set for it; names this occasion. `None` once nothing is left to do.
    pub check_ms: Option<i64>,
    /// The time that was set to bring it to its end.
    pub end_ms: Option<i64>,
    pub expires_ms: i64,
    /// `check_ms` holds what is no time. That costs nobody else anything: whoever claims it sets it anew.
    is_damaged: bool,
}

impl Due {
    /// Whether its time is over, or somebody wants its end.
    pub fn ends(self, now: Timestamp) -> bool {
        let now = millis(now);
        self.expires_ms <= now || self.end_ms.is_some_and(|end| end <= now)
    }

    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        let check: Result<Option<i64>, _> = row.try_get("check_ms");
        let is_damaged = check.is_err();
        let check_ms = check.unwrap_or(None);
        // One that cannot be read costs its own order, whose care says so, and not all that are due.
        let expires_ms = row.try_get("expires_ms").unwrap_or(check_ms.unwrap_or(0));
        let end_ms = row.try_get("end_ms").unwrap_or(None);
        Ok(Self { id: row.try_get("id")?, check_ms, end_ms, expires_ms, is_damaged })
    }
}

/// The longest due ones first.
pub async fn list_due(c: &mut AnyConnection, now: Timestamp, limit: i64) -> Result<Vec<Due>, StorageError> {
    let sql = "SELECT id, check_ms, end_ms, expires_ms FROM orders WHERE check_ms <= ? ORDER BY check_ms LIMIT ?";
    sqlx::query(sql).bind(millis(now)).bind(limit).fetch_all(c).await?.iter().map(Due::read).collect()
}

/// Of those, the ones that have to be brought to their end.
pub async fn list_ending(c: &mut AnyConnection, now: Timestamp, limit: i64) -> Result<Vec<Due>, StorageError> {
    let sql = "SELECT id, check_ms, end_ms, expires_ms FROM orders WHERE end_ms <= ? ORDER BY end_ms LIMIT ?";
    sqlx::query(sql).bind(millis(now)).bind(limit).fetch_all(c).await?.iter().map(Due::read).collect()
}

/// The right to look after it, until `next`; `false` when somebody else took it, or nothing is left to do.
/// One that `ends` is brought to its end once more at `next`, should it not have come to it.
pub async fn claim_check(c: &mut AnyConnection, due: Due, next: Timestamp, ends: bool) -> Result<bool, StorageError> {
    let next = millis(next);
    let end_ms = if ends { Some(next) } else { due.end_ms };
    if due.is_damaged {
        tracing::error!(order.id = due.id, "order {}: check_ms holds no time, and is set anew", due.id);
        let mend = sqlx::query("UPDATE orders SET check_ms = ?, end_ms = ? WHERE id = ?");
        return Ok(mend.bind(next).bind(end_ms).bind(due.id).execute(c).await?.rows_affected() == 1);
    }
    let Some(check_ms) = due.check_ms else {
        // As an instance of an earlier version leaves it.
        let done = sqlx::query("UPDATE orders SET end_ms = NULL WHERE id = ? AND check_ms IS NULL").bind(due.id);
        done.execute(c).await?;
        return Ok(false);
    };
    let sql = "UPDATE orders SET check_ms = ?, end_ms = ? WHERE id = ? AND check_ms = ?";
    let claim = sqlx::query(sql).bind(next).bind(end_ms).bind(due.id).bind(check_ms);
    Ok(claim.execute(c).await?.rows_affected() == 1)
}

/// After it could not be looked after: not again before `next`, if nobody has changed what was `claimed`.
pub async fn put_off(c: &mut AnyConnection, id: i64, claimed: Timestamp, next: Timestamp) -> Result<(), StorageError> {
    let (claimed, next) = (millis(claimed), millis(next));
    let sql = "UPDATE orders SET check_ms = ?, end_ms = CASE WHEN end_ms <= ? THEN ? ELSE end_ms END \
               WHERE id = ? AND check_ms = ?";
    sqlx::query(sql).bind(next).bind(claimed).bind(next).bind(id).bind(claimed).execute(c).await?;
    Ok(())
}

/// What somebody should have looked after first, in milliseconds.
pub async fn first_check_ms(c: &mut AnyConnection) -> Result<Option<i64>, StorageError> {
    Ok(sqlx::query_scalar("SELECT MIN(check_ms) FROM orders").fetch_one(c).await?)
}

/// All orders that are due.
pub async fn count_due(c: &mut AnyConnection, now: Timestamp) -> Result<Backlog, StorageError> {
    let sql = "SELECT COUNT(*), MIN(check_ms) FROM orders WHERE check_ms <= ?";
    let (count, oldest_ms) = sqlx::query_as(sql).bind(millis(now)).fetch_one(c).await?;
    Ok(Backlog { count, oldest_ms })
}

/// Of those, the ones at their end.
pub async fn count_ending(c: &mut AnyConnection, now: Timestamp) -> Result<Backlog, StorageError> {
    let sql = "SELECT COUNT(*), MIN(end_ms) FROM orders WHERE end_ms <= ?";
    let (count, oldest_ms) = sqlx::query_as(sql).bind(millis(now)).fetch_one(c).await?;
    Ok(Backlog { count, oldest_ms })
}
