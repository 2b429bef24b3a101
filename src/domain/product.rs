//! What can be bought.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Fen;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProductId(pub i64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a product id is a positive whole number, at most 9007199254740991")]
pub struct InvalidProductId;

impl ProductId {
    /// The largest number that every reader of JSON takes for what it is: 2⁵³ − 1.
    pub const MOST: i64 = 9_007_199_254_740_991;

    /// # Errors
    /// Not a plain positive decimal number, or past [`ProductId::MOST`].
    pub fn parse(text: &str) -> Result<Self, InvalidProductId> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidProductId);
        }
        text.parse().ok().filter(|id| (1..=Self::MOST).contains(id)).map(Self).ok_or(InvalidProductId)
    }
}

impl fmt::Display for ProductId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One thing on sale. `title` is what the payer's bill shows as `description`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    pub id: ProductId,
    pub title: String,
    pub summary: String,
    pub price: Fen,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_positive_number() {
        assert_eq!(ProductId::parse("12"), Ok(ProductId(12)));
        assert_eq!(ProductId::parse("9007199254740991"), Ok(ProductId(ProductId::MOST)));
        for bad in ["", "0", "-1", "+1", "1.0", "1e3", " 1", "9007199254740992", "99999999999999999999"] {
            assert_eq!(ProductId::parse(bad), Err(InvalidProductId), "{bad:?}");
        }
    }
}
