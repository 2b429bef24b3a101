//! `concerns`: what WeChat has signed and our books do not allow. Somebody has to look, and says so when he has.

use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{StorageError, events::EventKind, millis, timestamp};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concern {
    pub id: i64,
    /// An [`EventKind`] of the order's timeline.
    pub kind: String,
    pub order_id: i64,
    pub detail: String,
    pub at: Timestamp,
}

impl Concern {
    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        let id = row.try_get("id")?;
        Ok(Self {
            id,
            kind: row.try_get("kind")?,
            order_id: row.try_get("order_id")?,
            detail: row.try_get("detail")?,
            at: timestamp("concerns", "at_ms", id, row.try_get("at_ms")?)?,
        })
    }
}

pub async fn insert(
    c: &mut AnyConnection,
    order_id: i64,
    kind: EventKind,
    detail: &str,
    at: Timestamp,
) -> Result<(), StorageError> {
    let sql = "INSERT INTO concerns (kind, order_id, detail, at_ms) VALUES (?, ?, ?, ?)";
    sqlx::query(sql).bind(kind.code()).bind(order_id).bind(detail).bind(millis(at)).execute(c).await?;
    Ok(())
}

/// Those that nobody has looked at, oldest first.
pub async fn list_open(c: &mut AnyConnection, limit: i64) -> Result<Vec<Concern>, StorageError> {
    let sql = "SELECT id, kind, order_id, detail, at_ms FROM concerns WHERE settled_ms IS NULL ORDER BY id LIMIT ?";
    sqlx::query(sql).bind(limit).fetch_all(c).await?.iter().map(Concern::read).collect()
}

/// Of an order: somebody has looked. How many.
pub async fn settle(c: &mut AnyConnection, order_id: i64, by: &str, now: Timestamp) -> Result<u64, StorageError> {
    let sql = "UPDATE concerns SET settled_ms = ?, settled_by = ? WHERE order_id = ? AND settled_ms IS NULL";
    Ok(sqlx::query(sql).bind(millis(now)).bind(by).bind(order_id).execute(c).await?.rows_affected())
}

/// Of an order, those that nobody has looked at, oldest first.
pub async fn list_of_order(c: &mut AnyConnection, order_id: i64) -> Result<Vec<Concern>, StorageError> {
    let sql = "SELECT id, kind, order_id, detail, at_ms FROM concerns WHERE order_id = ? AND settled_ms IS NULL \
               ORDER BY id";
    sqlx::query(sql).bind(order_id).fetch_all(c).await?.iter().map(Concern::read).collect()
}
