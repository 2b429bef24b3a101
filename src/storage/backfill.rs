//! What rows from before a migration lack and only the program can read, because it lies in the bytes of a
//! request: each engine's own functions read those differently. In bounded batches, by id.

use sqlx::{Any, AnyConnection, QueryBuilder, Row as _};

use super::{StorageError, tuple};

/// An attempt as far as its request tells what its columns may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRequest {
    pub attempt_id: i64,
    /// Empty in rows from before the column, and in those that an older instance beside has written.
    pub appid: String,
    pub request: Vec<u8>,
}

/// The next of all attempts behind `after`, at most `most`.
pub async fn list_requests(c: &mut AnyConnection, after: i64, most: i64) -> Result<Vec<StoredRequest>, StorageError> {
    let sql = "SELECT id, appid, request FROM attempts WHERE id > ? ORDER BY id LIMIT ?";
    let rows = sqlx::query(sql).bind(after).bind(most).fetch_all(c).await?;
    let read = |row: &sqlx::any::AnyRow| {
        Ok(StoredRequest {
            attempt_id: row.try_get("id")?,
            appid: row.try_get("appid")?,
            request: row.try_get("request")?,
        })
    };
    rows.iter().map(read).collect()
}

/// The same of books that have no column for it yet.
pub async fn list_older_requests(
    c: &mut AnyConnection,
    after: i64,
    most: i64,
) -> Result<Vec<StoredRequest>, StorageError> {
    let sql = "SELECT id, request FROM attempts WHERE id > ? ORDER BY id LIMIT ?";
    let rows = sqlx::query(sql).bind(after).bind(most).fetch_all(c).await?;
    let read = |row: &sqlx::any::AnyRow| {
        let (attempt_id, request) = (row.try_get("id")?, row.try_get("request")?);
        Ok(StoredRequest { attempt_id, appid: String::new(), request })
    };
    rows.iter().map(read).collect()
}

/// Fills it in where there is none.
pub async fn set_appid(c: &mut AnyConnection, attempts: &[i64], appid: &str) -> Result<(), StorageError> {
    let mut update = QueryBuilder::<Any>::new("UPDATE attempts SET appid = ");
    update.push_bind(appid).push(" WHERE appid = '' AND id IN ");
    tuple(&mut update, attempts.iter().copied());
    update.build().execute(c).await?;
    Ok(())
}
