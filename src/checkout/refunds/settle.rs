//! Booking what WeChat says of a refund, in a reply or in a notice: of ours, and of those made in the
//! merchant console (money rules 2 to 5).

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{
    elsewhere::elsewhere,
    statement::Statement,
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
        Expect, StorageError,
        events::Source,
        notifications::{self, Received},
        orders,
        payments::{self, Payment},
        refunds::{self, Progress, Refund},
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
        self.book_refund(Statement::from(reply), source, None).await
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
        let now = self.0.clock.now();
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
            return Ok(verdict);
        };
        let verdict = self.book_refund(Statement::from(&**notice), Source::Callback, Some(received)).await?;
        Ok(Verdict::Refund(verdict))
    }

    /// Books what a verified notice says that is in the inbox already.
    pub(crate) async fn book_notice(&self, notice: &RefundNotice, source: Source) -> Result<Verdict, CheckoutError> {
        if notice.mchid != self.0.settings.mchid.as_str() {
            return Ok(Verdict::Mismatch(Mismatch::Mchid));
        }
        Ok(Verdict::Refund(self.book_refund(Statement::from(notice), source, None).await?))
    }

    async fn book_refund(
        &self,
        statement: Statement,
        source: Source,
        received: Option<Received>,
    ) -> Result<RefundVerdict, CheckoutError> {
        let now = self.0.clock.now();
        let input = Arc::new((statement, received));
        let shared = Arc::clone(&input);
        let (verdict, order_id) = self
            .0
            .db
            .write_first(move |c| {
                let input = Arc::clone(&shared);
                Box::pin(async move {
                    let (statement, received) = &*input;
                    let (verdict, order_id) = apply(c, statement, source, now).await?;
                    if let Some(received) = received {
                        notifications::record(c, &[(received, Verdict::Refund(verdict).code())], Expect::Anything)
                            .await?;
                    }
                    Ok((verdict, order_id))
                })
            })
            .await?;
        if let Some(order_id) = order_id {
            self.announce(order_id).await?;
        }
        let number = &input.0.out_refund_no;
        match verdict {
            RefundVerdict::Booked => tracing::info!(
                refund.out_refund_no = number,
                source = source.code(),
                state = input.0.state.map(RefundState::code),
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
                state = input.0.state.map(RefundState::code),
                "refund {number}: {}",
                verdict.words()
            ),
        }
        Ok(verdict)
    }
}

async fn apply(
    c: &mut AnyConnection,
    statement: &Statement,
    source: Source,
    now: Timestamp,
) -> Result<(RefundVerdict, Option<i64>), StorageError> {
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
        contradict(c, other.order_id, &statement.out_refund_no, "REFUND_ID", source, now).await?;
        return Ok((RefundVerdict::Mismatch, Some(other.order_id)));
    }
    let Some(refund) = known else { return elsewhere(c, statement, number, state, now).await };
    let verdict = apply_to(c, refund.id, statement, state, source, now).await?;
    Ok((verdict, Some(refund.order_id)))
}

/// To a refund that the books know.
async fn apply_to(
    c: &mut AnyConnection,
    id: i64,
    statement: &Statement,
    state: RefundState,
    source: Source,
    now: Timestamp,
) -> Result<RefundVerdict, StorageError> {
    let raced = StorageError::Raced { table: "refunds", row: id };
    let Some(refund) = refunds::find_by_id(c, id).await? else { return Err(raced) };
    orders::lock(c, refund.order_id).await?;
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
    match refund.state.hears(state) {
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
    if was_given_up && state.holds_money() && !payments::reserve(c, payment.id, refund.amount).await? {
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
