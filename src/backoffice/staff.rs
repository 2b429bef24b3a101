//! The shop's own people: who they are, how they come in, what they may do, and the book of what they did.
//!
//! Use cases, each reached from a page (`http::admin`) and from a command alike; whoever adapts one adds no rule.
//! Who acts is an [`Actor`]; what is done is written into the audit log in the transaction that does it.

mod abnormal;
pub mod accounts;
mod approval_facts;
pub mod approvals;
pub mod audit;
mod demo;
mod error;
mod factor;
mod limits;
mod links;
mod login;
mod login_limits;
mod own;
mod passwords;
mod seen;
mod sessions;
mod shared;

pub use abnormal::AbnormalError;
pub use accounts::valid_name;
pub use approval_facts::{Facts, RefundFacts};
pub use demo::DemoAccount;
pub use error::StaffError;
pub use factor::{DemoCode, Enrolment, RecoveryCodes};
pub use limits::check_limits;
pub use links::OpenLink;
pub use login::{LoggedIn, Login};
pub use passwords::{LENGTHS as PASSWORD_LENGTHS, Passwords};
pub use sessions::{Visit, ends_of};
pub use shared::{Actor, Staff, Surroundings, hash_of};
