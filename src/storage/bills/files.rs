//! `bill_files`: what was fetched.

use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use crate::storage::{StorageError, inserted, millis, timestamp};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillFile {
    pub day: String,
    pub kind: String,
    /// Empty when nothing happened on that day.
    pub hash: String,
    pub matched: String,
    pub bytes: i64,
    pub plain_bytes: i64,
    pub fetched: Timestamp,
}

impl BillFile {
    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        Ok(Self {
            day: row.try_get("day")?,
            kind: row.try_get("kind")?,
            hash: row.try_get("hash")?,
            matched: row.try_get("matched")?,
            bytes: row.try_get("bytes")?,
            plain_bytes: row.try_get("plain_bytes")?,
            fetched: timestamp("bill_files", "fetched_ms", 0, row.try_get("fetched_ms")?)?,
        })
    }

    /// There is no file: nothing happened.
    pub const fn is_empty(&self) -> bool {
        self.hash.is_empty()
    }
}

pub async fn find(c: &mut AnyConnection, day: &str, kind: &str) -> Result<Option<BillFile>, StorageError> {
    let sql =
        "SELECT day, kind, hash, matched, bytes, plain_bytes, fetched_ms FROM bill_files WHERE day = ? AND kind = ?";
    sqlx::query(sql).bind(day).bind(kind).fetch_optional(c).await?.as_ref().map(BillFile::read).transpose()
}

/// In place of what was known of an earlier one.
pub async fn put(c: &mut AnyConnection, file: &BillFile) -> Result<(), StorageError> {
    sqlx::query("DELETE FROM bill_files WHERE day = ? AND kind = ?")
        .bind(&file.day)
        .bind(&file.kind)
        .execute(&mut *c)
        .await?;
    let sql = "INSERT INTO bill_files (day, kind, hash, matched, bytes, plain_bytes, fetched_ms) \
               VALUES (?, ?, ?, ?, ?, ?, ?)";
    let insert = sqlx::query(sql)
        .bind(&file.day)
        .bind(&file.kind)
        .bind(&file.hash)
        .bind(&file.matched)
        .bind(file.bytes)
        .bind(file.plain_bytes)
        .bind(millis(file.fetched));
    if inserted(insert.execute(c).await)? { Ok(()) } else { Err(StorageError::Raced { table: "bill_files", row: 0 }) }
}
