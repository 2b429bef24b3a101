//! What only a bill says of a refund (money rule 16): WeChat is asked about its number. Of one that was made in the
//! merchant console no query may know; then the money is set aside by the bill's word alone, so that nobody gives it
//! back a second time, and staff has to look.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::step::{does_not_fit, show_in_order};
use crate::{
    checkout::{error::CheckoutError, hinted::Hinted, shared::Checkout, verdict::RefundVerdict},
    domain::{Fen, OutRefundNo, RefundState},
    storage::{
        StorageError,
        events::{self, EventKind, Source},
        orders, payments,
        refunds::{self, NewRefund},
    },
};

/// A refund as a bill has it.
#[derive(Clone, Debug)]
pub struct BilledRefund {
    pub out_refund_no: OutRefundNo,
    pub refund_id: String,
    pub transaction_id: String,
    pub amount: Fen,
    pub accepted: Timestamp,
}

impl Checkout {
    /// Asks about a refund by its number, whoever made it, and books what the answer says.
    ///
    /// # Errors
    /// The books cannot be written.
    pub async fn follow_refund_hint(&self, number: &OutRefundNo) -> Result<Hinted<RefundVerdict>, CheckoutError> {
        match self.query_refund(number).await {
            Ok(reply) => Ok(Hinted::Told(self.apply_reply(&reply, Source::Bill).await?)),
            Err(error) if error.is_refund_not_exist() => Ok(Hinted::NotExist),
            Err(error) => {
                tracing::warn!(refund.out_refund_no = %number, %error, "query of refund {number}");
                Ok(Hinted::of(&error))
            }
        }
    }

    /// Asks when WeChat accepted a refund of ours that has no such time yet.
    ///
    /// # Errors
    /// The books cannot be read or written.
    pub async fn date_refund(&self, id: i64) -> Result<(), CheckoutError> {
        self.look_after_refund(id, Source::Bill).await
    }

    /// Sets the money of a refund aside that no query knows. It stays "under way": its end is in no bill.
    ///
    /// # Errors
    /// The books cannot be written.
    pub async fn book_billed_refund(&self, billed: BilledRefund) -> Result<RefundVerdict, CheckoutError> {
        let now = self.0.clock.now();
        let number = billed.out_refund_no.clone();
        let booked = self.0.db.write(move |c| {
            let billed = billed.clone();
            Box::pin(async move { book(c, &billed, now).await })
        });
        let (verdict, order_id) = booked.await?;
        if let Some(order_id) = order_id {
            self.announce(order_id).await?;
        }
        tracing::error!(
            refund.out_refund_no = %number, verdict = verdict.words(),
            "refund {number} stands in WeChat's bill alone: its money is set aside, staff must look",
        );
        Ok(verdict)
    }
}

async fn book(
    c: &mut AnyConnection,
    billed: &BilledRefund,
    now: Timestamp,
) -> Result<(RefundVerdict, Option<i64>), StorageError> {
    if let Some(known) = refunds::find(c, &billed.out_refund_no).await? {
        return Ok((RefundVerdict::Repeated, Some(known.order_id)));
    }
    let Some(payment) = payments::find_by_transaction(c, &billed.transaction_id).await? else {
        return Ok((RefundVerdict::UnknownPayment, None));
    };
    let order_id = payment.order_id;
    orders::lock(c, order_id).await?;
    if billed.amount == Fen::ZERO {
        return Ok((RefundVerdict::Mismatch, Some(order_id)));
    }
    let number = billed.out_refund_no.as_str();
    if !payments::reserve(c, payment.id, billed.amount).await? {
        let verdict = does_not_fit(c, &payment, number, Source::Bill, now).await?;
        return Ok((verdict, Some(order_id)));
    }
    let refund = NewRefund {
        out_refund_no: billed.out_refund_no.clone(),
        order_id,
        payment_id: payment.id,
        amount: billed.amount,
        reason: String::new(),
        source: Source::Bill,
        request: Vec::new(),
        state: RefundState::Processing,
        refund_id: Some(billed.refund_id.clone()),
        check: None,
        created: now,
        accepted: Some(billed.accepted),
        success: None,
    };
    if !refunds::insert(c, &refund).await? {
        return Err(StorageError::Raced { table: "refunds", row: 0 });
    }
    orders::touch(c, order_id, now).await?;
    events::append(c, order_id, now, EventKind::RefundElsewhere, Source::Bill, number).await?;
    show_in_order(c, order_id, now).await?;
    Ok((RefundVerdict::Elsewhere, Some(order_id)))
}
