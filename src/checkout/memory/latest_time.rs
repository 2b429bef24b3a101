//! The latest time that anything here has planned by.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// A clock this far back, or more, has been set.
pub(crate) const STEP: SignedDuration = SignedDuration::from_secs(60);

/// The latest wall time that anything here has planned by, in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct LatestTime(AtomicI64);

impl LatestTime {
    pub(crate) fn note(&self, now: Timestamp) {
        self.0.fetch_max(now.as_millisecond(), Ordering::SeqCst);
    }

    /// Whether it was later than `now` by more than a clock can err; from then on `now` is the latest.
    pub(crate) fn has_fallen_back(&self, now: Timestamp) -> bool {
        let latest = self.0.swap(now.as_millisecond(), Ordering::SeqCst);
        i128::from(latest) - i128::from(now.as_millisecond()) > STEP.as_millis()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(second: i64) -> Timestamp {
        Timestamp::constant(second, 0)
    }

    #[test]
    fn a_time_that_others_have_planned_by_counts_as_well() {
        let latest = LatestTime::default();
        assert!(!latest.has_fallen_back(at(1000)));
        latest.note(at(8200));
        assert!(latest.has_fallen_back(at(1005)), "ahead between two beats");
        assert!(!latest.has_fallen_back(at(1010)), "told once");
        assert!(!latest.has_fallen_back(at(950)), "a minute is not too much");
    }
}
