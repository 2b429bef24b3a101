//! Money that came once too often and has not gone back yet: found by its automatic refunds.

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;

use super::{StorageError, millis};

/// How long an automatic refund may be under way before it is worth an alarm.
const SLOW: SignedDuration = SignedDuration::from_hours(24);
/// How long one may be refused with nobody told.
const REFUSED: SignedDuration = SignedDuration::from_mins(10);

/// Automatic refunds that failed, with money of their payment left, and that nobody looks after: one
/// that was given up by an older version, or another refund of the same payment has failed since.
/// Only the last one of a payment, and only of payments after `since`.
pub async fn list_stranded(c: &mut AnyConnection, since: Timestamp, limit: i64) -> Result<Vec<i64>, StorageError> {
    let sql = "SELECT refunds.id FROM refunds JOIN payments ON payments.id = refunds.payment_id \
               WHERE refunds.source = 'AUTOMATIC' AND refunds.state IN ('REFUSED', 'CLOSED') \
               AND refunds.check_ms IS NULL AND payments.kind = 'SURPLUS' \
               AND payments.refunding_fen < payments.total_fen AND payments.success_ms > ? \
               AND NOT EXISTS (SELECT 1 FROM refunds AS later WHERE later.payment_id = payments.id \
               AND later.source = 'AUTOMATIC' AND later.id > refunds.id) ORDER BY refunds.id LIMIT ?";
    Ok(sqlx::query_scalar(sql).bind(millis(since)).bind(limit).fetch_all(c).await?)
}

/// Somebody looks after it at `check`, unless somebody does already.
pub async fn wake(c: &mut AnyConnection, refund_id: i64, check: Timestamp) -> Result<(), StorageError> {
    let sql = "UPDATE refunds SET check_ms = ? WHERE id = ? AND check_ms IS NULL AND state IN ('REFUSED', 'CLOSED')";
    sqlx::query(sql).bind(millis(check)).bind(refund_id).execute(c).await?;
    Ok(())
}

/// The `transaction_id`s of surplus payments after `since` that do not go back as they should: refused,
/// failed, stuck at the payer's bank, or under way for more than a day.
pub async fn list_stuck(
    c: &mut AnyConnection,
    since: Timestamp,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<String>, StorageError> {
    let sql = "SELECT DISTINCT payments.transaction_id FROM refunds \
               JOIN payments ON payments.id = refunds.payment_id WHERE refunds.source = 'AUTOMATIC' \
               AND refunds.state IN ('REQUESTED', 'PROCESSING', 'CLOSED', 'ABNORMAL', 'REFUSED') \
               AND (refunds.state IN ('CLOSED', 'ABNORMAL', 'REFUSED') OR refunds.created_ms <= ? \
               OR (refunds.problem IS NOT NULL AND refunds.created_ms <= ?)) \
               AND payments.kind = 'SURPLUS' AND payments.success_ms > ? \
               AND payments.total_fen > COALESCE((SELECT SUM(given.amount_fen) FROM refunds AS given \
               WHERE given.payment_id = payments.id AND given.state = 'SUCCESS'), 0) LIMIT ?";
    let list = sqlx::query_scalar(sql).bind(millis(now - SLOW)).bind(millis(now - REFUSED));
    Ok(list.bind(millis(since)).bind(limit).fetch_all(c).await?)
}
