//! How long the server is waited for, and one another.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// How long a connection may take, from asking for it until the server has answered on it.
pub(super) const CONNECT: Duration = Duration::from_secs(3);
/// How long the statements of a job may take at the first try; at each further one twice as long. What
/// takes milliseconds and does not come to its end waits for an answer that will never come: a node of
/// Galera sends none for a statement that it was to prepare when the cluster aborted its transaction
/// (github.com/mariadb-corporation/mysql-wsrep issue 287; seen with MariaDB 10.11). Statements that come
/// often are therefore prepared once per connection.
pub(super) const FIRST_TRY: Duration = Duration::from_millis(600);
/// How long a connection may take to show, before and after its use, that it is still good.
pub(super) const PROOF: Duration = Duration::from_secs(1);

/// Two that were in each other's way must not meet again at once. Drawn here and not from `entropy`,
/// because it decides nothing: it is a wait.
pub(super) fn pause(tries: usize) -> Duration {
    let drawn = RandomState::new().hash_one(tries) % 20;
    Duration::from_millis(5 + drawn).saturating_mul(u32::try_from(tries).unwrap_or(u32::MAX).min(5))
}
