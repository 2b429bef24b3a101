//! All that is written into four tables when payments are booked. SQLite's thread is told so once and not four times:
//! each time costs two switches between threads, which is as much as the statements themselves.

use jiff::Timestamp;
use sqlx::{Any, AnyConnection, QueryBuilder};

use super::{
    Expect, StorageError, attempts,
    events::{self, NewEvent},
    mysql, or_fail,
    orders::{self, PaidOrder},
    payments::{self, NewPayment},
    shares,
};

/// Of several payments at once.
#[derive(Clone, Copy, Debug)]
pub struct Paid<'a> {
    /// Not none.
    pub payments: &'a [NewPayment<'a>],
    /// Those that they were made with.
    pub attempts: &'a [i64],
    pub events: &'a [NewEvent<'a>],
    /// Those that they pay, if any.
    pub orders: &'a [PaidOrder],
}

impl Paid<'_> {
    /// # Errors
    /// A payment is booked that is expected to be new: see [`Expect`]. [`StorageError::Raced`] when an order has changed
    /// since it was read. Some of it may then have been written: the transaction must end.
    pub async fn write(&self, c: &mut AnyConnection, at: Timestamp, expect: Expect) -> Result<(), StorageError> {
        if mysql::is_backend_of(c) { self.one_by_one(c, at, expect).await } else { self.together(c, at, expect).await }
    }

    async fn one_by_one(&self, c: &mut AnyConnection, at: Timestamp, expect: Expect) -> Result<(), StorageError> {
        payments::insert(c, self.payments, expect).await?;
        attempts::mark_paid(c, self.attempts).await?;
        events::append_all(c, at, self.events).await?;
        if self.orders.is_empty() { Ok(()) } else { orders::mark_paid(c, self.orders, at).await }
    }

    async fn together(&self, c: &mut AnyConnection, at: Timestamp, expect: Expect) -> Result<(), StorageError> {
        let or_fail = or_fail(c);
        let mut all = QueryBuilder::<Any>::default();
        for share in shares(self.payments) {
            payments::inserting(&mut all, share);
            all.push("; ");
        }
        for share in shares(self.events) {
            events::appending(&mut all, at, share);
            all.push("; ");
        }
        attempts::marking_paid(&mut all, or_fail, self.attempts);
        if !self.orders.is_empty() {
            orders::marking_paid(all.push("; "), or_fail, self.orders, at);
        }
        let written = all.build().execute(c).await;
        let rows = written.as_ref().map_or(0, sqlx::any::AnyQueryResult::rows_affected);
        // The orders' statement alone may leave a row out: the others name rows that were read in this transaction, or
        // are refused.
        expect.all_inserted("payments", written)?;
        let all_rows = self.payments.len() + self.attempts.len() + self.events.len() + self.orders.len();
        if usize::try_from(rows) == Ok(all_rows) { Ok(()) } else { Err(orders::raced(self.orders)) }
    }
}
