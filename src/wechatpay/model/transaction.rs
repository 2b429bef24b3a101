//! An order as WeChat sees it: the reply to a query (§5.2) and the content of a payment
//! notification (§6.2) have one shape.

use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;

use super::Private;
use crate::{domain::Fen, wechatpay::time};

/// Nothing in here has been compared with an order of ours. `out_trade_no` is plain text because it
/// may be somebody else's.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Transaction {
    pub appid: String,
    pub mchid: String,
    pub out_trade_no: String,
    pub trade_state: TradeState,
    #[serde(default)]
    pub trade_state_desc: Option<String>,
    /// From here on: absent until paid.
    #[serde(default)]
    pub transaction_id: Option<String>,
    /// `NATIVE`, `JSAPI`, …
    #[serde(default)]
    pub trade_type: Option<String>,
    #[serde(default)]
    pub bank_type: Option<String>,
    #[serde(default)]
    pub attach: Option<String>,
    #[serde(default, deserialize_with = "time::lenient")]
    pub success_time: Option<Timestamp>,
    #[serde(default)]
    pub payer: Option<Payer>,
    #[serde(default)]
    pub amount: Option<TransactionAmount>,
}

impl Transaction {
    /// What the payer was asked for, coupons included: the number to compare with the order
    /// (§6.4). `None` if absent or no amount of money.
    pub fn total(&self) -> Option<Fen> {
        self.amount.as_ref()?.total.and_then(|fen| Fen::new(fen).ok())
    }

    /// Cash part of the total.
    pub fn payer_total(&self) -> Option<Fen> {
        self.amount.as_ref()?.payer_total.and_then(|fen| Fen::new(fen).ok())
    }

    pub fn currency(&self) -> Option<&str> {
        self.amount.as_ref()?.currency.as_deref()
    }

    pub fn openid(&self) -> Option<&Private> {
        self.payer.as_ref()?.openid.as_ref()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Payer {
    #[serde(default)]
    pub openid: Option<Private>,
}

/// In fen, as received: may be nonsense.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TransactionAmount {
    #[serde(default)]
    pub total: Option<i64>,
    #[serde(default)]
    pub payer_total: Option<i64>,
    #[serde(default)]
    pub currency: Option<String>,
    #[serde(default)]
    pub payer_currency: Option<String>,
}

/// `trade_state` (交易状态, §5.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(from = "String")]
pub enum TradeState {
    /// Created, unpaid; also after a failed attempt.
    NotPay,
    Success,
    /// Paid; at least one refund was begun, maybe a partial one.
    Refund,
    /// Money cannot arrive any more.
    Closed,
    /// Payment-code (付款码) products only, as are the next three.
    Revoked,
    UserPaying,
    PayError,
    Accept,
    /// Invented later, or nonsense.
    Unknown(String),
}

impl TradeState {
    pub fn as_str(&self) -> &str {
        match self {
            Self::NotPay => "NOTPAY",
            Self::Success => "SUCCESS",
            Self::Refund => "REFUND",
            Self::Closed => "CLOSED",
            Self::Revoked => "REVOKED",
            Self::UserPaying => "USERPAYING",
            Self::PayError => "PAYERROR",
            Self::Accept => "ACCEPT",
            Self::Unknown(text) => text,
        }
    }
}

impl From<String> for TradeState {
    fn from(text: String) -> Self {
        match text.as_str() {
            "NOTPAY" => Self::NotPay,
            "SUCCESS" => Self::Success,
            "REFUND" => Self::Refund,
            "CLOSED" => Self::Closed,
            "REVOKED" => Self::Revoked,
            "USERPAYING" => Self::UserPaying,
            "PAYERROR" => Self::PayError,
            "ACCEPT" => Self::Accept,
            _ => Self::Unknown(text),
        }
    }
}

impl fmt::Display for TradeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
