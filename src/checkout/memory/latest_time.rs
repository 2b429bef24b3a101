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

    /// Whether it was later than the clock shows by more than that can err; from then on what it shows is the latest.
    pub(crate) fn has_fallen_back(&self, clock: impl Fn() -> Timestamp) -> bool {
        // In this order: whoever is held up in between has not seen time go back.
        let latest = self.0.load(Ordering::SeqCst);
        let now = clock().as_millisecond();
        let has_fallen_back = i128::from(latest) - i128::from(now) > STEP.as_millis();
        if has_fallen_back {
            self.0.store(now, Ordering::SeqCst);
        } else {
            self.0.fetch_max(now, Ordering::SeqCst);
        }
        has_fallen_back
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
        let has_fallen_back = |second| latest.has_fallen_back(|| at(second));
        assert!(!has_fallen_back(1000));
        latest.note(at(8200));
        assert!(has_fallen_back(1005), "ahead between two beats");
        assert!(!has_fallen_back(1010), "told once");
        assert!(!has_fallen_back(950), "a minute is not too much");
    }
}
