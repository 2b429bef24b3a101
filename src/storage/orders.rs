//! `orders`: what a shopper owes or paid. Every change names the state it expects and raises
//! `version`.

mod due;

use jiff::Timestamp;
use sqlx::{Any, AnyConnection, QueryBuilder, Row as _, any::AnyRow};

pub use self::due::{
    Due, claim_check, clear_check, count_due, count_ending, first_check_ms, list_due, list_ending, put_off,
};
use super::{
    StorageError, inserted, millis, or_fail, padded,
    rows::{self, Rows, Table},
    timestamp, tuple,
};
use crate::domain::{ClosedReason, Fen, OrderStatus, OrderToken, ProductId, Wish};

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
    /// What its shopper asked for and WeChat has not confirmed yet.
    pub wish: Option<Wish>,
    pub version: i64,
    pub created: Timestamp,
    pub expires: Timestamp,
    pub paid: Option<Timestamp>,
}

/// No order changes so often: whoever counts on from a number like that comes to none.
const VERSION_MOST: i64 = 1 << 53;

/// # Errors
/// The row is damaged.
pub(super) fn version(id: i64, row: &AnyRow) -> Result<i64, StorageError> {
    let version = row.try_get("version")?;
    if (0..VERSION_MOST).contains(&version) {
        return Ok(version);
    }
    let problem = format!("{version} is none");
    Err(StorageError::Inconsistent { table: "orders", column: "version", row: id, problem })
}

impl Order {
    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        let id = row.try_get("id")?;
        let wrong = |column, problem: String| StorageError::Inconsistent { table: "orders", column, row: id, problem };
        let at = |column| timestamp("orders", column, id, row.try_get(column)?);
        let reason: Option<String> = row.try_get("closed_reason")?;
        let wish: Option<String> = row.try_get("wish")?;
        Ok(Self {
            id,
            token: OrderToken::parse(row.try_get("token")?).map_err(|e| wrong("token", e.to_string()))?,
            shopper: row.try_get("shopper")?,
            product_id: ProductId(row.try_get("product_id")?),
            title: row.try_get("title")?,
            total: Fen::new(row.try_get("total_fen")?).map_err(|e| wrong("total_fen", e.to_string()))?,
            status: OrderStatus::parse(row.try_get("status")?, reason.as_deref())
                .map_err(|e| wrong("status", e.to_string()))?,
            wish: match wish {
                None => None,
                Some(code) => Some(Wish::parse(&code).ok_or_else(|| wrong("wish", format!("{code:?} is none")))?),
            },
            version: version(id, row)?,
            created: at("created_ms")?,
            expires: at("expires_ms")?,
            paid: row
                .try_get::<Option<i64>, _>("paid_ms")?
                .map(|paid| timestamp("orders", "paid_ms", id, paid))
                .transpose()?,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, token, shopper, product_id, title, total_fen, status, closed_reason, wish, version, \
             created_ms, expires_ms, paid_ms FROM orders ",
            $rest
        )
    };
}

pub async fn find_by_token(c: &mut AnyConnection, token: &OrderToken) -> Result<Option<Order>, StorageError> {
    let query = sqlx::query(select!("WHERE token = ?")).bind(token.as_str());
    query.fetch_optional(c).await?.as_ref().map(Order::read).transpose()
}

pub async fn find(c: &mut AnyConnection, id: i64) -> Result<Option<Order>, StorageError> {
    let query = sqlx::query(select!("WHERE id = ?")).bind(id);
    query.fetch_optional(c).await?.as_ref().map(Order::read).transpose()
}

pub async fn find_by_live_key(c: &mut AnyConnection, live_key: &str) -> Result<Option<Order>, StorageError> {
    let query = sqlx::query(select!("WHERE live_key = ?")).bind(live_key);
    query.fetch_optional(c).await?.as_ref().map(Order::read).transpose()
}

