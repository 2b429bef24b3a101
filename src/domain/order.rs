//! The states of an order. They are ours; WeChat's `trade_state` is mapped to them in `checkout`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why an order was closed without having been paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClosedReason {
    /// Its time to pay ran out.
    Expired,
    /// The shopper called it off.
    Cancelled,
}

/// What the shopper asked for and WeChat has yet to confirm by closing the current attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Call the order off.
    Cancel,
    /// Go on with another code, under a new `out_trade_no`.
    Renew,
}

/// What an order is, as every page, program and table row sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", tag = "status", content = "reason")]
pub enum OrderStatus {
    /// Waiting for the payer. A failed attempt at the phone leaves the order here.
    #[serde(rename = "NOTPAY")]
    NotPay,
    Success,
    Closed(ClosedReason),
    RefundProcessing,
    RefundPartial,
    RefundSuccess,
    RefundAbnormal,
}

/// A stored text names no state: somebody else wrote to our tables.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no order status")]
pub struct UnknownStatus(pub String);

impl OrderStatus {
    /// The fixed outside name (design §2.3), also the stored one.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotPay => "NOTPAY",
            Self::Success => "SUCCESS",
            Self::Closed(_) => "CLOSED",
            Self::RefundProcessing => "REFUND_PROCESSING",
            Self::RefundPartial => "REFUND_PARTIAL",
            Self::RefundSuccess => "REFUND_SUCCESS",
            Self::RefundAbnormal => "REFUND_ABNORMAL",
        }
    }

    /// The one word by which people and files tell it: of a closed order, how it was closed.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Closed(reason) => reason.code(),
            other => other.code(),
        }
    }

    pub const fn reason(self) -> Option<ClosedReason> {
        match self {
            Self::Closed(reason) => Some(reason),
            _ => None,
        }
    }

    /// Money has arrived for it, whatever went back later.
    pub const fn is_paid(self) -> bool {
        !matches!(self, Self::NotPay | Self::Closed(_))
    }

    /// # Errors
    /// A pair that this program never writes.
    pub fn parse(code: &str, reason: Option<&str>) -> Result<Self, UnknownStatus> {
        Ok(match (code, reason) {
            ("NOTPAY", None) => Self::NotPay,
            ("SUCCESS", None) => Self::Success,
            ("CLOSED", Some("EXPIRED")) => Self::Closed(ClosedReason::Expired),
            ("CLOSED", Some("CANCELLED")) => Self::Closed(ClosedReason::Cancelled),
            ("REFUND_PROCESSING", None) => Self::RefundProcessing,
            ("REFUND_PARTIAL", None) => Self::RefundPartial,
            ("REFUND_SUCCESS", None) => Self::RefundSuccess,
            ("REFUND_ABNORMAL", None) => Self::RefundAbnormal,
            _ => return Err(UnknownStatus(format!("{code}/{}", reason.unwrap_or("-")))),
        })
    }
}

impl Wish {
    /// As stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Cancel => "CANCEL",
            Self::Renew => "RENEW",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        match code {
            "CANCEL" => Some(Self::Cancel),
            "RENEW" => Some(Self::Renew),
            _ => None,
        }
    }
}

impl ClosedReason {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Expired => "EXPIRED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [OrderStatus; 8] = [
        OrderStatus::NotPay,
        OrderStatus::Success,
        OrderStatus::Closed(ClosedReason::Expired),
        OrderStatus::Closed(ClosedReason::Cancelled),
        OrderStatus::RefundProcessing,
        OrderStatus::RefundPartial,
        OrderStatus::RefundSuccess,
        OrderStatus::RefundAbnormal,
    ];

    #[test]
    fn what_is_stored_is_read_back() {
        for status in ALL {
            assert_eq!(OrderStatus::parse(status.code(), status.reason().map(ClosedReason::code)), Ok(status));
        }
    }

    #[test]
    fn a_pair_never_written_is_refused() {
        for (code, reason) in [("CLOSED", None), ("SUCCESS", Some("EXPIRED")), ("PAID", None), ("", None)] {
            assert!(OrderStatus::parse(code, reason).is_err(), "{code} {reason:?}");
        }
    }
}
