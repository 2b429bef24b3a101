//! Logs, set up in one place. What never goes into one: keys, signatures, `Authorization`, decrypted
//! bodies, payers' openids (money rule 10).

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

/// Lines on standard error, filtered by `filter` (`RUST_LOG`).
pub fn start(filter: Option<String>) {
    let filter = filter.and_then(|filter| EnvFilter::try_new(filter).ok());
    let filter = filter.unwrap_or_else(|| EnvFilter::new("info"));
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    // A second start in one process, in tests, keeps the first.
    drop(lines.try_init());
}

/// `RUST_LOG`.
#[expect(clippy::disallowed_methods, reason = "needed before the settings, whose errors are logged")]
pub fn filter() -> Option<String> {
    std::env::var("RUST_LOG").ok()
}
