//! Removing what has grown old: in small transactions, each of which finds out anew that nothing hangs on what it
//! removes. Foreign keys are the last to say no.

use jiff::Timestamp;
use sqlx::{Any, AnyConnection, QueryBuilder, Row as _, any::AnyRow};

use super::{StorageError, inserted, millis, request_ids, tuple};

/// How far one has got who goes through a table by its ids, and when he was last through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    pub reached_id: i64,
    pub through_ms: Option<i64>,
}

pub async fn find_walk(c: &mut AnyConnection, name: &str) -> Result<Walk, StorageError> {
    let sql = "SELECT reached_id, last_good_ms FROM leases WHERE name = ?";
    let found: Option<(i64, Option<i64>)> = sqlx::query_as(sql).bind(name).fetch_optional(c).await?;
    Ok(found.map_or(Walk::default(), |(reached_id, through_ms)| Walk { reached_id, through_ms }))
}

pub async fn keep_walk(c: &mut AnyConnection, name: &str, walk: Walk) -> Result<(), StorageError> {
    let sql = "UPDATE leases SET reached_id = ?, last_good_ms = ? WHERE name = ?";
    let update = sqlx::query(sql).bind(walk.reached_id).bind(walk.through_ms).bind(name);
    if update.execute(&mut *c).await?.rows_affected() == 1 {
        return Ok(());
    }
    // Nobody holds it: who goes through the table holds the job's own lease.
    let sql = "INSERT INTO leases (name, holder, until_ms, reached_id, last_good_ms) VALUES (?, '', 0, ?, ?)";
    let insert = sqlx::query(sql).bind(name).bind(walk.reached_id).bind(walk.through_ms);
    inserted(insert.execute(c).await).map(|_| ())
}

/// An order as somebody sees it who looks for old ones.
#[derive(Clone, Copy, Debug)]
pub struct OrderAge {
    pub id: i64,
    /// Closed, with nothing left to do.
    pub is_over: bool,
    pub updated_ms: i64,
}

/// The orders behind `after`.
pub async fn list_orders(c: &mut AnyConnection, after: i64, limit: i64) -> Result<Vec<OrderAge>, StorageError> {
    let sql = "SELECT id, status, check_ms, updated_ms FROM orders WHERE id > ? ORDER BY id LIMIT ?";
    let age = |row: &AnyRow| {
        let is_closed = row.try_get::<&str, _>("status")? == "CLOSED";
        let check: Option<i64> = row.try_get("check_ms")?;
        let updated_ms = row.try_get("updated_ms")?;
        Ok(OrderAge { id: row.try_get("id")?, is_over: is_closed && check.is_none(), updated_ms })
    };
    sqlx::query(sql).bind(after).bind(limit).fetch_all(c).await?.iter().map(age).collect()
}

/// What a step has removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RemovedOrder {
    pub attempts: usize,
    pub events: usize,
    /// The order itself is gone; otherwise some of its timeline is, and the rest comes next.
    pub is_gone: bool,
}

/// Removes a closed order that has not changed since `before`, at most about `limit` rows of it at once. `None`
/// when something hangs on it: a payment, a refund, or an attempt of which WeChat has never said under its
/// signature that it is closed.
pub async fn remove_abandoned(
    c: &mut AnyConnection,
    id: i64,
    before: Timestamp,
    limit: usize,
) -> Result<Option<RemovedOrder>, StorageError> {
    // Takes hold of the row: a payment that is being booked comes before this, or finds no order.
    let sql = "UPDATE orders SET version = version WHERE id = ? AND status = 'CLOSED' AND check_ms IS NULL \
               AND updated_ms < ?";
    let held = sqlx::query(sql).bind(id).bind(millis(before)).execute(&mut *c).await?;
    if held.rows_affected() != 1 || has_anything(c, id).await? {
        return Ok(None);
    }
    let sql = "SELECT id FROM order_events WHERE order_id = ? ORDER BY id LIMIT ?";
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let events: Vec<i64> = sqlx::query_scalar(sql).bind(id).bind(most).fetch_all(&mut *c).await?;
    delete(c, "DELETE FROM order_events WHERE id IN ", &events).await?;
    if events.len() == limit {
        return Ok(Some(RemovedOrder { attempts: 0, events: events.len(), is_gone: false }));
    }
    let attempts = sqlx::query("DELETE FROM attempts WHERE order_id = ?").bind(id).execute(&mut *c).await?;
    request_ids::remove_of_order(c, id).await?;
    let order = sqlx::query("DELETE FROM orders WHERE id = ?").bind(id).execute(c).await?;
    if order.rows_affected() != 1 {
        // Of two at once the other one has removed it.
        return Ok(None);
    }
    let attempts = usize::try_from(attempts.rows_affected()).unwrap_or(usize::MAX);
    Ok(Some(RemovedOrder { attempts, events: events.len(), is_gone: true }))
}

