//! `heartbeats`: one row for each instance that lives. It proves that the instance can write, tells the
//! others that it is there, and remembers what its wall clock said.

use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{StorageError, inserted, millis, timestamp};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    pub instance: String,
    /// Rises while it lives; 0 once it has stopped.
    pub beats: i64,
    /// The latest that the instance's own wall clock has said. It stays when the clock is set back, until what was
    /// planned by it has been mended: whoever dies before leaves it behind for those who come after.
    pub wall: Timestamp,
}

impl Heartbeat {
    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        let beats = row.try_get("beats")?;
        let wall = timestamp("heartbeats", "wall_ms", beats, row.try_get("wall_ms")?)?;
        Ok(Self { instance: row.try_get("instance")?, beats, wall })
    }
}

/// One more beat of `instance` (at most 32 characters). Returns how many there have been; a job that is
/// run again counts again.
pub async fn beat(
    c: &mut AnyConnection,
    instance: &str,
    started: Timestamp,
    wall: Timestamp,
) -> Result<i64, StorageError> {
    let sql = "UPDATE heartbeats SET beats = beats + 1, wall_ms = CASE WHEN wall_ms > ? THEN wall_ms ELSE ? END \
               WHERE instance = ?";
    let update = sqlx::query(sql).bind(millis(wall)).bind(millis(wall)).bind(instance);
    if update.execute(&mut *c).await?.rows_affected() == 0 {
        let sql = "INSERT INTO heartbeats (instance, beats, started_ms, wall_ms) VALUES (?, 1, ?, ?)";
        let insert = sqlx::query(sql).bind(instance).bind(millis(started)).bind(millis(wall));
        if !inserted(insert.execute(&mut *c).await)? {
            return Err(StorageError::Raced { table: "heartbeats", row: 0 });
        }
    }
    let sql = "SELECT beats FROM heartbeats WHERE instance = ?";
    Ok(sqlx::query_scalar(sql).bind(instance).fetch_one(c).await?)
}

/// Of all instances, the dead ones that nobody has cleared away too.
pub async fn list(c: &mut AnyConnection) -> Result<Vec<Heartbeat>, StorageError> {
    let sql = "SELECT instance, beats, wall_ms FROM heartbeats ORDER BY instance";
    let rows = sqlx::query(sql).fetch_all(c).await?;
    // One that nobody can read is of somebody else, who is dead or will write it anew.
    let read = rows.iter().map(Heartbeat::read).inspect(|it| {
        if let Err(error) = it {
            tracing::warn!(%error, "a heartbeat that cannot be read");
        }
    });
    read.filter(|it| !it.as_ref().is_err_and(StorageError::is_about_one_row)).collect()
}

/// How many instances have shown a sign of life at `since` or later, and have not stopped.
pub async fn count_live(c: &mut AnyConnection, since: Timestamp) -> Result<i64, StorageError> {
    let sql = "SELECT COUNT(*) FROM heartbeats WHERE wall_ms >= ? AND beats > 0";
    Ok(sqlx::query_scalar(sql).bind(millis(since)).fetch_one(c).await?)
}

/// The instance stops. Its row stays for a while: what its clock said last must not be forgotten.
pub async fn stop(c: &mut AnyConnection, instance: &str, wall: Timestamp) -> Result<(), StorageError> {
    let sql = "UPDATE heartbeats SET beats = 0, wall_ms = CASE WHEN wall_ms > ? THEN wall_ms ELSE ? END \
               WHERE instance = ?";
    sqlx::query(sql).bind(millis(wall)).bind(millis(wall)).bind(instance).execute(c).await?;
    Ok(())
}

/// The same for all of them, as far as anybody knows.
pub async fn stop_all(c: &mut AnyConnection) -> Result<(), StorageError> {
    sqlx::query("UPDATE heartbeats SET beats = 0 WHERE beats <> 0").execute(c).await?;
    Ok(())
}

/// Those of others whose clock was ahead of `limit` are gone: who lives beats again. That of `instance` says from now
/// on what its clock says; were it gone until the next beat, nobody would know of this clock if it was set back again.
pub async fn forget_ahead(
    c: &mut AnyConnection,
    instance: &str,
    limit: Timestamp,
    now: Timestamp,
) -> Result<(), StorageError> {
    let sql = "DELETE FROM heartbeats WHERE wall_ms > ? AND instance <> ?";
    sqlx::query(sql).bind(millis(limit)).bind(instance).execute(&mut *c).await?;
    let sql = "UPDATE heartbeats SET wall_ms = ? WHERE wall_ms > ? AND instance = ?";
    sqlx::query(sql).bind(millis(now)).bind(millis(limit)).bind(instance).execute(c).await?;
    Ok(())
}

/// Instances that are long gone.
pub async fn remove_silent(c: &mut AnyConnection, since: Timestamp) -> Result<(), StorageError> {
    sqlx::query("DELETE FROM heartbeats WHERE wall_ms < ?").bind(millis(since)).execute(c).await?;
    Ok(())
}
