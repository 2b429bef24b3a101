//! Logs, set up in one place. What never goes into one: keys, signatures, `Authorization`, decrypted
//! bodies, payers' openids (money rule 10).

mod filter;
mod lines;
mod time;

use std::io::{self, IsTerminal};

pub use lines::{flush, lost_lines, say};

/// Lines on standard error, filtered by `filter` (`RUST_LOG`). A panic is one of them.
pub fn start(filter: Option<&str>) {
    let (filter, complaint) = filter::choose(filter);
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(lines::Lines)
        .with_timer(time::Beijing)
        .with_ansi(io::stderr().is_terminal());
    // A second start in one process, in tests, keeps the first.
    if lines.try_init().is_ok() {
        std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    }
    if let Some(complaint) = complaint {
        tracing::warn!("{complaint}");
    }
}
