//! Money that came once too often goes back by itself (money rule 5), and is not given up before WeChat
//! takes no refunds of it any more. After a refund that failed the next one bears another number, ever
//! more rarely, and each only once WeChat has said that the one before has not happened.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;
use url::Url;

use super::{
    Checkout, CheckoutError, RefundVerdict,
    limits::{CARE, in_time},
    refund,
    settle_refund::{FIRST_LOOK, show},
};
use crate::{
    domain::{Fen, OutRefundNo, RefundState},
    storage::{
        StorageError,
        events::{self, EventKind, Source},
        orders,
        payments::{self, Payment, PaymentKind},
        refunds::{self, NewRefund, Refund},
        surplus,
    },
};

/// Why surplus money goes back, as the payer reads it.
pub(super) const REASON: &str = "重复支付，自动退回";
/// WeChat takes no refund of an older payment (`wechatpay-v3.md` §7.2).
const TERM: SignedDuration = SignedDuration::from_hours(365 * 24);
/// The pauses between one number and the next.
const PAUSES: (SignedDuration, SignedDuration) = (SignedDuration::from_mins(10), SignedDuration::from_hours(7 * 24));
/// How often it is looked what is not on its way back.
const SURVEY: SignedDuration = SignedDuration::from_mins(1);
/// How often the same alarm is repeated in the log.
const ALARM: SignedDuration = SignedDuration::from_hours(24);
/// How many are counted, and how many are named.
const COUNTED: i64 = 1000;
const NAMED: usize = 5;
/// How many that nobody looks after are taken up by one survey.
const TAKEN_UP: i64 = 256;

/// What the last survey has seen.
#[derive(Debug, Default)]
pub(super) struct Watch(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    surveyed: Option<Timestamp>,
    alarm: Option<(Timestamp, usize)>,
}

impl Watch {
    fn with<T>(&self, f: impl FnOnce(&mut Seen) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.with(|seen| {
            // A clock that was put back makes it due as well.
            let is_due = seen.surveyed.is_none_or(|last| now.duration_since(last).abs() >= SURVEY);
            if is_due {
                seen.surveyed = Some(now);
            }
            is_due
        })
    }

    /// Whether somebody must be told now: there are more than the last time, or it was long ago.
    fn is_alarm(&self, now: Timestamp, count: usize) -> bool {
        self.with(|seen| {
            let is_news = seen.alarm.is_none_or(|(at, told)| count > told || now.duration_since(at).abs() >= ALARM);
            if count == 0 {
                seen.alarm = None;
            } else if is_news {
                seen.alarm = Some((now, count));
            }
            count > 0 && is_news
        })
    }
}

/// When the refund that comes after this one, which has failed, is tried; `None` if none does.
pub(super) async fn next_try(
    c: &mut AnyConnection,
    refund: &Refund,
    now: Timestamp,
) -> Result<Option<Timestamp>, StorageError> {
    if refund.source != Source::Automatic {
        return Ok(None);
    }
    let payment = payments::find(c, refund.payment_id).await?;
    Ok(payment.filter(|it| it.kind == PaymentKind::Surplus).map(|payment| now + pause(&payment, now)))
}

fn pause(payment: &Payment, now: Timestamp) -> SignedDuration {
    (now.duration_since(payment.success) / 2).clamp(PAUSES.0, PAUSES.1)
}

impl Checkout {
    /// Looks after a refund that is due.
    pub(super) async fn tend_refund(&self, id: i64, source: Source) -> Result<(), CheckoutError> {
        let refund = refunds::find_by_id(&mut *self.0.db.read().await?, id).await?;
        match refund {
            Some(failed) if failed.state.has_failed() => {
                in_time(CARE, Box::pin(self.try_surplus_again(&failed, source))).await
            }
            Some(refund) => self.look_after_refund(refund.id, source).await,
            None => Ok(()),
        }
    }

