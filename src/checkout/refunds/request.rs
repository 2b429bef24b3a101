//! Giving money back (money rules 4, 5, 13). A refund is of a payment. Its number is there, and shown,
//! before anybody is asked; the intent is written first and sets its amount aside, so that the refunds of
//! a payment never exceed it, whoever asks at the same time. What follows is in `follow_up`.

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::AnyConnection;
use url::Url;

use super::{
    beside::Beside,
    draft::{RefundDraft, RefundError, RefundOf, RefundOrder},
    same::{Same, find_same},
    step::{FIRST_LOOK, show_in_order},
};
use crate::{
    checkout::{error::CheckoutError, number_start::beijing_second, shared::Checkout, visit::Visit},
    domain::{Fen, OutRefundNo, RefundState},
    gateway::Asker,
    storage::{
        StorageError, attempts,
        events::{self, EventKind, Source},
        orders,
        payments::{self, Payment},
        refund_holds,
        refunds::{self, NewRefund, Refund},
    },
    wechatpay::{
        TradeState,
        model::{InvalidRefund, RefundRequest},
    },
};

/// How often it is decided anew because others took of the same payment meanwhile.
const TRIES: usize = 5;

/// What the transaction that writes the intent has found.
enum Found {
    /// Written, now or by an earlier run of the same job.
    Written,
    /// Somebody else has asked for the same meanwhile.
    Same(Same),
    /// Somebody else has taken of the payment meanwhile.
    Left(Fen),
    /// The number stands for something else.
    Other,
    NotAllowed,
}

impl Checkout {
    /// Gives back some or all of a payment. Answers once WeChat has, or has not within the time limits:
    /// then the refund is `REQUESTED` and goes on by itself.
    ///
    /// # Errors
    /// See [`Self::draft_refund`] and [`Self::ask_for_refund`].
    pub async fn refund(&self, of: &RefundOf, wanted: RefundOrder) -> Result<Refund, RefundError> {
        let draft = self.draft_refund(of, wanted).await?;
        self.ask_for_refund(draft).await
    }

    /// Finds the payment, and the number of its refund. Nothing is written and nobody is asked.
    ///
    /// # Errors
    /// No such payment or not just one, more than what is left, or the books are out of reach.
    pub async fn draft_refund(&self, of: &RefundOf, wanted: RefundOrder) -> Result<RefundDraft, RefundError> {
        let now = self.now();
        let payment = self.find_payment(of).await?;
        let left = payment.left();
        let standing = {
            let mut c = self.0.db.read().await?;
            match wanted.number.number() {
                Some(number) => refunds::find(&mut c, number).await?,
                None => None,
            }
        };
        let same = match standing {
            Some(_) => None,
            None => find_same(&mut *self.0.db.read().await?, &payment, &wanted, now).await?,
        };
        let standing = match same {
            Some(same) => Some(same.gone_on_with(&wanted)?),
            None => standing,
        };
        if let Some(standing) = standing {
            let is_same = standing.payment_id == payment.id
                && wanted.amount.is_none_or(|amount| amount == standing.amount)
                && standing.source != Source::Console;
            let out_refund_no = standing.out_refund_no.clone();
            let draft = RefundDraft { payment, wanted, out_refund_no, standing: Some(standing), beside: None };
            return if is_same { Ok(draft) } else { Err(RefundError::OtherRefund) };
        }
        if wanted.number.number().is_some_and(OutRefundNo::is_of_surplus) {
            return Err(RefundError::ReservedNumber);
        }
        if let Some(gap) = self.find_gap().await? {
            return Err(RefundError::PutBack { since: gap.since });
        }
        if !wanted.another
            && (self.is_given_back_elsewhere(&payment).await? || self.may_lack_one(&payment, now).await?)
        {
            return Err(RefundError::GivenBackElsewhere);
        }
        let amount = wanted.amount.unwrap_or(left);
        if amount == Fen::ZERO || amount > left {
            return Err(RefundError::Amount { left });
        }
        let out_refund_no = match wanted.number.number() {
            Some(number) => number.clone(),
            None => OutRefundNo::build(&beijing_second(now), self.0.entropy.bytes())
                .map_err(|_| RefundError::Amount { left })?,
        };
        request(&self.0.settings.refund_notify_url, &payment, &out_refund_no, &wanted.reason, amount)?;
        Ok(RefundDraft { payment, wanted, out_refund_no, standing: None, beside: None })
    }

