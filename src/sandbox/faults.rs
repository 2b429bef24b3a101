//! Faults on demand (`wechatpay-v3.md` §13): knobs that make the platform behave as badly as the
//! real one sometimes does, and worse. All are off at start; none is kept over a restart.

mod bills;
mod choices;
mod next;
mod twist;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(super) use self::{
    bills::BillFaults,
    choices::{Down, KeyShares, RefundOutcome},
    next::{Next, PerEndpoint},
    twist::Twist,
};
use super::{bill_terms::BillTerms, endpoint::Endpoint, error::RefundRefusal, key_mode::KeyMode};

/// The knobs. Their names and meanings are part of the sandbox's interface.
/// No field that is unknown gets here: see `with`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Faults {
    // Replies.
    /// Answered 429 `FREQUENCY_LIMITED`, nothing done.
    pub(super) error_429: PerEndpoint,
    /// Answered 500 `SYSTEM_ERROR`, nothing done.
    pub(super) error_500: PerEndpoint,
    /// Done, then answered 500 `SYSTEM_ERROR`.
    pub(super) error_500_after_commit: PerEndpoint,
    /// Done, then answered 429 `FREQUENCY_LIMITED`: a refund may have been accepted all the same.
    pub(super) error_429_after_commit: PerEndpoint,
    /// Answered 202, signed: nothing is done yet, the same request later does it. Close says
    /// `USER_PAYING`.
    pub(super) accepted_202: PerEndpoint,
    /// Done, then answered 202.
    pub(super) accepted_202_after_commit: PerEndpoint,
    /// The connection is closed without an answer, nothing done: a stale one out of a pool.
    pub(super) stale_connection: PerEndpoint,
    /// Done, then the connection is closed without an answer.
    pub(super) stale_connection_after_commit: PerEndpoint,
    /// Done, then no answer for `timeout_ms`.
    pub(super) timeout_after_commit: PerEndpoint,
    /// How long a withheld answer is withheld; a 500 follows.
    pub(super) timeout_ms: u64,
    /// Share (0–1) of replies whose signature is a probe; the same request again is answered well.
    pub(super) signtest_replies: f64,
    /// The next prepays are paid, their callbacks delivered and answered, before their replies are
    /// sent.
    pub(super) pay_before_reply: Next,
    /// Every call of `/v3` meets a closed connection (`"closed"`) or a 503 (`"503"`), whatever its
    /// path, until this is `"off"`. Callbacks go on: `drop` stops those.
    pub(super) platform_down: Down,

    // Keys and time.
    /// `/v3/certificates` answers 404 and the public key signs all: a merchant that never had
    /// platform certificates.
    pub(super) public_key_only: bool,
    /// Share (0–1) of replies signed with the public key when the request names no key by
    /// `Wechatpay-Serial`; the others, and every list of certificates, by certificate. At start as `--keys`
    /// says, so that it is the same as `public_key_share`; the gray switch is both together.
    pub(super) public_key_share_replies: f64,
    /// Share (0–1) of what is signed by certificate that the newest one signs, while two are in use
    /// (`POST /_sandbox/certificates`).
    pub(super) new_certificate_share: f64,
    /// How far the platform's clock is ahead (or behind, below 0) when it signs and when it judges a
    /// request's timestamp. At most a day.
    pub(super) clock_skew_seconds: i64,

    // Callbacks.
    /// Share (0–1) of callbacks signed with the public key, the others by certificate. At start as `--keys` says.
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
    /// The next attempts tell an amount one fen higher than what was paid, or refunded.
    pub(super) wrong_amount: Next,
    /// The next attempts tell another currency.
    pub(super) wrong_currency: Next,
    /// The next attempts tell another merchant.
    pub(super) wrong_mchid: Next,
    /// The next attempts tell another app.
    pub(super) wrong_appid: Next,
    /// The next attempts tell an order number that nobody has.
    pub(super) wrong_out_trade_no: Next,
    /// The next attempts about refunds tell a refund number that nobody has.
    pub(super) wrong_out_refund_no: Next,
    /// The next attempts tell an order that is not paid, or a refund of no known state.
    pub(super) wrong_trade_state: Next,
    /// The next attempts are of an event that does not exist.
    pub(super) wrong_event_type: Next,
    /// The next attempts carry a timestamp ten minutes old, rightly signed.
    pub(super) stale_timestamp: Next,
    /// The next attempts are changed after signing.
    pub(super) altered_body: Next,
    /// The notifications of the next payments are held until one about a refund of the same order
    /// has been tried.
    pub(super) out_of_order: Next,
    /// Factor on the gaps of the retry ladder: 0.001 makes 15 s 15 ms.
    pub(super) retry_scale: f64,
    /// How long the platform waits for an acknowledgement.
    pub(super) callback_timeout_ms: u64,

    // Refunds.
    /// Time from a refund's acceptance to its end.
    pub(super) refund_ms: u64,
    /// How the next refunds end: `"success"`, `"processing"` (not until it is moved by hand),
    /// `"closed"` or `"abnormal"`.
    pub(super) refund_outcome: RefundOutcome,
    /// For how many of the next refunds `refund_outcome` holds; the others succeed.
    pub(super) refund_outcome_count: Next,
    /// The next refunds are refused with `refund_refusal`, nothing done.
    pub(super) refund_refused: Next,
    /// The code of such a refusal: `"NOT_ENOUGH"`, `"USER_ACCOUNT_ABNORMAL"`, `"NO_AUTH"`,
    /// `"REQUEST_BLOCKED"` (403), `"MCH_NOT_EXISTS"`, `"RESOURCE_NOT_EXISTS"` (404).
    pub(super) refund_refusal: RefundRefusal,
    /// The next refunds end, their callbacks delivered and answered, before the replies are sent
    /// that call them PROCESSING.
    pub(super) refund_notify_before_reply: Next,
    /// Refunds without `notify_url` are told by a v2 XML notice, as when a refund URL is set in the
    /// console.
    pub(super) refund_v2_notice: bool,
    /// Least time between two refunds of one order: 1 min. Sooner is 429 `FREQUENCY_LIMITED`,
    /// nothing done; the same number later is a refund.
    pub(super) refund_gap_seconds: u32,
    /// Failing refund calls within one second after which further ones are answered 429; 0 is no
    /// limit.
    pub(super) refund_failures_per_second: u32,

    // Lives of things.
    /// Life of a `code_url`: 2 h.
    pub(super) code_life_seconds: u32,
    /// When an unpaid order is closed by the platform: 7 days.
    pub(super) order_life_seconds: u32,

    #[serde(flatten)]
    pub(super) bills: BillFaults,
    #[serde(flatten)]
    pub(super) terms: BillTerms,
}

