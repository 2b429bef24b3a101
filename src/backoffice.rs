//! What the merchant's staff does: finds an order and sees what happened to it, gives money back, looks through what
//! WeChat has delivered, and learns what needs somebody. Pages and commands are thin adapters of this.

mod acted;
pub mod attention;
pub mod days;
mod gatherer;
pub mod inbox;
mod office;
pub mod orders;
pub mod products;
pub mod put_back;
pub mod reports;
mod shown;
pub mod staff;
pub mod status;
pub(crate) mod told;
pub mod verdicts;

pub use acted::Acted;
pub use gatherer::{Delivery, Gatherer};
pub use office::{Office, Surroundings};
pub use shown::{Setting, Shown};
