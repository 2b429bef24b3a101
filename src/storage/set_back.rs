//! After a clock that was ahead has been set back: what lies in the future because of it. Each statement
//! goes by the time it finds, so that any number of instances may do the same at once.

use jiff::{SignedDuration, Timestamp};
use sqlx::{Any, AnyConnection, QueryBuilder};

use super::{StorageError, millis, tuple};

/// Over how many seconds the work that becomes due is spread: all of it is done within a minute.
const SPREAD_SECONDS: i64 = 45;

/// Rows with a time past the limit, by id.
#[derive(Clone, Debug, Default)]
pub struct Ahead {
    /// Looked after too late.
    pub orders: Vec<i64>,
    pub refunds: Vec<i64>,
    /// Attempts that nobody may prepay for too long.
    pub prepays: Vec<i64>,
    /// Unpaid orders that were placed, or given another number, while the clock was ahead.
    pub deadlines: Vec<i64>,
}

/// Reads nothing but orders and refunds that somebody has to look after.
pub async fn list(c: &mut AnyConnection, limit: Timestamp) -> Result<Ahead, StorageError> {
    let limit = millis(limit);
    // An end that lies behind the order's deadline is one that was put off.
    let sql = "SELECT id FROM orders WHERE check_ms > ? \
               UNION SELECT id FROM orders WHERE end_ms > ? AND end_ms > expires_ms ORDER BY id";
    let orders = sqlx::query_scalar(sql).bind(limit).bind(limit).fetch_all(&mut *c).await?;
    let sql = "SELECT id FROM refunds WHERE check_ms > ? ORDER BY id";
    let refunds = sqlx::query_scalar(sql).bind(limit).fetch_all(&mut *c).await?;
    let sql = "SELECT attempts.id FROM orders JOIN attempts ON attempts.order_id = orders.id \
               WHERE orders.check_ms > 0 AND attempts.state = 'PREPARING' AND prepay_until_ms > ? ORDER BY attempts.id";
    let prepays = sqlx::query_scalar(sql).bind(limit).fetch_all(&mut *c).await?;
    let sql = "SELECT DISTINCT orders.id FROM orders JOIN attempts ON attempts.order_id = orders.id \
               WHERE orders.check_ms > 0 AND orders.status = 'NOTPAY' \
               AND (orders.created_ms > ? OR attempts.created_ms > ?) ORDER BY orders.id";
    let deadlines = sqlx::query_scalar(sql).bind(limit).bind(limit).fetch_all(c).await?;
    Ok(Ahead { orders, refunds, prepays, deadlines })
}

/// Whoever runs a job by a clock that was ahead has to prove anew that he does.
pub async fn free_leases(c: &mut AnyConnection, now: Timestamp, limit: Timestamp) -> Result<(), StorageError> {
    let sql = "UPDATE leases SET until_ms = ? WHERE until_ms > ?";
    sqlx::query(sql).bind(millis(now)).bind(millis(limit)).execute(c).await?;
    Ok(())
}

pub async fn make_orders_due(
    c: &mut AnyConnection,
    ids: &[i64],
    now: Timestamp,
    limit: Timestamp,
) -> Result<(), StorageError> {
    let mut update = QueryBuilder::new("UPDATE orders SET end_ms = CASE WHEN end_ms > ");
    update.push_bind(millis(limit)).push(" AND end_ms > expires_ms THEN ");
    update.push_bind(millis(now)).push(" ELSE end_ms END, check_ms = ");
    due(&mut update, now);
    update.push(" WHERE (check_ms > ").push_bind(millis(limit));
    update.push(" OR end_ms > ").push_bind(millis(limit)).push(") AND id IN ");
    tuple(&mut update, ids.iter().copied());
    update.build().execute(c).await?;
    Ok(())
}

pub async fn make_refunds_due(
    c: &mut AnyConnection,
    ids: &[i64],
    now: Timestamp,
    limit: Timestamp,
) -> Result<(), StorageError> {
    let mut update = QueryBuilder::new("UPDATE refunds SET refused_ms = CASE WHEN refused_ms > ");
    update.push_bind(millis(limit)).push(" THEN ").push_bind(millis(now)).push(" ELSE refused_ms END, check_ms = ");
    due(&mut update, now);
    update.push(" WHERE check_ms > ").push_bind(millis(limit)).push(" AND id IN ");
    tuple(&mut update, ids.iter().copied());
    update.build().execute(c).await?;
    Ok(())
}

/// At some time within the next minute.
fn due(update: &mut QueryBuilder<Any>, now: Timestamp) {
    update.push_bind(millis(now)).push(" + (id % ").push_bind(SPREAD_SECONDS).push(") * 1000");
}

/// Somebody may be prepaying this very moment: `pause` is long enough for that.
pub async fn allow_prepay(
    c: &mut AnyConnection,
    ids: &[i64],
    now: Timestamp,
    pause: SignedDuration,
    limit: Timestamp,
) -> Result<(), StorageError> {
    let mut update = QueryBuilder::<Any>::new("UPDATE attempts SET prepay_until_ms = ");
    update.push_bind(millis(now + pause)).push(" WHERE state = 'PREPARING' AND prepay_until_ms > ");
    update.push_bind(millis(limit)).push(" AND id IN ");
    tuple(&mut update, ids.iter().copied());
    update.build().execute(c).await?;
    Ok(())
}

/// The orders can be paid until `expires`, and not longer.
pub async fn limit_deadlines(
    c: &mut AnyConnection,
    ids: &[i64],
    now: Timestamp,
    expires: Timestamp,
) -> Result<(), StorageError> {
    let mut update = QueryBuilder::<Any>::new("UPDATE orders SET end_ms = CASE WHEN end_ms > ");
    update.push_bind(millis(expires)).push(" THEN ").push_bind(millis(expires)).push(" ELSE end_ms END, expires_ms = ");
    update.push_bind(millis(expires)).push(", version = version + 1, updated_ms = ").push_bind(millis(now));
    update.push(" WHERE status = 'NOTPAY' AND expires_ms > ").push_bind(millis(expires)).push(" AND id IN ");
    tuple(&mut update, ids.iter().copied());
    update.build().execute(c).await?;
    Ok(())
}
