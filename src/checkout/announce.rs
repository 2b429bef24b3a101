//! Telling the pages that wait for an order that it has changed.

use super::{error::CheckoutError, shared::Checkout};
use crate::storage::orders;

impl Checkout {
    /// Wakes the pages that wait for this order.
    pub(super) async fn announce(&self, order_id: i64) -> Result<(), CheckoutError> {
        let order = orders::find(&mut *self.0.db.read().await?, order_id).await?;
        if let Some(order) = order {
            self.0.live.wake(order_id, order.version);
        }
        Ok(())
    }
}