impl Faults {
    /// As they are at start: everything well.
    pub(super) fn usual(keys: KeyMode) -> Self {
        Self {
            error_429: PerEndpoint::default(),
            error_500: PerEndpoint::default(),
            error_500_after_commit: PerEndpoint::default(),
            error_429_after_commit: PerEndpoint::default(),
            accepted_202: PerEndpoint::default(),
            accepted_202_after_commit: PerEndpoint::default(),
            stale_connection: PerEndpoint::default(),
            stale_connection_after_commit: PerEndpoint::default(),
            timeout_after_commit: PerEndpoint::default(),
            timeout_ms: 15_000,
            signtest_replies: 0.0,
            pay_before_reply: Next::default(),
            platform_down: Down::Off,
            public_key_only: false,
            public_key_share_replies: keys.public_key_share(),
            new_certificate_share: 0.0,
            clock_skew_seconds: 0,
            public_key_share: keys.public_key_share(),
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
            wrong_out_refund_no: Next::default(),
            wrong_trade_state: Next::default(),
            wrong_event_type: Next::default(),
            stale_timestamp: Next::default(),
            altered_body: Next::default(),
            out_of_order: Next::default(),
            retry_scale: 1.0,
            callback_timeout_ms: 5_000,
            refund_ms: 1_000,
            refund_outcome: RefundOutcome::Success,
            refund_outcome_count: Next::all(),
            refund_refused: Next::default(),
            refund_refusal: RefundRefusal::NotEnough,
            refund_notify_before_reply: Next::default(),
            refund_v2_notice: false,
            refund_gap_seconds: 60,
            refund_failures_per_second: 6,
            code_life_seconds: 2 * 60 * 60,
            order_life_seconds: 7 * 24 * 60 * 60,
            bills: BillFaults::default(),
            terms: BillTerms::default(),
        }
    }
}

const MOST_SKEW_SECONDS: u64 = 24 * 60 * 60;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum KnobError {
    #[error("there is no knob “{0}”")]
    Unknown(String),
    #[error("knob “{name}”: {reason}")]
    Value { name: String, reason: String },
}

impl Faults {
    pub(super) fn callback_keys(&self) -> KeyShares {
        self.key_shares(self.public_key_share)
    }

    /// Whoever downloads certificates has nothing else to verify the list with.
    pub(super) fn reply_keys(&self, endpoint: Endpoint) -> KeyShares {
        self.key_shares(if endpoint == Endpoint::Certificates { 0.0 } else { self.public_key_share_replies })
    }

    fn key_shares(&self, share: f64) -> KeyShares {
        let public_key = if self.public_key_only { 1.0 } else { share };
        KeyShares { public_key, new_certificate: self.new_certificate_share }
    }

    /// How the next refund ends; counts down.
    pub(super) fn take_refund_outcome(&mut self) -> RefundOutcome {
        if self.refund_outcome != RefundOutcome::Success && self.refund_outcome_count.take() {
            self.refund_outcome
        } else {
            RefundOutcome::Success
        }
    }

    /// What the next attempt of a notification is to have wrong; counts down.
    pub(super) fn take_twists(&mut self) -> Vec<Twist> {
        let knobs = [
            (&mut self.wrong_amount, Twist::WrongAmount),
            (&mut self.wrong_currency, Twist::WrongCurrency),
            (&mut self.wrong_mchid, Twist::WrongMchid),
            (&mut self.wrong_appid, Twist::WrongAppid),
            (&mut self.wrong_out_trade_no, Twist::WrongOutTradeNo),
            (&mut self.wrong_out_refund_no, Twist::WrongOutRefundNo),
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
        let shares = [
            faults.signtest_replies,
            faults.signtest_callbacks,
            faults.public_key_share,
            faults.public_key_share_replies,
            faults.new_certificate_share,
        ];
        if !shares.iter().all(|share| (0.0..=1.0).contains(share)) {
            return Err(refuse("a share lies between 0 and 1".to_owned()));
        }
        if !(0.0..=1000.0).contains(&faults.retry_scale) {
            return Err(refuse("the factor lies between 0 and 1000".to_owned()));
        }
        if faults.clock_skew_seconds.unsigned_abs() > MOST_SKEW_SECONDS {
            return Err(refuse("a clock is at most a day off".to_owned()));
        }
        Ok(faults)
    }
}

#[cfg(test)]
mod tests;
