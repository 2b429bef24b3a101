//! Knobs that are a choice out of a few, and the shares that choose a key.

use serde::{Deserialize, Serialize};

/// Whether the platform can be reached at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::sandbox) enum Down {
    #[default]
    #[serde(rename = "off")]
    Off,
    /// Every connection is closed without an answer.
    #[serde(rename = "closed")]
    Closed,
    /// Every call is answered 503.
    #[serde(rename = "503")]
    Unavailable,
}

/// How a refund ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::sandbox) enum RefundOutcome {
    #[default]
    Success,
    /// It does not: somebody has to move it on by hand.
    Processing,
    Closed,
    Abnormal,
}

/// Which key signs where nobody has asked for one.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct KeyShares {
    pub(in crate::sandbox) public_key: f64,
    /// Of what the public key does not sign.
    pub(in crate::sandbox) new_certificate: f64,
}
