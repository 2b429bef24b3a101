//! `orders`: what a shopper owes or paid. Every change names the state it expects and raises
//! `version`.

use jiff::Timestamp;
use sqlx::{AnyConnection, FromRow};

use super::{StorageError, inserted, millis, timestamp};
use crate::domain::{ClosedReason, Fen, OrderStatus, OrderToken, ProductId};

/// An order as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub id: i64,
    pub token: OrderToken,
    pub shopper: String,
    pub product_id: ProductId,
    pub title: String,
    pub total: Fen,
    pub status: OrderStatus,
    pub version: i64,
    pub created: Timestamp,
    pub expires: Timestamp,
    pub paid: Option<Timestamp>,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    token: String,
    shopper: String,
    product_id: i64,
    title: String,
    total_fen: i64,
    status: String,
    closed_reason: Option<String>,
    version: i64,
    created_ms: i64,
    expires_ms: i64,
    paid_ms: Option<i64>,
}

impl TryFrom<Row> for Order {
    type Error = StorageError;

    fn try_from(row: Row) -> Result<Self, StorageError> {
        let wrong =
            |column, problem: String| StorageError::Inconsistent { table: "orders", column, row: row.id, problem };
        let at = |column, millis| timestamp("orders", column, row.id, millis);
        Ok(Self {
            id: row.id,
            token: OrderToken::parse(&row.token).map_err(|e| wrong("token", e.to_string()))?,
            product_id: ProductId(row.product_id),
            total: Fen::new(row.total_fen).map_err(|e| wrong("total_fen", e.to_string()))?,
            status: OrderStatus::parse(&row.status, row.closed_reason.as_deref())
                .map_err(|e| wrong("status", e.to_string()))?,
            version: row.version,
            created: at("created_ms", row.created_ms)?,
            expires: at("expires_ms", row.expires_ms)?,
            paid: row.paid_ms.map(|paid| at("paid_ms", paid)).transpose()?,
            shopper: row.shopper,
            title: row.title,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, token, shopper, product_id, title, total_fen, status, closed_reason, version, created_ms, \
             expires_ms, paid_ms FROM orders ",
            $rest
        )
    };
}

pub async fn find_by_token(c: &mut AnyConnection, token: &OrderToken) -> Result<Option<Order>, StorageError> {
    let query = sqlx::query_as::<_, Row>(select!("WHERE token = ?")).bind(token.as_str());
    query.fetch_optional(c).await?.map(Order::try_from).transpose()
}

pub async fn find(c: &mut AnyConnection, id: i64) -> Result<Option<Order>, StorageError> {
    let query = sqlx::query_as::<_, Row>(select!("WHERE id = ?")).bind(id);
    query.fetch_optional(c).await?.map(Order::try_from).transpose()
}

pub async fn find_by_live_key(c: &mut AnyConnection, live_key: &str) -> Result<Option<Order>, StorageError> {
    let query = sqlx::query_as::<_, Row>(select!("WHERE live_key = ?")).bind(live_key);
    query.fetch_optional(c).await?.map(Order::try_from).transpose()
}

/// A shopper's orders, newest first, older than the order `before`.
pub async fn list_of_shopper(
    c: &mut AnyConnection,
    shopper: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<Order>, StorageError> {
    let sql = select!("WHERE shopper = ? AND id < ? ORDER BY id DESC LIMIT ?");
    let query = sqlx::query_as::<_, Row>(sql).bind(shopper).bind(before).bind(limit);
    query.fetch_all(c).await?.into_iter().map(Order::try_from).collect()
}

/// What changed since, for pages that wait in this process while another one writes.
pub async fn versions_since(c: &mut AnyConnection, since: Timestamp) -> Result<Vec<(i64, i64)>, StorageError> {
    let sql = "SELECT id, version FROM orders WHERE updated_ms >= ?";
    Ok(sqlx::query_as(sql).bind(millis(since)).fetch_all(c).await?)
}

/// How many orders wait for their payer.
pub async fn count_pending(c: &mut AnyConnection) -> Result<i64, StorageError> {
    Ok(sqlx::query_scalar("SELECT COUNT(*) FROM orders WHERE status = 'NOTPAY'").fetch_one(c).await?)
}

#[derive(Clone, Debug)]
pub struct NewOrder {
    pub token: OrderToken,
    pub shopper: String,
    pub live_key: String,
    pub product_id: ProductId,
    pub title: String,
    pub total: Fen,
    pub created: Timestamp,
    pub expires: Timestamp,
}

/// The new order's id; `None` when the shopper has a live order of this product already.
pub async fn insert(c: &mut AnyConnection, order: &NewOrder) -> Result<Option<i64>, StorageError> {
    let sql = "INSERT INTO orders (token, shopper, live_key, product_id, title, total_fen, status, version, created_ms, \
               expires_ms, updated_ms) VALUES (?, ?, ?, ?, ?, ?, 'NOTPAY', 1, ?, ?, ?)";
    let created = millis(order.created);
    let insert = sqlx::query(sql)
        .bind(order.token.as_str())
        .bind(&order.shopper)
        .bind(&order.live_key)
        .bind(order.product_id.0)
        .bind(&order.title)
        .bind(order.total.get())
        .bind(created)
        .bind(millis(order.expires))
        .bind(created);
    if !inserted(insert.execute(&mut *c).await)? {
        return Ok(None);
    }
    let id = sqlx::query_scalar("SELECT id FROM orders WHERE token = ?").bind(order.token.as_str());
    Ok(Some(id.fetch_one(c).await?))
}

/// Gives up the place of an order whose time is over but whose end WeChat has not confirmed yet,
/// so that its shopper can buy again. The order itself stays as it is.
pub async fn release_live_key(c: &mut AnyConnection, live_key: &str, now: Timestamp) -> Result<(), StorageError> {
    let sql = "UPDATE orders SET live_key = NULL WHERE live_key = ? AND expires_ms <= ?";
    sqlx::query(sql).bind(live_key).bind(millis(now)).execute(c).await?;
    Ok(())
}

/// `NOTPAY` or `CLOSED` → `SUCCESS`, naming which of the two it was.
///
/// # Errors
/// [`StorageError::Raced`] when it is no longer in that state.
pub async fn mark_paid(
    c: &mut AnyConnection,
    id: i64,
    from: OrderStatus,
    paid: Timestamp,
    now: Timestamp,
) -> Result<(), StorageError> {
    let sql = "UPDATE orders SET status = 'SUCCESS', closed_reason = NULL, live_key = NULL, paid_ms = ?, \
               version = version + 1, updated_ms = ? WHERE id = ? AND status = ? AND status IN ('NOTPAY', 'CLOSED')";
    let update = sqlx::query(sql).bind(millis(paid)).bind(millis(now)).bind(id).bind(from.code());
    match update.execute(c).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(StorageError::Raced { table: "orders", row: id }),
    }
}

/// `NOTPAY` → `CLOSED`. `false` when it was no longer waiting: the payment was faster.
pub async fn mark_closed(
    c: &mut AnyConnection,
    id: i64,
    reason: ClosedReason,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let sql = "UPDATE orders SET status = 'CLOSED', closed_reason = ?, live_key = NULL, version = version + 1, \
               updated_ms = ? WHERE id = ? AND status = 'NOTPAY'";
    let update = sqlx::query(sql).bind(reason.code()).bind(millis(now)).bind(id);
    Ok(update.execute(c).await?.rows_affected() == 1)
}

/// Something a page shows has changed, the status has not.
pub async fn touch(c: &mut AnyConnection, id: i64, now: Timestamp) -> Result<(), StorageError> {
    let sql = "UPDATE orders SET version = version + 1, updated_ms = ? WHERE id = ?";
    sqlx::query(sql).bind(millis(now)).bind(id).execute(c).await?;
    Ok(())
}
