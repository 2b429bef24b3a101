//! The unguessable names of an order's page and of a browser.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who holds it sees the order: 128 random bits as 32 hex digits, the last part of `/pay/{token}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrderToken(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an order token is 32 lower-case hex digits")]
pub struct InvalidToken;

impl OrderToken {
    pub fn build(random: u128) -> Self {
        Self(format!("{random:032x}"))
    }

    /// # Errors
    /// Anything [`OrderToken::build`] does not make.
    pub fn parse(text: &str) -> Result<Self, InvalidToken> {
        if is_hex_128(text) { Ok(Self(text.to_owned())) } else { Err(InvalidToken) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_hex_128(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

impl fmt::Display for OrderToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for OrderToken {
    type Error = InvalidToken;

    fn try_from(text: String) -> Result<Self, InvalidToken> {
        Self::parse(&text)
    }
}

impl From<OrderToken> for String {
    fn from(token: OrderToken) -> Self {
        token.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_parses() {
        for random in [0, 1, u128::MAX] {
            let token = OrderToken::build(random);
            assert_eq!(OrderToken::parse(token.as_str()), Ok(token));
        }
    }

    #[test]
    fn refuses_everything_else() {
        for bad in ["", "0", &"g".repeat(32), &"A".repeat(32), &"0".repeat(33), &format!("{}\n", "0".repeat(31))] {
            assert_eq!(OrderToken::parse(bad), Err(InvalidToken), "{bad:?}");
        }
    }
}
