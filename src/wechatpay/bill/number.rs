//! Amounts, rates and times as a bill writes them → exact integers. No float on the way.

use std::fmt;

use jiff::{Timestamp, civil::DateTime, tz};

/// An amount of fees, in thousandths of a fen: bills give five decimals of a yuan. Less than nothing where a refund
/// brings a fee back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fee(i64);

impl Fee {
    pub const fn from_thousandths(thousandths: i64) -> Self {
        Self(thousandths)
    }

    pub const fn thousandths(self) -> i64 {
        self.0
    }

    /// To the nearest fen, half a fen away from zero.
    pub const fn fen(self) -> i64 {
        (self.0 + if self.0 < 0 { -500 } else { 500 }) / 1000
    }
}

impl fmt::Display for Fee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let size = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:05}", size / 100_000, size % 100_000)
    }
}

/// A rate of fees, in millionths: `0.60%` is 6000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(i64);

impl Rate {
    /// `0.60%`.
    pub fn parse(text: &str) -> Option<Self> {
        fixed(text.trim().strip_suffix('%')?.trim(), 4).map(Self).filter(|rate| (0..=1_000_000).contains(&rate.0))
    }

    /// More than all of it is none.
    pub fn from_millionths(millionths: u32) -> Self {
        Self(i64::from(millionths.min(1_000_000)))
    }

    pub const fn millionths(self) -> i64 {
        self.0
    }

    /// What it takes of so many fen.
    pub fn of(self, fen: i64) -> Fee {
        let fee = i128::from(fen) * i128::from(self.0) / 1000;
        Fee(i64::try_from(fee).unwrap_or(if fee < 0 { i64::MIN } else { i64::MAX }))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 10_000, self.0 % 10_000 / 100)?;
        match self.0 % 100 {
            0 => f.write_str("%"),
            rest => write!(f, "{rest:02}%"),
        }
    }
}

/// `12.30` with two decimals is 1230. What has more decimals than that must have zeros there.
pub(super) fn fixed(text: &str, decimals: usize) -> Option<i64> {
    let (is_negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 15 || !is_plain(whole) || !is_plain(part) {
        return None;
    }
    let (part, beyond) = part.split_at(part.len().min(decimals));
    if beyond.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let digit = |value: i64, byte: u8| value.checked_mul(10)?.checked_add(i64::from(byte - b'0'));
    let value = whole.bytes().chain(part.bytes()).try_fold(0, digit)?;
    let value = (part.len()..decimals).try_fold(value, |value, _| value.checked_mul(10))?;
    Some(if is_negative { -value } else { value })
}

/// Fen of an amount in yuan; some are less than nothing.
pub(super) fn fen(text: &str) -> Option<i64> {
    fixed(text, 2)
}

pub(super) fn fee(text: &str) -> Option<Fee> {
    fixed(text, 5).map(Fee)
}

/// Beijing time, without saying so.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let time: DateTime = text.parse().ok()?;
    // `parse` takes dates alone, and zones, which it leaves out.
    if text.len() != "2026-01-01 00:00:00".len() {
        return None;
    }
    tz::offset(8).to_timestamp(time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        for (text, value) in [
            ("0.00", Some(0)),
            ("0.01", Some(1)),
            ("0.1", Some(10)),
            ("-0.01", Some(-1)),
            ("12", Some(1200)),
            ("45.0", Some(4500)),
            ("19.990", Some(1999)),
            ("19.991", None),
            ("10000000000.00", Some(1_000_000_000_000)),
            ("9999999999999999.00", None),
            ("1,000.00", None),
            ("", None),
            (".5", None),
            ("1e3", None),
            ("+1", None),
            ("--1", None),
            ("１", None),
        ] {
            assert_eq!(fen(text), value, "{text}");
        }
        assert_eq!(fee("-0.00600").map(Fee::thousandths), Some(-600));
    }

    #[test]
    fn fees_are_rounded_to_the_nearest_fen() {
        for (thousandths, fen) in [(0, 0), (499, 0), (500, 1), (-499, 0), (-500, -1), (1_499, 1)] {
            assert_eq!(Fee(thousandths).fen(), fen, "{thousandths}");
        }
        assert_eq!((Fee(600).to_string(), Fee(-123_456).to_string()), ("0.00600".into(), "-1.23456".into()));
    }

    #[test]
    fn a_rate_takes_its_part() {
        let rate = Rate::parse("0.60%").expect("a rate");
        assert_eq!((rate.millionths(), rate.to_string()), (6000, "0.60%".to_owned()));
        assert_eq!(rate.of(100), Fee(600));
        assert_eq!(Rate::parse("0.5425%").map(|rate| rate.to_string()), Some("0.5425%".to_owned()));
        for bad in ["", "0.60", "%", "0.60001%", "-1%", "101%"] {
            assert_eq!(Rate::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn times_are_beijings() {
        assert_eq!(time("1970-01-01 08:00:00"), Some(Timestamp::UNIX_EPOCH));
        assert_eq!(time("2026-01-01 00:00:00").map(Timestamp::as_second), Some(1_767_196_800));
        for bad in ["", "0", "2026-01-01", "2026-01-01 00:00", "2026-02-30 00:00:00", "2026-01-01 00:00:00Z"] {
            assert_eq!(time(bad), None, "{bad}");
        }
    }
}
