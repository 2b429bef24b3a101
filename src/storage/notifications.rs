//! `notifications`: the inbox of verified notifications, as they came, with what became of them.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{StorageError, inserted, millis};

/// A verified notification to be kept. `body` is the envelope: its content is still sealed, so no
/// openid is in it. `headers` holds no signature.
#[derive(Clone, Debug)]
pub struct Received {
    pub notify_id: String,
    pub event_type: String,
    pub out_trade_no: Option<String>,
    pub transaction_id: Option<String>,
    pub headers: String,
    pub body: Vec<u8>,
    pub at: Timestamp,
}

/// Keeps it, or counts one more delivery of a notification that is there already. Its first
/// verdict stays, unless the order was unknown then and is known now.
pub async fn record(c: &mut AnyConnection, received: &Received, verdict: &str) -> Result<(), StorageError> {
    let sql = "INSERT INTO notifications (notify_id, event_type, verdict, out_trade_no, transaction_id, deliveries, \
               headers, body, received_ms, last_ms) VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?)";
    let at = millis(received.at);
    let insert = sqlx::query(sql)
        .bind(&received.notify_id)
        .bind(&received.event_type)
        .bind(verdict)
        .bind(received.out_trade_no.as_deref())
        .bind(received.transaction_id.as_deref())
        .bind(&received.headers)
        .bind(&received.body[..])
        .bind(at)
        .bind(at);
    if inserted(insert.execute(&mut *c).await)? {
        return Ok(());
    }
    let sql = "UPDATE notifications SET deliveries = deliveries + 1, last_ms = ?, \
               verdict = CASE WHEN verdict = 'UNKNOWN_ORDER' THEN ? ELSE verdict END WHERE notify_id = ?";
    sqlx::query(sql).bind(at).bind(verdict).bind(&received.notify_id).execute(c).await?;
    Ok(())
}
