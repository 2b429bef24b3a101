//! Taking rows before they are changed, without waiting for whoever has them.
//!
//! On a server a row may be locked for long: by a tool, a transaction that somebody has left open, a host that
//! has vanished. A transaction that waits for it keeps everybody from the rows that it has in its hands already.
//! So those who change many at once take all of them first, and where one is not free they go on without it.
//! SQLite's writer has all rows anyway.

use sqlx::{Any, AnyConnection, QueryBuilder};

use super::{StorageError, codes, mysql, tuple};

/// Which rows one is content with that are to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Those that nobody else is changing now.
    Free,
    /// Any: whoever has them is waited for.
    Awaited,
}

/// Of which table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    Orders,
    Payments,
    Refunds,
}

/// Takes the rows with these ids for this transaction.
///
/// # Errors
/// [`StorageError::Locked`] when they are to be free and one is not.
pub async fn lock(c: &mut AnyConnection, table: Table, ids: &[i64], rows: Rows) -> Result<(), StorageError> {
    if ids.is_empty() || !mysql::is_backend_of(c) {
        return Ok(());
    }
    let mut query = QueryBuilder::<Any>::new(match table {
        Table::Orders => "SELECT id FROM orders WHERE id IN ",
        Table::Payments => "SELECT id FROM payments WHERE id IN ",
        Table::Refunds => "SELECT id FROM refunds WHERE id IN ",
    });
    tuple(&mut query, ids.iter().copied());
    take(c, query, rows).await
}

/// `query` finds the rows.
pub(super) async fn take(c: &mut AnyConnection, mut query: QueryBuilder<Any>, rows: Rows) -> Result<(), StorageError> {
    query.push(match rows {
        Rows::Free => " FOR UPDATE NOWAIT",
        Rows::Awaited => " FOR UPDATE",
    });
    match query.build().fetch_all(c).await {
        Err(error) if rows == Rows::Free && codes::mysql::is_locked(&error) => Err(StorageError::Locked),
        taken => Ok(taken.map(drop)?),
    }
}