/// A shopper's orders, newest first, older than the order `before`.
pub async fn list_of_shopper(
    c: &mut AnyConnection,
    shopper: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<Order>, StorageError> {
    let sql = select!("WHERE shopper = ? AND id < ? ORDER BY id DESC LIMIT ?");
    let query = sqlx::query(sql).bind(shopper).bind(before).bind(limit);
    query.fetch_all(c).await?.iter().map(Order::read).collect()
}

/// Which of these orders have which version now; a page in this process waits for each of them while
/// another process may write.
pub async fn list_versions(c: &mut AnyConnection, ids: &[i64]) -> Result<Vec<(i64, i64)>, StorageError> {
    let mut query = QueryBuilder::<Any>::new("SELECT id, version FROM orders WHERE id IN ");
    tuple(&mut query, ids.iter().copied());
    Ok(query.build_query_as().fetch_all(c).await?)
}

/// How many of these orders there are, and the sum of their versions.
pub async fn sum_versions(c: &mut AnyConnection, ids: &[i64]) -> Result<(usize, i64), StorageError> {
    let mut query =
        QueryBuilder::<Any>::new("SELECT COUNT(*), CAST(COALESCE(SUM(version), 0) AS SIGNED) FROM orders WHERE id IN ");
    tuple(&mut query, ids.iter().copied());
    let query = query.build_query_as();
    let (count, sum): (i64, i64) = query.fetch_one(c).await?;
    Ok((usize::try_from(count).unwrap_or(usize::MAX), sum))
}

/// Of the order that was written last; 0 when there is none.
pub async fn last_id(c: &mut AnyConnection) -> Result<i64, StorageError> {
    Ok(sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM orders").fetch_one(c).await?)
}

/// How many orders wait for their payer.
pub async fn count_pending(c: &mut AnyConnection) -> Result<i64, StorageError> {
    // All of them are due at some time, so that only those rows are read that wait for something.
    let sql = "SELECT COUNT(*) FROM orders WHERE check_ms > 0 AND status = 'NOTPAY'";
    Ok(sqlx::query_scalar(sql).fetch_one(c).await?)
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
    /// When somebody looks after it, should no page do so.
    pub check: Timestamp,
}

/// The new order's id; `None` when the shopper has a live order of this product already.
pub async fn insert(c: &mut AnyConnection, order: &NewOrder) -> Result<Option<i64>, StorageError> {
    let sql = "INSERT INTO orders (token, shopper, live_key, product_id, title, total_fen, status, version, created_ms, \
               expires_ms, end_ms, check_ms, updated_ms) VALUES (?, ?, ?, ?, ?, ?, 'NOTPAY', 1, ?, ?, ?, ?, ?)";
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
        .bind(millis(order.expires))
        .bind(millis(order.check))
        .bind(created);
    if !inserted(insert.execute(&mut *c).await)? {
        return Ok(None);
    }
    let id = sqlx::query_scalar("SELECT id FROM orders WHERE token = ?").bind(order.token.as_str());
    Ok(Some(id.fetch_one(c).await?))
}

/// Gives up the place of an order that is over or called off but whose end WeChat has not confirmed
/// yet, so that its shopper can buy again. The order itself stays as it is.
pub async fn release_live_key(c: &mut AnyConnection, live_key: &str, now: Timestamp) -> Result<(), StorageError> {
    let sql = "UPDATE orders SET live_key = NULL WHERE live_key = ? AND (expires_ms <= ? OR wish = 'CANCEL')";
    sqlx::query(sql).bind(live_key).bind(millis(now)).execute(c).await?;
    Ok(())
}

/// A transition found its order as it was read, or has to be decided anew.
fn changed(result: &sqlx::any::AnyQueryResult, id: i64) -> Result<(), StorageError> {
    if result.rows_affected() == 1 { Ok(()) } else { Err(StorageError::Raced { table: "orders", row: id }) }
}

/// An order that money has come for.
#[derive(Clone, Copy, Debug)]
pub struct PaidOrder {
    pub id: i64,
    /// As it was read.
    pub version: i64,
    pub paid: Timestamp,
    /// When something is left to be done.
    pub check: Option<Timestamp>,
}

/// `NOTPAY` or `CLOSED` → `SUCCESS`, for each of them.
///
/// # Errors
/// [`StorageError::Raced`] when one has changed since it was read.
pub async fn mark_paid(c: &mut AnyConnection, paid: &[PaidOrder], now: Timestamp) -> Result<(), StorageError> {
    let mut update = QueryBuilder::<Any>::default();
    marking_paid(&mut update, or_fail(c), paid, now);
    let changed = update.build().execute(c).await?.rows_affected();
    if usize::try_from(changed) == Ok(paid.len()) { Ok(()) } else { Err(raced(paid)) }
}

/// One of these has changed since it was read.
pub(super) fn raced(orders: &[PaidOrder]) -> StorageError {
    StorageError::Raced { table: "orders", row: orders.first().map_or(0, |order| order.id) }
}

/// Leaves those out that have changed since they were read.
pub(super) fn marking_paid(update: &mut QueryBuilder<Any>, or_fail: &str, paid: &[PaidOrder], now: Timestamp) {
    let rows = padded(paid.iter());
    let each = |column: fn(&PaidOrder) -> Option<i64>| rows.iter().map(move |order| (order.id, column(order)));
    update
        .push("UPDATE ")
        .push(or_fail)
        .push("orders SET status = 'SUCCESS', closed_reason = NULL, live_key = NULL, wish = NULL, check_ms = ");
    by_id(update, each(|order| order.check.map(millis)));
    by_id(update.push(", end_ms = "), each(|order| order.check.map(millis)));
    by_id(update.push(", paid_ms = "), each(|order| Some(millis(order.paid))));
    update.push(", version = version + 1, updated_ms = ").push_bind(millis(now)).push(" WHERE id IN ");
    tuple(update, paid.iter().map(|order| order.id));
    by_id(update.push(" AND version = "), each(|order| Some(order.version)));
    update.push(" AND status IN ('NOTPAY', 'CLOSED')");
}

/// A value for each of several rows, of which there is one at least; also NULL, so that the statement is the same.
fn by_id(query: &mut QueryBuilder<Any>, values: impl Iterator<Item = (i64, Option<i64>)>) {
    query.push("CASE id");
    for (id, value) in values {
        query.push(" WHEN ").push_bind(id).push(" THEN ").push_bind(value);
    }
    query.push(" END");
}

/// `NOTPAY` → `CLOSED`.
///
/// # Errors
/// [`StorageError::Raced`] when it has changed since it was read.
pub async fn mark_closed(
    c: &mut AnyConnection,
    order: &Order,
    reason: ClosedReason,
    now: Timestamp,
) -> Result<(), StorageError> {
    let sql = "UPDATE orders SET status = 'CLOSED', closed_reason = ?, live_key = NULL, wish = NULL, check_ms = NULL, \
               end_ms = NULL, version = version + 1, updated_ms = ? WHERE id = ? AND version = ? AND status = 'NOTPAY'";
    let update = sqlx::query(sql).bind(reason.code()).bind(millis(now)).bind(order.id).bind(order.version);
    changed(&update.execute(c).await?, order.id)
}

/// `NOTPAY`, or `CLOSED` once more: it can be paid until `expires`. `false` when its shopper has
/// another live order of this product by now.
///
/// # Errors
/// [`StorageError::Raced`] when it has changed since it was read.
pub async fn reopen(
    c: &mut AnyConnection,
    order: &Order,
    expires: Timestamp,
    check: Timestamp,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let sql = "UPDATE orders SET status = 'NOTPAY', closed_reason = NULL, live_key = ?, wish = NULL, expires_ms = ?, \
               end_ms = ?, check_ms = ?, version = version + 1, updated_ms = ? \
               WHERE id = ? AND version = ? AND status IN ('NOTPAY', 'CLOSED')";
    let update = sqlx::query(sql)
        .bind(live_key(&order.shopper, order.product_id))
        .bind(millis(expires))
        .bind(millis(expires))
        .bind(millis(check))
        .bind(millis(now))
        .bind(order.id)
        .bind(order.version);
    match update.execute(c).await {
        Ok(result) => changed(&result, order.id).map(|()| true),
        Err(error) => inserted(Err(error)),
    }
}

/// Notes what the shopper wants; it comes true once WeChat has closed the current attempt.
///
/// # Errors
/// [`StorageError::Raced`] when the order has changed since it was read.
pub async fn mark_wish(
    c: &mut AnyConnection,
    order: &Order,
    wish: Wish,
    check: Timestamp,
    now: Timestamp,
) -> Result<(), StorageError> {
    let sql = "UPDATE orders SET wish = ?, check_ms = ?, end_ms = ?, version = version + 1, updated_ms = ? \
               WHERE id = ? AND version = ? AND status = 'NOTPAY'";
    let check = millis(check);
    let update = sqlx::query(sql).bind(wish.code()).bind(check).bind(check).bind(millis(now)).bind(order.id);
    changed(&update.bind(order.version).execute(c).await?, order.id)
}

/// What its refunds have made of a paid order.
///
/// # Errors
/// [`StorageError::Raced`] when it has changed since it was read.
pub async fn mark_status(
    c: &mut AnyConnection,
    order: &Order,
    status: OrderStatus,
    now: Timestamp,
) -> Result<(), StorageError> {
    let sql = "UPDATE orders SET status = ?, version = version + 1, updated_ms = ? \
               WHERE id = ? AND version = ? AND status NOT IN ('NOTPAY', 'CLOSED')";
    let update = sqlx::query(sql).bind(status.code()).bind(millis(now)).bind(order.id).bind(order.version);
    changed(&update.execute(c).await?, order.id)
}

/// Nobody else changes the order or its refunds before this transaction has ended: whoever decides by
/// what is there begins with this.
pub async fn lock(c: &mut AnyConnection, id: i64) -> Result<(), StorageError> {
    sqlx::query("UPDATE orders SET version = version WHERE id = ?").bind(id).execute(c).await?;
    Ok(())
}

/// The same, for whoever would rather do without than wait. See [`rows`](super::rows).
///
/// # Errors
/// [`StorageError::Locked`] when it is to be free and is not.
pub async fn lock_as(c: &mut AnyConnection, id: i64, rows: Rows) -> Result<(), StorageError> {
    rows::lock(c, Table::Orders, &[id], rows).await?;
    lock(c, id).await
}

/// Something a page shows has changed, the status has not.
pub async fn touch(c: &mut AnyConnection, id: i64, now: Timestamp) -> Result<(), StorageError> {
    let sql = "UPDATE orders SET version = version + 1, updated_ms = ? WHERE id = ?";
    sqlx::query(sql).bind(millis(now)).bind(id).execute(c).await?;
    Ok(())
}

/// The one place that a shopper's live order of a product takes.
pub fn live_key(shopper: &str, product_id: ProductId) -> String {
    format!("{shopper}:{product_id}")
}
