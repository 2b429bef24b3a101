//! Giving money back: asked for here or in the merchant console, and what came once too often by itself. Each is
//! brought to its end.

mod abnormal;
mod beside;
mod by_hand;
mod draft;
mod elsewhere;
mod follow_up;
mod hint;
pub mod hold;
mod next_number;
mod request;
mod same;
mod settle;
mod statement;
mod step;
mod surplus;

pub use abnormal::{AbnormalAsk, Asking, NotSent, Standing, ToAccount, asking_of};
pub use beside::Beside;
pub use by_hand::NotGivenUp;
pub use draft::{Numbered, RefundDraft, RefundError, RefundOf, RefundOrder};
pub use hint::BilledRefund;
