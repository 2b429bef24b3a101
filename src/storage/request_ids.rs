//! `older_request_ids`: WeChat's Request-IDs whose place at an attempt or a refund another answer has taken. Somebody
//! may have written one down, or have told it to WeChat's support: it leads to its order all the same.

use sqlx::AnyConnection;

use super::StorageError;

/// Keeps `old` where `new` takes its place.
pub async fn keep(
    c: &mut AnyConnection,
    order_id: i64,
    old: Option<&str>,
    new: Option<&str>,
) -> Result<(), StorageError> {
    let Some(old) = old.filter(|old| Some(*old) != new) else { return Ok(()) };
    let sql = "INSERT INTO older_request_ids (request_id, order_id) VALUES (?, ?)";
    sqlx::query(sql).bind(old).bind(order_id).execute(c).await?;
    Ok(())
}

/// All of an order, which goes away.
pub(super) async fn remove_of_order(c: &mut AnyConnection, order_id: i64) -> Result<(), StorageError> {
    sqlx::query("DELETE FROM older_request_ids WHERE order_id = ?").bind(order_id).execute(c).await?;
    Ok(())
}
