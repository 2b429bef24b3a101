//! What the books say of a day, for a comparison: in pages, so that nobody waits for the end of a long reading.

use std::collections::HashMap;

use sqlx::{Any, AnyConnection, QueryBuilder, Row as _, any::AnyRow};

use crate::storage::{StorageError, tuple};

/// A payment as a bill is compared with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OurPayment {
    pub id: i64,
    pub transaction_id: String,
    pub order_id: i64,
    pub out_trade_no: String,
    pub total_fen: i64,
    pub success_ms: i64,
}

impl OurPayment {
    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: row.try_get("id")?,
            transaction_id: row.try_get("transaction_id")?,
            order_id: row.try_get("order_id")?,
            out_trade_no: row.try_get("out_trade_no")?,
            total_fen: row.try_get("total_fen")?,
            success_ms: row.try_get("success_ms")?,
        })
    }
}

/// A refund likewise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OurRefund {
    pub id: i64,
    pub out_refund_no: String,
    pub order_id: i64,
    pub transaction_id: String,
    pub amount_fen: i64,
    /// As stored.
    pub state: String,
    pub at_ms: i64,
}

impl OurRefund {
    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        let at: Option<i64> = row.try_get("accepted_ms")?;
        Ok(Self {
            id: row.try_get("id")?,
            out_refund_no: row.try_get("out_refund_no")?,
            order_id: row.try_get("order_id")?,
            transaction_id: row.try_get("transaction_id")?,
            amount_fen: row.try_get("amount_fen")?,
            state: row.try_get("state")?,
            at_ms: at.unwrap_or_default(),
        })
    }
}

// Of a payment to its attempt, and not the other way round: there is one for each, and by LEFT JOIN a server cannot begin
// with attempts where it takes them for few, and read and sort all payments for each page.
macro_rules! payments {
    ($rest:literal) => {
        concat!(
            "SELECT p.id AS id, p.transaction_id AS transaction_id, p.order_id AS order_id, a.out_trade_no AS \
             out_trade_no, p.total_fen AS total_fen, p.success_ms AS success_ms FROM payments p \
             LEFT JOIN attempts a ON a.id = p.attempt_id ",
            $rest
        )
    };
}

macro_rules! refunds {
    ($rest:literal) => {
        concat!(
            "SELECT r.id AS id, r.out_refund_no AS out_refund_no, r.order_id AS order_id, p.transaction_id AS \
             transaction_id, r.amount_fen AS amount_fen, r.state AS state, r.accepted_ms AS accepted_ms FROM refunds r \
             LEFT JOIN payments p ON p.id = r.payment_id ",
            $rest
        )
    };
}

const PAYMENTS_OF_SPAN: &str = payments!(
    "WHERE p.success_ms >= ? AND p.success_ms < ? AND (p.success_ms > ? OR p.id > ?) ORDER BY p.success_ms, p.id LIMIT ?"
);

const REFUNDS_OF_SPAN: &str = refunds!(
    "WHERE r.accepted_ms >= ? AND r.accepted_ms < ? AND (r.accepted_ms > ? OR r.id > ?) \
     ORDER BY r.accepted_ms, r.id LIMIT ?"
);

/// Payments from one moment up to, not including, another, in order of time; those behind `after`.
pub async fn list_payments(
    c: &mut AnyConnection,
    (from_ms, to_ms): (i64, i64),
    after: (i64, i64),
    most: i64,
) -> Result<Vec<OurPayment>, StorageError> {
    let from = from_ms.max(after.0);
    let query = sqlx::query(PAYMENTS_OF_SPAN).bind(from).bind(to_ms).bind(after.0).bind(after.1).bind(most);
    query.fetch_all(c).await?.iter().map(OurPayment::read).collect()
}

/// Refunds that WeChat accepted in that span, likewise.
pub async fn list_refunds(
    c: &mut AnyConnection,
    (from_ms, to_ms): (i64, i64),
    after: (i64, i64),
    most: i64,
) -> Result<Vec<OurRefund>, StorageError> {
    let from = from_ms.max(after.0);
    let query = sqlx::query(REFUNDS_OF_SPAN).bind(from).bind(to_ms).bind(after.0).bind(after.1).bind(most);
    query.fetch_all(c).await?.iter().map(OurRefund::read).collect()
}

/// How many, and how much together.
pub type Sum = (i64, i64);

/// Payments of a span and what went back in it, as it is now.
pub async fn sum(c: &mut AnyConnection, (from_ms, to_ms): (i64, i64)) -> Result<(Sum, Sum), StorageError> {
    let sql = "SELECT COUNT(*), CAST(COALESCE(SUM(total_fen), 0) AS SIGNED) FROM payments \
               WHERE success_ms >= ? AND success_ms < ?";
    let paid = sqlx::query_as(sql).bind(from_ms).bind(to_ms).fetch_one(&mut *c).await?;
    let sql = "SELECT COUNT(*), CAST(COALESCE(SUM(amount_fen), 0) AS SIGNED) FROM refunds \
               WHERE accepted_ms >= ? AND accepted_ms < ? AND state <> 'CLOSED'";
    Ok((paid, sqlx::query_as(sql).bind(from_ms).bind(to_ms).fetch_one(c).await?))
}

