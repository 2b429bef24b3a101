//! `payments`: money that arrived, one row per `transaction_id`.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{StorageError, events::Source, inserted, millis};
use crate::domain::Fen;

/// What a payment meant to its order when it was booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentKind {
    /// It paid the order.
    First,
    /// It came after the order had been closed, and paid it all the same.
    Late,
    /// The order was paid already by another transaction.
    Surplus,
}

impl PaymentKind {
    pub const fn code(self) -> &'static str {
        match self {
            Self::First => "FIRST",
            Self::Late => "LATE",
            Self::Surplus => "SURPLUS",
        }
    }
}

#[derive(Clone, Debug)]
pub struct NewPayment<'a> {
    pub transaction_id: &'a str,
    pub order_id: i64,
    pub attempt_id: i64,
    pub kind: PaymentKind,
    pub source: Source,
    pub total: Fen,
    pub success: Timestamp,
    pub booked: Timestamp,
}

/// `false` when this transaction is booked already.
pub async fn insert(c: &mut AnyConnection, payment: &NewPayment<'_>) -> Result<bool, StorageError> {
    let sql = "INSERT INTO payments (transaction_id, order_id, attempt_id, kind, source, total_fen, success_ms, \
               booked_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let insert = sqlx::query(sql)
        .bind(payment.transaction_id)
        .bind(payment.order_id)
        .bind(payment.attempt_id)
        .bind(payment.kind.code())
        .bind(payment.source.code())
        .bind(payment.total.get())
        .bind(millis(payment.success))
        .bind(millis(payment.booked));
    inserted(insert.execute(c).await)
}

/// The attempt that this transaction is booked on.
pub async fn find_attempt(c: &mut AnyConnection, transaction_id: &str) -> Result<Option<i64>, StorageError> {
    let sql = "SELECT attempt_id FROM payments WHERE transaction_id = ?";
    Ok(sqlx::query_scalar(sql).bind(transaction_id).fetch_optional(c).await?)
}

/// The transaction that paid the order, for its receipt.
pub async fn find_paying(c: &mut AnyConnection, order_id: i64) -> Result<Option<String>, StorageError> {
    let sql = "SELECT transaction_id FROM payments WHERE order_id = ? AND kind <> 'SURPLUS' ORDER BY id LIMIT 1";
    Ok(sqlx::query_scalar(sql).bind(order_id).fetch_optional(c).await?)
}
