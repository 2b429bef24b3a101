//! What WeChat signed and our books do not allow (money rule 12) is told in the order's timeline and to staff, once.

use jiff::Timestamp;
use sqlx::AnyConnection;

use crate::storage::{
    StorageError, concerns,
    events::{self, EventKind, Source},
    orders,
};

/// As the timeline's column.
const DETAIL: usize = 200;

/// Whoever calls this [has locked](orders::lock) the order: two who tell the same at once would both find it untold.
pub(super) async fn contradict(
    c: &mut AnyConnection,
    order_id: i64,
    (kind, detail): (EventKind, &str),
    source: Source,
    now: Timestamp,
) -> Result<(), StorageError> {
    let detail: String = detail.chars().take(DETAIL).collect();
    if !events::has_told(c, order_id, kind, &detail).await? {
        orders::touch(c, order_id, now).await?;
        events::append(c, order_id, now, kind, source, &detail).await?;
        concerns::insert(c, order_id, kind, &detail, now).await?;
    }
    Ok(())
}
