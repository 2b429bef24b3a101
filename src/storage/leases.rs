//! `leases`: which instance runs which background job. Whoever holds one prolongs it; when its
//! holder dies, the next one takes over once the time is up.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{StorageError, inserted, millis};

/// `true` when `holder` has the job until `until`.
pub async fn take(
    c: &mut AnyConnection,
    name: &str,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StorageError> {
    let sql = "UPDATE leases SET holder = ?, until_ms = ? WHERE name = ? AND (holder = ? OR until_ms <= ?)";
    let update = sqlx::query(sql).bind(holder).bind(millis(until)).bind(name).bind(holder).bind(millis(now));
    if update.execute(&mut *c).await?.rows_affected() == 1 {
        return Ok(true);
    }
    let sql = "INSERT INTO leases (name, holder, until_ms) VALUES (?, ?, ?)";
    inserted(sqlx::query(sql).bind(name).bind(holder).bind(millis(until)).execute(c).await)
}

/// Lets others have the job at once: this instance stops.
pub async fn release(c: &mut AnyConnection, holder: &str) -> Result<(), StorageError> {
    sqlx::query("UPDATE leases SET until_ms = 0 WHERE holder = ?").bind(holder).execute(c).await?;
    Ok(())
}
