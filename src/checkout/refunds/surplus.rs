//! Money that came once too often goes back by itself (money rule 5), and is not given up before WeChat
//! takes no refunds of it any more. After a refund that failed the next one bears another number, ever
//! more rarely, and each only once WeChat has said that the one before has not happened.

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;
use url::Url;

use super::{
    follow_up::GAP_PAUSE,
    next_number::{next_number, pause},
    request::{Asked, intent, set_aside},
};
use crate::{
    checkout::{
        error::CheckoutError,
        payments::SURPLUS_REASON,
        shared::Checkout,
        time_limits::{LOOK_AFTER_MOST, in_time},
        verdict::RefundVerdict,
    },
    domain::{Fen, OutRefundNo, RefundState},
    storage::{
        StorageError,
        events::Source,
        orders,
        payments::{self, Payment, PaymentKind},
        refunds::{self, Refund},
        surplus,
    },
};

/// WeChat takes no refund of an older payment (`wechatpay-v3.md` §7.2).
const TERM: SignedDuration = SignedDuration::from_hours(365 * 24);
/// How many are counted, and how many are named.
const COUNTED: i64 = 1000;
const NAMED: usize = 5;
/// How many that nobody looks after are taken up by one survey.
const TAKEN_UP: i64 = 256;

impl Checkout {
    /// Looks after a refund that is due.
    pub(crate) async fn look_after_due_refund(&self, id: i64, source: Source) -> Result<(), CheckoutError> {
        let refund = refunds::find_by_id(&mut *self.0.db.read().await?, id).await?;
        match refund {
            Some(failed) if failed.state.has_failed() => {
                in_time(LOOK_AFTER_MOST, Box::pin(self.try_surplus_again(&failed, source))).await
            }
            Some(refund) => self.look_after_refund(refund.id, source).await,
            None => Ok(()),
        }
    }

    async fn try_surplus_again(&self, failed: &Refund, source: Source) -> Result<(), CheckoutError> {
        let now = self.now();
        let payment = payments::find(&mut *self.0.db.read().await?, failed.payment_id).await?;
        let is_surplus = |it: &Payment| it.kind == PaymentKind::Surplus && failed.source == Source::Automatic;
        let Some(payment) = payment.filter(is_surplus) else { return self.clear_refund_check(failed.id).await };
        if self.find_gap().await?.is_some() {
            return self.look_later(failed, now + GAP_PAUSE).await;
        }
        if now >= payment.success + TERM {
            let id = &payment.transaction_id;
            tracing::error!(
                wechatpay.transaction_id = id,
                "surplus payment {id} can no longer be refunded through WeChat Pay: give it back otherwise"
            );
            return self.clear_refund_check(failed.id).await;
        }
        if !self.has_not_happened(failed, source).await? {
            return self.look_later(failed, now + pause(&payment, now)).await;
        }
        let (failed_id, notify_url) = (failed.id, self.0.settings.refund_notify_url.clone());
        let written = self.0.db.write(move |c| {
            let notify_url = notify_url.clone();
            Box::pin(async move { write_next(c, failed_id, &notify_url, now).await })
        });
        let Some(number) = written.await? else { return Ok(()) };
        self.announce(payment.order_id).await?;
        let next = refunds::find(&mut *self.0.db.read().await?, &number).await?;
        match next {
            Some(next) => self.submit(&next, source).await,
            None => Ok(()),
        }
    }

    async fn look_later(&self, failed: &Refund, next: Timestamp) -> Result<(), CheckoutError> {
        let (id, problem) = (failed.id, failed.problem.clone());
        let postponed = self.0.db.write(move |c| {
            let problem = problem.clone();
            Box::pin(async move { refunds::postpone(c, id, problem.as_deref(), next).await })
        });
        Ok(postponed.await?)
    }

    /// Whether WeChat confirms that a refund that failed has not happened: it knows none of this number,
    /// or calls it closed as before. Anything else is booked, and looked at again later.
    async fn has_not_happened(&self, failed: &Refund, source: Source) -> Result<bool, CheckoutError> {
        let number = &failed.out_refund_no;
        match self.query_refund(number).await {
            Ok(reply) => {
                let verdict = self.apply_reply(&reply, source).await?;
                Ok(failed.state == RefundState::Closed && verdict == RefundVerdict::Repeated)
            }
            Err(error) if error.is_refund_not_exist() => Ok(true),
            Err(error) => {
                tracing::warn!(refund.out_refund_no = %number, %error, "query of refund {number}");
                Ok(false)
            }
        }
    }

    /// Takes up what nobody looks after, and tells, once a day or when there are more, what is not on its
    /// way back.
    pub(crate) async fn survey_surplus(&self) -> Result<(), CheckoutError> {
        let now = self.now();
        if !self.0.surplus.is_due(now) {
            return Ok(());
        }
        let stranded = surplus::list_stranded(&mut *self.0.db.read().await?, now - TERM, TAKEN_UP).await?;
        if !stranded.is_empty() {
            let taken_up = self.0.db.write(move |c| {
                let stranded = stranded.clone();
                Box::pin(async move {
                    for id in stranded {
                        surplus::wake(c, id, now).await?;
                    }
                    Ok(())
                })
            });
            taken_up.await?;
        }
        let stuck = self.list_stuck_surplus().await?;
        if self.0.surplus.is_alarm(now, stuck.len()) {
            let some = stuck.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
            let count = stuck.len();
            tracing::error!(count, "{count} payments that came once too often do not go back by themselves: {some}");
        }
        Ok(())
    }

    /// The `transaction_id`s of surplus payments that do not go back as they should; at most 1000.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn list_stuck_surplus(&self) -> Result<Vec<String>, CheckoutError> {
        let now = self.now();
        Ok(surplus::list_stuck(&mut *self.0.db.read().await?, now - TERM, now, COUNTED).await?)
    }
}

/// The refund after one that failed, of all that is left of the payment. `None` when another one has come
/// after it already, or nothing is left: then nobody looks after the failed one any more.
async fn write_next(
    c: &mut AnyConnection,
    failed_id: i64,
    notify_url: &Url,
    now: Timestamp,
) -> Result<Option<OutRefundNo>, StorageError> {
    let raced = || StorageError::Raced { table: "refunds", row: failed_id };
    let failed = refunds::find_by_id(c, failed_id).await?.ok_or_else(raced)?;
    orders::lock(c, failed.order_id).await?;
    let failed = refunds::find_by_id(c, failed_id).await?.ok_or_else(raced)?;
    if !failed.state.has_failed() {
        return Ok(None);
    }
    let payment = payments::find(c, failed.payment_id).await?.ok_or_else(raced)?;
    let refunds = refunds::list_of_payment(c, payment.id).await?;
    let automatic: Vec<&Refund> = refunds.iter().filter(|it| it.source == Source::Automatic).collect();
    let left = payment.left();
    refunds::clear_check(c, failed.id).await?;
    if automatic.last().is_none_or(|last| last.id != failed.id) || left == Fen::ZERO {
        return Ok(None);
    }
    let number = next_number(c, &payment, automatic.len()).await?;
    let asked = Asked { amount: left, reason: SURPLUS_REASON, source: Source::Automatic };
    let next = number.and_then(|number| intent(notify_url, &payment, number, &asked, now).ok()).ok_or_else(raced)?;
    if !set_aside(c, &next).await? {
        return Err(raced());
    }
    Ok(Some(next.out_refund_no))
}
