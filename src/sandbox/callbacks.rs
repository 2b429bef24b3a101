//! What happens without a call of the shop's: payments, ends of refunds, and the notifications that tell of
//! them.

pub(super) mod client;
pub(super) mod courier;
mod notification;
pub(super) mod notifier;
pub(super) mod payer;
pub(super) mod refunder;
mod v2_notice;
