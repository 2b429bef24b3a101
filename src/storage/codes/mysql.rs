//! What the server's errors mean to whoever wants to write.

use sqlx::{error::DatabaseError, mysql::MySqlDatabaseError};

/// The transaction is undone, or the server does not take any now; the same may succeed in a moment.
/// Galera tells a refused certification as a deadlock (1213), and a node that is not in a cluster
/// that can decide as 1047.
pub(crate) fn is_transient(error: &dyn DatabaseError) -> bool {
    /// An error during the commit, a lock that was not given in time, a statement that was
    /// interrupted (by a cluster's transaction that goes first), a connection that was ended.
    const NUMBERS: [u16; 4] = [1180, 1205, 1317, 1927];
    let Some(error) = error.try_downcast_ref::<MySqlDatabaseError>() else { return false };
    // Classes of the standard: trouble with the connection, a transaction that was rolled back.
    let class = error.code().and_then(|state| state.get(..2));
    NUMBERS.contains(&error.number()) || matches!(class, Some("08" | "40"))
}

/// `NOWAIT`, and somebody has the row: 1205 on MariaDB, 3572 on MySQL and TiDB.
pub(crate) fn is_locked(error: &sqlx::Error) -> bool {
    let error = error.as_database_error().and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>());
    error.is_some_and(|error| matches!(error.number(), 1205 | 3572))
}

/// Nobody can write, and reading goes on: disk full (1021, 1114 "the table is full", 3 and 1026 "error
/// writing file"), read-only by setting (1290 `read_only` and `super_read_only`, 1792, 1836 by mode, 1036 the
/// table), or the right to write was taken away (1142, 1143: how hosting companies keep a customer within his
/// quota).
pub(crate) fn is_read_only(error: &dyn DatabaseError) -> bool {
    const NUMBERS: [u16; 10] = [3, 1021, 1026, 1036, 1114, 1142, 1143, 1290, 1792, 1836];
    error.try_downcast_ref::<MySqlDatabaseError>().is_some_and(|error| NUMBERS.contains(&error.number()))
}

/// No database of that name, no table of that name.
pub(crate) fn is_nothing_there(error: &dyn DatabaseError) -> bool {
    error.try_downcast_ref::<MySqlDatabaseError>().is_some_and(|error| matches!(error.number(), 1049 | 1146))
}
