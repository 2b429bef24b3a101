//! The use cases: place an order, get its code, settle it, watch it, ask WeChat about it, end it, give
//! its money back; and the jobs that do so when nobody looks.
//!
//! The money rules (design §3.2) live here and are numbered in the comments. This is the only layer
//! that knows both the books ([`storage`](crate::storage)) and the platform
//! ([`gateway`](crate::gateway)). It knows nothing of HTTP routes and pages.
//!
//! Deliberately absent: a process-wide lock (the statements are guarded, so any number of instances
//! may run), and a way to call an order paid without WeChat's signature.

mod announce;
pub mod catalogue;
mod contradiction;
mod error;
mod hinted;
mod inbox;
mod jobs;
mod kept_keys;
mod memory;
mod number_start;
mod orders;
mod pauses;
mod payments;
mod refunds;
mod settings;
mod shared;
mod snapshot;
mod time_limits;
mod verdict;
mod verified;
mod visit;
mod whole;

pub use error::{CheckoutError, WhyRefused};
pub use hinted::Hinted;
pub use inbox::NotifyContext;
pub use jobs::Removed;
pub use memory::LiveOrders;
pub use orders::{Answer, OrderHistory, OrderWithCode, ToldPayment};
pub use refunds::{
    AbnormalAsk, Asking, Beside, BilledRefund, NotGivenUp, NotSent, Numbered, RefundDraft, RefundError, RefundOf,
    RefundOrder, Standing, ToAccount, asking_of, hold,
};
pub use settings::CheckoutSettings;
pub use shared::Checkout;
pub use snapshot::{CodeState, OrderSnapshot};
pub use verdict::{Mismatch, RefundVerdict, Verdict};
pub use whole::Awaited;
