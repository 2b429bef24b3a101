//! How many connections the process may have open files for.

/// The books, the log, the sandbox, the runtime.
const OWN: u64 = 96;
/// What is assumed where nobody can say: the limit that Linux starts with.
const USUAL: u64 = 1024;

/// Raises the soft limit to the hard one, and derives a number of connections from it. `extra` come on top.
pub(crate) fn connections_allowed(extra: usize) -> usize {
    let files = rlimit::increase_nofile_limit(u64::MAX).unwrap_or_else(|error| {
        tracing::warn!(%error, "the limit on open files cannot be raised");
        rlimit::getrlimit(rlimit::Resource::NOFILE).map_or(USUAL, |(soft, _)| soft)
    });
    share(files, extra)
}

/// A quarter is for calls to WeChat and to the database server: a request may be waiting for one of each kind.
fn share(files: u64, extra: usize) -> usize {
    let extra = u64::try_from(extra).unwrap_or(u64::MAX);
    let left = files.saturating_sub(OWN).saturating_sub(extra).max(files / 4);
    usize::try_from(left / 4 * 3).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn room_is_left_for_everything_else() {
        assert_eq!(share(1024, 64), 648);
        assert_eq!(share(20_000, 64), 14_880);
        assert_eq!(share(128, 64), 24, "something, however little there is");
        assert_eq!(share(0, 64), 1);
    }
}
