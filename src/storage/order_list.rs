//! Orders as staff looks through them: newest first, by the index of one filter, and by every number that a person
//! may hold. What else they have to be is decided by whoever reads them here, a bounded lot at a time.

use jiff::Timestamp;
use sqlx::{Any, AnyConnection, QueryBuilder, Row as _, any::AnyRow};

use super::{StorageError, events::Source, millis, timestamp, tuple};
use crate::domain::{Fen, OrderStatus, OrderToken, ProductId};

/// An order as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub id: i64,
    pub token: OrderToken,
    pub product_id: ProductId,
    pub title: String,
    pub total: Fen,
    pub status: OrderStatus,
    pub created: Timestamp,
    pub paid: Option<Timestamp>,
}

impl Line {
    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        let id = row.try_get("id")?;
        let wrong = |column, problem: String| StorageError::Inconsistent { table: "orders", column, row: id, problem };
        let reason: Option<String> = row.try_get("closed_reason")?;
        let paid: Option<i64> = row.try_get("paid_ms")?;
        Ok(Self {
            id,
            token: OrderToken::parse(row.try_get("token")?).map_err(|e| wrong("token", e.to_string()))?,
            product_id: ProductId(row.try_get("product_id")?),
            title: row.try_get("title")?,
            total: Fen::new(row.try_get("total_fen")?).map_err(|e| wrong("total_fen", e.to_string()))?,
            status: OrderStatus::parse(row.try_get("status")?, reason.as_deref())
                .map_err(|e| wrong("status", e.to_string()))?,
            created: timestamp("orders", "created_ms", id, row.try_get("created_ms")?)?,
            paid: paid.map(|paid| timestamp("orders", "paid_ms", id, paid)).transpose()?,
        })
    }
}

/// The filter whose index leads to the orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lead {
    All,
    Status(OrderStatus),
    Product(ProductId),
    Total(Fen),
    /// Those whose payment was found like this.
    Found(Source),
}

/// Ids from `from` on, and below `below`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ids {
    pub from: i64,
    pub below: i64,
}

/// How many orders may lie in another order by their ids than by their times.
const DISORDER: i64 = 1000;

const FIRST_ID: &str =
    "SELECT MIN(id) FROM (SELECT id FROM orders WHERE created_ms >= ? ORDER BY created_ms LIMIT ?) AS some";
const LAST_ID: &str =
    "SELECT MAX(id) FROM (SELECT id FROM orders WHERE created_ms < ? ORDER BY created_ms DESC LIMIT ?) AS some";

/// Between which ids the orders lie that were placed from `from` on and before `to`; some others may lie there, too.
pub async fn find_ids(c: &mut AnyConnection, from: Timestamp, to: Timestamp) -> Result<Ids, StorageError> {
    let first: Option<i64> = sqlx::query_scalar(FIRST_ID).bind(millis(from)).bind(DISORDER).fetch_one(&mut *c).await?;
    let last: Option<i64> = sqlx::query_scalar(LAST_ID).bind(millis(to)).bind(DISORDER).fetch_one(c).await?;
    Ok(Ids { from: first.unwrap_or(i64::MAX), below: last.map_or(0, |last| last.saturating_add(1)) })
}

/// The statement that leads to them, with a place for its value, for `below`, `from` and the limit.
const fn walk(lead: Lead) -> &'static str {
    macro_rules! by {
        ($filter:literal) => {
            concat!(
                "SELECT id, token, product_id, title, total_fen, status, closed_reason, created_ms, paid_ms FROM orders \
                 WHERE ",
                $filter,
                "id < ? AND id >= ? ORDER BY id DESC LIMIT ?"
            )
        };
    }
    match lead {
        Lead::All => by!(""),
        Lead::Status(_) => by!("status = ? AND "),
        Lead::Product(_) => by!("product_id = ? AND "),
        Lead::Total(_) => by!("total_fen = ? AND "),
        Lead::Found(_) => {
            "SELECT order_id FROM payments WHERE source = ? AND order_id < ? AND order_id >= ? \
             ORDER BY order_id DESC LIMIT ?"
        }
    }
}

/// A lot of orders by one index, newest first, and how many entries of the index that took. Rows that cannot be read
/// are left out and said in the log: one damaged order does not keep staff from all the others.
pub async fn list(
    c: &mut AnyConnection,
    lead: Lead,
    Ids { from, below }: Ids,
    limit: i64,
) -> Result<Lot, StorageError> {
    let query = sqlx::query(walk(lead));
    let query = match lead {
        Lead::All => query,
        Lead::Status(status) => query.bind(status.code()),
        Lead::Product(id) => query.bind(id.0),
        Lead::Total(total) => query.bind(total.get()),
        Lead::Found(source) => query.bind(source.code()),
    };
    let rows = query.bind(below).bind(from).bind(limit).fetch_all(&mut *c).await?;
    let is_last = i64::try_from(rows.len()).is_ok_and(|rows| rows < limit);
    let (examined, column) = (rows.len(), if matches!(lead, Lead::Found(_)) { "order_id" } else { "id" });
    let reached = rows.last().map(|row| row.try_get(column)).transpose()?;
    let next = reached.filter(|_| !is_last);
    let lines = match lead {
        Lead::Found(_) => {
            let mut ids: Vec<i64> = rows.iter().map(|row| row.try_get("order_id")).collect::<Result<_, _>>()?;
            // A payment too many is of the same order.
            ids.dedup();
            list_of(c, &ids).await?
        }
        _ => readable(&rows),
    };
    Ok(Lot { lines, examined, next })
}

