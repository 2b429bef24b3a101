//! `payments`: money that arrived, one row per `transaction_id`.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::{Any, AnyConnection, QueryBuilder, Row as _, any::AnyRow};

use super::{Expect, StorageError, events::Source, millis, shares, timestamp, tuple};
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

    fn parse(code: &str) -> Option<Self> {
        [Self::First, Self::Late, Self::Surplus].into_iter().find(|kind| kind.code() == code)
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
    /// Serial of the key whose signature says so.
    pub vouched_by: &'a str,
}

/// None of their transactions is booked: as [`list_booked`] has said, or as is expected.
///
/// # Errors
/// One is booked: see [`Expect`].
pub async fn insert(c: &mut AnyConnection, payments: &[NewPayment<'_>], expect: Expect) -> Result<(), StorageError> {
    for share in shares(payments) {
        let mut insert = QueryBuilder::<Any>::default();
        inserting(&mut insert, share);
        expect.all_inserted("payments", insert.build().execute(&mut *c).await)?;
    }
    Ok(())
}

pub(super) fn inserting(insert: &mut QueryBuilder<Any>, payments: &[NewPayment<'_>]) {
    insert.push(
        "INSERT INTO payments (transaction_id, order_id, attempt_id, kind, source, total_fen, success_ms, booked_ms, \
         vouched_by) ",
    );
    insert.push_values(payments, |mut row, payment| {
        row.push_bind(payment.transaction_id)
            .push_bind(payment.order_id)
            .push_bind(payment.attempt_id)
            .push_bind(payment.kind.code())
            .push_bind(payment.source.code())
            .push_bind(payment.total.get())
            .push_bind(millis(payment.success))
            .push_bind(millis(payment.booked))
            .push_bind(payment.vouched_by);
    });
}

/// Those of these transactions that are booked, each with its attempt.
pub async fn list_booked(c: &mut AnyConnection, ids: &[&str]) -> Result<HashMap<String, i64>, StorageError> {
    let mut query =
        QueryBuilder::<Any>::new("SELECT transaction_id, attempt_id FROM payments WHERE transaction_id IN ");
    tuple(&mut query, ids.iter().copied());
    let booked: Vec<_> = query.build_query_as().fetch_all(c).await?;
    Ok(booked.into_iter().collect())
}

/// A payment as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub id: i64,
    pub transaction_id: String,
    pub order_id: i64,
    pub attempt_id: i64,
    pub kind: PaymentKind,
    pub total: Fen,
    /// Sum of its refunds that did not fail.
    pub refunding: Fen,
    pub success: Timestamp,
}

impl Payment {
    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        let id = row.try_get("id")?;
        let wrong =
            |column, problem: String| StorageError::Inconsistent { table: "payments", column, row: id, problem };
        let kind: &str = row.try_get("kind")?;
        Ok(Self {
            id,
            transaction_id: row.try_get("transaction_id")?,
            order_id: row.try_get("order_id")?,
            attempt_id: row.try_get("attempt_id")?,
            kind: PaymentKind::parse(kind).ok_or_else(|| wrong("kind", format!("{kind:?} is none")))?,
            total: Fen::new(row.try_get("total_fen")?).map_err(|e| wrong("total_fen", e.to_string()))?,
            refunding: Fen::new(row.try_get("refunding_fen")?).map_err(|e| wrong("refunding_fen", e.to_string()))?,
            success: timestamp("payments", "success_ms", id, row.try_get("success_ms")?)?,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, transaction_id, order_id, attempt_id, kind, total_fen, refunding_fen, success_ms FROM payments ",
            $rest
        )
    };
}

impl Payment {
    /// What no refund has been asked for of.
    pub fn left(&self) -> Fen {
        self.total.checked_sub(self.refunding).unwrap_or(Fen::ZERO)
    }
}

pub async fn find(c: &mut AnyConnection, id: i64) -> Result<Option<Payment>, StorageError> {
    let query = sqlx::query(select!("WHERE id = ?")).bind(id);
    query.fetch_optional(c).await?.as_ref().map(Payment::read).transpose()
}

/// The payment that paid the order.
pub async fn find_paying(c: &mut AnyConnection, order_id: i64) -> Result<Option<Payment>, StorageError> {
    let sql = select!("WHERE order_id = ? AND kind <> 'SURPLUS' ORDER BY id LIMIT 1");
    sqlx::query(sql).bind(order_id).fetch_optional(c).await?.as_ref().map(Payment::read).transpose()
}

pub async fn find_by_transaction(c: &mut AnyConnection, id: &str) -> Result<Option<Payment>, StorageError> {
    let query = sqlx::query(select!("WHERE transaction_id = ?")).bind(id);
    query.fetch_optional(c).await?.as_ref().map(Payment::read).transpose()
}

/// All money that came for an order, oldest first.
pub async fn list_of_order(c: &mut AnyConnection, order_id: i64) -> Result<Vec<Payment>, StorageError> {
    let query = sqlx::query(select!("WHERE order_id = ? ORDER BY id")).bind(order_id);
    query.fetch_all(c).await?.iter().map(Payment::read).collect()
}

/// Sets `amount` of it aside for a refund. `false` when less than that is left: whoever asks at the
/// same time, more than the payment is never given back.
pub async fn reserve(c: &mut AnyConnection, id: i64, amount: Fen) -> Result<bool, StorageError> {
    let sql = "UPDATE payments SET refunding_fen = refunding_fen + ? WHERE id = ? AND refunding_fen + ? <= total_fen";
    let reserve = sqlx::query(sql).bind(amount.get()).bind(id).bind(amount.get());
    Ok(reserve.execute(c).await?.rows_affected() == 1)
}

/// A refund of `amount` failed for good.
///
/// # Errors
/// [`StorageError::Inconsistent`] when it was not set aside.
pub async fn release(c: &mut AnyConnection, id: i64, amount: Fen) -> Result<(), StorageError> {
    let sql = "UPDATE payments SET refunding_fen = refunding_fen - ? WHERE id = ? AND refunding_fen >= ?";
    let release = sqlx::query(sql).bind(amount.get()).bind(id).bind(amount.get());
    match release.execute(c).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(StorageError::Inconsistent {
            table: "payments",
            column: "refunding_fen",
            row: id,
            problem: format!("{amount} was not set aside"),
        }),
    }
}
