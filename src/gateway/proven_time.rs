//! Whether this machine's clock can be trusted with what cannot be undone. WeChat signs the time of every answer,
//! and one that is minutes away from ours does not verify: an answer that has verified proves that the clock was
//! right. It stays proven for as long as the clock goes along with one that nobody can set.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;

/// A clock is corrected by so much, at most, without anybody having set it.
const CORRECTION: SignedDuration = SignedDuration::from_mins(5);

/// What both clocks said when an answer had last verified.
#[derive(Clone, Debug, Default)]
pub(super) struct ProvenTime(Arc<Mutex<Option<(Timestamp, Duration)>>>);

impl ProvenTime {
    pub(super) fn note(&self, clock: &Clock) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((clock.now(), clock.elapsed()));
    }

    /// What time it is; `None` when nobody but this machine says so.
    pub(super) fn now(&self, clock: &Clock) -> Option<Timestamp> {
        let (wall, steady) = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        let now = clock.now();
        let passed = SignedDuration::try_from(clock.elapsed().saturating_sub(steady)).ok()?;
        let astray = now.duration_since(wall).checked_sub(passed)?;
        (astray.abs() <= CORRECTION).then_some(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_trusted_after_an_answer_and_until_somebody_sets_it() {
        let clock = Clock::mock(Timestamp::constant(1_700_000_000, 0));
        let proven = ProvenTime::default();
        clock.advance(SignedDuration::from_hours(48));
        assert_eq!(proven.now(&clock), None, "it may have been wrong from the start");
        proven.note(&clock);
        clock.advance(SignedDuration::from_hours(500 * 24));
        clock.set(SignedDuration::from_mins(4));
        assert_eq!(proven.now(&clock), Some(clock.now()), "off for months or busy for months, it has gone along");
        for years in [10 * 365 * 24, -20 * 365 * 24] {
            clock.set(SignedDuration::from_hours(years));
            assert_eq!(proven.now(&clock), None);
        }
        proven.note(&clock);
        assert_eq!(proven.now(&clock), Some(clock.now()));
    }
}
