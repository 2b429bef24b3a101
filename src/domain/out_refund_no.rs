//! `out_refund_no` (商户退款单号): our number for one refund, and what makes repeating it harmless.

use std::fmt;

use serde::{Deserialize, Serialize};

/// 1 to 64 characters. Those that we make or are given are of `[0-9A-Za-z_-]`; a refund that was made
/// elsewhere may bear any that WeChat allows (`wechatpay-v3.md` §7.1): `|`, `*` and `@` too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OutRefundNo(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("out_refund_no must be 1 to 64 characters of 0-9, A-Z, a-z, _ and -")]
pub struct InvalidOutRefundNo;

impl OutRefundNo {
    /// Of ours: not every HTTP stack leaves `|`, `*` and `@` alone in a path, so we make none with them.
    ///
    /// # Errors
    /// Wrong length or a character outside the set.
    pub fn parse(text: &str) -> Result<Self, InvalidOutRefundNo> {
        Self::of(text, b"_-")
    }

    /// Of anybody's: whatever WeChat allows, for a refund that is made elsewhere gives back no less.
    ///
    /// # Errors
    /// Wrong length or a character that WeChat does not allow.
    pub fn parse_any(text: &str) -> Result<Self, InvalidOutRefundNo> {
        Self::of(text, b"_-|*@")
    }

    fn of(text: &str, signs: &[u8]) -> Result<Self, InvalidOutRefundNo> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || signs.contains(&b);
        if (1..=64).contains(&text.len()) && text.bytes().all(legal) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidOutRefundNo)
        }
    }

    /// `yyyymmddHHMMSS` as given, then 18 characters of 5 bits from `random`, as in an
    /// [`OutTradeNo`](super::OutTradeNo).
    ///
    /// # Errors
    /// `beijing_second` is no such text.
    pub fn build(beijing_second: &str, random: [u8; 18]) -> Result<Self, InvalidOutRefundNo> {
        /// Without I, L, O and U, which are misread on paper and over the phone.
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let tail = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
        Self::parse(&beijing_second.chars().chain(tail).collect::<String>())
    }

    /// The number under which a surplus payment is given back: `S…`, then `S…-2`, `S…-3` once the one
    /// before has failed. It follows from the transaction and from how many were there before, whoever
    /// asks and how often: two automatic refunds of the same money at once cannot have two numbers, and
    /// so cannot be made. No built number begins with `S`.
    ///
    /// # Errors
    /// The transaction id has characters or a length that no number can have.
    pub fn surplus_of(transaction_id: &str, before: usize) -> Result<Self, InvalidOutRefundNo> {
        match before {
            _ if transaction_id.is_empty() => Err(InvalidOutRefundNo),
            0 => Self::parse(&format!("S{transaction_id}")),
            before => Self::parse(&format!("S{transaction_id}-{}", before.saturating_add(1))),
        }
    }

    /// It may be the number of a surplus that goes back by itself, now or later: nobody gives it to another refund.
    pub fn is_of_surplus(&self) -> bool {
        self.0.strip_prefix('S').is_some_and(|rest| rest.starts_with(|it: char| it.is_ascii_digit()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OutRefundNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for OutRefundNo {
    type Error = InvalidOutRefundNo;

    fn try_from(text: String) -> Result<Self, InvalidOutRefundNo> {
        Self::parse(&text)
    }
}

impl From<OutRefundNo> for String {
    fn from(number: OutRefundNo) -> Self {
        number.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_32_characters_that_parse() {
        let number = OutRefundNo::build("20261123135222", [255; 18]).expect("legal");
        assert_eq!(number.as_str(), "20261123135222ZZZZZZZZZZZZZZZZZZ");
        assert_eq!(OutRefundNo::parse(number.as_str()), Ok(number));
    }

    #[test]
    fn the_numbers_of_a_surplus_follow_from_its_transaction() {
        let number = |before| OutRefundNo::surplus_of("4200001234202601010000000001", before).expect("legal");
        assert_eq!(number(0).as_str(), "S4200001234202601010000000001");
        assert_eq!((number(1).as_str(), number(0)), ("S4200001234202601010000000001-2", number(0)));
        assert_eq!(number(2).as_str(), "S4200001234202601010000000001-3");
        for bad in ["", &"1".repeat(64), "42/00", "42 00", "四二"] {
            assert_eq!(OutRefundNo::surplus_of(bad, 0), Err(InvalidOutRefundNo), "{bad:?}");
        }
    }

    #[test]
    fn refuses_other_lengths_and_characters() {
        assert!(OutRefundNo::parse("1").is_ok() && OutRefundNo::parse(&"1".repeat(64)).is_ok());
        for bad in ["", &"1".repeat(65), "1234 6", "1|", "1*", "1@", "１２", "12345\n", "../../x"] {
            assert_eq!(OutRefundNo::parse(bad), Err(InvalidOutRefundNo), "{bad:?}");
        }
    }

    #[test]
    fn a_refund_made_elsewhere_may_bear_what_wechat_allows() {
        for number in ["REF|2026*1@shop", "a", &"@".repeat(64), "_-|*@"] {
            assert_eq!(OutRefundNo::parse_any(number).as_ref().map(OutRefundNo::as_str), Ok(number));
        }
        for bad in ["", &"@".repeat(65), "a b", "a/b", "a%7Cb", "退款", "1\n"] {
            assert_eq!(OutRefundNo::parse_any(bad), Err(InvalidOutRefundNo), "{bad:?}");
        }
    }
}
