//! Faults on demand (`wechatpay-v3.md` §13): knobs that make the platform behave as badly as the
//! real one sometimes does, and worse. All are off at start; none is kept over a restart.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{notification::Twist, platform::Endpoint};

/// How many of the next occasions a fault takes: a number, or `"all"`. 0 is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Next {
    Count(u32),
    All(Always),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Always {
    All,
}

impl Default for Next {
    fn default() -> Self {
        Self::Count(0)
    }
}

impl Next {
    /// Whether this occasion is hit; counts down.
    pub(super) fn take(&mut self) -> bool {
        match self {
            Self::All(Always::All) => true,
            Self::Count(0) => false,
            Self::Count(left) => {
                *left -= 1;
                true
            }
        }
    }
}

/// The same per interface; `all` counts requests to any of them and comes second. A bare number
/// in place of the object stands for `all`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PerEndpoint {
    all: Next,
    prepay: Next,
    query: Next,
    close: Next,
    certificates: Next,
    echo: Next,
}

impl PerEndpoint {
    pub(super) fn take(&mut self, endpoint: Endpoint) -> bool {
        let own = match endpoint {
            Endpoint::Prepay => &mut self.prepay,
            Endpoint::Query => &mut self.query,
            Endpoint::Close => &mut self.close,
            Endpoint::Certificates => &mut self.certificates,
            Endpoint::Echo => &mut self.echo,
        };
        own.take() || self.all.take()
    }
}

/// The knobs. Their names and meanings are part of the sandbox's interface.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Faults {
    // Replies.
    /// Answered 429 `FREQUENCY_LIMITED`, nothing done.
    pub(super) error_429: PerEndpoint,
    /// Answered 500 `SYSTEM_ERROR`, nothing done.
    pub(super) error_500: PerEndpoint,
    /// Done, then answered 500 `SYSTEM_ERROR`.
    pub(super) error_500_after_commit: PerEndpoint,
    /// Done, then no answer for `timeout_ms`.
    pub(super) timeout_after_commit: PerEndpoint,
    /// How long a withheld answer is withheld; a 500 follows.
    pub(super) timeout_ms: u64,
    /// Share (0–1) of replies whose signature is a probe; the same request again is answered well.
    pub(super) signtest_replies: f64,
    /// The next prepays are paid, their callbacks delivered and answered, before their replies are
    /// sent.
    pub(super) pay_before_reply: Next,
    /// `/v3/certificates` answers 404 and the public key signs all: a merchant that never had
    /// platform certificates.
    pub(super) public_key_only: bool,

    // Callbacks.
    /// Share (0–1) of callbacks signed with the public key, the others by certificate.
    pub(super) public_key_share: f64,
    /// Share (0–1) of notifications whose first attempt carries a probe; a good one follows at once.
    pub(super) signtest_callbacks: f64,
    /// Deliveries of each notification after the accepted one.
    pub(super) duplicates: u32,
    /// Deliveries at the same moment as each first one.
    pub(super) concurrent_duplicates: u32,
    /// Time from the payment to the first delivery.
    pub(super) delay_ms: u64,
    /// The next attempts are lost on their way; the retry ladder goes on.
    pub(super) drop: Next,
    /// The next attempts tell an amount one fen higher than what was paid.
    pub(super) wrong_amount: Next,
    /// The next attempts tell another currency.
    pub(super) wrong_currency: Next,
    /// The next attempts tell another merchant.
    pub(super) wrong_mchid: Next,
    /// The next attempts tell another app.
    pub(super) wrong_appid: Next,
    /// The next attempts tell an order number that nobody has.
    pub(super) wrong_out_trade_no: Next,
    /// The next attempts tell an order that is not paid.
    pub(super) wrong_trade_state: Next,
    /// The next attempts are of an event that does not exist.
    pub(super) wrong_event_type: Next,
    /// The next attempts carry a timestamp ten minutes old, rightly signed.
    pub(super) stale_timestamp: Next,
    /// The next attempts are changed after signing.
    pub(super) altered_body: Next,
    /// Factor on the gaps of the retry ladder: 0.001 makes 15 s 15 ms.
    pub(super) retry_scale: f64,
    /// How long the platform waits for an acknowledgement.
    pub(super) callback_timeout_ms: u64,

    // Lives of things.
    /// Life of a `code_url`: 2 h.
    pub(super) code_life_seconds: u32,
    /// When an unpaid order is closed by the platform: 7 days.
    pub(super) order_life_seconds: u32,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            error_429: PerEndpoint::default(),
            error_500: PerEndpoint::default(),
            error_500_after_commit: PerEndpoint::default(),
            timeout_after_commit: PerEndpoint::default(),
            timeout_ms: 15_000,
            signtest_replies: 0.0,
            pay_before_reply: Next::default(),
            public_key_only: false,
            public_key_share: 1.0,
            signtest_callbacks: 0.0,
            duplicates: 0,
            concurrent_duplicates: 0,
            delay_ms: 0,
            drop: Next::default(),
            wrong_amount: Next::default(),
            wrong_currency: Next::default(),
            wrong_mchid: Next::default(),
            wrong_appid: Next::default(),
            wrong_out_trade_no: Next::default(),
            wrong_trade_state: Next::default(),
            wrong_event_type: Next::default(),
            stale_timestamp: Next::default(),
            altered_body: Next::default(),
            retry_scale: 1.0,
            callback_timeout_ms: 5_000,
            code_life_seconds: 2 * 60 * 60,
            order_life_seconds: 7 * 24 * 60 * 60,
        }
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum KnobError {
    #[error("there is no knob “{0}”")]
    Unknown(String),
    #[error("knob “{name}”: {reason}")]
    Value { name: String, reason: String },
}