    async fn try_surplus_again(&self, failed: &Refund, source: Source) -> Result<(), CheckoutError> {
        let now = self.0.clock.now();
        let payment = payments::find(&mut *self.0.db.read().await?, failed.payment_id).await?;
        let is_surplus = |it: &Payment| it.kind == PaymentKind::Surplus && failed.source == Source::Automatic;
        let Some(payment) = payment.filter(is_surplus) else { return self.let_rest(failed.id).await };
        if now >= payment.success + TERM {
            let id = &payment.transaction_id;
            tracing::error!(
                wechatpay.transaction_id = id,
                "surplus payment {id} can no longer be refunded through WeChat Pay: give it back otherwise"
            );
            return self.let_rest(failed.id).await;
        }
        if !self.has_not_happened(failed, source).await? {
            let (id, problem, next) = (failed.id, failed.problem.clone(), now + pause(&payment, now));
            let postponed = self.0.db.write(move |c| {
                let problem = problem.clone();
                Box::pin(async move { refunds::postpone(c, id, problem.as_deref(), next).await })
            });
            return Ok(postponed.await?);
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
    pub(super) async fn survey_surplus(&self) -> Result<(), CheckoutError> {
        let now = self.0.clock.now();
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
        let now = self.0.clock.now();
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
    refunds::rest(c, failed.id).await?;
    if automatic.last().is_none_or(|last| last.id != failed.id) || left == Fen::ZERO {
        return Ok(None);
    }
    let number = next_number(c, &payment, automatic.len()).await?;
    let Some((number, request)) = number.and_then(|number| {
        let request = refund::request(notify_url, &payment, &number, REASON, left).ok()?;
        Some((number, request))
    }) else {
        return Err(raced());
    };
    let next = NewRefund {
        out_refund_no: number,
        order_id: payment.order_id,
        payment_id: payment.id,
        amount: left,
        reason: REASON.to_owned(),
        source: Source::Automatic,
        request,
        state: RefundState::Requested,
        refund_id: None,
        check: Some(now + FIRST_LOOK),
        created: now,
        accepted: None,
        success: None,
    };
    if !payments::reserve(c, payment.id, left).await? || !refunds::insert(c, &next).await? {
        return Err(raced());
    }
    orders::touch(c, payment.order_id, now).await?;
    let number = next.out_refund_no.as_str();
    events::append(c, payment.order_id, now, EventKind::RefundAsked, Source::Automatic, number).await?;
    show(c, payment.order_id, now).await?;
    Ok(Some(next.out_refund_no))
}

/// The first of the payment's numbers from there on that nobody has taken by hand.
async fn next_number(
    c: &mut AnyConnection,
    payment: &Payment,
    before: usize,
) -> Result<Option<OutRefundNo>, StorageError> {
    for before in before..before + 100 {
        let Ok(number) = OutRefundNo::surplus_of(&payment.transaction_id, before) else { return Ok(None) };
        if refunds::find(c, &number).await?.is_none() {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_is_told_once_a_day_and_when_there_are_more() {
        let (watch, hour) = (Watch::default(), |hour: i64| Timestamp::constant(hour * 3600, 0));
        let told: Vec<_> = [(0, 0), (1, 1), (2, 1), (3, 2), (4, 1), (28, 1), (29, 0), (30, 1)]
            .into_iter()
            .filter(|(at, count)| watch.is_alarm(hour(*at), *count))
            .collect();
        assert_eq!(told, [(1, 1), (3, 2), (28, 1), (30, 1)]);
    }

    #[test]
    fn a_survey_is_due_every_minute_whichever_way_the_clock_goes() {
        let (watch, at) = (Watch::default(), |second| Timestamp::constant(second, 0));
        let due: Vec<_> = [1000, 1059, 1060, 900, 930].into_iter().filter(|it| watch.is_due(at(*it))).collect();
        assert_eq!(due, [1000, 1060, 900]);
    }
}
