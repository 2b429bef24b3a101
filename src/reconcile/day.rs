//! A day of Beijing, by which bills go: +08:00 whatever the machine's zone and season.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date, tz};

const BEIJING: tz::Offset = tz::offset(8);
/// From when on WeChat has the bill of the day before.
const READY: i8 = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BillDay(Date);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a day is written as 2026-01-31")]
pub struct InvalidDay;

impl BillDay {
    pub fn of(at: Timestamp) -> Self {
        Self(BEIJING.to_datetime(at).date())
    }

    pub const fn date(self) -> Date {
        self.0
    }

    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.days()))
    }

    #[must_use]
    pub fn minus_months(self, months: i64) -> Self {
        Self(self.0.saturating_sub(months.months()))
    }

    #[must_use]
    pub fn first_of_month(self) -> Self {
        Self(self.0.first_of_month())
    }

    #[must_use]
    pub fn last_of_month(self) -> Self {
        Self(self.0.last_of_month())
    }

    /// 0 for Monday.
    pub fn weekday_from_monday(self) -> usize {
        usize::try_from(self.0.weekday().to_monday_zero_offset()).unwrap_or_default()
    }

    fn begin(self) -> Timestamp {
        BEIJING.to_timestamp(self.0.at(0, 0, 0, 0)).unwrap_or(Timestamp::MIN)
    }

    /// Its first millisecond and the first one after it.
    pub fn span_ms(self) -> (i64, i64) {
        (self.begin().as_millisecond(), self.plus_days(1).begin().as_millisecond())
    }

    pub fn has(self, at: Timestamp) -> bool {
        Self::of(at) == self
    }

    /// From when on its bill can be fetched.
    pub fn ready(self) -> Timestamp {
        self.plus_days(1).begin() + SignedDuration::from_hours(READY.into())
    }
}

impl fmt::Display for BillDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for BillDay {
    type Err = InvalidDay;

    fn from_str(text: &str) -> Result<Self, InvalidDay> {
        let date = Some(text).filter(|text| text.len() == "2026-01-31".len()).and_then(|text| text.parse().ok());
        // What is added to a day, or taken from it, is one that there is.
        date.filter(|date: &Date| (2000..2200).contains(&date.year())).map(Self).ok_or(InvalidDay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_and_ends_in_beijing() {
        let day: BillDay = "2026-01-01".parse().expect("a day");
        let (from, to) = day.span_ms();
        assert_eq!((from, to), (1_767_196_800_000, 1_767_283_200_000));
        let at = |ms| Timestamp::from_millisecond(ms).expect("a time");
        assert!(day.has(at(from)) && day.has(at(to - 1)) && !day.has(at(to)) && !day.has(at(from - 1)));
        assert_eq!(day.ready(), at(to) + SignedDuration::from_hours(10));
        assert_eq!(day.plus_days(-1).to_string(), "2025-12-31");
        for bad in ["", "2026-1-1", "20260101", "2026-13-01", "2026-01-01T00:00:00", "9999-12-31", "1900-01-01"] {
            assert_eq!(bad.parse::<BillDay>(), Err(InvalidDay), "{bad}");
        }
    }
}
