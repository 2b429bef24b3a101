//! `order_events`: the timeline of an order, append-only.

use jiff::Timestamp;
use sqlx::{Any, AnyConnection, QueryBuilder, Row as _, any::AnyRow};

use super::{StorageError, is_common, millis, timestamp, tuple};

/// What happened. Stored by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    Placed,
    CodeReady,
    PrepayRefused,
    Paid,
    PaidLate,
    SurplusPayment,
    /// Its shopper asked to call it off; the detail of `Closed` tells that it came true.
    CancelAsked,
    /// Its shopper asked for another code.
    RenewAsked,
    /// A new attempt, under another `out_trade_no`.
    Renewed,
    Closed,
    /// It waits for a second person; its money is set aside.
    RefundHeld,
    /// It waits no more, and its money is free.
    RefundReleased,
    RefundAsked,
    RefundProcessing,
    RefundSuccess,
    RefundClosed,
    RefundAbnormal,
    RefundRefused,
    /// WeChat tells of a refund that we know nothing of: made in the merchant console.
    RefundElsewhere,
    /// Staff has asked WeChat; the detail tells what it said.
    Asked,
    /// WeChat says of a number that it is not paid, and its payment is booked: staff must look.
    PaymentContradicted,
    /// WeChat tells of a refund what cannot be true together with our books: staff must look.
    RefundContradicted,
}

impl EventKind {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Placed => "PLACED",
            Self::CodeReady => "CODE_READY",
            Self::PrepayRefused => "PREPAY_REFUSED",
            Self::Paid => "PAID",
            Self::PaidLate => "PAID_LATE",
            Self::SurplusPayment => "SURPLUS_PAYMENT",
            Self::CancelAsked => "CANCEL_ASKED",
            Self::RenewAsked => "RENEW_ASKED",
            Self::Renewed => "RENEWED",
            Self::Closed => "CLOSED",
            Self::RefundHeld => "REFUND_HELD",
            Self::RefundReleased => "REFUND_RELEASED",
            Self::RefundAsked => "REFUND_ASKED",
            Self::RefundProcessing => "REFUND_PROCESSING",
            Self::RefundSuccess => "REFUND_SUCCESS",
            Self::RefundClosed => "REFUND_CLOSED",
            Self::RefundAbnormal => "REFUND_ABNORMAL",
            Self::RefundRefused => "REFUND_REFUSED",
            Self::RefundElsewhere => "REFUND_ELSEWHERE",
            Self::Asked => "ASKED",
            Self::PaymentContradicted => "PAYMENT_CONTRADICTED",
            Self::RefundContradicted => "REFUND_CONTRADICTED",
        }
    }
}

/// Who brought it about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Shopper,
    Callback,
    /// A question to WeChat that a page set off.
    Query,
    /// A background job.
    Sweep,
    Staff,
    CommandLine,
    /// Somebody at the merchant console.
    Console,
    /// Saoma of its own accord.
    Automatic,
    /// WeChat's bill led to it.
    Bill,
}

impl Source {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Shopper => "SHOPPER",
            Self::Callback => "CALLBACK",
            Self::Query => "QUERY",
            Self::Sweep => "SWEEP",
            Self::Staff => "STAFF",
            Self::CommandLine => "COMMAND_LINE",
            Self::Console => "CONSOLE",
            Self::Automatic => "AUTOMATIC",
            Self::Bill => "BILL",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        let all = [
            Self::Shopper,
            Self::Callback,
            Self::Query,
            Self::Sweep,
            Self::Staff,
            Self::CommandLine,
            Self::Console,
            Self::Automatic,
            Self::Bill,
        ];
        all.into_iter().find(|source| source.code() == code)
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
    let mut insert = QueryBuilder::<Any>::new("INSERT INTO order_events (order_id, at_ms, kind, source, detail) ");
    insert.push_values(events, |mut row, event| {
        row.push_bind(event.order_id)
            .push_bind(millis(at))
            .push_bind(event.kind.code())
            .push_bind(event.source.code())
            .push_bind(event.detail);
    });
    insert.build().persistent(is_common(events.len())).execute(c).await?;
    Ok(())
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
