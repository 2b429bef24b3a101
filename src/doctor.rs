//! What is wrong with a set-up, said before a customer finds out. Facts are [gathered](gather) first, from the
//! settings, the books, this machine and, where that is wanted, from WeChat and the shop's own address; what follows
//! from them is judged by small pure functions in [`checks`], one file per family.
//!
//! Changes nothing but the books' [generation](crate::storage::generation), which is how it is tried whether they can be
//! written, and the self-test's row in the inbox.

mod checks;
pub mod checkup;
pub mod facts;
pub mod gather;
pub mod report;
pub mod words;

pub use checks::examine;
pub use checkup::{Checkup, Patient};
pub use facts::Facts;
pub use report::{Finding, Report, Severity, Sure, Unchecked, Why};
