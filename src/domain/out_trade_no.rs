//! `out_trade_no` (商户订单号): our number for one payment attempt.

use std::fmt;

use serde::{Deserialize, Serialize};

/// 6 to 32 of `[0-9A-Za-z_-]` (`wechatpay-v3.md` §5.1; `|` and `*` are legal there, but not every
/// HTTP stack leaves `|` alone in a path, so we neither make nor accept them).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OutTradeNo(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("out_trade_no must be 6 to 32 characters of 0-9, A-Z, a-z, _ and -")]
pub struct InvalidOutTradeNo;

impl OutTradeNo {
    /// # Errors
    /// Wrong length or a character outside the set.
    pub fn parse(text: &str) -> Result<Self, InvalidOutTradeNo> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if (6..=32).contains(&text.len()) && text.bytes().all(legal) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidOutTradeNo)
        }
    }

    /// `yyyymmddHHMMSS` as given, then 18 characters of 5 bits from `random`: numbers of one
    /// moment lie side by side in the index and nobody can guess the next one (90 bits).
    pub fn build(beijing_second: &str, random: [u8; 18]) -> Result<Self, InvalidOutTradeNo> {
        /// Without I, L, O and U, which are misread on paper and over the phone.
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let tail = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
        Self::parse(&beijing_second.chars().chain(tail).collect::<String>())
    }

    /// Whether this text looks like a number that [`OutTradeNo::build`] makes: a second of Beijing and 18 characters
    /// without I, L, O and U. Others may have made it all the same.
    pub fn is_of_our_form(text: &str) -> bool {
        let (second, tail) = text.split_at_checked(14).unwrap_or_default();
        let in_alphabet = |b: u8| b.is_ascii_digit() || (b.is_ascii_uppercase() && !b"ILOU".contains(&b));
        tail.len() == 18 && second.bytes().all(|b| b.is_ascii_digit()) && tail.bytes().all(in_alphabet)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OutTradeNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for OutTradeNo {
    type Error = InvalidOutTradeNo;

    fn try_from(text: String) -> Result<Self, InvalidOutTradeNo> {
        Self::parse(&text)
    }
}

impl From<OutTradeNo> for String {
    fn from(number: OutTradeNo) -> Self {
        number.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_32_characters_that_parse() {
        let number = OutTradeNo::build("20261123135222", [255; 18]).expect("legal");
        assert_eq!(number.as_str(), "20261123135222ZZZZZZZZZZZZZZZZZZ");
        assert!(OutTradeNo::is_of_our_form(number.as_str()));
        assert_eq!(OutTradeNo::parse(number.as_str()), Ok(number));
    }

    #[test]
    fn tells_its_own_form_from_others() {
        for other in [
            "",
            "shop_1",
            "20261123135222ZZZZZZZZZZZZZZZZZ",
            "20261123135222ZZZZZZZZZZZZZZZZZI",
            "2026112313522一ZZZZZZZZZZZZZZZZ",
        ] {
            assert!(!OutTradeNo::is_of_our_form(other), "{other}");
        }
    }

    #[test]
    fn refuses_other_lengths_and_characters() {
        for bad in ["", "12345", &"1".repeat(33), "1234 6", "12345|", "12345*", "１２３４５６", "12345\n", "../../x"]
        {
            assert_eq!(OutTradeNo::parse(bad), Err(InvalidOutTradeNo), "{bad:?}");
        }
    }
}
