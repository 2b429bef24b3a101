//! Giving money back (money rules 4, 5, 7). The intent is written first and sets its amount aside, so
//! that the refunds of a payment never exceed it, whoever asks at the same time. Then WeChat is asked,
//! with the same bytes under the same number until it is known what became of it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;

use super::{
    Checkout, CheckoutError, NotifyContext, Verdict,
    jobs::pause,
    limits::{CARE, in_time},
    place::beijing_second,
    settle::inbox,
};
use crate::{
    domain::{Fen, OrderStatus, OutRefundNo, RefundState},
    gateway::GatewayError,
    storage::{
        Expect, StorageError,
        events::{self, EventKind, Source},
        notifications::{self, Received},
        orders,
        payments::{self, Payment},
        refunds::{self, NewRefund, Progress, Refund},
    },
    wechatpay::{
        Content, ErrorCode, Notification,
        model::{InvalidRefund, RefundNotice, RefundReply, RefundRequest, RefundStatus},
    },
};

/// How often a refund is asked about that WeChat has accepted: its notice is faster in general.
const FIRST_LOOK: SignedDuration = SignedDuration::from_secs(60);
const LONGEST_LOOK: SignedDuration = SignedDuration::from_secs(30 * 60);
/// A refusal that somebody can lift (no money in the merchant's account) is tried again this often.
const LIFTED: SignedDuration = SignedDuration::from_secs(10 * 60);
/// Right after paying, the refund side may not know the payment yet (`wechatpay-v3.md` §1.6).
const UNKNOWN_PAYMENT_LIFE: SignedDuration = SignedDuration::from_secs(30 * 60);

/// What somebody wants to give back.
#[derive(Clone, Debug)]
pub struct RefundOrder {
    /// Of all that is left when `None`.
    pub amount: Option<Fen>,
    /// Shown to the payer; 1 to 80 characters.
    pub reason: String,
    pub source: Source,
    /// One number is one refund, however often it is asked for; a new one when `None`.
    pub out_refund_no: Option<OutRefundNo>,
}

/// Why nothing is given back.
#[derive(Debug, thiserror::Error)]
pub enum RefundError {
    #[error("nothing has been paid for this order")]
    NotPaid,
    #[error("a refund must be at least 0.01 yuan and at most the {left} yuan that are left")]
    Amount { left: Fen },
    #[error("the refund cannot be told to WeChat Pay: {0}")]
    Unfit(#[from] InvalidRefund),
    #[error("this out_refund_no stands for another refund")]
    OtherRefund,
    #[error("no such refund")]
    NoSuchRefund,
    #[error(transparent)]
    Checkout(#[from] CheckoutError),
}

impl From<StorageError> for RefundError {
    fn from(error: StorageError) -> Self {
        Self::Checkout(error.into())
    }
}

/// What became of a verified statement about a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundVerdict {
    Booked,
    /// Nothing new.
    Repeated,
    /// Not made here: booked as made in the merchant console.
    Elsewhere,
    /// Not what the refund or its payment is; sending it again cannot mend it.
    Mismatch,
    UnknownPayment,
    /// Not made here, and the money is set aside for a refund of ours whose end is not known yet. One of
    /// the two fails at WeChat; until then the notice has to come again.
    TooEarly,
}

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
    /// Gives back some or all of what paid the order. Answers once WeChat has, or has not within the
    /// time limits: then the refund is `REQUESTED` and goes on by itself.
    ///
    /// # Errors
    /// No such order, not paid, more than what is left, or the books are out of reach: then nothing
    /// has been asked for.
    pub async fn refund(&self, order_id: i64, wanted: RefundOrder) -> Result<Refund, RefundError> {
        let now = self.0.clock.now();
        let payment = {
            let mut c = self.0.db.read().await?;
            payments::find_paying(&mut c, order_id).await?.ok_or(RefundError::NotPaid)?
        };
        let left = payment.total.checked_sub(payment.refunding).unwrap_or(Fen::ZERO);
        let amount = wanted.amount.unwrap_or(left);
        let out_refund_no = match wanted.out_refund_no {
            Some(number) => number,
            None => OutRefundNo::build(&beijing_second(now), self.0.entropy.bytes())
                .map_err(|_| RefundError::Amount { left })?,
        };
        if let Some(known) = refunds::find(&mut *self.0.db.read().await?, &out_refund_no).await? {
            return self.same_again(known, order_id, wanted.amount, wanted.source).await;
        }
        if amount == Fen::ZERO || amount > left {
            return Err(RefundError::Amount { left });
        }
        let request = RefundRequest {
            transaction_id: &payment.transaction_id,
            out_refund_no: &out_refund_no,
            reason: Some(&wanted.reason),
            notify_url: &self.0.settings.refund_notify_url,
            refund: amount,
            total: payment.total,
        }
        .to_bytes()?;
        let intent = Arc::new(NewRefund {
            out_refund_no,
            order_id,
            payment_id: payment.id,
            amount,
            reason: wanted.reason,
            source: wanted.source,
            request,
            state: RefundState::Requested,
            refund_id: None,
            check: Some(now + FIRST_LOOK),
            created: now,
            success: None,
        });
        let written = Arc::clone(&intent);
        let is_written = self.0.db.write(move |c| {
            let intent = Arc::clone(&written);
            Box::pin(async move { write_intent(c, &intent).await })
        });
        if !is_written.await? {
            let payment = payments::find_paying(&mut *self.0.db.read().await?, order_id).await?;
            let left = payment.and_then(|it| it.total.checked_sub(it.refunding)).unwrap_or(Fen::ZERO);
            return Err(RefundError::Amount { left });
        }
        self.announce(order_id).await?;
        let refund = self.load_refund(&intent.out_refund_no).await?;
        self.submit(&refund, intent.source).await?;
        self.load_refund(&intent.out_refund_no).await
    }

