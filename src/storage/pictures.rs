//! `pictures`: what products and the shop show, by content. Every instance has them, and a backup has them too.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{StorageError, inserted, millis};
use crate::domain::PictureName;

/// Keeps it; one that is there already is kept anew from `now` on.
pub async fn keep(c: &mut AnyConnection, name: &PictureName, bytes: &[u8], now: Timestamp) -> Result<(), StorageError> {
    let again = "UPDATE pictures SET kept_ms = ? WHERE name = ?";
    if sqlx::query(again).bind(millis(now)).bind(name.as_str()).execute(&mut *c).await?.rows_affected() == 1 {
        return Ok(());
    }
    let sql = "INSERT INTO pictures (name, bytes, kept_ms) VALUES (?, ?, ?)";
    let insert = sqlx::query(sql).bind(name.as_str()).bind(bytes.to_vec()).bind(millis(now));
    let is_new = inserted(insert.execute(&mut *c).await)?;
    if is_new { Ok(()) } else { Err(StorageError::Raced { table: "pictures", row: 0 }) }
}

pub async fn find(c: &mut AnyConnection, name: &PictureName) -> Result<Option<Vec<u8>>, StorageError> {
    let sql = "SELECT bytes FROM pictures WHERE name = ?";
    Ok(sqlx::query_scalar(sql).bind(name.as_str()).fetch_optional(c).await?)
}

/// Those that nothing shows, and that have been kept since before `before`: a page may still be open that does.
pub async fn remove_unused(c: &mut AnyConnection, before: Timestamp) -> Result<u64, StorageError> {
    let sql = "DELETE FROM pictures WHERE kept_ms < ? \
               AND NOT EXISTS (SELECT 1 FROM products WHERE picture = pictures.name OR thumbnail = pictures.name) \
               AND NOT EXISTS (SELECT 1 FROM shop_looks WHERE logo = pictures.name)";
    Ok(sqlx::query(sql).bind(millis(before)).execute(c).await?.rows_affected())
}
