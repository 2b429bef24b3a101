//! One file per page. Rendered on the server only.

#![expect(unreachable_pub, reason = "Leptos' macros make the properties of a component `pub`")]

mod about;
mod cancel;
mod catalogue;
mod missing;
mod orders;
mod pay;
mod product;
mod receipt;

use about::About;
pub use cancel::Cancel;
pub use catalogue::Catalogue;
pub use missing::{NotFound, NotYours, Problem};
pub use orders::Orders;
pub use pay::Pay;
pub use product::ProductPage;
pub use receipt::Receipt;
