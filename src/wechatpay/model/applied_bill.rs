//! The reply to an application for a bill (§8.1).

use serde::Deserialize;

/// Where a bill can be fetched for a few minutes, and its hash. Nothing but this reply vouches for the file.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct AppliedBill {
    pub hash_type: String,
    /// Of the file, packed or not (§14).
    pub hash_value: String,
    /// Whoever has it may fetch the file: in no log.
    pub download_url: String,
}

impl std::fmt::Debug for AppliedBill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppliedBill").field("hash_value", &self.hash_value).finish_non_exhaustive()
    }
}
