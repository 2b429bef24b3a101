//! What is agreed with the server on each connection.

use std::time::Duration;

/// `READ COMMITTED`: what a guarded statement sees is what is there, and no gaps are locked that
/// others want to insert into. Waiting for a lock ends before [`PATIENCE`](super::PATIENCE) does, so that a job
/// can say why it failed, or be tried once more. Strict, because a server may have been told to cut
/// texts that are too long, and bytes of a request or a number must never be cut.
///
/// **A host that vanishes** says no good-bye: the server keeps its transaction, with every row that it has
/// locked, for as long as it waits for the next statement, which is 8 hours as a rule. No transaction of ours
/// lasts longer than [`PATIENCE`](super::PATIENCE). MariaDB has a limit for those who are silent in one; its
/// own kind of comment is one to MySQL and TiDB, and a statement to MariaDB. MySQL has a limit for silence
/// alone, so it is set for both, and [`IDLE`] has us close a connection first that nobody uses.
pub(super) const SETUP: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
                                SET NAMES utf8mb4 COLLATE utf8mb4_bin; \
                                SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,PIPES_AS_CONCAT', \
                                innodb_lock_wait_timeout = 2, lock_wait_timeout = 2, wait_timeout = 30 \
                                /*M!100300 , idle_transaction_timeout = 5 */";

/// How long a connection may lie unused in the pool. Well below `wait_timeout`.
pub(super) const IDLE: Duration = Duration::from_secs(15);
