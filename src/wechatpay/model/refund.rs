//! Refunds as WeChat sees them. The notice and the reply differ (§7.4): the notice has `mchid` and
//! calls the state `refund_status`; the reply calls it `status` and has more about the money.

use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;

use super::Private;
use crate::wechatpay::time;

/// The content of a refund notification (退款结果通知).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RefundNotice {
    pub mchid: String,
    pub out_trade_no: String,
    #[serde(default)]
    pub transaction_id: Option<String>,
    pub out_refund_no: String,
    pub refund_id: String,
    pub refund_status: RefundStatus,
    #[serde(default, deserialize_with = "time::lenient")]
    pub success_time: Option<Timestamp>,
    #[serde(default)]
    pub user_received_account: Option<Private>,
    pub amount: RefundAmount,
}

/// The reply to creating or querying a refund (§7.1). A 200 means accepted, not refunded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RefundReply {
    pub refund_id: String,
    pub out_refund_no: String,
    #[serde(default)]
    pub transaction_id: Option<String>,
    pub out_trade_no: String,
    pub status: RefundStatus,
    #[serde(default)]
    pub channel: Option<String>,
    #[serde(default)]
    pub funds_account: Option<String>,
    #[serde(default)]
    pub user_received_account: Option<Private>,
    #[serde(default, deserialize_with = "time::lenient")]
    pub create_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "time::lenient")]
    pub success_time: Option<Timestamp>,
    pub amount: RefundAmount,
}

/// In fen, as received.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RefundAmount {
    pub total: i64,
    pub refund: i64,
    #[serde(default)]
    pub payer_total: Option<i64>,
    #[serde(default)]
    pub payer_refund: Option<i64>,
    /// Not in a notice.
    #[serde(default)]
    pub currency: Option<String>,
}

/// State of one refund (§7.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(from = "String")]
pub enum RefundStatus {
    Processing,
    Success,
    /// Failed for good: try again under a new `out_refund_no`.
    Closed,
    /// The payer's account did not take it: staff must act.
    Abnormal,
    /// Invented later, or nonsense.
    Unknown(String),
}

impl RefundStatus {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Processing => "PROCESSING",
            Self::Success => "SUCCESS",
            Self::Closed => "CLOSED",
            Self::Abnormal => "ABNORMAL",
            Self::Unknown(text) => text,
        }
    }
}

impl From<String> for RefundStatus {
    fn from(text: String) -> Self {
        match text.as_str() {
            "PROCESSING" => Self::Processing,
            "SUCCESS" => Self::Success,
            "CLOSED" => Self::Closed,
            "ABNORMAL" => Self::Abnormal,
            _ => Self::Unknown(text),
        }
    }
}

impl fmt::Display for RefundStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
