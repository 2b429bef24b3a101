//! Books go from a file to a server, whole or not at all.
//!
//! The file is held all the while: the lock beside it keeps every Saoma away ([`Departure`]), and a transaction that
//! writes nothing keeps away whoever does not know that lock. Everything is looked at before the first row is
//! written, counted and hashed on the way, and read back. **At no moment can both be opened**: what arrives is marked
//! as half a move before its first row, the file is marked as left in one transaction, and only then does the other
//! mark go. Whoever is cut off before that transaction still has his books in the file; after it, running the same
//! command once more ends the move.
//!
//! Tables and columns are the file's own, and limits those of the server's columns: no list that could be forgotten.

mod arrival;
mod copy;
mod departure;
mod error;
mod examine;
mod plan;
mod values;

use sqlx::AssertSqlSafe;

pub use arrival::Arrival;
pub use departure::{Departure, Held, Standing};
pub use error::{Finding, MoveError};
pub use plan::Plan;

/// The only table that stays: it tells of the place and not of the books.
const STAYS: &str = "moves";

/// What is going on, for whoever waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    pub step: Step,
    pub table: &'a str,
    pub done: u64,
    pub of: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Looking,
    Copying,
    Comparing,
}

pub type Teller<'a> = &'a mut dyn FnMut(Progress<'_>);

/// A table that has been counted and hashed, the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    pub table: String,
    pub rows: u64,
    /// The sum of the SHA-256 of its rows, in whatever order.
    pub hash: String,
}

/// A statement with names that come from a schema: there is no placeholder for them.
fn named(sql: String) -> AssertSqlSafe<String> {
    AssertSqlSafe(sql)
}

/// A name of a table or column in a statement, for either engine.
fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

fn quoted_list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(quoted).collect::<Vec<_>>().join(", ")
}
