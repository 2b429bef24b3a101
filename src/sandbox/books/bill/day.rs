//! A merchant's day, and what of it is asked for.

use jiff::{Timestamp, civil::Date, tz};

/// Which of a day's trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Trades {
    All,
    Success,
    Refund,
}

/// A merchant's day in Beijing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sandbox) struct Day(Date);

impl Day {
    pub(in crate::sandbox) const fn new(date: Date) -> Self {
        Self(date)
    }

    pub(in crate::sandbox) fn of(at: Timestamp) -> Self {
        Self(tz::offset(8).to_datetime(at).date())
    }

    pub(in crate::sandbox) const fn date(self) -> Date {
        self.0
    }

    pub(super) fn has(self, at_ms: i64) -> bool {
        Timestamp::from_millisecond(at_ms).is_ok_and(|at| Self::of(at) == self)
    }

    pub(super) fn begin_ms(self) -> i64 {
        tz::offset(8).to_timestamp(self.0.at(0, 0, 0, 0)).unwrap_or_default().as_millisecond()
    }
}
