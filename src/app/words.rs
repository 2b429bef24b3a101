//! Every text a shopper reads, by area: a type for each, and a value of it in each language, so that a text that
//! is missing in one of them does not compile.

mod frame;
mod island;
mod orders;
mod problem;
mod products;
mod standing;

pub use frame::Frame;
pub use island::{Buy, Panel};
pub use orders::Orders;
pub use problem::Problem;
pub use products::Products;
pub use standing::Standing;

/// What a window is called.
pub fn title(page: &str, shop: &str) -> String {
    [page, " · ", shop].concat()
}

/// `04:59`.
pub fn clock(seconds: i64) -> String {
    let two = |number: i64| [if number < 10 { "0" } else { "" }, &number.to_string()].concat();
    [&two(seconds / 60), ":", &two(seconds % 60)].concat()
}
