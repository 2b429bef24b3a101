//! Knobs of bills and of their download. What stands in them is [`BillTerms`], a part of these.

use serde::{Deserialize, Serialize};

use super::Next;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::sandbox) struct BillFaults {
    /// Today has a bill too, of what there is up to now, and no bill is still being made before ten in the morning.
    pub(in crate::sandbox) bill_today: bool,
    /// The next applications for a bill are refused 403 `NO_AUTH`.
    pub(in crate::sandbox) bill_no_auth: Next,
    /// The next applications are told a hash that is not the bill's.
    pub(in crate::sandbox) bill_wrong_hash: Next,
    /// The hash of a packed bill is that of the packed bytes.
    pub(in crate::sandbox) bill_hash_of_gzip: bool,
    /// How long the address of a download lives: 300 s.
    pub(in crate::sandbox) bill_life_seconds: u32,
    /// Pause before each piece of a download.
    pub(in crate::sandbox) bill_slow_ms: u64,
    /// The next downloads break off in the middle.
    pub(in crate::sandbox) bill_cut: Next,
    /// The next downloads lead to another host.
    pub(in crate::sandbox) bill_elsewhere: Next,
    /// Refunds made in the console are in bills alone: no query knows them.
    pub(in crate::sandbox) console_refunds_hidden: bool,
}

impl Default for BillFaults {
    fn default() -> Self {
        Self {
            bill_today: false,
            bill_no_auth: Next::default(),
            bill_wrong_hash: Next::default(),
            bill_hash_of_gzip: false,
            bill_life_seconds: 300,
            bill_slow_ms: 0,
            bill_cut: Next::default(),
            bill_elsewhere: Next::default(),
            console_refunds_hidden: false,
        }
    }
}
