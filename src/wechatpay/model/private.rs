//! Data about a payer.

use std::fmt;

use serde::Deserialize;

/// An openid or the name of a payer's account: kept because refunds and support need it, shown by
/// neither `Debug` nor `Display`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Private(String);

impl Private {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The value itself; not for logs, errors or public pages.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