    /// A number that was asked for before is the same refund, not another one.
    async fn same_again(
        &self,
        known: Refund,
        order_id: i64,
        amount: Option<Fen>,
        source: Source,
    ) -> Result<Refund, RefundError> {
        if known.order_id != order_id || amount.is_some_and(|amount| amount != known.amount) {
            return Err(RefundError::OtherRefund);
        }
        if known.state == RefundState::Requested {
            self.look_after_refund(known.id, source).await?;
        }
        self.load_refund(&known.out_refund_no).await
    }

    /// # Errors
    /// No such refund, or the books are out of reach.
    pub async fn load_refund(&self, number: &OutRefundNo) -> Result<Refund, RefundError> {
        let refund = refunds::find(&mut *self.0.db.read().await?, number).await?;
        refund.ok_or(RefundError::NoSuchRefund)
    }

    /// Sends the stored request, the same bytes each time.
    async fn submit(&self, refund: &Refund, source: Source) -> Result<(), CheckoutError> {
        let number = &refund.out_refund_no;
        match self.0.gateway.refund(&refund.request).await {
            Ok(reply) => self.apply_reply(refund, &reply, source).await,
            Err(error) => {
                tracing::warn!(refund.out_refund_no = %number, %error, "refund {number}");
                self.note_refusal(refund, &error, source).await
            }
        }
    }

    /// An error is advice, never proof (money rule 7): only a number that WeChat does not know after a
    /// definite refusal is given up.
    async fn note_refusal(&self, refund: &Refund, error: &GatewayError, source: Source) -> Result<(), CheckoutError> {
        let now = self.0.clock.now();
        let age = now.duration_since(refund.created);
        let problem = error.code().map(|code| code.as_str().chars().take(64).collect::<String>());
        let (GatewayError::Rejected(rejection), Some(code)) = (error, error.code()) else {
            return self.postpone(refund.id, problem, now + pause(age)).await;
        };
        let is_final = match code {
            ErrorCode::NotEnough => false,
            ErrorCode::ResourceNotExists => age >= UNKNOWN_PAYMENT_LIFE,
            _ => rejection.status.is_client_error(),
        };
        if !is_final {
            let wait = if *code == ErrorCode::NotEnough { LIFTED } else { pause(age) };
            return self.postpone(refund.id, problem, now + wait).await;
        }
        match self.0.gateway.query_refund(&refund.out_refund_no).await {
            Ok(reply) => self.apply_reply(refund, &reply, source).await,
            Err(error) if error.is_refund_not_exist() => self.give_up(refund, problem, source).await,
            Err(_) => self.postpone(refund.id, problem, now + pause(age)).await,
        }
    }

