//! Booking what WeChat says of a refund, in a reply or in a notice: of ours, and of those made in the
//! merchant console (money rules 2 to 5).

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;

use super::{Checkout, CheckoutError, Mismatch, NotifyContext, RefundVerdict, Verdict, inbox::inbox};
use crate::{
    domain::{Fen, OrderStatus, OutRefundNo, RefundState},
    storage::{
        Expect, StorageError,
        events::{self, EventKind, Source},
        notifications::{self, Received},
        orders,
        payments::{self, Payment},
        refunds::{self, NewRefund, Progress, Refund},
    },
    wechatpay::{
        Content, Notification,
        model::{RefundNotice, RefundReply, RefundStatus},
    },
};

/// How often a refund is asked about that WeChat has accepted: its notice is faster in general.
pub(super) const FIRST_LOOK: SignedDuration = SignedDuration::from_secs(60);
const LONGEST_LOOK: SignedDuration = SignedDuration::from_secs(30 * 60);
/// WeChat's word about a refund, from a reply or a notice.
#[derive(Clone, Debug)]
struct Statement {
    out_refund_no: String,
    refund_id: String,
    transaction_id: Option<String>,
    amount: i64,
    total: i64,
    state: Option<RefundState>,
    success: Option<Timestamp>,
}

impl From<&RefundReply> for Statement {
    fn from(reply: &RefundReply) -> Self {
        Self {
            out_refund_no: reply.out_refund_no.clone(),
            refund_id: reply.refund_id.clone(),
            transaction_id: reply.transaction_id.clone(),
            amount: reply.amount.refund,
            total: reply.amount.total,
            state: state_of(&reply.status),
            success: reply.success_time,
        }
    }
}

impl From<&RefundNotice> for Statement {
    fn from(notice: &RefundNotice) -> Self {
        Self {
            out_refund_no: notice.out_refund_no.clone(),
            refund_id: notice.refund_id.clone(),
            transaction_id: notice.transaction_id.clone(),
            amount: notice.amount.refund,
            total: notice.amount.total,
            state: state_of(&notice.refund_status),
            success: notice.success_time,
        }
    }
}

const fn state_of(status: &RefundStatus) -> Option<RefundState> {
    match status {
        RefundStatus::Processing => Some(RefundState::Processing),
        RefundStatus::Success => Some(RefundState::Success),
        RefundStatus::Closed => Some(RefundState::Closed),
        RefundStatus::Abnormal => Some(RefundState::Abnormal),
        RefundStatus::Unknown(_) => None,
    }
}