/// What one step along an index has found.
#[derive(Clone, Debug)]
pub struct Lot {
    pub lines: Vec<Line>,
    pub examined: usize,
    /// The next step goes below this id; `None` where nothing is left.
    pub next: Option<i64>,
}

/// These orders, newest first.
pub async fn list_of(c: &mut AnyConnection, ids: &[i64]) -> Result<Vec<Line>, StorageError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::<Any>::new(
        "SELECT id, token, product_id, title, total_fen, status, closed_reason, created_ms, paid_ms FROM orders \
         WHERE id IN ",
    );
    tuple(&mut query, ids.iter().copied());
    query.push(" ORDER BY id DESC");
    Ok(readable(&query.build().fetch_all(c).await?))
}

fn readable(rows: &[AnyRow]) -> Vec<Line> {
    let read = |row: &AnyRow| match Line::read(row) {
        Ok(line) => Some(line),
        Err(error) => {
            tracing::error!(%error, "an order is left out of a list");
            None
        }
    };
    rows.iter().filter_map(read).collect()
}

/// What a list tells of each order beside the order itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    pub order_id: i64,
    /// Its newest number.
    pub out_trade_no: String,
    pub transaction_id: Option<String>,
    pub found_by: Option<String>,
    /// What WeChat has accepted to give back, and has not failed to.
    pub refunded_fen: i64,
    /// For refunds that WeChat has not accepted yet, or that wait for a second person.
    pub set_aside_fen: i64,
}

pub async fn list_beside(c: &mut AnyConnection, ids: &[i64]) -> Result<Vec<Beside>, StorageError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = |sql: &'static str| {
        let mut query = QueryBuilder::<Any>::new(sql);
        tuple(&mut query, ids.iter().copied());
        query
    };
    let mut all: Vec<Beside> = ids.iter().map(|&order_id| Beside { order_id, ..Beside::default() }).collect::<Vec<_>>();
    all.sort_unstable_by_key(|it| it.order_id);
    let place = |all: &[Beside], id: i64| all.binary_search_by_key(&id, |it| it.order_id).ok();
    let mut query = rows("SELECT order_id, out_trade_no FROM attempts WHERE order_id IN ");
    query.push(" ORDER BY order_id, id");
    for row in query.build().fetch_all(&mut *c).await? {
        if let Some(place) = place(&all, row.try_get("order_id")?) {
            all[place].out_trade_no = row.try_get("out_trade_no")?;
        }
    }
    // Money that came once too often goes back by itself and is no refund of the order.
    let mut counted: Vec<i64> = Vec::new();
    let mut query =
        rows("SELECT order_id, id, transaction_id, source, refunding_fen, kind FROM payments WHERE order_id IN ");
    query.push(" ORDER BY order_id, id");
    for row in query.build().fetch_all(&mut *c).await? {
        let Some(place) = place(&all, row.try_get("order_id")?) else { continue };
        let it = &mut all[place];
        if row.try_get::<&str, _>("kind")? != "SURPLUS" {
            it.transaction_id = Some(row.try_get("transaction_id")?);
            it.found_by = Some(row.try_get("source")?);
            it.set_aside_fen = row.try_get("refunding_fen")?;
            counted.push(row.try_get::<i64, _>("id")?);
        }
    }
    let mut query = rows(
        "SELECT order_id, payment_id, amount_fen FROM refunds WHERE accepted_ms IS NOT NULL \
         AND state IN ('PROCESSING', 'SUCCESS', 'ABNORMAL') AND order_id IN ",
    );
    query.push(" ORDER BY order_id, id");
    for row in query.build().fetch_all(&mut *c).await? {
        let Some(place) = place(&all, row.try_get("order_id")?) else { continue };
        if counted.contains(&row.try_get("payment_id")?) {
            let (it, amount) = (&mut all[place], row.try_get::<i64, _>("amount_fen")?);
            it.refunded_fen = it.refunded_fen.saturating_add(amount);
            it.set_aside_fen = it.set_aside_fen.saturating_sub(amount).max(0);
        }
    }
    Ok(all)
}

/// The orders that a number belongs to, whatever it is the number of. Exact, so that `%` means nothing.
pub async fn find_by_any_number(c: &mut AnyConnection, number: &str) -> Result<Vec<i64>, StorageError> {
    const MOST: usize = 50;
    let mut found: Vec<i64> = Vec::new();
    for sql in ANY_NUMBER {
        found.extend(sqlx::query_scalar::<_, i64>(*sql).bind(number).fetch_all(&mut *c).await?);
    }
    found.sort_unstable();
    found.dedup();
    found.truncate(MOST);
    Ok(found)
}

/// Each by its own index.
const ANY_NUMBER: &[&str] = &[
    "SELECT order_id FROM attempts WHERE out_trade_no = ?",
    "SELECT order_id FROM payments WHERE transaction_id = ?",
    "SELECT order_id FROM refunds WHERE out_refund_no = ?",
    "SELECT order_id FROM refunds WHERE refund_id = ?",
    "SELECT id FROM orders WHERE token = ?",
    "SELECT order_id FROM attempts WHERE request_id = ? ORDER BY id LIMIT 50",
    "SELECT order_id FROM refunds WHERE request_id = ? ORDER BY id LIMIT 50",
    "SELECT order_id FROM older_request_ids WHERE request_id = ? ORDER BY id LIMIT 50",
    "SELECT attempts.order_id FROM notifications JOIN attempts ON attempts.out_trade_no = notifications.out_trade_no \
     WHERE notifications.notify_id = ?",
];

#[cfg(test)]
mod tests;
