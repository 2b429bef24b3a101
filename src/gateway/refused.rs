//! Whether WeChat refuses whatever this process signs. It does so when our clock is more than five minutes away from
//! its own (`SIGN_ERROR`, or an answer whose signature is of another time than ours), and `Date` on its replies says
//! what time it is there. Such an answer is not signed: what it says stops nobody for good, it only makes an instance
//! that can do nothing leave what there is to do to others. One word that our signature was good ends it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::{HeaderMap, header::DATE};
use jiff::{SignedDuration, Timestamp};

use super::error::{Alarm, Cause, GatewayError, UnknownOutcome};
use crate::{
    clock::Clock,
    wechatpay::{ErrorCode, VerifyError},
};

/// As far as WeChat lets a clock be away from its own.
const TOLERATED: SignedDuration = SignedDuration::from_mins(5);
/// Refused for so long without a good word, it is not one request that is at fault.
const LONG: Duration = Duration::from_mins(5);

/// Why nothing that this process asks is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Its clock is so much ahead of WeChat's; behind, if negative.
    Clock { astray: SignedDuration },
    /// Every signature, for minutes.
    Signature,
}

#[derive(Clone, Copy, Debug)]
struct Refused {
    since: Duration,
    last: Duration,
    /// What WeChat's clock and our steady one said, at the last refusal that told.
    theirs: Option<(Timestamp, Duration)>,
}

/// What the answers since the last good word have said.
#[derive(Clone, Debug, Default)]
pub(super) struct Refusals(Arc<Mutex<Option<Refused>>>);

impl Refusals {
    /// Listens to what became of a call that was answered.
    pub(super) fn hear(&self, clock: &Clock, headers: &HeaderMap, error: Option<&GatewayError>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match error.map(is_of_signature) {
            Some(Word::Refused) => {
                let now = clock.elapsed();
                let theirs = date(headers).map(|date| (date, now));
                let refused = state.get_or_insert(Refused { since: now, last: now, theirs });
                refused.last = now;
                refused.theirs = theirs.or(refused.theirs);
            }
            None | Some(Word::Accepted) => *state = None,
            Some(Word::Nothing) => {}
        }
    }

    pub(super) fn standing(&self, clock: &Clock) -> Option<Refusal> {
        let refused = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        let astray = refused.theirs.and_then(|(date, at)| {
            let passed = SignedDuration::try_from(clock.elapsed().saturating_sub(at)).ok()?;
            clock.now().duration_since(date).checked_sub(passed)
        });
        match astray {
            Some(astray) if astray.abs() > TOLERATED => Some(Refusal::Clock { astray }),
            _ => (refused.last.saturating_sub(refused.since) >= LONG).then_some(Refusal::Signature),
        }
    }
}

/// What an error says of our signature.
enum Word {
    Refused,
    /// WeChat says no to something else: it knows who asks.
    Accepted,
    Nothing,
}

const fn is_of_signature(error: &GatewayError) -> Word {
    match error {
        GatewayError::Misconfigured(Alarm::Refused(rejection))
            if matches!(rejection.told.code, ErrorCode::SignError) =>
        {
            Word::Refused
        }
        GatewayError::Unknown(UnknownOutcome {
            cause: Cause::Unverified(VerifyError::OutsideWindow { .. }), ..
        }) => Word::Refused,
        GatewayError::Rejected(_) | GatewayError::Misconfigured(Alarm::Refused(_) | Alarm::ApiV3Key) => Word::Accepted,
        GatewayError::Misconfigured(Alarm::Sign(_)) | GatewayError::Unknown(_) => Word::Nothing,
    }
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(DATE)?.to_str().ok()?;
    jiff::fmt::rfc2822::parse(text).ok().map(|date| date.timestamp())
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, StatusCode};

    use super::*;
    use crate::{
        gateway::error::{Rejection, Told},
        wechatpay::Interface,
    };

    fn refusal(code: ErrorCode) -> GatewayError {
        let rejection = Rejection {
            status: StatusCode::UNAUTHORIZED,
            told: Told { code, interface: Interface::Query },
            message: String::new(),
            field: None,
            request_id: None,
        };
        if rejection.told.code.is_configuration() {
            Alarm::Refused(rejection).into()
        } else {
            GatewayError::Rejected(rejection)
        }
    }

    fn dated(date: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(DATE, HeaderValue::from_static(date))])
    }

    #[test]
    fn a_clock_that_is_far_from_wechats_is_known_by_one_refusal_until_it_is_right() {
        // Sun, 06 Nov 1994 08:49:37 GMT, and two hours ahead of it.
        let clock = Clock::mock(Timestamp::constant(784_111_777 + 7200, 0));
        let refusals = Refusals::default();
        refusals.hear(&clock, &dated("Sun, 06 Nov 1994 08:49:37 GMT"), Some(&refusal(ErrorCode::SignError)));
        clock.advance(SignedDuration::from_mins(3));
        assert_eq!(refusals.standing(&clock), Some(Refusal::Clock { astray: SignedDuration::from_hours(2) }));
        clock.set(SignedDuration::from_hours(-2));
        assert_eq!(refusals.standing(&clock), None, "set right, and nobody was asked");
        clock.set(SignedDuration::from_hours(-2));
        assert_eq!(refusals.standing(&clock), Some(Refusal::Clock { astray: SignedDuration::from_hours(-2) }));
        refusals.hear(&clock, &HeaderMap::new(), Some(&GatewayError::not_asked()));
        assert!(refusals.standing(&clock).is_some(), "that says nothing");
        refusals.hear(&clock, &HeaderMap::new(), Some(&refusal(ErrorCode::OrderNotExist)));
        assert_eq!(refusals.standing(&clock), None, "WeChat knows who asks");
    }

    #[test]
    fn a_refusal_at_the_right_time_counts_when_it_lasts() {
        let clock = Clock::mock(Timestamp::constant(784_111_777, 0));
        let refusals = Refusals::default();
        for minute in 0..6 {
            assert_eq!(refusals.standing(&clock), None, "{minute}");
            refusals.hear(&clock, &HeaderMap::new(), Some(&refusal(ErrorCode::SignError)));
            clock.advance(SignedDuration::from_mins(1));
        }
        assert_eq!(refusals.standing(&clock), Some(Refusal::Signature));
        refusals.hear(&clock, &HeaderMap::new(), None);
        assert_eq!(refusals.standing(&clock), None);
    }
}