    async fn postpone(&self, id: i64, problem: Option<String>, check: Timestamp) -> Result<(), CheckoutError> {
        let postponed = self.0.db.write(move |c| {
            let problem = problem.clone();
            Box::pin(async move { refunds::postpone(c, id, problem.as_deref(), check).await })
        });
        Ok(postponed.await?)
    }

    async fn give_up(&self, refund: &Refund, problem: Option<String>, source: Source) -> Result<(), CheckoutError> {
        tracing::error!(refund.out_refund_no = %refund.out_refund_no, "refund {} was refused", refund.out_refund_no);
        let (now, id, order_id) = (self.0.clock.now(), refund.id, refund.order_id);
        let given_up = self.0.db.write(move |c| {
            let problem = problem.clone();
            Box::pin(async move {
                let Some(refund) = refunds::find_by_id(c, id).await? else { return Ok(()) };
                if !refund.state.may_become(RefundState::Refused) || refund.refund_id.is_some() {
                    return Ok(());
                }
                let progress = Progress {
                    state: RefundState::Refused,
                    refund_id: None,
                    success: None,
                    problem: problem.as_deref(),
                    check: None,
                };
                change(c, &refund, &progress, source, now).await
            })
        });
        given_up.await?;
        self.announce(order_id).await
    }

    /// Does what is due for a refund: asks how it stands; what WeChat has never heard of is sent again.
    pub(super) async fn look_after_refund(&self, id: i64, source: Source) -> Result<(), CheckoutError> {
        in_time(CARE, self.ask_about_refund(id, source)).await
    }

    async fn ask_about_refund(&self, id: i64, source: Source) -> Result<(), CheckoutError> {
        let refund = refunds::find_by_id(&mut *self.0.db.read().await?, id).await?;
        let Some(refund) = refund.filter(|it| it.state.may_become(RefundState::Success)) else { return Ok(()) };
        let now = self.0.clock.now();
        let number = &refund.out_refund_no;
        match self.0.gateway.query_refund(number).await {
            Ok(reply) => self.apply_reply(&refund, &reply, source).await,
            Err(error) if error.is_refund_not_exist() && refund.state == RefundState::Requested => {
                self.submit(&refund, source).await
            }
            Err(error) => {
                tracing::warn!(refund.out_refund_no = %number, %error, "query of refund {number}");
                self.postpone(id, refund.problem.clone(), now + pause(now.duration_since(refund.created))).await
            }
        }
    }

    async fn apply_reply(&self, refund: &Refund, reply: &RefundReply, source: Source) -> Result<(), CheckoutError> {
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
    /// The books cannot be written: then nothing has happened.
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
            let what = if notice.is_some() { super::Mismatch::Mchid } else { super::Mismatch::Event };
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

/// `false` when less than its amount is left.
async fn write_intent(c: &mut AnyConnection, intent: &NewRefund) -> Result<bool, StorageError> {
    // First, so that refunds of one order queue up here and each sees the one before.
    orders::touch(c, intent.order_id, intent.created).await?;
    if !payments::reserve(c, intent.payment_id, intent.amount).await? {
        return Ok(false);
    }
    if !refunds::insert(c, intent).await? {
        return Err(StorageError::Raced { table: "refunds", row: 0 });
    }
    let (at, number) = (intent.created, intent.out_refund_no.as_str());
    events::append(c, intent.order_id, at, EventKind::RefundAsked, intent.source, number).await?;
    show(c, intent.order_id, at).await?;
    Ok(true)
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
async fn change(
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
async fn show(c: &mut AnyConnection, order_id: i64, now: Timestamp) -> Result<(), StorageError> {
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
