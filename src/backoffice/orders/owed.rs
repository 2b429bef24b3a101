//! What came back to the shop's own account instead of the payer's: the shop still owes it to him, until somebody says
//! that he was paid otherwise. WeChat calls such a refund a success.

use crate::{
    backoffice::{attention::of_checkout, office::Office},
    domain::RefundState,
    storage::{
        StorageError,
        concerns::{self, Concern},
        refunds::Refund,
    },
};

impl Office {
    /// Of these, those that have really got there. WeChat may have refused it, or somebody may have moved the refund on
    /// in the console.
    pub(in crate::backoffice) async fn owed_among(&self, sent: Vec<Concern>) -> Result<Vec<Refund>, StorageError> {
        let mut orders: Vec<i64> = sent.iter().map(|it| it.order_id).collect();
        orders.sort_unstable();
        orders.dedup();
        let mut owed = Vec::new();
        for order_id in orders {
            let there = self.0.checkout.list_sent_to_merchant(order_id).await.map_err(of_checkout)?;
            let is_open = |it: &Refund| {
                it.state == RefundState::Success && sent.iter().any(|sent| sent.detail == it.out_refund_no.as_str())
            };
            owed.extend(there.into_iter().filter(is_open));
        }
        Ok(owed)
    }

    pub(super) async fn owed_of(&self, orders: &[i64]) -> Result<Vec<Refund>, StorageError> {
        let sent = concerns::list_owed_of(&mut *self.0.db.read().await?, orders).await?;
        self.owed_among(sent).await
    }
}
