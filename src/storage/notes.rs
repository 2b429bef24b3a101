//! `order_notes`: what colleagues want each other to know about an order.

use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{StorageError, inserted, millis, timestamp};

/// As long as its column.
pub const TEXT_MOST: usize = 1000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub at: Timestamp,
    pub author: String,
    pub text: String,
}

#[derive(Clone, Debug)]
pub struct NewNote {
    pub order_id: i64,
    pub at: Timestamp,
    pub author: String,
    pub text: String,
    /// Of the form that it was written in.
    pub form: String,
}

/// `false` when this form has been sent already.
pub async fn insert(c: &mut AnyConnection, note: &NewNote) -> Result<bool, StorageError> {
    let sql = "INSERT INTO order_notes (order_id, at_ms, author, text, form) VALUES (?, ?, ?, ?, ?)";
    let insert = sqlx::query(sql).bind(note.order_id).bind(millis(note.at)).bind(&note.author).bind(&note.text);
    inserted(insert.bind(&note.form).execute(c).await)
}

/// Oldest first.
pub async fn list_of_order(c: &mut AnyConnection, order_id: i64) -> Result<Vec<Note>, StorageError> {
    let sql = "SELECT id, at_ms, author, text FROM order_notes WHERE order_id = ? ORDER BY id";
    let note = |row: &AnyRow| {
        Ok(Note {
            at: timestamp("order_notes", "at_ms", row.try_get("id")?, row.try_get("at_ms")?)?,
            author: row.try_get("author")?,
            text: row.try_get("text")?,
        })
    };
    sqlx::query(sql).bind(order_id).fetch_all(c).await?.iter().map(note).collect()
}
