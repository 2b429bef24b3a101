//! Beijing days: +08:00, whatever the machine's zone is.

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
    tz,
};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A day of Beijing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(Date);

/// From the first to the last of them, both in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    pub first: Day,
    pub last: Day,
}

impl Day {
    pub fn of(at: Timestamp) -> Self {
        Self(tz::offset(8).to_datetime(at).date())
    }

    /// `2026-11-26`.
    pub fn parse(text: &str) -> Option<Self> {
        let date: Date = text.parse().ok().filter(|_| text.len() == 10)?;
        // Far from the ends of what a time can be.
        (1970..=9000).contains(&date.year()).then_some(Self(date))
    }

    pub fn begin(self) -> Timestamp {
        tz::offset(8).to_timestamp(self.0.to_datetime(Time::midnight())).unwrap_or(Timestamp::MIN)
    }

    pub fn end(self) -> Timestamp {
        self.begin().saturating_add(DAY).unwrap_or(Timestamp::MAX)
    }

    /// So many days before it.
    #[must_use]
    pub fn before(self, days: i32) -> Self {
        let passed = SignedDuration::from_hours(i64::from(days) * 24);
        Self::of(self.begin().saturating_sub(passed).unwrap_or(Timestamp::MIN))
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_beijing() {
        let day = Day::parse("2026-01-01").expect("a day");
        assert_eq!(day.begin().to_string(), "2025-12-31T16:00:00Z");
        assert_eq!(day.end(), Day::parse("2026-01-02").expect("a day").begin());
        let last = SignedDuration::from_millis(1);
        assert_eq!((Day::of(day.begin()), Day::of(day.begin() - last).to_string()), (day, "2025-12-31".to_owned()));
        assert_eq!(day.before(31).to_string(), "2025-12-01");
    }

    #[test]
    fn what_is_no_day_is_none() {
        for text in ["", "2026-02-30", "2026-1-1", "20260101", "2026-01-01T00:00", "9999-01-01", "-000001-01", "今天"]
        {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }
}
