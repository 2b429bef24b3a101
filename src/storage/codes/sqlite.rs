//! SQLite's words for "busy" and "read-only".

use sqlx::{error::DatabaseError, sqlite::SqliteError};

/// `SQLITE_BUSY` (5), `SQLITE_LOCKED` (6).
pub(crate) fn is_busy(error: &dyn DatabaseError) -> bool {
    code(error).is_some_and(|code| matches!(code & 0xff, 5 | 6))
}

/// `SQLITE_READONLY` (8), `SQLITE_FULL` (13), and `SQLITE_IOERR` (10) unless it was reading that failed
/// (`_READ`, `_SHORT_READ`).
pub(crate) fn is_read_only(error: &dyn DatabaseError) -> bool {
    const READING: [i32; 2] = [0x10a, 0x20a];
    code(error).is_some_and(|code| matches!(code & 0xff, 8 | 10 | 13) && !READING.contains(&code))
}

/// `SQLITE_CORRUPT` (11).
pub(crate) fn is_corrupt(error: &dyn DatabaseError) -> bool {
    code(error).is_some_and(|code| code & 0xff == 11)
}

/// `SQLITE_NOTADB` (26).
pub(crate) fn is_no_database(error: &dyn DatabaseError) -> bool {
    code(error).is_some_and(|code| code & 0xff == 26)
}

/// An extended code carries the plain one in its low byte.
pub(crate) fn code(error: &dyn DatabaseError) -> Option<i32> {
    error.try_downcast_ref::<SqliteError>()?.code()?.parse().ok()
}
