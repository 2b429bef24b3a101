//! What this process remembers from one moment to the next. All of it may be lost: the books say what is true.

mod complaint;
mod kept_keys;
mod last_seen;
mod latest_time;
mod live;
mod plans;
mod refusal;
mod stumbles;
mod surplus_watch;

pub(super) use complaint::Complaint;
pub(super) use kept_keys::KeptKeys;
pub(super) use last_seen::LastSeen;
pub(super) use latest_time::{LatestTime, STEP};
pub use live::LiveOrders;
pub(super) use plans::{Asking, Due, Inquiries};
pub(super) use refusal::Refusal;
pub(super) use stumbles::{Stumbles, Subject};
pub(super) use surplus_watch::SurplusWatch;
