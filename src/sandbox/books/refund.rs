//! A refund as the platform keeps it (`wechatpay-v3.md` §7).

mod abnormal;
mod request;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(in crate::sandbox) use self::{
    abnormal::{Abnormal, Card},
    request::{RefundRequest, is_out_refund_no},
};
use super::order::{Order, Payment};
use crate::sandbox::wire_time;

/// One `out_refund_no`.
#[expect(clippy::struct_field_names, reason = "the field's own words")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::sandbox) struct Refund {
    pub(in crate::sandbox) refund_id: String,
    pub(in crate::sandbox) out_refund_no: String,
    pub(in crate::sandbox) out_trade_no: String,
    pub(in crate::sandbox) transaction_id: String,
    /// Fen.
    pub(in crate::sandbox) amount: i64,
    /// Fen: what the whole order cost.
    pub(in crate::sandbox) total: i64,
    pub(in crate::sandbox) source: Source,
    pub(in crate::sandbox) notice: Notice,
    pub(in crate::sandbox) created_ms: i64,
    pub(in crate::sandbox) status: RefundStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::sandbox) success_ms: Option<i64>,
    /// What is to become of it; none when it stays what it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::sandbox) ending: Option<Ending>,
    /// Where the money of an abnormal refund was sent on application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::sandbox) card: Option<Card>,
}

/// What is particular about a new refund.
pub(in crate::sandbox) struct Terms {
    pub(in crate::sandbox) refund_id: String,
    pub(in crate::sandbox) out_refund_no: String,
    pub(in crate::sandbox) amount: i64,
    pub(in crate::sandbox) source: Source,
    pub(in crate::sandbox) notice: Notice,
    pub(in crate::sandbox) ending: Option<Ending>,
}

/// Who made it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::sandbox) enum Source {
    /// The interface, with these parameters: what a repeated call must be equal to.
    Api { parameters: Value },
    /// A person in the merchant console.
    Console,
}

/// Who is told of its end, and in which language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::sandbox) enum Notice {
    None,
    V3 {
        url: String,
    },
    /// XML, as of before `APIv3`.
    V2 {
        url: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::sandbox) enum RefundStatus {
    Processing,
    Success,
    Closed,
    Abnormal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::sandbox) struct Ending {
    pub(in crate::sandbox) status: RefundStatus,
    pub(in crate::sandbox) at_ms: i64,
}

impl RefundStatus {
    pub(in crate::sandbox) const fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "PROCESSING",
            Self::Success => "SUCCESS",
            Self::Closed => "CLOSED",
            Self::Abnormal => "ABNORMAL",
        }
    }

    /// §7.3: a console can bring home what was abnormal; success and closing are final.
    pub(in crate::sandbox) const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Processing => !matches!(next, Self::Processing),
            Self::Abnormal => matches!(next, Self::Success),
            Self::Success | Self::Closed => false,
        }
    }
}

impl Ending {
    pub(in crate::sandbox) fn after(delay: SignedDuration, now: Timestamp, status: RefundStatus) -> Self {
        Self { status, at_ms: now.saturating_add(delay).unwrap_or(now).as_millisecond() }
    }
}

impl Refund {
    pub(in crate::sandbox) fn new(terms: Terms, order: &Order, payment: &Payment, now: Timestamp) -> Self {
        Self {
            refund_id: terms.refund_id,
            out_refund_no: terms.out_refund_no,
            out_trade_no: order.out_trade_no.clone(),
            transaction_id: payment.transaction_id.clone(),
            amount: terms.amount,
            total: order.total,
            source: terms.source,
            notice: terms.notice,
            created_ms: now.as_millisecond(),
            status: RefundStatus::Processing,
            success_ms: None,
            ending: terms.ending,
            card: None,
        }
    }

    /// Whether a repeated call asks for this very refund.
    pub(in crate::sandbox) fn was_asked_with(&self, asked: &Value) -> bool {
        matches!(&self.source, Source::Api { parameters } if parameters == asked)
    }

    /// What create and query answer (§7.1).
    pub(in crate::sandbox) fn reply(&self) -> Value {
        let parameters = match &self.source {
            Source::Api { parameters } => parameters,
            Source::Console => &Value::Null,
        };
        let mut told = json!({
            "refund_id": self.refund_id,
            "out_refund_no": self.out_refund_no,
            "transaction_id": self.transaction_id,
            "out_trade_no": self.out_trade_no,
            "channel": if self.card.is_some() { "OTHER_BANKCARD" } else { "ORIGINAL" },
            "user_received_account": self.received_account(),
            "create_time": time(self.created_ms),
            "status": self.status.as_str(),
            "funds_account": parameters["funds_account"].as_str().unwrap_or("AVAILABLE"),
            "amount": {
                "total": self.total,
                "refund": self.amount,
                "payer_total": self.total,
                "payer_refund": self.amount,
                "settlement_refund": self.amount,
                "settlement_total": self.total,
                "discount_refund": 0,
                "currency": "CNY",
            },
        });
        if let from @ Value::Array(_) = &parameters["amount"]["from"] {
            told["amount"]["from"] = from.clone();
        }
        if let Some(success_ms) = self.success_ms {
            told["success_time"] = json!(time(success_ms));
        }
        told
    }

    /// What a notification tells of it when it has become `status`: other names than the reply, and
    /// no currency (§7.4).
    pub(in crate::sandbox) fn notification(&self, mchid: &str, status: RefundStatus) -> Value {
        let mut told = json!({
            "mchid": mchid,
            "transaction_id": self.transaction_id,
            "out_trade_no": self.out_trade_no,
            "refund_id": self.refund_id,
            "out_refund_no": self.out_refund_no,
            "refund_status": status.as_str(),
            "user_received_account": self.received_account(),
            "amount": {
                "total": self.total,
                "refund": self.amount,
                "payer_total": self.total,
                "payer_refund": self.amount,
            },
        });
        if let (RefundStatus::Success, Some(success_ms)) = (status, self.success_ms) {
            told["success_time"] = json!(time(success_ms));
        }
        told
    }

    const fn received_account(&self) -> &'static str {
        match self.card {
            None => "支付用户零钱",
            Some(Card::User) => "招商银行借记卡0403",
            Some(Card::Merchant) => "商户银行卡0001",
        }
    }
}

fn time(at_ms: i64) -> String {
    wire_time::seconds(Timestamp::from_millisecond(at_ms).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refund_moves_one_way() {
        use RefundStatus::{Abnormal, Closed, Processing, Success};
        let all = [Processing, Success, Closed, Abnormal];
        let moves: Vec<_> = all
            .into_iter()
            .flat_map(|from| all.into_iter().map(move |to| (from, to)))
            .filter(|(from, to)| from.may_become(*to))
            .collect();
        assert_eq!(moves, [(Processing, Success), (Processing, Closed), (Processing, Abnormal), (Abnormal, Success)]);
    }
}
