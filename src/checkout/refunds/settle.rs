//! Booking what WeChat says of a refund, in a reply or in a notice: of ours, and of those made in the
//! merchant console (money rules 2 to 5).

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{
    abnormal,
    elsewhere::elsewhere,
    hold::reserve_over_holds,
    statement::{RefundBooking, Statement},
    step::{contradict, does_not_fit, next_look, take_step},
};
use crate::{
    checkout::{
        error::CheckoutError,
        inbox::{NotifyContext, inbox},
        shared::Checkout,
        verdict::{Mismatch, RefundVerdict, Verdict},
    },
    domain::{OutRefundNo, RefundState, Said},
    gateway::Replied,
    storage::{
        Expect, JobFuture, StorageError,
        events::Source,
        notifications, orders,
        payments::{self, Payment},
        refunds::{self, Progress, Refund},
        rows::{self, Rows, Table},
    },
    wechatpay::{
        Content, Notification,
        model::{RefundNotice, RefundReply},
    },
};

/// Longer than any that WeChat documents.
const REFUND_ID: usize = 64;

impl Checkout {
    /// Books what a verified reply about a refund says.
    ///
    /// # Errors
    /// The books cannot be written.
    pub(super) async fn apply_reply(
        &self,
        reply: &Replied<RefundReply>,
        source: Source,
    ) -> Result<RefundVerdict, CheckoutError> {
        let booking = RefundBooking { statement: reply.into(), source, received: None, at: self.now() };
        self.book_refund(booking).await
    }

    /// Books what a verified refund notification says and keeps it in the inbox, in one transaction.
    /// Nothing may be acknowledged before this has returned.
    ///
    /// # Errors
    /// The books cannot be written, or nobody can tell whether they were: the next delivery finds what there is.
    pub async fn apply_refund_notification(
        &self,
        notification: &Notification,
        context: NotifyContext,
    ) -> Result<Verdict, CheckoutError> {
        let now = self.now();
        self.keep_key(&notification.serial).await?;
        let notice = match &notification.content {
            Content::Refund(notice) if notification.event_type.starts_with("REFUND.") => Some(notice),
            _ => None,
        };
        let out_trade_no = notice.map(|it| it.out_trade_no.as_str());
        let transaction_id = notice.and_then(|it| it.transaction_id.as_deref());
        let received = inbox(notification, context, out_trade_no, transaction_id, now);
        let Some(notice) = notice.filter(|notice| notice.mchid == self.0.settings.mchid.as_str()) else {
            let what = if notice.is_some() { Mismatch::Mchid } else { Mismatch::Event };
            let verdict = Verdict::Mismatch(what);
            let kept = self.0.db.write_first(move |c| {
                let received = received.clone();
                Box::pin(
                    async move { notifications::record(c, &[(&received, verdict.code())], Expect::Anything).await },
                )
            });
            kept.await?;
            let (id, verdict_code) = (&notification.id, verdict.code());
            tracing::error!(notification = id, verdict = verdict_code, "verified notice {id} does not fit: {verdict}");
            return Ok(verdict);
        };
        let booking = RefundBooking {
            statement: (&**notice).into(),
            source: Source::Callback,
            received: Some(received),
            at: now,
        };
        let verdict = self.book_refund(booking).await?;
        Ok(Verdict::Refund(verdict))
    }

    /// Books what a verified notice says that is in the inbox already.
    pub(crate) async fn book_notice(&self, notice: &RefundNotice, source: Source) -> Result<Verdict, CheckoutError> {
        if notice.mchid != self.0.settings.mchid.as_str() {
            return Ok(Verdict::Mismatch(Mismatch::Mchid));
        }
        let booking = RefundBooking { statement: notice.into(), source, received: None, at: self.now() };
        Ok(Verdict::Refund(self.book_refund(booking).await?))
    }

