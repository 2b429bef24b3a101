//! `out_refund_no` (商户退款单号): our number for one refund, and what makes repeating it harmless.

use std::fmt;

use serde::{Deserialize, Serialize};

/// 1 to 64 of `[0-9A-Za-z_-]` (`wechatpay-v3.md` §7.1; `|`, `*` and `@` are legal there, but not every
/// HTTP stack leaves them alone in a path, so we neither make nor accept them).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OutRefundNo(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("out_refund_no must be 1 to 64 characters of 0-9, A-Z, a-z, _ and -")]
pub struct InvalidOutRefundNo;

impl OutRefundNo {
    /// # Errors
    /// Wrong length or a character outside the set.
    pub fn parse(text: &str) -> Result<Self, InvalidOutRefundNo> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
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

    /// The number under which a surplus payment is given back. One for each transaction, whoever
    /// asks and how often: a second automatic refund of the same money cannot have another number,
    /// and so cannot be made. No built number begins with `S`.
    ///
    /// # Errors
    /// The transaction id has characters or a length that no number can have.
    pub fn surplus_of(transaction_id: &str) -> Result<Self, InvalidOutRefundNo> {
        if transaction_id.is_empty() { Err(InvalidOutRefundNo) } else { Self::parse(&format!("S{transaction_id}")) }
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
    fn a_transaction_has_one_number_for_its_surplus() {
        let number = OutRefundNo::surplus_of("4200001234202601010000000001").expect("legal");
        assert_eq!(number.as_str(), "S4200001234202601010000000001");
        assert_eq!(OutRefundNo::surplus_of("4200001234202601010000000001"), Ok(number));
        for bad in ["", &"1".repeat(64), "42/00", "42 00", "四二"] {
            assert_eq!(OutRefundNo::surplus_of(bad), Err(InvalidOutRefundNo), "{bad:?}");
        }
    }

    #[test]
    fn refuses_other_lengths_and_characters() {
        assert!(OutRefundNo::parse("1").is_ok() && OutRefundNo::parse(&"1".repeat(64)).is_ok());
        for bad in ["", &"1".repeat(65), "1234 6", "1|", "1*", "1@", "１２", "12345\n", "../../x"] {
            assert_eq!(OutRefundNo::parse(bad), Err(InvalidOutRefundNo), "{bad:?}");
        }
    }
}
