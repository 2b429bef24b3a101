//! What the platform remembers, and the rules that it follows without asking anybody.

pub(super) mod bill;
pub(super) mod delivery;
mod journal;
pub(super) mod ledger;
pub(super) mod order;
pub(super) mod prepay;
pub(super) mod refund;
pub(super) mod schema;
