//! `order_events`: the timeline of an order, append-only.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{StorageError, millis};

/// What happened. Stored by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    Placed,
    CodeReady,
    PrepayRefused,
    Paid,
    PaidLate,
    SurplusPayment,
    Closed,
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
            Self::Closed => "CLOSED",
        }
    }
}

/// Who brought it about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Shopper,
    Callback,
    Query,
    Deadline,
}

impl Source {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Shopper => "SHOPPER",
            Self::Callback => "CALLBACK",
            Self::Query => "QUERY",
            Self::Deadline => "DEADLINE",
        }
    }
}

pub async fn append(
    c: &mut AnyConnection,
    order_id: i64,
    at: Timestamp,
    kind: EventKind,
    source: Source,
    detail: &str,
) -> Result<(), StorageError> {
    let sql = "INSERT INTO order_events (order_id, at_ms, kind, source, detail) VALUES (?, ?, ?, ?, ?)";
    let insert = sqlx::query(sql).bind(order_id).bind(millis(at)).bind(kind.code()).bind(source.code());
    insert.bind(detail).execute(c).await?;
    Ok(())
}
