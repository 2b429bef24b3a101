//! A refund that waits for a second person: its number is drawn and its money is set aside at once, so that the
//! refunds of a payment never exceed it, whoever else asks meanwhile (money rules 5 and 13). WeChat is asked once it
//! is redeemed. Who may is not decided here.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{
    draft::{RefundDraft, RefundError},
    request::{Asked, intent, set_aside},
    same::{find_refund, find_same},
};
use crate::{
    checkout::shared::Checkout,
    domain::{Fen, OutRefundNo},
    storage::{
        StorageError,
        events::{self, EventKind, Source},
        orders, payments,
        refund_holds::{self, Hold},
        refunds::{NewRefund, Refund},
        restorations,
    },
};

/// Sets the money of a draft aside; why it cannot, and then nothing is changed. In the transaction of whoever has it wait.
///
/// # Errors
/// The books cannot be written.
pub async fn hold(
    c: &mut AnyConnection,
    draft: &RefundDraft,
    now: Timestamp,
) -> Result<Result<(), RefundError>, StorageError> {
    let hold = draft.hold();
    orders::lock(c, hold.order_id).await?;
    let Some(payment) = payments::find(c, hold.payment_id).await? else { return Ok(Err(RefundError::NoSuchPayment)) };
    if let Some(same) = find_same(c, &payment, &draft.wanted, now).await? {
        return Ok(same.gone_on_with(&draft.wanted).and(Err(RefundError::OtherRefund)));
    }
    if !refund_holds::insert(c, &hold, now).await? {
        return Ok(Err(RefundError::Amount { left: payment.left() }));
    }
    show(c, &hold, EventKind::RefundHeld, now).await?;
    Ok(Ok(()))
}

/// Gives it free. `false` when it was not set aside any more.
///
/// # Errors
/// The books cannot be written.
pub async fn release(c: &mut AnyConnection, hold: &Hold, now: Timestamp) -> Result<bool, StorageError> {
    orders::lock(c, hold.order_id).await?;
    if !refund_holds::release(c, hold).await? {
        return Ok(false);
    }
    show(c, hold, EventKind::RefundReleased, now).await?;
    Ok(true)
}

/// Makes a refund of it, which a sweep goes on with whatever happens next. `false` when the money was not set aside any
/// more.
///
/// # Errors
/// The books cannot be written.
pub async fn redeem(c: &mut AnyConnection, hold: &Hold, refund: &NewRefund) -> Result<bool, StorageError> {
    orders::lock(c, hold.order_id).await?;
    if !refund_holds::release(c, hold).await? {
        return Ok(false);
    }
    if !set_aside(c, refund).await? {
        return Err(StorageError::Raced { table: "payments", row: hold.payment_id });
    }
    Ok(true)
}

async fn show(c: &mut AnyConnection, hold: &Hold, kind: EventKind, now: Timestamp) -> Result<(), StorageError> {
    orders::touch(c, hold.order_id, now).await?;
    events::append(c, hold.order_id, now, kind, Source::Staff, hold.out_refund_no.as_str()).await
}

/// Sets `amount` aside for what WeChat says has gone back. A verified statement beats what only waits (money rule 12):
/// where they do not fit together, what waits is given free.
pub(super) async fn reserve_over_holds(
    c: &mut AnyConnection,
    payment_id: i64,
    amount: Fen,
    now: Timestamp,
) -> Result<bool, StorageError> {
    if payments::reserve(c, payment_id, amount).await? {
        return Ok(true);
    }
    let mut freed = false;
    for waiting in refund_holds::list_of_payment(c, payment_id).await? {
        if refund_holds::release(c, &waiting).await? {
            show(c, &waiting, EventKind::RefundReleased, now).await?;
            freed = true;
        }
    }
    Ok(freed && payments::reserve(c, payment_id, amount).await?)
}

impl Checkout {
    /// A number for a refund that somebody is about to ask for: drawn with the form, so that it is one refund however
    /// often the form is sent.
    ///
    /// # Errors
    /// Never with a clock that tells a time of four-digit years.
    pub fn draw_refund_number(&self) -> Result<OutRefundNo, RefundError> {
        let second = crate::checkout::number_start::beijing_second(self.now());
        OutRefundNo::build(&second, self.0.entropy.bytes()).map_err(|_| RefundError::NoSuchRefund)
    }

    /// What is written when this is redeemed, with the bytes that WeChat gets.
    ///
    /// # Errors
    /// Books that were put back, or something of it has gone back that they have forgotten; or the books, or WeChat, are
    /// out of reach.
    pub async fn refund_of_hold(&self, hold: &Hold) -> Result<NewRefund, RefundError> {
        if let Some(gap) = self.find_gap().await? {
            return Err(RefundError::PutBack { since: gap.since });
        }
        let payment = payments::find(&mut *self.0.db.read().await?, hold.payment_id).await?;
        let payment = payment.ok_or(RefundError::NoSuchPayment)?;
        // Whoever set it aside since then was asked about it with the draft.
        if self.is_from_before_put_back(hold).await? && self.may_lack_one(&payment, self.now()).await? {
            return Err(RefundError::GivenBackElsewhere);
        }
        let asked = Asked { amount: hold.amount, reason: &hold.reason, source: Source::Staff };
        let url = &self.0.settings.refund_notify_url;
        Ok(intent(url, &payment, hold.out_refund_no.clone(), &asked, self.now())?)
    }

    /// As much of its payment, asked for beside it: open, or within a day.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn find_same_refund(&self, hold: &Hold) -> Result<Option<Refund>, StorageError> {
        find_refund(&mut *self.0.db.read().await?, hold.payment_id, Some(hold.amount), self.now()).await
    }

    async fn is_from_before_put_back(&self, hold: &Hold) -> Result<bool, StorageError> {
        let mut c = self.0.db.read().await?;
        let Some(last) = restorations::find_last(&mut c).await? else { return Ok(false) };
        refund_holds::is_from_before(&mut c, &hold.out_refund_no, last.noticed).await
    }
}