/// Money, a number that may still bring some, or somebody's words about it.
async fn has_anything(c: &mut AnyConnection, order_id: i64) -> Result<bool, StorageError> {
    // An attempt that was closed before its grounds were kept: those that had a code were closed on WeChat's word.
    let statements = [
        "SELECT COUNT(*) FROM payments WHERE order_id = ?",
        "SELECT COUNT(*) FROM refunds WHERE order_id = ?",
        "SELECT COUNT(*) FROM order_notes WHERE order_id = ?",
        "SELECT COUNT(*) FROM concerns WHERE order_id = ?",
        "SELECT COUNT(*) FROM attempts WHERE order_id = ? AND (state <> 'CLOSED' OR COALESCE(closed_by, \
         CASE WHEN code_url IS NULL THEN 'NOT_EXIST' ELSE 'WECHAT' END) <> 'WECHAT')",
    ];
    for sql in statements {
        let count: i64 = sqlx::query_scalar(sql).bind(order_id).fetch_one(&mut *c).await?;
        if count > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A notification as somebody sees it who looks for old ones.
#[derive(Clone, Debug)]
pub struct NoticeAge {
    pub id: i64,
    pub verdict: String,
    pub received_ms: i64,
    pub last_ms: i64,
    pub has_body: bool,
}

/// The notifications behind `after`.
pub async fn list_notices(c: &mut AnyConnection, after: i64, limit: i64) -> Result<Vec<NoticeAge>, StorageError> {
    let sql = "SELECT id, verdict, received_ms, last_ms, emptied_ms FROM notifications WHERE id > ? \
               ORDER BY id LIMIT ?";
    let age = |row: &AnyRow| {
        Ok(NoticeAge {
            id: row.try_get("id")?,
            verdict: row.try_get("verdict")?,
            received_ms: row.try_get("received_ms")?,
            last_ms: row.try_get("last_ms")?,
            has_body: row.try_get::<Option<i64>, _>("emptied_ms")?.is_none(),
        })
    };
    sqlx::query(sql).bind(after).bind(limit).fetch_all(c).await?.iter().map(age).collect()
}

/// Removes those of these notifications that concern no order or payment of ours and have not come again since
/// `before`. How many.
pub async fn remove_strangers(c: &mut AnyConnection, ids: &[i64], before: Timestamp) -> Result<usize, StorageError> {
    if ids.is_empty() {
        return Ok(0);
    }
    let mut query = QueryBuilder::<Any>::new("DELETE FROM notifications WHERE last_ms < ");
    query.push_bind(millis(before)).push(
        " AND NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.out_trade_no = notifications.out_trade_no) \
         AND NOT EXISTS (SELECT 1 FROM payments WHERE payments.transaction_id = notifications.transaction_id) \
         AND id IN ",
    );
    tuple(&mut query, ids.iter().copied());
    let removed = query.build().execute(c).await?.rows_affected();
    Ok(usize::try_from(removed).unwrap_or(usize::MAX))
}

/// Removes the bodies of these notifications, and with them the headers and the signature; what became of each
/// stays. How many.
pub async fn empty_notices(c: &mut AnyConnection, ids: &[i64], now: Timestamp) -> Result<usize, StorageError> {
    if ids.is_empty() {
        return Ok(0);
    }
    let mut query = QueryBuilder::<Any>::new("UPDATE notifications SET headers = '', signature = NULL, body = ");
    query.push_bind(Vec::<u8>::new()).push(", emptied_ms = ").push_bind(millis(now));
    query.push(" WHERE emptied_ms IS NULL AND id IN ");
    tuple(&mut query, ids.iter().copied());
    let emptied = query.build().execute(c).await?.rows_affected();
    Ok(usize::try_from(emptied).unwrap_or(usize::MAX))
}

async fn delete(c: &mut AnyConnection, sql: &'static str, ids: &[i64]) -> Result<(), StorageError> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<Any>::new(sql);
    tuple(&mut query, ids.iter().copied());
    query.build().execute(c).await?;
    Ok(())
}