    async fn book_refund(&self, booking: RefundBooking) -> Result<RefundVerdict, CheckoutError> {
        let booking = Arc::new(booking);
        let (verdict, order_id) = self.write_refund(&booking).await?;
        if let Some(order_id) = order_id {
            self.announce(order_id).await?;
        }
        let RefundBooking { statement, source, .. } = &*booking;
        let number = &statement.out_refund_no;
        match verdict {
            RefundVerdict::Booked => tracing::info!(
                refund.out_refund_no = number,
                source = source.code(),
                state = statement.state.map(RefundState::code),
                "refund {number}"
            ),
            RefundVerdict::Repeated => {}
            RefundVerdict::Elsewhere
            | RefundVerdict::Revived
            | RefundVerdict::Mismatch
            | RefundVerdict::Contradiction
            | RefundVerdict::Exceeds
            | RefundVerdict::UnknownPayment
            | RefundVerdict::TooEarly => tracing::error!(
                refund.out_refund_no = number,
                source = source.code(),
                verdict = Verdict::Refund(verdict).code(),
                state = statement.state.map(RefundState::code),
                "refund {number}: {}",
                verdict.words()
            ),
        }
        Ok(verdict)
    }

    /// A reply has time: the next look finds what was not booked, and it waits among everybody else who writes. A
    /// notice goes first where the order's row is free; where somebody has it, only a few of them wait at a time, so
    /// that there are connections left for everybody else.
    async fn write_refund(&self, booking: &Arc<RefundBooking>) -> Result<Settled, StorageError> {
        if booking.received.is_none() {
            return self.0.db.write(job(booking, Rows::Awaited)).await;
        }
        match self.0.db.write_first(job(booking, Rows::Free)).await {
            Err(StorageError::Locked) => {}
            settled => return settled,
        }
        let _place = self.0.bookings.place_to_wait().await?;
        self.0.db.write_first(job(booking, Rows::Awaited)).await
    }
}

/// What became of it, and the order that it concerns.
type Settled = (RefundVerdict, Option<i64>);

fn job(
    booking: &Arc<RefundBooking>,
    rows: Rows,
) -> impl for<'c> Fn(&'c mut AnyConnection) -> JobFuture<'c, Settled> + Send + use<> {
    let booking = Arc::clone(booking);
    move |c| {
        let booking = Arc::clone(&booking);
        Box::pin(async move { settle(c, &booking, rows).await })
    }
}

async fn settle(c: &mut AnyConnection, booking: &RefundBooking, rows: Rows) -> Result<Settled, StorageError> {
    let (verdict, order_id) = apply(c, booking, rows).await?;
    if let Some(received) = &booking.received {
        notifications::record(c, &[(received, Verdict::Refund(verdict).code())], Expect::Anything).await?;
    }
    Ok((verdict, order_id))
}

async fn apply(c: &mut AnyConnection, booking: &RefundBooking, rows: Rows) -> Result<Settled, StorageError> {
    let &RefundBooking { ref statement, source, at: now, .. } = booking;
    let Some(state) = statement.state else { return Ok((RefundVerdict::Mismatch, None)) };
    if !(1..=REFUND_ID).contains(&statement.refund_id.len()) {
        return Ok((RefundVerdict::Mismatch, None));
    }
    let number = OutRefundNo::parse_any(&statement.out_refund_no).ok();
    let known = match &number {
        Some(number) => refunds::find(c, number).await?,
        None => None,
    };
    // WeChat's number stands for one refund, whatever ours is.
    let other = refunds::find_by_refund_id(c, &statement.refund_id).await?;
    let other = other.filter(|other| known.as_ref().is_none_or(|known| known.id != other.id));
    if let Some(other) = other {
        orders::lock_as(c, other.order_id, rows).await?;
        contradict(c, other.order_id, &statement.out_refund_no, "REFUND_ID", source, now).await?;
        return Ok((RefundVerdict::Mismatch, Some(other.order_id)));
    }
    let Some(refund) = known else { return elsewhere(c, booking, number, state, rows).await };
    let verdict = apply_to(c, refund.id, booking, state, rows).await?;
    Ok((verdict, Some(refund.order_id)))
}

