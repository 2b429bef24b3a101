//! When an order that nobody looks at is looked after by itself.

use jiff::{SignedDuration, Timestamp};

use crate::{checkout::pauses::pause, storage::orders::Due as DueOrder};

/// The shortest and the longest pause between two looks at an order that can be paid and whose page is closed:
/// ever longer, and a payment without a callback is booked within a minute all the same.
const LOOK: (SignedDuration, SignedDuration) = (SignedDuration::from_secs(30), SignedDuration::from_secs(45));

/// When an order is looked at next that was looked at `now` and can be paid until `expires`, for `pay_time` in all.
pub(super) fn next_look(now: Timestamp, expires: Timestamp, pay_time: SignedDuration) -> Timestamp {
    if now >= expires {
        return now + pause(now.duration_since(expires));
    }
    let age = now.duration_since(expires - pay_time);
    expires.min(now + (age / 2).clamp(LOOK.0, LOOK.1))
}

/// Of one that is due; one whose deadline is nonsense as if that was now.
pub(crate) fn next_look_at(order: DueOrder, now: Timestamp, pay_time: SignedDuration) -> Timestamp {
    next_look(now, Timestamp::from_millisecond(order.expires_ms).unwrap_or(now), pay_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAY_TIME: SignedDuration = SignedDuration::from_secs(900);

    const fn at(second: i64) -> Timestamp {
        Timestamp::constant(second, 0)
    }

    fn looks(from: i64) -> impl Iterator<Item = Timestamp> {
        std::iter::successors(Some(at(from)), |now| Some(next_look(*now, at(900), PAY_TIME)))
    }

    #[test]
    fn a_payable_order_is_looked_at_ever_more_rarely_and_at_its_deadline() {
        assert_eq!(looks(0).take(7).collect::<Vec<_>>(), [0, 30, 60, 90, 135, 180, 225].map(at));
        assert_eq!(looks(890).nth(1), Some(at(900)));
    }

    #[test]
    fn what_should_have_ended_is_tried_again_ever_more_rarely() {
        let gaps = looks(900).zip(looks(900).skip(1)).map(|(one, next)| next.duration_since(one).as_secs());
        assert_eq!(gaps.take(12).collect::<Vec<_>>(), [5, 5, 5, 7, 11, 16, 25, 37, 56, 85, 128, 192]);
        assert_eq!(next_look(at(90_000), at(900), PAY_TIME), at(90_300));
    }
}