impl Faults {
    /// What the next attempt of a notification is to have wrong; counts down.
    pub(super) fn take_twists(&mut self) -> Vec<Twist> {
        let knobs = [
            (&mut self.wrong_amount, Twist::WrongAmount),
            (&mut self.wrong_currency, Twist::WrongCurrency),
            (&mut self.wrong_mchid, Twist::WrongMchid),
            (&mut self.wrong_appid, Twist::WrongAppid),
            (&mut self.wrong_out_trade_no, Twist::WrongOutTradeNo),
            (&mut self.wrong_trade_state, Twist::WrongTradeState),
            (&mut self.wrong_event_type, Twist::WrongEventType),
            (&mut self.stale_timestamp, Twist::StaleTimestamp),
            (&mut self.altered_body, Twist::AlteredBody),
        ];
        knobs.into_iter().filter_map(|(knob, twist)| knob.take().then_some(twist)).collect()
    }

    /// Takes over the knobs named in `patch`, all or none of them. Objects are merged key by key.
    pub(super) fn merge(&self, patch: &Map<String, Value>) -> Result<Self, KnobError> {
        let mut merged = self.clone();
        for (name, value) in patch {
            merged = merged.with(name, value)?;
        }
        Ok(merged)
    }

    fn with(&self, name: &str, value: &Value) -> Result<Self, KnobError> {
        let refuse = |reason: String| KnobError::Value { name: name.to_owned(), reason };
        let mut knobs = serde_json::to_value(self).map_err(|error| refuse(error.to_string()))?;
        let knob = knobs.get_mut(name).ok_or_else(|| KnobError::Unknown(name.to_owned()))?;
        match (knob.as_object_mut(), value.as_object()) {
            (Some(knob), Some(value)) => knob.extend(value.iter().map(|(key, value)| (key.clone(), value.clone()))),
            (Some(knob), None) => drop(knob.insert("all".to_owned(), value.clone())),
            (None, _) => *knob = value.clone(),
        }
        let faults: Self = serde_json::from_value(knobs).map_err(|error| refuse(error.to_string()))?;
        let shares = [faults.signtest_replies, faults.signtest_callbacks, faults.public_key_share];
        if !shares.iter().all(|share| (0.0..=1.0).contains(share)) {
            return Err(refuse("a share lies between 0 and 1".to_owned()));
        }
        if !(0.0..=1000.0).contains(&faults.retry_scale) {
            return Err(refuse("the factor lies between 0 and 1000".to_owned()));
        }
        Ok(faults)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merge(faults: &Faults, patch: Value) -> Result<Faults, KnobError> {
        match patch {
            Value::Object(patch) => faults.merge(&patch),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn merges_only_what_is_named() {
        let first = merge(&Faults::default(), json!({"drop": 2, "error_500": {"prepay": 1}})).expect("known");
        let second = merge(&first, json!({"error_500": {"query": "all"}})).expect("known");
        assert_eq!(second.drop, Next::Count(2));
        assert_eq!(second.error_500.prepay, Next::Count(1));
        assert_eq!(second.error_500.query, Next::All(Always::All));
        assert_eq!(merge(&second, json!({"drop": 0, "error_500": {"prepay": 0, "query": 0}})), Ok(Faults::default()));
        let all = merge(&first, json!({"error_500": 7})).expect("known");
        assert_eq!((all.error_500.all, all.error_500.prepay), (Next::Count(7), Next::Count(1)));
    }

    #[test]
    fn names_the_knob_that_is_wrong() {
        let merge = |patch| merge(&Faults::default(), patch).expect_err("wrong").to_string();
        assert!(merge(json!({"drops": 1})).contains("“drops”"));
        for (patch, name) in [
            (json!({"drop": -1}), "drop"),
            (json!({"drop": "some"}), "drop"),
            (json!({"error_429": {"refund_everything": 1}}), "error_429"),
            (json!({"error_429": "some"}), "error_429"),
            (json!({"public_key_share": 1.5}), "public_key_share"),
            (json!({"retry_scale": -1}), "retry_scale"),
            (json!({"delay_ms": "soon"}), "delay_ms"),
        ] {
            assert!(merge(patch).contains(&format!("“{name}”")), "{name}");
        }
    }

    #[test]
    fn a_count_runs_out_and_all_does_not() {
        let mut two = Next::Count(2);
        assert_eq!([two.take(), two.take(), two.take()], [true, true, false]);
        let mut all = Next::All(Always::All);
        assert!((0..1000).all(|_| all.take()));
    }

    #[test]
    fn the_counter_of_an_interface_comes_before_the_common_one() {
        let mut both = PerEndpoint { all: Next::Count(1), prepay: Next::Count(1), ..PerEndpoint::default() };
        assert!(both.take(Endpoint::Prepay));
        assert!(both.take(Endpoint::Query));
        assert!(!both.take(Endpoint::Prepay));
    }
}