/// Refunds that were made in a span and of which nobody has told when WeChat accepted them, though it has.
pub async fn list_undated(
    c: &mut AnyConnection,
    from_ms: i64,
    to_ms: i64,
    most: i64,
) -> Result<Vec<i64>, StorageError> {
    let sql = "SELECT id FROM refunds WHERE created_ms >= ? AND created_ms < ? AND accepted_ms IS NULL \
               AND state IN ('PROCESSING', 'SUCCESS', 'ABNORMAL') ORDER BY created_ms, id LIMIT ?";
    Ok(sqlx::query_scalar(sql).bind(from_ms).bind(to_ms).bind(most).fetch_all(c).await?)
}

/// Whatever their time.
pub async fn find_payments(
    c: &mut AnyConnection,
    transaction_ids: &[&str],
) -> Result<HashMap<String, OurPayment>, StorageError> {
    if transaction_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query = QueryBuilder::<Any>::new(payments!("WHERE p.transaction_id IN "));
    tuple(&mut query, transaction_ids.iter().copied());
    let rows = query.build().fetch_all(c).await?;
    rows.iter().map(|row| OurPayment::read(row).map(|it| (it.transaction_id.clone(), it))).collect()
}

/// Whatever their time.
pub async fn find_refunds(c: &mut AnyConnection, numbers: &[&str]) -> Result<HashMap<String, OurRefund>, StorageError> {
    if numbers.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query = QueryBuilder::<Any>::new(refunds!("WHERE r.out_refund_no IN "));
    tuple(&mut query, numbers.iter().copied());
    let rows = query.build().fetch_all(c).await?;
    rows.iter().map(|row| OurRefund::read(row).map(|it| (it.out_refund_no.clone(), it))).collect()
}

/// Which of these numbers are attempts of ours, and of which orders.
pub async fn find_attempts(c: &mut AnyConnection, numbers: &[&str]) -> Result<HashMap<String, i64>, StorageError> {
    if numbers.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query = QueryBuilder::<Any>::new("SELECT out_trade_no, order_id FROM attempts WHERE out_trade_no IN ");
    tuple(&mut query, numbers.iter().copied());
    let rows: Vec<(String, i64)> = query.build_query_as().fetch_all(c).await?;
    Ok(rows.into_iter().collect())
}

/// What a product brought in and gave back in a span of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductSum {
    /// As its orders call it.
    pub title: String,
    pub payments: i64,
    pub paid_fen: i64,
    pub refunds: i64,
    pub refunded_fen: i64,
}

/// By payment time, and by the time at which WeChat accepted a refund.
pub async fn sum_by_product(
    c: &mut AnyConnection,
    (from_ms, to_ms): (i64, i64),
) -> Result<Vec<ProductSum>, StorageError> {
    let sql = "SELECT o.title AS title, COUNT(*) AS number, CAST(SUM(p.total_fen) AS SIGNED) AS fen FROM payments p \
               JOIN orders o ON o.id = p.order_id WHERE p.success_ms >= ? AND p.success_ms < ? GROUP BY o.title";
    let paid: Vec<(String, i64, i64)> = sqlx::query_as(sql).bind(from_ms).bind(to_ms).fetch_all(&mut *c).await?;
    let sql = "SELECT o.title AS title, COUNT(*) AS number, CAST(SUM(r.amount_fen) AS SIGNED) AS fen FROM refunds r \
               JOIN orders o ON o.id = r.order_id WHERE r.accepted_ms >= ? AND r.accepted_ms < ? \
               AND r.state IN ('PROCESSING', 'SUCCESS', 'ABNORMAL') GROUP BY o.title";
    let refunded: Vec<(String, i64, i64)> = sqlx::query_as(sql).bind(from_ms).bind(to_ms).fetch_all(c).await?;
    let mut sums = std::collections::BTreeMap::<String, ProductSum>::new();
    for (title, payments, paid_fen) in paid {
        let sum = sums.entry(title.clone()).or_default();
        *sum = ProductSum { title, payments, paid_fen, ..ProductSum::default() };
    }
    for (title, refunds, refunded_fen) in refunded {
        let sum = sums.entry(title.clone()).or_default();
        sum.title = title;
        (sum.refunds, sum.refunded_fen) = (refunds, refunded_fen);
    }
    Ok(sums.into_values().collect())
}

#[cfg(test)]
mod tests;