impl Checkout {
    pub(super) async fn apply_reply(
        &self,
        refund: &Refund,
        reply: &RefundReply,
        source: Source,
    ) -> Result<(), CheckoutError> {
        let verdict = self.book_refund(Statement::from(reply), source, None).await?;
        if verdict == RefundVerdict::Mismatch {
            let number = &refund.out_refund_no;
            tracing::error!(refund.out_refund_no = %number, "what WeChat Pay says of refund {number} does not fit");
        }
        Ok(())
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
            let kept = self.0.db.write(move |c| {
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
            .write(move |c| {
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
            | RefundVerdict::Mismatch
            | RefundVerdict::UnknownPayment
            | RefundVerdict::TooEarly => tracing::error!(
                refund.out_refund_no = number,
                source = source.code(),
                ?verdict,
                "refund {number}: {verdict:?}"
            ),
        }
        Ok(verdict)
    }

    /// WeChat says that money went back. When our books know of no refund, somebody made it elsewhere:
    /// staff must look, since WeChat lists no refunds of an order (`wechatpay-v3.md` §7.2).
    pub(super) async fn note_refund_elsewhere(&self, order_id: i64, source: Source) -> Result<(), CheckoutError> {
        let now = self.0.clock.now();
        let noted = self.0.db.write(move |c| {
            Box::pin(async move {
                let is_known = !refunds::list_of_order(c, order_id).await?.is_empty();
                if is_known || events::has(c, order_id, EventKind::RefundElsewhere).await? {
                    return Ok(false);
                }
                orders::touch(c, order_id, now).await?;
                events::append(c, order_id, now, EventKind::RefundElsewhere, source, "").await?;
                Ok(true)
            })
        });
        if noted.await? {
            tracing::error!(order.id = order_id, "order {order_id} was refunded in the merchant console");
            self.announce(order_id).await?;
        }
        Ok(())
    }
}

async fn apply(
    c: &mut AnyConnection,
    statement: &Statement,
    source: Source,
    now: Timestamp,
) -> Result<(RefundVerdict, Option<i64>), StorageError> {
    let Some(state) = statement.state else { return Ok((RefundVerdict::Mismatch, None)) };
    let Ok(number) = OutRefundNo::parse(&statement.out_refund_no) else {
        return elsewhere(c, statement, None, state, now).await;
    };
    let Some(refund) = refunds::find(c, &number).await? else {
        return elsewhere(c, statement, Some(number), state, now).await;
    };
    let payments = payments::list_of_order(c, refund.order_id).await?;
    let is_ours = payments.iter().any(|payment| {
        payment.id == refund.payment_id
            && statement.transaction_id.as_ref().is_none_or(|id| *id == payment.transaction_id)
            && statement.total == payment.total.get()
    });
    let is_other = refund.refund_id.as_ref().is_some_and(|id| *id != statement.refund_id);
    if !is_ours || is_other || statement.amount != refund.amount.get() {
        return Ok((RefundVerdict::Mismatch, None));
    }
    let order_id = Some(refund.order_id);
    if !refund.state.may_become(state) {
        if let Some(next) = next_look(&refund, state, now) {
            refunds::postpone(c, refund.id, None, next).await?;
        }
        return Ok((RefundVerdict::Repeated, order_id));
    }
    let progress = Progress {
        state,
        refund_id: Some(&statement.refund_id),
        success: if state == RefundState::Success { Some(statement.success.unwrap_or(now)) } else { None },
        problem: None,
        check: next_look(&refund, state, now),
    };
    change(c, &refund, &progress, source, now).await?;
    Ok((RefundVerdict::Booked, order_id))
}

/// When it is asked about again (`wechatpay-v3.md` §7.3).
fn next_look(refund: &Refund, state: RefundState, now: Timestamp) -> Option<Timestamp> {
    state.may_become(RefundState::Success).then(|| {
        let age = now.duration_since(refund.created);
        now + (age / 4).clamp(FIRST_LOOK, LONGEST_LOOK)
    })
}

/// One step of a refund with all that follows from it.
pub(super) async fn change(
    c: &mut AnyConnection,
    refund: &Refund,
    progress: &Progress<'_>,
    source: Source,
    now: Timestamp,
) -> Result<(), StorageError> {
    orders::touch(c, refund.order_id, now).await?;
    refunds::advance(c, refund, progress, now).await?;
    if progress.state.has_failed() {
        payments::release(c, refund.payment_id, refund.amount).await?;
    }
    let kind = match progress.state {
        RefundState::Requested => EventKind::RefundAsked,
        RefundState::Processing => EventKind::RefundProcessing,
        RefundState::Success => EventKind::RefundSuccess,
        RefundState::Closed => EventKind::RefundClosed,
        RefundState::Abnormal => EventKind::RefundAbnormal,
        RefundState::Refused => EventKind::RefundRefused,
    };
    events::append(c, refund.order_id, now, kind, source, refund.out_refund_no.as_str()).await?;
    show(c, refund.order_id, now).await
}

/// The order's status as its refunds have it. Those of surplus payments do not count: the order stays
/// paid by the other one.
pub(super) async fn show(c: &mut AnyConnection, order_id: i64, now: Timestamp) -> Result<(), StorageError> {
    let (Some(order), Some(paying)) = (orders::find(c, order_id).await?, payments::find_paying(c, order_id).await?)
    else {
        return Ok(());
    };
    let refunds = refunds::list_of_order(c, order_id).await?;
    let of_paying = refunds.iter().filter(|refund| refund.payment_id == paying.id);
    let status = OrderStatus::after_refunds(paying.total, of_paying.map(|refund| (refund.amount, refund.state)));
    if status == order.status { Ok(()) } else { orders::mark_status(c, &order, status, now).await }
}

/// A refund that was not made here. It is booked, so that nobody gives the same money back again.
async fn elsewhere(
    c: &mut AnyConnection,
    statement: &Statement,
    number: Option<OutRefundNo>,
    state: RefundState,
    now: Timestamp,
) -> Result<(RefundVerdict, Option<i64>), StorageError> {
    let payment = match &statement.transaction_id {
        Some(id) => payments::find_by_transaction(c, id).await?,
        None => None,
    };
    let Some(payment) = payment else { return Ok((RefundVerdict::UnknownPayment, None)) };
    let amount = Fen::new(statement.amount).ok().filter(|amount| *amount > Fen::ZERO);
    let (Some(amount), Some(out_refund_no)) = (amount, number) else { return Ok((RefundVerdict::Mismatch, None)) };
    if statement.total != payment.total.get() {
        return Ok((RefundVerdict::Mismatch, None));
    }
    let refund = NewRefund {
        out_refund_no,
        order_id: payment.order_id,
        payment_id: payment.id,
        amount,
        reason: String::new(),
        source: Source::Console,
        request: Vec::new(),
        state,
        refund_id: Some(statement.refund_id.clone()),
        check: state.may_become(RefundState::Success).then(|| now + FIRST_LOOK),
        created: now,
        success: (state == RefundState::Success).then(|| statement.success.unwrap_or(now)),
    };
    let verdict = book_elsewhere(c, &payment, &refund, now).await?;
    Ok((verdict, Some(payment.order_id)))
}

async fn book_elsewhere(
    c: &mut AnyConnection,
    payment: &Payment,
    refund: &NewRefund,
    now: Timestamp,
) -> Result<RefundVerdict, StorageError> {
    orders::touch(c, payment.order_id, now).await?;
    if refund.state.holds_money() && !payments::reserve(c, payment.id, refund.amount).await? {
        let ours = refunds::list_of_order(c, payment.order_id).await?;
        let may_fail = |it: &Refund| it.payment_id == payment.id && it.state.may_become(RefundState::Closed);
        return Ok(if ours.iter().any(may_fail) { RefundVerdict::TooEarly } else { RefundVerdict::Mismatch });
    }
    if !refunds::insert(c, refund).await? {
        return Err(StorageError::Raced { table: "refunds", row: 0 });
    }
    let number = refund.out_refund_no.as_str();
    events::append(c, payment.order_id, now, EventKind::RefundElsewhere, Source::Console, number).await?;
    show(c, payment.order_id, now).await?;
    Ok(RefundVerdict::Elsewhere)
}
