//! One notification and everything that became of it (`wechatpay-v3.md` §6.3).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::refund::RefundStatus;

/// Gaps before the 15 retries, in seconds.
const LADDER: [i64; 15] = [15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10_800, 10_800, 10_800, 21_600, 21_600];

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::sandbox) struct Delivery {
    /// Position in the order of creation.
    pub(in crate::sandbox) number: u64,
    /// `id` of the notification, the same in every attempt.
    pub(in crate::sandbox) id: String,
    pub(in crate::sandbox) subject: Subject,
    pub(in crate::sandbox) notify_url: String,
    pub(in crate::sandbox) created_ms: i64,
    pub(in crate::sandbox) attempts: Vec<Attempt>,
    pub(in crate::sandbox) progress: Progress,
}

/// When a notification goes out for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum FirstTry {
    At(Timestamp),
    /// Once a refund of the same order has been told: the `out_of_order` knob.
    AfterRefund,
}

/// A delivery that the books have not numbered yet.
pub(in crate::sandbox) struct NewDelivery {
    pub(in crate::sandbox) id: String,
    pub(in crate::sandbox) subject: Subject,
    pub(in crate::sandbox) notify_url: String,
    pub(in crate::sandbox) created: Timestamp,
    pub(in crate::sandbox) first_try: FirstTry,
}

impl NewDelivery {
    pub(in crate::sandbox) fn into_delivery(self, number: u64) -> Delivery {
        Delivery {
            number,
            id: self.id,
            subject: self.subject,
            notify_url: self.notify_url,
            created_ms: self.created.as_millisecond(),
            attempts: Vec::new(),
            progress: Progress::start(self.first_try),
        }
    }
}

/// What the notification is about; its text is written anew for every attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::sandbox) enum Subject {
    Payment {
        out_trade_no: String,
    },
    Refund {
        out_trade_no: String,
        out_refund_no: String,
        /// What it had become: it may be something else by now.
        status: RefundStatus,
    },
    /// The same in the XML of before `APIv3`.
    RefundV2 {
        out_trade_no: String,
        out_refund_no: String,
    },
    Echo {
        message: String,
        encrypted: Option<String>,
    },
}

impl Subject {
    pub(in crate::sandbox) fn out_trade_no(&self) -> Option<&str> {
        match self {
            Self::Payment { out_trade_no }
            | Self::Refund { out_trade_no, .. }
            | Self::RefundV2 { out_trade_no, .. } => Some(out_trade_no),
            Self::Echo { .. } => None,
        }
    }

    pub(in crate::sandbox) fn out_refund_no(&self) -> Option<&str> {
        match self {
            Self::Refund { out_refund_no, .. } | Self::RefundV2 { out_refund_no, .. } => Some(out_refund_no),
            Self::Payment { .. } | Self::Echo { .. } => None,
        }
    }

    /// None for a v2 notice, which has no such thing.
    pub(in crate::sandbox) const fn event_type(&self) -> Option<&'static str> {
        match self {
            Self::Payment { .. } => Some("TRANSACTION.SUCCESS"),
            Self::Refund { status: RefundStatus::Closed, .. } => Some("REFUND.CLOSED"),
            Self::Refund { status: RefundStatus::Abnormal, .. } => Some("REFUND.ABNORMAL"),
            Self::Refund { .. } => Some("REFUND.SUCCESS"),
            Self::RefundV2 { .. } => None,
            Self::Echo { .. } => Some("SECURITY_ECHO.SUCCESS"),
        }
    }
}

impl Delivery {
    /// The order whose refund this waits for.
    pub(in crate::sandbox) fn held_for(&self) -> Option<&str> {
        let held = self.progress.state == State::Pending && self.progress.next_try_ms.is_none();
        self.subject.out_trade_no().filter(|_| held)
    }
}

/// Where on the ladder a delivery stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::sandbox) struct Progress {
    pub(in crate::sandbox) state: State,
    /// Rungs used.
    pub(in crate::sandbox) retries: usize,
    pub(in crate::sandbox) next_try_ms: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::sandbox) enum State {
    Pending,
    Accepted,
    /// The ladder is at its end.
    GivenUp,
}

