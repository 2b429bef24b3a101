//! What is known of an instance from the start.

use serde::Serialize;

/// What is known from the start.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Shown {
    pub version: String,
    /// `live` or `sandbox`.
    pub mode: &'static str,
    /// Where the books are.
    pub books: String,
    /// Variables with their values; of a secret only whether it is set.
    pub settings: Vec<Setting>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    pub name: &'static str,
    pub value: String,
}
