//! The books on a disk that fails.

#![expect(clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "figures, and answers of the program under test")]
#![expect(clippy::disallowed_methods, reason = "the size comes from the environment")]

mod chance;
mod control;
mod power;
mod probe;
