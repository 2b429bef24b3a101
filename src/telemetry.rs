//! Logs, set up in one place. What never goes into one: keys, signatures, `Authorization`, decrypted
//! bodies, payers' openids (money rule 10).

mod filter;

use std::io::{self, IsTerminal};

/// Lines on standard error, filtered by `filter` (`RUST_LOG`).
pub fn start(filter: Option<&str>) {
    let (filter, complaint) = filter::choose(filter);
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    // A second start in one process, in tests, keeps the first.
    drop(lines.try_init());
    if let Some(complaint) = complaint {
        tracing::warn!("{complaint}");
    }
}
