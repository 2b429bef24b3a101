//! An order as the platform keeps it (`wechatpay-v3.md` §5).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::prepay::Prepay;
use crate::sandbox::wire_time;

/// One `out_trade_no`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::sandbox) struct Order {
    pub(in crate::sandbox) out_trade_no: String,
    pub(in crate::sandbox) description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::sandbox) attach: Option<String>,
    pub(in crate::sandbox) notify_url: String,
    pub(in crate::sandbox) total: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::sandbox) device_id: Option<String>,
    pub(in crate::sandbox) created_ms: i64,
    pub(in crate::sandbox) time_expire_ms: i64,
    /// What a repeated prepay must be equal to.
    pub(in crate::sandbox) parameters: Value,
    /// In the order of issue; only the last one works.
    pub(in crate::sandbox) codes: Vec<Code>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::sandbox) closed_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::sandbox) payment: Option<Payment>,
    /// Its `out_refund_no`s, oldest first; the refunds themselves are lines of their own.
    #[serde(skip)]
    pub(in crate::sandbox) refunds: Vec<String>,
}

/// What a `code_url` stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::sandbox) struct Code {
    pub(in crate::sandbox) token: String,
    pub(in crate::sandbox) issued_ms: i64,
    /// The account that scanned it first; a second one gets an error (§5.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::sandbox) openid: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::sandbox) struct Payment {
    pub(in crate::sandbox) transaction_id: String,
    pub(in crate::sandbox) openid: String,
    pub(in crate::sandbox) success_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum TradeState {
    Notpay,
    Success,
    /// At least one refund was begun, also of a part, also in vain.
    Refund,
    Closed,
}

impl TradeState {
    pub(in crate::sandbox) const fn as_str(self) -> &'static str {
        match self {
            Self::Notpay => "NOTPAY",
            Self::Success => "SUCCESS",
            Self::Refund => "REFUND",
            Self::Closed => "CLOSED",
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::Notpay => "订单未支付",
            Self::Success => "支付成功",
            Self::Refund => "转入退款",
            Self::Closed => "订单已关闭",
        }
    }
}

/// How long codes and unpaid orders live; both can be shortened for tests.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct Lives {
    pub(in crate::sandbox) code: SignedDuration,
    pub(in crate::sandbox) order: SignedDuration,
}

impl Order {
    pub(in crate::sandbox) fn new(prepay: Prepay, token: String, now: Timestamp) -> Self {
        Self {
            out_trade_no: prepay.out_trade_no,
            description: prepay.description,
            attach: prepay.attach,
            notify_url: prepay.notify_url,
            total: prepay.total,
            device_id: prepay.device_id,
            created_ms: now.as_millisecond(),
            time_expire_ms: prepay.time_expire.as_millisecond(),
            parameters: prepay.parameters,
            codes: vec![Code::new(token, now)],
            closed_ms: None,
            payment: None,
            refunds: Vec::new(),
        }
    }

    /// The state at `now`: WeChat closes what stays unpaid for seven days (§5.2).
    pub(in crate::sandbox) fn state(&self, now: Timestamp, lives: Lives) -> TradeState {
        if self.payment.is_some() {
            if self.refunds.is_empty() { TradeState::Success } else { TradeState::Refund }
        } else if self.closed_ms.is_some() || is_over(self.created_ms, lives.order, now) {
            TradeState::Closed
        } else {
            TradeState::Notpay
        }
    }

    /// Whether the last moment to pay has passed. The order stays NOTPAY.
    pub(in crate::sandbox) fn is_past_time_expire(&self, now: Timestamp) -> bool {
        now.as_millisecond() >= self.time_expire_ms
    }

    pub(in crate::sandbox) fn time_expire(&self) -> Timestamp {
        Timestamp::from_millisecond(self.time_expire_ms).unwrap_or(Timestamp::MAX)
    }

    /// What query answers, and what a notification tells (§5.2, §6.2).
    pub(in crate::sandbox) fn transaction(&self, mchid: &str, appid: &str, state: TradeState) -> Value {
        let mut told = json!({
            "appid": appid,
            "mchid": mchid,
            "out_trade_no": self.out_trade_no,
            "trade_state": state.as_str(),
            "trade_state_desc": state.description(),
        });
        if let Some(payment) = &self.payment {
            let success = Timestamp::from_millisecond(payment.success_ms).unwrap_or_default();
            told["transaction_id"] = json!(payment.transaction_id);
            told["trade_type"] = json!("NATIVE");
            told["bank_type"] = json!("OTHERS");
            told["success_time"] = json!(wire_time::seconds(success));
            told["payer"] = json!({ "openid": payment.openid });
            told["amount"] = json!({
                "total": self.total, "payer_total": self.total, "currency": "CNY", "payer_currency": "CNY",
            });
        } else {
            told["amount"] = json!({ "total": self.total, "currency": "CNY" });
        }
        if let Some(attach) = &self.attach {
            told["attach"] = json!(attach);
        }
        if let Some(device_id) = &self.device_id {
            told["scene_info"] = json!({ "device_id": device_id });
        }
        told
    }
}

impl Code {
    pub(in crate::sandbox) fn new(token: String, now: Timestamp) -> Self {
        Self { token, issued_ms: now.as_millisecond(), openid: None }
    }

    pub(in crate::sandbox) fn is_over(&self, now: Timestamp, lives: Lives) -> bool {
        is_over(self.issued_ms, lives.code, now)
    }
}

fn is_over(from_ms: i64, life: SignedDuration, now: Timestamp) -> bool {
    let life_ms = i64::try_from(life.as_millis()).unwrap_or(i64::MAX);
    now.as_millisecond() >= from_ms.saturating_add(life_ms)
}
