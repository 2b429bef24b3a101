//! `order_events`: the timeline of an order, append-only.

use jiff::Timestamp;
use sqlx::{Any, AnyConnection, QueryBuilder, Row as _, any::AnyRow};

use super::{StorageError, millis, shares, timestamp, tuple};

/// An enum whose values are stored by name.
macro_rules! stored {
    ($(#[$of:meta])* $name:ident { $($(#[$about:meta])* $value:ident = $code:literal,)* }) => {
        $(#[$of])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$about])* $value,)* }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$value),*];

            pub const fn code(self) -> &'static str {
                match self { $(Self::$value => $code,)* }
            }
        }
    };
}

stored! {
    /// What happened.
    EventKind {
        Placed = "PLACED",
        CodeReady = "CODE_READY",
        PrepayRefused = "PREPAY_REFUSED",
        Paid = "PAID",
        PaidLate = "PAID_LATE",
        SurplusPayment = "SURPLUS_PAYMENT",
        /// Its shopper asked to call it off; the detail of `Closed` tells that it came true.
        CancelAsked = "CANCEL_ASKED",
        /// Its shopper asked for another code.
        RenewAsked = "RENEW_ASKED",
        /// A new attempt, under another `out_trade_no`.
        Renewed = "RENEWED",
        Closed = "CLOSED",
        /// It waits for a second person; its money is set aside.
        RefundHeld = "REFUND_HELD",
        /// It waits no more, and its money is free.
        RefundReleased = "REFUND_RELEASED",
        RefundAsked = "REFUND_ASKED",
        RefundProcessing = "REFUND_PROCESSING",
        RefundSuccess = "REFUND_SUCCESS",
        RefundClosed = "REFUND_CLOSED",
        RefundAbnormal = "REFUND_ABNORMAL",
        /// WeChat is about to be asked to send an abnormal refund to a bank account: its number, whose account, by whom.
        /// Never which one.
        AbnormalAsked = "REFUND_ABNORMAL_ASKED",
        /// That has not been heard, or was refused: the refund's number, and why. It can be asked for again.
        AbnormalRefused = "REFUND_ABNORMAL_REFUSED",
        RefundRefused = "REFUND_REFUSED",
        /// WeChat tells of a refund that we know nothing of: made in the merchant console.
        RefundElsewhere = "REFUND_ELSEWHERE",
        /// Staff has asked WeChat; the detail tells what it said.
        Asked = "ASKED",
        /// WeChat says of a number that it is not paid, and its payment is booked: staff must look.
        PaymentContradicted = "PAYMENT_CONTRADICTED",
        /// WeChat tells of a refund what cannot be true together with our books: staff must look.
        RefundContradicted = "REFUND_CONTRADICTED",
    }
}

stored! {
    /// Who brought it about.
    Source {
        Shopper = "SHOPPER",
        Callback = "CALLBACK",
        /// A question to WeChat that a page set off.
        Query = "QUERY",
        /// A background job.
        Sweep = "SWEEP",
        Staff = "STAFF",
        CommandLine = "COMMAND_LINE",
        /// Somebody at the merchant console.
        Console = "CONSOLE",
        /// Saoma of its own accord.
        Automatic = "AUTOMATIC",
        /// WeChat's bill led to it.
        Bill = "BILL",
    }
}

impl Source {
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|source| source.code() == code)
    }
}

/// Something that happened to an order.
#[derive(Clone, Copy, Debug)]
pub struct NewEvent<'a> {
    pub order_id: i64,
    pub kind: EventKind,
    pub source: Source,
    pub detail: &'a str,
}

pub async fn append(
    c: &mut AnyConnection,
    order_id: i64,
    at: Timestamp,
    kind: EventKind,
    source: Source,
    detail: &str,
) -> Result<(), StorageError> {
    append_all(c, at, &[NewEvent { order_id, kind, source, detail }]).await
}

/// How often something of these kinds has happened to an order.
pub async fn count(c: &mut AnyConnection, order_id: i64, kinds: &[EventKind]) -> Result<i64, StorageError> {
    let mut count = QueryBuilder::<Any>::new("SELECT COUNT(*) FROM order_events WHERE order_id = ");
    count.push_bind(order_id).push(" AND kind IN ");
    tuple(&mut count, kinds.iter().map(|kind| kind.code()));
    Ok(count.build_query_scalar().fetch_one(c).await?)
}

/// Several at once, in this order.
pub async fn append_all(c: &mut AnyConnection, at: Timestamp, events: &[NewEvent<'_>]) -> Result<(), StorageError> {
    for share in shares(events) {
        let mut insert = QueryBuilder::<Any>::default();
        appending(&mut insert, at, share);
        insert.build().execute(&mut *c).await?;
    }
    Ok(())
}

pub(super) fn appending(insert: &mut QueryBuilder<Any>, at: Timestamp, events: &[NewEvent<'_>]) {
    insert.push("INSERT INTO order_events (order_id, at_ms, kind, source, detail) ");
    insert.push_values(events, |mut row, event| {
        row.push_bind(event.order_id)
            .push_bind(millis(at))
            .push_bind(event.kind.code())
            .push_bind(event.source.code())
            .push_bind(event.detail);
    });
}

/// Whether this has happened to an order.
pub async fn has(c: &mut AnyConnection, order_id: i64, kind: EventKind) -> Result<bool, StorageError> {
    let sql = "SELECT COUNT(*) FROM order_events WHERE order_id = ? AND kind = ?";
    let count: i64 = sqlx::query_scalar(sql).bind(order_id).bind(kind.code()).fetch_one(c).await?;
    Ok(count > 0)
}

/// Whether the timeline tells this already.
pub async fn has_told(
    c: &mut AnyConnection,
    order_id: i64,
    kind: EventKind,
    detail: &str,
) -> Result<bool, StorageError> {
    let sql = "SELECT COUNT(*) FROM order_events WHERE order_id = ? AND kind = ? AND detail = ?";
    let count: i64 = sqlx::query_scalar(sql).bind(order_id).bind(kind.code()).bind(detail).fetch_one(c).await?;
    Ok(count > 0)
}

/// What the last one of this kind tells.
pub async fn last_detail(
    c: &mut AnyConnection,
    order_id: i64,
    kind: EventKind,
) -> Result<Option<String>, StorageError> {
    let sql = "SELECT detail FROM order_events WHERE order_id = ? AND kind = ? ORDER BY id DESC LIMIT 1";
    Ok(sqlx::query_scalar(sql).bind(order_id).bind(kind.code()).fetch_optional(c).await?)
}

/// A line of a timeline, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub at: Timestamp,
    pub kind: String,
    pub source: String,
    pub detail: String,
}

/// An order's timeline, oldest first.
pub async fn list_of_order(c: &mut AnyConnection, order_id: i64) -> Result<Vec<Event>, StorageError> {
    let sql = "SELECT id, at_ms, kind, source, detail FROM order_events WHERE order_id = ? ORDER BY id";
    let event = |row: &AnyRow| {
        Ok(Event {
            at: timestamp("order_events", "at_ms", row.try_get("id")?, row.try_get("at_ms")?)?,
            kind: row.try_get("kind")?,
            source: row.try_get("source")?,
            detail: row.try_get("detail")?,
        })
    };
    sqlx::query(sql).bind(order_id).fetch_all(c).await?.iter().map(event).collect()
}
