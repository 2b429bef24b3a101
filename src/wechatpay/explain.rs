//! What an error code of WeChat's means, what to do about it and who has to: for whoever reads a log line, a
//! command's output, an answer of ours or a page. The texts are in one [table]; what the program itself
//! makes of a code is in `gateway` and `checkout`.

mod meaning;
mod table;

#[cfg(test)]
mod tests;

pub use meaning::{Actor, Explanation, Words};

use super::{ErrorCode, Interface};

/// What `code` means as the answer of `interface`; of one that nobody has heard of, what can be said all the same.
pub fn explain(code: &ErrorCode, interface: Interface) -> &'static Explanation {
    let of_code = || table::ROWS.iter().filter(|row| ErrorCode::parse(row.code).is_some_and(|it| it == *code));
    let exact = of_code().find(|row| row.interfaces.contains(&interface));
    exact.or_else(|| of_code().find(|row| row.interfaces.is_empty())).map_or(&table::UNKNOWN, |row| &row.explanation)
}

/// The same for a code as it is stored.
pub fn explain_stored(code: &str, interface: Interface) -> Option<&'static Explanation> {
    ErrorCode::parse(code).map(|code| explain(&code, interface))
}