/// To a refund that the books know.
async fn apply_to(
    c: &mut AnyConnection,
    id: i64,
    booking: &RefundBooking,
    state: RefundState,
    rows: Rows,
) -> Result<RefundVerdict, StorageError> {
    let &RefundBooking { ref statement, source, at: now, .. } = booking;
    let raced = StorageError::Raced { table: "refunds", row: id };
    let Some(refund) = refunds::find_by_id(c, id).await? else { return Err(raced) };
    orders::lock_as(c, refund.order_id, rows).await?;
    rows::lock(c, Table::Refunds, &[id], rows).await?;
    rows::lock(c, Table::Payments, &[refund.payment_id], rows).await?;
    // As it stands now that nobody else changes it.
    let (Some(refund), Some(payment)) =
        (refunds::find_by_id(c, id).await?, payments::find(c, refund.payment_id).await?)
    else {
        return Err(raced);
    };
    let number = refund.out_refund_no.as_str();
    if let Some(what) = difference(statement, &refund, &payment) {
        contradict(c, refund.order_id, number, what, source, now).await?;
        return Ok(RefundVerdict::Mismatch);
    }
    refunds::note_reply(c, id, statement.accepted, statement.request_id.as_deref()).await?;
    let accepted = refund.accepted.or(statement.accepted);
    let asked = abnormal::Asked::of(c, &refund).await?;
    let said = if asked.is_some() { refund.state.hears_after_asking(state) } else { refund.state.hears(state) };
    if let Some(asked) = asked {
        if abnormal::is_old_news(&refund, statement, state) {
            // Of before it was asked for, or that account did not take it either: WeChat is asked which.
            refunds::postpone(c, id, None, now).await?;
            return Ok(RefundVerdict::Repeated);
        }
        asked.note_unheard(c, &refund, statement, state, now).await?;
    }
    match said {
        Said::News => {}
        Said::Nothing => {
            look_later(c, &refund, accepted, now).await?;
            return Ok(RefundVerdict::Repeated);
        }
        Said::Contradiction => {
            contradict(c, refund.order_id, number, state.code(), source, now).await?;
            return Ok(RefundVerdict::Contradiction);
        }
    }
    let was_given_up = refund.state == RefundState::Refused;
    if was_given_up && state.holds_money() && !reserve_over_holds(c, payment.id, refund.amount, now).await? {
        return does_not_fit(c, &payment, number, source, now).await;
    }
    let progress = Progress {
        state,
        refund_id: Some(&statement.refund_id),
        success: if state == RefundState::Success { Some(statement.success.unwrap_or(now)) } else { None },
        problem: None,
        check: next_look(state, accepted, refund.created, now),
    };
    take_step(c, &refund, &progress, source, now).await?;
    Ok(if was_given_up { RefundVerdict::Revived } else { RefundVerdict::Booked })
}

/// What of a refund is told otherwise than it is in the books.
fn difference(statement: &Statement, refund: &Refund, payment: &Payment) -> Option<&'static str> {
    if statement.transaction_id.as_ref().is_some_and(|id| *id != payment.transaction_id) {
        Some("TRANSACTION_ID")
    } else if statement.total != payment.total.get() || statement.amount != refund.amount.get() {
        Some("AMOUNT")
    } else if refund.refund_id.as_ref().is_some_and(|id| *id != statement.refund_id) {
        Some("REFUND_ID")
    } else {
        None
    }
}

/// Nothing new: it is asked about later, if at all. Whoever looks after a failed one has another reason.
async fn look_later(
    c: &mut AnyConnection,
    refund: &Refund,
    accepted: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), StorageError> {
    if refund.state.has_failed() {
        return Ok(());
    }
    match next_look(refund.state, accepted, refund.created, now) {
        Some(next) => refunds::postpone(c, refund.id, None, next).await,
        None => refunds::clear_check(c, refund.id).await,
    }
}