    /// Writes the intent of a draft and asks WeChat. The refund that comes back has another number than
    /// the draft when somebody else has asked for the same at the same moment.
    ///
    /// # Errors
    /// Less is left than a moment ago; or the books cannot be written, and then WeChat has not been asked.
    /// After [`RefundError::Unconfirmed`] nobody knows whether it is written, and will go on.
    pub async fn ask_for_refund(&self, draft: RefundDraft) -> Result<Refund, RefundError> {
        let source = draft.wanted.source;
        if let Some(standing) = draft.standing {
            return self.go_on_with(standing, source).await;
        }
        self.ask_about_given_up(&draft.payment, source).await?;
        let mut payment = draft.payment.clone();
        for _ in 0..TRIES {
            match self.write_intent(&draft, &payment).await? {
                Found::Written => {
                    self.announce(payment.order_id).await?;
                    let refund = self.load_refund(&draft.out_refund_no).await?;
                    self.submit(&refund, source).await?;
                    return self.load_refund(&draft.out_refund_no).await;
                }
                Found::Same(same) => {
                    let standing = same.gone_on_with(&draft.wanted)?;
                    return self.go_on_with(standing, source).await;
                }
                Found::Other => return Err(RefundError::OtherRefund),
                Found::NotAllowed => return Err(RefundError::NotAllowed),
                Found::Left(left) if draft.wanted.amount.is_some() || left == Fen::ZERO => {
                    return Err(RefundError::Amount { left });
                }
                // All that is left has become less.
                Found::Left(_) => payment = self.find_payment(&RefundOf::Transaction(payment.transaction_id)).await?,
            }
        }
        Err(raced(payment.id).into())
    }

    /// WeChat has said of the payment that money went back, and the books have no refund that tells how much.
    async fn is_given_back_elsewhere(&self, payment: &Payment) -> Result<bool, RefundError> {
        let mut c = self.0.db.read().await?;
        if !events::has(&mut c, payment.order_id, EventKind::RefundElsewhere).await? {
            return Ok(false);
        }
        let refunds = refunds::list_of_order(&mut c, payment.order_id).await?;
        Ok(!refunds.iter().any(|refund| refund.source == Source::Console))
    }

    /// Books that were put back may not know of a refund that no bill tells of yet. WeChat lists no refunds of an
    /// order, but it says whether there was one.
    pub(super) async fn may_lack_one(&self, payment: &Payment, now: Timestamp) -> Result<bool, RefundError> {
        if !self.has_untold_refunds(now).await? {
            return Ok(false);
        }
        let attempts = attempts::list_of_order(&mut *self.0.db.read().await?, payment.order_id).await?;
        let Some(attempt) = attempts.iter().find(|it| it.id == payment.attempt_id) else { return Ok(true) };
        let mut visit = Visit::new(Asker::Button, now);
        match self.query(&attempt.out_trade_no, &mut visit).await {
            Ok(reply) => Ok(reply.content.trade_state == TradeState::Refund),
            Err(error) => {
                tracing::warn!(order.out_trade_no = %attempt.out_trade_no, %error, "query before a refund");
                Err(RefundError::NotAsked)
            }
        }
    }

    async fn find_payment(&self, of: &RefundOf) -> Result<Payment, RefundError> {
        let mut c = self.0.db.read().await?;
        let number = match of {
            RefundOf::Transaction(id) => {
                return payments::find_by_transaction(&mut c, id).await?.ok_or(RefundError::NoSuchPayment);
            }
            RefundOf::Attempt(number) => number,
        };
        let owed = attempts::find_owed(&mut c, number).await?.ok_or(CheckoutError::NoSuchOrder)?;
        let payments = payments::list_of_order(&mut c, owed.order_id).await?;
        let (mut under_it, others): (Vec<_>, Vec<_>) =
            payments.into_iter().partition(|payment| payment.attempt_id == owed.attempt_id);
        let ids = |payments: Vec<Payment>| payments.into_iter().map(|it| it.transaction_id).collect();
        match (under_it.pop(), under_it.is_empty()) {
            (Some(payment), true) => Ok(payment),
            (Some(last), false) => Err(RefundError::Ambiguous(ids(under_it.into_iter().chain([last]).collect()))),
            (None, _) => Err(RefundError::NotPaid(ids(others))),
        }
    }

    /// A refund that was asked for before is the same one, not another one.
    async fn go_on_with(&self, standing: Refund, source: Source) -> Result<Refund, RefundError> {
        if matches!(standing.state, RefundState::Requested | RefundState::Processing | RefundState::Refused) {
            self.look_after_refund(standing.id, source).await?;
        }
        self.load_refund(&standing.out_refund_no).await
    }

    /// What was given up may have been accepted all the same: nobody gives the same money back again
    /// before WeChat has been asked.
    async fn ask_about_given_up(&self, payment: &Payment, source: Source) -> Result<(), RefundError> {
        /// The last ones count.
        const MOST: usize = 5;
        let refunds = refunds::list_of_payment(&mut *self.0.db.read().await?, payment.id).await?;
        for refund in refunds.iter().rev().filter(|it| it.state == RefundState::Refused).take(MOST) {
            self.look_after_refund(refund.id, source).await?;
        }
        Ok(())
    }

    /// # Errors
    /// No such refund, or the books are out of reach.
    pub async fn load_refund(&self, number: &OutRefundNo) -> Result<Refund, RefundError> {
        let refund = refunds::find(&mut *self.0.db.read().await?, number).await?;
        refund.ok_or(RefundError::NoSuchRefund)
    }

