//! Requests for a refund on their way to WeChat. One that nobody has answered may arrive long after whoever sent it has
//! given up waiting; and what WeChat does not know yet it may know a moment later.

use jiff::{SignedDuration, Timestamp};
use sqlx::{AnyConnection, Row as _};

use super::{StorageError, millis, timestamp};

/// What was sent so long ago and is not known there never arrived.
const UNDER_WAY: SignedDuration = SignedDuration::from_secs(60);

/// It is about to be sent; what was sent long before is forgotten. `false`, and then it must not be, when it is not `REQUESTED` any more.
pub async fn begin(c: &mut AnyConnection, refund_id: i64, now: Timestamp) -> Result<bool, StorageError> {
    // The first one is set before the second: MySQL goes by what has been set already.
    let sql = "UPDATE refunds SET sendings = CASE WHEN sent_ms BETWEEN ? AND ? THEN sendings + 1 ELSE 1 END, sent_ms = ? \
               WHERE id = ? AND state = 'REQUESTED'";
    let (from, to) = (millis(now - UNDER_WAY), millis(now + UNDER_WAY));
    let update = sqlx::query(sql).bind(from).bind(to).bind(millis(now)).bind(refund_id);
    Ok(update.execute(c).await?.rows_affected() == 1)
}

/// One was answered, whatever the answer.
pub async fn end(c: &mut AnyConnection, refund_id: i64) -> Result<(), StorageError> {
    let sql = "UPDATE refunds SET sendings = sendings - 1 WHERE id = ? AND sendings > 0";
    sqlx::query(sql).bind(refund_id).execute(c).await?;
    Ok(())
}

/// Whether one may still arrive. A time that lies further ahead was written by a clock that is wrong, and says nothing.
pub async fn is_under_way(c: &mut AnyConnection, refund_id: i64, now: Timestamp) -> Result<bool, StorageError> {
    let sql = "SELECT sendings, sent_ms FROM refunds WHERE id = ?";
    let row = sqlx::query(sql).bind(refund_id).fetch_one(c).await?;
    let (sendings, sent): (i64, Option<i64>) = (row.try_get("sendings")?, row.try_get("sent_ms")?);
    let Some(sent) = sent.filter(|_| sendings > 0) else { return Ok(false) };
    let age = now.duration_since(timestamp("refunds", "sent_ms", refund_id, sent)?);
    Ok(age.abs() < UNDER_WAY)
}
