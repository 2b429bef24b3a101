//! Giving money back (money rules 4, 5, 7). The intent is written first and sets its amount aside, so
//! that the refunds of a payment never exceed it, whoever asks at the same time. Then WeChat is asked,
//! with the same bytes under the same number until it is known what became of it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;

use super::{
    Checkout, CheckoutError,
    jobs::pause,
    limits::{CARE, in_time},
    place::beijing_second,
    settle_refund::{FIRST_LOOK, change, show},
};
use crate::{
    domain::{Fen, OutRefundNo, RefundState},
    gateway::GatewayError,
    storage::{
        StorageError,
        events::{self, EventKind, Source},
        orders, payments,
        refunds::{self, NewRefund, Progress, Refund},
    },
    wechatpay::{
        ErrorCode,
        model::{InvalidRefund, RefundRequest},
    },
};

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
        match self.query_refund(&refund.out_refund_no).await {
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
        match self.query_refund(number).await {
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
