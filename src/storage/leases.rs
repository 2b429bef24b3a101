//! `leases`: which instance runs which background job. Whoever holds one prolongs it; when its
//! holder dies, the next one takes over once the time is up.

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;

use super::{StorageError, inserted, millis};

/// As far as clocks may be apart with which WeChat talks. Whoever holds a job for longer than that than anybody could
/// has written it by a clock that is wrong, or the row is damaged.
const APART: SignedDuration = SignedDuration::from_mins(5);

/// `true` when `holder` has the job until `until`. Nobody has it for longer than `until` and what clocks may be apart.
pub async fn take(
    c: &mut AnyConnection,
    name: &str,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StorageError> {
    let sql =
        "UPDATE leases SET holder = ?, until_ms = ? WHERE name = ? AND (holder = ? OR until_ms <= ? OR until_ms > ?)";
    let update = sqlx::query(sql).bind(holder).bind(millis(until)).bind(name);
    let update =
        update.bind(holder).bind(millis(now)).bind(millis(until.saturating_add(APART).unwrap_or(Timestamp::MAX)));
    if update.execute(&mut *c).await?.rows_affected() == 1 {
        return Ok(true);
    }
    let sql = "INSERT INTO leases (name, holder, until_ms) VALUES (?, ?, ?)";
    inserted(sqlx::query(sql).bind(name).bind(holder).bind(millis(until)).execute(c).await)
}

/// Who has the job, or had it last.
pub async fn find_holder(c: &mut AnyConnection, name: &str) -> Result<Option<String>, StorageError> {
    Ok(sqlx::query_scalar("SELECT holder FROM leases WHERE name = ?").bind(name).fetch_optional(c).await?)
}

/// Until when any job is taken, or was, in milliseconds.
pub async fn last_until_ms(c: &mut AnyConnection) -> Result<Option<i64>, StorageError> {
    Ok(sqlx::query_scalar("SELECT MAX(until_ms) FROM leases").fetch_one(c).await?)
}

/// The job has come to a good end, if it is still `holder`'s.
pub async fn note_good(c: &mut AnyConnection, name: &str, holder: &str, now: Timestamp) -> Result<(), StorageError> {
    let sql = "UPDATE leases SET last_good_ms = ? WHERE name = ? AND holder = ?";
    sqlx::query(sql).bind(millis(now)).bind(name).bind(holder).execute(c).await?;
    Ok(())
}

/// When each job last came to a good end, wherever it runs; in milliseconds. A row that nobody ever holds says how
/// far a walk has got, and its time may be one that it has got to.
pub async fn list_last_good(c: &mut AnyConnection) -> Result<Vec<(String, i64)>, StorageError> {
    let sql = "SELECT name, last_good_ms FROM leases WHERE last_good_ms IS NOT NULL AND holder <> '' ORDER BY name";
    Ok(sqlx::query_as(sql).fetch_all(c).await?)
}

/// Lets others have one of its jobs at once.
pub async fn give_up(c: &mut AnyConnection, name: &str, holder: &str) -> Result<(), StorageError> {
    sqlx::query("UPDATE leases SET until_ms = 0 WHERE name = ? AND holder = ?")
        .bind(name)
        .bind(holder)
        .execute(c)
        .await?;
    Ok(())
}

/// Lets others have all its jobs at once.
pub async fn release(c: &mut AnyConnection, holder: &str) -> Result<(), StorageError> {
    sqlx::query("UPDATE leases SET until_ms = 0 WHERE holder = ?").bind(holder).execute(c).await?;
    Ok(())
}
