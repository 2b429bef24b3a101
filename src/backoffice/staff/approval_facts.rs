//! What whoever decides has to know beside what was asked for: where the money comes from, and whether the one who
//! asked is still here.

use jiff::Timestamp;

use super::{error::StaffError, shared::Staff};
use crate::{
    domain::{Fen, OutRefundNo},
    storage::{
        StorageError,
        approvals::{Approval, Kind},
        orders,
        payments::{self, Payment},
        refund_holds, refunds, staff,
    },
};

/// Beside an approval, as it stands now.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub refund: Option<RefundFacts>,
    /// Whoever asked has been disabled meanwhile.
    pub asker_is_disabled: bool,
}

/// Of the refund that was asked for.
#[derive(Clone, Debug)]
pub struct RefundFacts {
    /// What the payer will read.
    pub reason: String,
    pub title: String,
    pub transaction: String,
    pub paid: Fen,
    /// Of the payment, without what this one takes.
    pub left: Fen,
    /// When as much of the payment was asked back beside it, lately or not at its end yet.
    pub same: Option<Timestamp>,
}

impl Staff {
    /// # Errors
    /// The books are out of reach.
    pub async fn approval_facts(&self, approval: &Approval) -> Result<Facts, StaffError> {
        let mut c = self.0.db.read().await?;
        let asker = staff::find(&mut c, approval.asked_by).await?;
        let asker_is_disabled = asker.is_none_or(|account| account.disabled.is_some());
        let refund = match approval.kind {
            Kind::Refund => self.refund_facts(&mut c, &approval.subject).await?,
            _ => None,
        };
        Ok(Facts { refund, asker_is_disabled })
    }

    /// Of what is set aside; once it is approved, of the refund. `None` where it was refused: its money went nowhere.
    async fn refund_facts(
        &self,
        c: &mut sqlx::AnyConnection,
        number: &str,
    ) -> Result<Option<RefundFacts>, StorageError> {
        let Ok(number) = OutRefundNo::parse(number) else { return Ok(None) };
        let (payment_id, reason, same) = match refund_holds::find(c, &number).await? {
            Some(hold) => {
                let same = self.0.checkout.find_same_refund(&hold).await?;
                (hold.payment_id, hold.reason, same.map(|refund| refund.created))
            }
            None => match refunds::find(c, &number).await? {
                Some(refund) => (refund.payment_id, refund.reason, None),
                None => return Ok(None),
            },
        };
        let Some(payment) = payments::find(c, payment_id).await? else { return Ok(None) };
        let order = orders::find(c, payment.order_id).await?;
        let (left, title) = (payment.left(), order.map(|order| order.title).unwrap_or_default());
        let Payment { transaction_id: transaction, total: paid, .. } = payment;
        Ok(Some(RefundFacts { reason, title, transaction, paid, left, same }))
    }
}