    async fn write_intent(&self, draft: &RefundDraft, payment: &Payment) -> Result<Found, RefundError> {
        let now = self.now();
        let RefundDraft { wanted, out_refund_no, .. } = draft;
        let amount = wanted.amount.unwrap_or_else(|| payment.left());
        let asked = Asked { amount, reason: &wanted.reason, source: wanted.source };
        let intent = intent(&self.0.settings.refund_notify_url, payment, out_refund_no.clone(), &asked, now)?;
        let input = Arc::new((intent, wanted.clone(), draft.beside.clone()));
        let job = Arc::clone(&input);
        let written = self.0.db.write(move |c| {
            let input = Arc::clone(&job);
            Box::pin(async move { write_intent(c, &input.0, &input.1, input.2.as_ref()).await })
        });
        match written.await {
            Ok(found) => Ok(found),
            Err(error) if !error.is_outcome_unknown() => Err(error.into()),
            // Whether it was written is looked up before anything is said.
            Err(error) => match refunds::find(&mut *self.0.db.read().await?, out_refund_no).await {
                Ok(Some(known)) if is_this(&known, &input.0) => Ok(Found::Written),
                // Not there now, which is no word on how it is after the next start.
                Ok(_) | Err(_) => Err(RefundError::Unconfirmed(error)),
            },
        }
    }
}

/// What is asked for beside the payment and the number.
pub(super) struct Asked<'a> {
    pub(super) amount: Fen,
    pub(super) reason: &'a str,
    pub(super) source: Source,
}

/// A refund as it is written down before anybody is asked, with the bytes that WeChat gets each time.
pub(super) fn intent(
    notify_url: &Url,
    payment: &Payment,
    out_refund_no: OutRefundNo,
    &Asked { amount, reason, source }: &Asked<'_>,
    now: Timestamp,
) -> Result<NewRefund, InvalidRefund> {
    let request = request(notify_url, payment, &out_refund_no, reason, amount)?;
    Ok(NewRefund {
        out_refund_no,
        order_id: payment.order_id,
        payment_id: payment.id,
        amount,
        reason: reason.to_owned(),
        source,
        request,
        state: RefundState::Requested,
        refund_id: None,
        check: Some(now + FIRST_LOOK),
        created: now,
        accepted: None,
        success: None,
    })
}

/// Writes it down, sets its amount aside and shows it. `false`, and nothing is changed, when less is left.
pub(super) async fn set_aside(c: &mut AnyConnection, intent: &NewRefund) -> Result<bool, StorageError> {
    if !payments::reserve(c, intent.payment_id, intent.amount).await? {
        return Ok(false);
    }
    if !refunds::insert(c, intent).await? {
        return Err(StorageError::Raced { table: "refunds", row: 0 });
    }
    orders::touch(c, intent.order_id, intent.created).await?;
    let (at, number) = (intent.created, intent.out_refund_no.as_str());
    events::append(c, intent.order_id, at, EventKind::RefundAsked, intent.source, number).await?;
    show_in_order(c, intent.order_id, at).await?;
    Ok(true)
}

fn request(
    notify_url: &Url,
    payment: &Payment,
    out_refund_no: &OutRefundNo,
    reason: &str,
    refund: Fen,
) -> Result<Vec<u8>, InvalidRefund> {
    let request = RefundRequest {
        transaction_id: &payment.transaction_id,
        out_refund_no,
        reason: Some(reason),
        notify_url,
        refund,
        total: payment.total,
    };
    request.to_bytes()
}

fn is_this(known: &Refund, intent: &NewRefund) -> bool {
    known.payment_id == intent.payment_id && known.amount == intent.amount && known.source != Source::Console
}

const fn raced(row: i64) -> StorageError {
    StorageError::Raced { table: "payments", row }
}

/// Two commands at once are decided here: refunds of one order queue up at the lock, and each sees the
/// one before. A job that is run again finds its own work first.
async fn write_intent(
    c: &mut AnyConnection,
    intent: &NewRefund,
    wanted: &RefundOrder,
    beside: Option<&Beside>,
) -> Result<Found, StorageError> {
    orders::lock(c, intent.order_id).await?;
    if let Some(known) = refunds::find(c, &intent.out_refund_no).await? {
        return Ok(if is_this(&known, intent) { Found::Written } else { Found::Other });
    }
    // A number that waits for a second person is taken.
    if refund_holds::find(c, &intent.out_refund_no).await?.is_some() {
        return Ok(Found::Other);
    }
    let Some(payment) = payments::find(c, intent.payment_id).await? else {
        return Err(raced(intent.payment_id));
    };
    if let Some(same) = find_same(c, &payment, wanted, intent.created).await? {
        return Ok(Found::Same(same));
    }
    let is_all_that_is_left = wanted.amount.is_some() || payment.left() == intent.amount;
    if !is_all_that_is_left || payment.left() < intent.amount {
        return Ok(Found::Left(payment.left()));
    }
    if let Some(Beside(job)) = beside
        && !job(c).await?
    {
        return Ok(Found::NotAllowed);
    }
    // What stands beside it is undone with it.
    if set_aside(c, intent).await? { Ok(Found::Written) } else { Err(raced(payment.id)) }
}