/// One POST, or one that was lost on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::sandbox) struct Attempt {
    pub(in crate::sandbox) at_ms: i64,
    pub(in crate::sandbox) result: Outcome,
    pub(in crate::sandbox) duration_ms: u64,
    /// Which key signed; empty for a v2 notice.
    pub(in crate::sandbox) serial: String,
    /// What was wrong or special about it, by the names of the knobs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::sandbox) faults: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::sandbox) enum Outcome {
    /// The status alone decides; the text is kept for people.
    Answered {
        status: u16,
        text: String,
    },
    Timeout,
    /// Why is not known: it is of an older journal.
    Unreachable,
    Failed {
        reason: Reason,
        detail: String,
    },
    /// Never sent: the `drop` knob.
    Dropped,
}

/// What kept a notification from the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::sandbox) enum Reason {
    /// The host has no address.
    Name,
    /// Nobody listens there.
    Refused,
    /// No TLS: a certificate that nobody trusts, say.
    Tls,
    /// The platform itself: there was nothing to send.
    Platform,
    /// The connection was not made for another reason, or ended without an answer.
    Connection,
}

impl Outcome {
    /// One word for why this is no acknowledgement.
    pub(in crate::sandbox) const fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Answered { status: 200 | 204, .. } => None,
            Self::Answered { .. } => Some("status"),
            Self::Timeout => Some("time"),
            Self::Failed { reason: Reason::Name, .. } => Some("name"),
            Self::Failed { reason: Reason::Refused, .. } => Some("refused"),
            Self::Failed { reason: Reason::Tls, .. } => Some("tls"),
            Self::Failed { reason: Reason::Platform, .. } => Some("platform"),
            Self::Failed { reason: Reason::Connection, .. } | Self::Unreachable => Some("connection"),
            Self::Dropped => Some("drop"),
        }
    }

    /// 200 and 204 are acknowledgements; 201, redirects and all else are not.
    pub(in crate::sandbox) const fn is_acknowledged(&self) -> bool {
        matches!(self, Self::Answered { status: 200 | 204, .. })
    }
}

impl Progress {
    pub(in crate::sandbox) fn start(first_try: FirstTry) -> Self {
        let next_try_ms = match first_try {
            FirstTry::At(at) => Some(at.as_millisecond()),
            FirstTry::AfterRefund => None,
        };
        Self { state: State::Pending, retries: 0, next_try_ms }
    }

    /// Once more, whatever has become of it.
    pub(in crate::sandbox) const fn again(&self, at_ms: i64) -> Self {
        Self { state: State::Pending, retries: self.retries, next_try_ms: Some(at_ms) }
    }

    pub(in crate::sandbox) const fn accepted(&self) -> Self {
        Self { state: State::Accepted, retries: self.retries, next_try_ms: None }
    }

    /// The next rung, its gap times `scale`.
    pub(in crate::sandbox) fn failed(&self, now: Timestamp, scale: f64) -> Self {
        let Some(gap) = LADDER.get(self.retries) else {
            return Self { state: State::GivenUp, retries: self.retries, next_try_ms: None };
        };
        let gap = scaled(*gap, scale);
        let next = now.saturating_add(gap).unwrap_or(Timestamp::MAX);
        Self { state: State::Pending, retries: self.retries + 1, next_try_ms: Some(next.as_millisecond()) }
    }
}

#[expect(clippy::float_arithmetic, reason = "a factor for tests, not money")]
fn scaled(seconds: i64, scale: f64) -> SignedDuration {
    let seconds = SignedDuration::from_secs(seconds).as_secs_f64() * scale;
    SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn climbs_the_ladder_in_24_hours_and_4_minutes() {
        let start = Timestamp::UNIX_EPOCH;
        let mut progress = Progress::start(FirstTry::At(start));
        let mut tries = Vec::new();
        while let Some(next) = progress.next_try_ms {
            tries.push(next / 1000);
            progress = progress.failed(Timestamp::from_millisecond(next).expect("in range"), 1.0);
        }
        assert_eq!(progress.state, State::GivenUp);
        assert_eq!(tries.len(), 16);
        assert_eq!(tries[..6], [0, 15, 30, 60, 240, 840]);
        assert_eq!(tries[15], 24 * 3600 + 4 * 60);
    }

    #[test]
    fn scales() {
        let progress = Progress::start(FirstTry::At(Timestamp::UNIX_EPOCH)).failed(Timestamp::UNIX_EPOCH, 0.001);
        assert_eq!(progress.next_try_ms, Some(15));
    }

    #[test]
    fn only_200_and_204_acknowledge() {
        for status in 100..600 {
            let answered = Outcome::Answered { status, text: String::new() };
            assert_eq!(answered.is_acknowledged(), status == 200 || status == 204, "{status}");
        }
        assert!(!Outcome::Timeout.is_acknowledged() && !Outcome::Dropped.is_acknowledged());
    }
}
