//! Refunds (退款, §7): the request, and how WeChat sees them. The notice and the reply differ (§7.4):
//! the notice has `mchid` and calls the state `refund_status`; the reply calls it `status` and has
//! more about the money.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Private,
    text::{is_disruptive, within},
};
use crate::{
    domain::{Fen, OutRefundNo},
    wechatpay::time,
};

/// Gives money back. Everything in it is part of "identical parameters": keep the bytes of
/// [`RefundRequest::to_bytes`] and send those again, do not build them again.
#[derive(Clone, Copy, Debug)]
pub struct RefundRequest<'a> {
    /// Names the payment more safely than `out_trade_no`, which right after paying may be unknown
    /// to the refund side (§1.6).
    pub transaction_id: &'a str,
    /// The same number twice is one refund; another number is more money.
    pub out_refund_no: &'a OutRefundNo,
    /// Shown to the payer.
    pub reason: Option<&'a str>,
    /// Never left out: without it the notice may come as XML of the second version (§7.4).
    pub notify_url: &'a Url,
    pub refund: Fen,
    /// What was paid.
    pub total: Fen,
}

/// WeChat would refuse it with `PARAM_ERROR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRefund {
    #[error("transaction_id is 1 to 32 letters and digits")]
    TransactionId,
    #[error(
        "reason is 1 to {REASON_MOST} characters, none of them beyond U+FFFF, no control character, and nothing that \
         changes the direction of others"
    )]
    Reason,
    #[error("notify_url is at most 255 characters and has no query and no fragment")]
    NotifyUrl,
    #[error("refund is at least 1 fen and at most the total")]
    Amount,
    #[error("the body cannot be written as JSON")]
    Json,
}

const REASON_MOST: usize = 80;

/// The payer reads it, and so does whoever approves it.
fn is_reason(text: &str) -> bool {
    within(text, REASON_MOST) && !text.chars().any(is_disruptive)
}

#[derive(Serialize)]
struct Body<'a> {
    transaction_id: &'a str,
    out_refund_no: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    notify_url: &'a str,
    amount: Amount,
}

#[derive(Serialize)]
struct Amount {
    refund: i64,
    total: i64,
    currency: &'static str,
}

impl RefundRequest<'_> {
    /// The request body: compact JSON, always the same for the same values.
    ///
    /// # Errors
    /// A field breaks a rule of §7.1 or §1.4.
    pub fn to_bytes(&self) -> Result<Vec<u8>, InvalidRefund> {
        let plain = self.transaction_id.bytes().all(|it| it.is_ascii_alphanumeric());
        check(plain && (1..=32).contains(&self.transaction_id.len()), InvalidRefund::TransactionId)?;
        check(self.reason.is_none_or(is_reason), InvalidRefund::Reason)?;
        let notify_url = self.notify_url;
        let plain = notify_url.query().is_none() && notify_url.fragment().is_none();
        check(plain && notify_url.as_str().len() <= 255, InvalidRefund::NotifyUrl)?;
        check(self.refund > Fen::ZERO && self.refund <= self.total, InvalidRefund::Amount)?;
        let body = Body {
            transaction_id: self.transaction_id,
            out_refund_no: self.out_refund_no.as_str(),
            reason: self.reason,
            notify_url: notify_url.as_str(),
            amount: Amount { refund: self.refund.get(), total: self.total.get(), currency: "CNY" },
        };
        serde_json::to_vec(&body).map_err(|_| InvalidRefund::Json)
    }
}

fn check(good: bool, error: InvalidRefund) -> Result<(), InvalidRefund> {
    if good { Ok(()) } else { Err(error) }
}

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
    /// Not documented for a notice.
    #[serde(default, deserialize_with = "time::lenient")]
    pub create_time: Option<Timestamp>,
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
