//! An order from its placing to its end: its code, what WeChat says of it, who waits for it, how it is closed.

mod ask_again;
mod by_hand;
mod close;
mod grounds;
mod hint;
mod history;
mod inquire;
mod load;
mod next_look;
mod on_sale;
mod place;
mod prepay;
mod watch;
mod with_code;

pub use hint::ToldPayment;
pub use history::OrderHistory;
pub use inquire::Answer;
pub(super) use next_look::next_look_at;
pub(super) use place::deadline;
pub(super) use prepay::CLAIM;
pub use with_code::OrderWithCode;
