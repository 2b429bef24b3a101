//! Orders: found by filters or by any number, shown with all that belongs to them, and what staff does with them.

mod act;
mod commanded;
mod export;
mod filter;
mod list;
mod owed;

pub use act::{NotActed, Sheet, Wanted};
pub(crate) use export::defused;
pub use export::{Columns, Export, Form};
pub(crate) use filter::yuan;
pub use filter::{Asked, Field, Filter, Kind, Wrong};
pub use list::{Page, Row};
