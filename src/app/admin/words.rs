//! Every text of the merchant's side, by area: a type for each, and a value of it in each language, so that a text
//! that is missing in one of them does not compile.

mod abnormal;
mod approvals;
mod audit;
mod basics;
mod bills;
mod doctor;
mod entrance;
mod inbox;
mod orders;
mod overview;
mod people;
mod put_back;
mod shelf;

pub use abnormal::Abnormal;
pub use approvals::Approvals;
pub use audit::Audit;
pub use basics::Basics;
pub use bills::Bills;
pub use doctor::Doctor;
pub use entrance::Entrance;
pub use inbox::Inbox;
pub use orders::Orders;
pub use overview::Overview;
pub use people::People;
pub use put_back::PutBack;
pub use shelf::Shelf;
