//! `concerns`: what WeChat has signed and our books do not allow. Somebody has to look, and says so when he has.
//!
//! One kind is something else: a refund that was sent to the shop's own account. The payer has nothing of it until the
//! shop pays him otherwise, which nobody but the shop can tell.

use jiff::Timestamp;
use sqlx::{Any, AnyConnection, QueryBuilder, Row as _, any::AnyRow};

use super::{StorageError, events::EventKind, millis, timestamp, tuple};
use crate::domain::OutRefundNo;

/// Of a refund that was sent to the shop's own account: its number is the detail.
const OWED: EventKind = EventKind::AbnormalAsked;

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
    let sql = "SELECT id, kind, order_id, detail, at_ms FROM concerns WHERE settled_ms IS NULL AND kind <> ? \
               ORDER BY id LIMIT ?";
    sqlx::query(sql).bind(OWED.code()).bind(limit).fetch_all(c).await?.iter().map(Concern::read).collect()
}

/// Of an order: somebody has looked. How many.
pub async fn settle(c: &mut AnyConnection, order_id: i64, by: &str, now: Timestamp) -> Result<u64, StorageError> {
    let sql = "UPDATE concerns SET settled_ms = ?, settled_by = ? WHERE order_id = ? AND settled_ms IS NULL \
               AND kind <> ?";
    let update = sqlx::query(sql).bind(millis(now)).bind(by).bind(order_id).bind(OWED.code());
    Ok(update.execute(c).await?.rows_affected())
}

/// Of an order, those that nobody has looked at, oldest first.
pub async fn list_of_order(c: &mut AnyConnection, order_id: i64) -> Result<Vec<Concern>, StorageError> {
    let sql = "SELECT id, kind, order_id, detail, at_ms FROM concerns WHERE order_id = ? AND settled_ms IS NULL \
               AND kind <> ? ORDER BY id";
    sqlx::query(sql).bind(order_id).bind(OWED.code()).fetch_all(c).await?.iter().map(Concern::read).collect()
}

/// A refund is being sent to the shop's own account: should it get there, the shop owes it to the payer.
pub async fn insert_owed(
    c: &mut AnyConnection,
    order_id: i64,
    number: &OutRefundNo,
    at: Timestamp,
) -> Result<(), StorageError> {
    insert(c, order_id, OWED, number.as_str(), at).await
}

/// Refunds that were being sent to the shop's own account, and of which nobody has said that the payer was paid; oldest
/// first.
pub async fn list_owed(c: &mut AnyConnection, limit: i64) -> Result<Vec<Concern>, StorageError> {
    let sql = "SELECT id, kind, order_id, detail, at_ms FROM concerns WHERE settled_ms IS NULL AND kind = ? \
               ORDER BY id LIMIT ?";
    sqlx::query(sql).bind(OWED.code()).bind(limit).fetch_all(c).await?.iter().map(Concern::read).collect()
}

/// Those of these orders.
pub async fn list_owed_of(c: &mut AnyConnection, orders: &[i64]) -> Result<Vec<Concern>, StorageError> {
    let mut found = Vec::new();
    for share in super::shares(orders) {
        let mut query = QueryBuilder::<Any>::new(
            "SELECT id, kind, order_id, detail, at_ms FROM concerns WHERE settled_ms IS NULL AND kind = ",
        );
        query.push_bind(OWED.code()).push(" AND order_id IN ");
        tuple(&mut query, share.iter().copied());
        query.push(" ORDER BY id");
        let rows = query.build().fetch_all(&mut *c).await?;
        found.extend(rows.iter().map(Concern::read).collect::<Result<Vec<_>, _>>()?);
    }
    Ok(found)
}

/// It was paid to the payer, or goes to his own card. `false` when it is not owed.
pub async fn settle_owed(
    c: &mut AnyConnection,
    order_id: i64,
    number: &OutRefundNo,
    by: &str,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let sql = "UPDATE concerns SET settled_ms = ?, settled_by = ? WHERE order_id = ? AND settled_ms IS NULL \
               AND kind = ? AND detail = ?";
    let update = sqlx::query(sql).bind(millis(now)).bind(by).bind(order_id).bind(OWED.code()).bind(number.as_str());
    Ok(update.execute(c).await?.rows_affected() > 0)
}
