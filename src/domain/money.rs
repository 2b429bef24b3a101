//! Money is an integer number of fen (分, 1/100 yuan) from end to end; there is no float anywhere.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount in fen, never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Fen(i64);

/// What may be less than nothing, in yuan with two decimals, as files and programs have it: a balance, a net sum.
pub fn signed_yuan(fen: i64) -> String {
    let (sign, size) = (if fen < 0 { "-" } else { "" }, fen.unsigned_abs());
    format!("{sign}{}.{:02}", size / 100, size % 100)
}

/// The same for people, with the sign of the currency: `¥12.34`, and what is less than nothing with a minus sign before
/// it, as wide as a digit, which no line breaks off.
pub fn shown_yuan(fen: i64) -> String {
    let text = signed_yuan(fen);
    text.strip_prefix('-').map_or_else(|| format!("¥{text}"), |size| format!("−¥{size}"))
}

/// The number is no amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an amount in fen must be between 0 and {max}, not {0}", max = Fen::MAX.0)]
pub struct InvalidAmount(pub i64);

impl Fen {
    pub const ZERO: Self = Self(0);
    /// Keeps every sum of amounts far from overflow and exact in a JavaScript number.
    pub const MAX: Self = Self(1_000_000_000_000);

    /// # Errors
    /// Negative, or past [`Fen::MAX`].
    pub const fn new(fen: i64) -> Result<Self, InvalidAmount> {
        if fen < 0 || fen > Self::MAX.0 { Err(InvalidAmount(fen)) } else { Ok(Self(fen)) }
    }

    /// As somebody types it: `12`, `12.3`, `12.34`. `None` for anything else.
    pub fn parse_yuan(text: &str) -> Option<Self> {
        let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || !is_number(rest) || rest.len() > 2 {
            return None;
        }
        let rest: i64 = format!("{rest:0<2}").parse().ok()?;
        Self::new(whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(rest)?).ok()
    }

    pub const fn get(self) -> i64 {
        self.0
    }

    pub fn checked_add(self, other: Self) -> Option<Self> {
        Self::new(self.0 + other.0).ok()
    }

    /// `None` when `other` is the larger one.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        Self::new(self.0 - other.0).ok()
    }
}

/// Yuan with two decimals and no currency sign: `Fen(1234)` is `12.34`.
impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl TryFrom<i64> for Fen {
    type Error = InvalidAmount;

    fn try_from(fen: i64) -> Result<Self, InvalidAmount> {
        Self::new(fen)
    }
}

impl From<Fen> for i64 {
    fn from(fen: Fen) -> Self {
        fen.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_may_be_less_than_nothing() {
        for (fen, yuan) in [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-12_345, "-123.45")] {
            assert_eq!(signed_yuan(fen), yuan);
        }
        assert_eq!(signed_yuan(i64::MIN), "-92233720368547758.08");
    }

    #[test]
    fn people_see_a_minus_sign_before_the_currency() {
        let shown = [(-73_502, "−¥735.02"), (73_502, "¥735.02"), (0, "¥0.00"), (-1, "−¥0.01")];
        for (fen, yuan) in shown {
            assert_eq!(shown_yuan(fen), yuan);
        }
    }

    #[test]
    fn yuan_are_read_as_people_type_them() {
        for (text, fen) in [("12", 1_200), ("12.3", 1_230), ("12.34", 1_234), ("0.01", 1), ("007", 700)] {
            assert_eq!(Fen::parse_yuan(text).map(Fen::get), Some(fen), "{text}");
        }
        for bad in ["", ".", "1.", ".5", "1.234", "-1", "+1", "1e3", "1,000", "１", "99999999999999999999"] {
            assert_eq!(Fen::parse_yuan(bad), None, "{bad}");
        }
    }

    #[test]
    fn shows_yuan_with_two_decimals() {
        for (fen, yuan) in [(0, "0.00"), (1, "0.01"), (10, "0.10"), (100, "1.00"), (1_234_567, "12345.67")] {
            assert_eq!(Fen(fen).to_string(), yuan);
        }
    }

    #[test]
    fn refuses_what_is_no_amount() {
        assert_eq!(Fen::new(-1), Err(InvalidAmount(-1)));
        assert!(Fen::new(Fen::MAX.0 + 1).is_err());
        assert!(serde_json::from_str::<Fen>("-5").is_err());
        assert!(serde_json::from_str::<Fen>("1.5").is_err());
    }

    #[test]
    fn sums_stay_in_range() {
        assert_eq!(Fen(2).checked_add(Fen(3)), Some(Fen(5)));
        assert_eq!(Fen::MAX.checked_add(Fen(1)), None);
        assert_eq!(Fen(2).checked_sub(Fen(3)), None);
    }
}
