//! Asking WeChat how an order stands: while a page waits, and when a shopper says 我已完成支付. One
//! question per order at a time, a bounded number over all. What follows from an answer that an
//! order should end is in `close`.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use tokio::sync::Notify;

use super::{Checkout, CheckoutError, CodeState, OrderSnapshot, Verdict};
use crate::{
    domain::{OrderStatus, OrderToken},
    storage::{attempts::Attempt, events::Source},
    wechatpay::TradeState,
};

/// What WeChat's verified answer came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Paid,
    NotPaid,
    /// Closed there: no money can arrive any more.
    Closed,
    /// WeChat has no such order. A prepay may still be on its way.
    NotExist,
    /// No usable answer, or a state that only staff can judge.
    Unknown,
}

/// A shopper's button may not ask more often than this.
const BUTTON_PAUSE: SignedDuration = SignedDuration::from_secs(2);
/// How soon an order whose time is over is asked about again when the answer was of no use.
const OVERDUE_PAUSE: SignedDuration = SignedDuration::from_secs(5);
/// Orders remembered before those that nobody asks about any more are dropped.
const REMEMBERED: usize = 20_000;

/// When each order is asked about next.
#[derive(Debug, Default)]
pub struct Inquiries {
    plans: Mutex<HashMap<i64, Plan>>,
    /// Some question has come to its end.
    ended: Notify,
}

#[derive(Clone, Copy, Debug)]
struct Plan {
    next: Timestamp,
    last: Option<Timestamp>,
    asked: usize,
    busy: bool,
}

/// When it is time to ask.
#[derive(Clone, Copy, Debug)]
pub(super) enum Due {
    AsPlanned,
    /// Plan or not, once the last question is this long ago.
    After(SignedDuration),
}

impl Plan {
    const fn new(next: Timestamp) -> Self {
        Self { next, last: None, asked: 0, busy: false }
    }
}

impl Inquiries {
    fn with<T>(&self, f: impl FnOnce(&mut HashMap<i64, Plan>) -> T) -> T {
        f(&mut self.plans.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// When to ask about this order, counted from its placing.
    fn next(&self, order_id: i64, created: Timestamp, now: Timestamp, gaps: &[SignedDuration]) -> Timestamp {
        self.with(|plans| {
            if plans.len() >= REMEMBERED {
                plans.retain(|_, plan| plan.busy || plan.next > now);
            }
            let first = created + gaps.first().copied().unwrap_or(SignedDuration::ZERO);
            plans.entry(order_id).or_insert(Plan::new(first)).next
        })
    }

    /// The right to ask now; `false` while somebody else asks, or before it is time.
    fn begin(&self, order_id: i64, now: Timestamp, due: Due, gaps: &[SignedDuration]) -> bool {
        self.with(|plans| {
            let plan = plans.entry(order_id).or_insert(Plan::new(now));
            let is_due = match due {
                Due::AsPlanned => now >= plan.next,
                Due::After(pause) => plan.last.is_none_or(|last| now >= last + pause),
            };
            if plan.busy || !is_due {
                return false;
            }
            plan.busy = true;
            plan.asked += 1;
            plan.last = Some(now);
            let gap = gaps.get(plan.asked).or(gaps.last()).copied().unwrap_or(SignedDuration::from_secs(30));
            plan.next = now + gap;
            true
        })
    }

    fn end(&self, order_id: i64, forget: bool) {
        self.with(|plans| {
            if forget {
                plans.remove(&order_id);
            } else if let Some(plan) = plans.get_mut(&order_id) {
                plan.busy = false;
            }
        });
        self.ended.notify_waiters();
    }
}

/// Gives the place back however the question ends.
pub(super) struct Asking<'a> {
    inquiries: &'a Inquiries,
    order_id: i64,
    pub(super) forget: bool,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.inquiries.end(self.order_id, self.forget);
    }
}

impl Checkout {
    /// Does what is due for an order somebody looks at (fetch its code, ask WeChat, close it after
    /// its time) without waiting for it, and tells when something will be due again.
    pub fn nudge(&self, snapshot: &OrderSnapshot) -> Option<Duration> {
        let order = &snapshot.order;
        if order.status != OrderStatus::NotPay {
            return None;
        }
        let now = self.0.clock.now();
        let gaps = &self.0.settings.query_gaps;
        let wants_end = now >= order.expires || order.wish.is_some();
        let wants_code = matches!(snapshot.code(), CodeState::Preparing { .. } | CodeState::Refused);
        if wants_code && !wants_end && now >= snapshot.attempt.not_before {
            self.spawn_fetch_code(order.id);
        }
        let mut next = self.0.inquiries.next(order.id, order.created, now, gaps);
        if wants_end || now >= next {
            self.spawn_inquiry(order.id, if wants_end { Due::After(OVERDUE_PAUSE) } else { Due::AsPlanned });
            next = now + if wants_end { OVERDUE_PAUSE } else { gaps.last().copied().unwrap_or(OVERDUE_PAUSE) };
        } else {
            next = next.min(order.expires);
        }
        if wants_code {
            next = next.min(snapshot.attempt.not_before.max(now + self.0.settings.prepay_pause));
        }
        let wait = next.duration_since(now).max(SignedDuration::from_millis(20));
        Some(wait.unsigned_abs())
    }

    fn spawn_inquiry(&self, order_id: i64, due: Due) {
        let Ok(place) = Arc::clone(&self.0.inquiry_places).try_acquire_owned() else { return };
        let checkout = self.clone();
        self.0.tasks.spawn(async move {
            let _place = place;
            let Some(mut asking) = checkout.begin(order_id, due) else { return };
            match checkout.look_after(order_id, Source::Query).await {
                Ok(answer) => asking.forget = matches!(answer, Answer::Paid | Answer::Closed),
                Err(error) => tracing::error!(%error, order.id = order_id, "asking about order {order_id}"),
            }
        });
    }

    /// 我已完成支付: asks at once, unless somebody asked a moment ago.
    ///
    /// # Errors
    /// No such order, or the books are out of reach.
    pub async fn check_payment(&self, token: &OrderToken) -> Result<Answer, CheckoutError> {
        let snapshot = self.load_snapshot(token).await?;
        match snapshot.order.status {
            OrderStatus::NotPay => {}
            OrderStatus::Closed(_) => return Ok(Answer::Closed),
            _ => return Ok(Answer::Paid),
        }
        let order_id = snapshot.order.id;
        let mut changes = self.0.live.subscribe(order_id);
        let checkout = self.clone();
        let asking = self.spawn(async move {
            let _asking = checkout.begin(order_id, Due::After(BUTTON_PAUSE))?;
            Some(checkout.look_after(order_id, Source::Query).await)
        });
        if let Some(answer) = asking.await.unwrap_or(Some(Ok(Answer::Unknown))) {
            return answer;
        }
        // Somebody is asking or has just asked: their answer shows in the order.
        let limit = BUTTON_PAUSE.unsigned_abs();
        let decided = |now: &OrderSnapshot| now.order.status != OrderStatus::NotPay;
        Ok(match self.wait_until(order_id, &mut changes, limit, decided).await?.order.status {
            OrderStatus::NotPay => Answer::NotPaid,
            OrderStatus::Closed(_) => Answer::Closed,
            _ => Answer::Paid,
        })
    }

    pub(super) fn begin(&self, order_id: i64, due: Due) -> Option<Asking<'_>> {
        let inquiries = &self.0.inquiries;
        let begun = inquiries.begin(order_id, self.0.clock.now(), due, &self.0.settings.query_gaps);
        // Not `then_some`: an `Asking` that is made and dropped would end somebody else's question.
        begun.then(|| Asking { inquiries, order_id, forget: false })
    }

    /// The right to ask, as soon as nobody else has it.
    pub(super) async fn begin_now(&self, order_id: i64) -> Asking<'_> {
        loop {
            let ended = self.0.inquiries.ended.notified();
            if let Some(asking) = self.begin(order_id, Due::After(SignedDuration::ZERO)) {
                return asking;
            }
            ended.await;
        }
    }

    /// One question about an attempt; settles what the verified answer says.
    pub(super) async fn ask_about(&self, attempt: &Attempt, source: Source) -> Result<Answer, CheckoutError> {
        let number = &attempt.out_trade_no;
        let transaction = match self.0.gateway.query(number).await {
            Ok(transaction) => transaction,
            Err(error) if error.is_order_not_exist() => return Ok(Answer::NotExist),
            Err(error) => {
                tracing::warn!(order.out_trade_no = %number, %error, "query of {number}");
                return Ok(Answer::Unknown);
            }
        };
        match transaction.trade_state {
            TradeState::Success | TradeState::Refund => {
                let verdict = self.settle_queried(&transaction, source).await?;
                if transaction.trade_state == TradeState::Refund {
                    self.note_refund_elsewhere(attempt.order_id, source).await?;
                }
                Ok(match verdict {
                    Verdict::Paid | Verdict::PaidLate | Verdict::Duplicate | Verdict::Surplus => Answer::Paid,
                    Verdict::UnknownOrder | Verdict::Mismatch(_) | Verdict::Echo | Verdict::Refund(_) => {
                        Answer::Unknown
                    }
                })
            }
            TradeState::NotPay => Ok(Answer::NotPaid),
            TradeState::Closed => Ok(Answer::Closed),
            state => {
                tracing::error!(order.out_trade_no = %number, state = state.as_str(), "query of {number}: staff must look");
                Ok(Answer::Unknown)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(second: i64) -> Timestamp {
        Timestamp::constant(second, 0)
    }

    #[test]
    fn an_order_is_asked_about_after_5_and_10_and_then_every_10_seconds() {
        let gaps = super::super::CheckoutSettings::default_query_gaps();
        let inquiries = Inquiries::default();
        let mut asked = Vec::new();
        for second in 0..=95 {
            let now = at(second);
            if now >= inquiries.next(1, at(0), now, &gaps) && inquiries.begin(1, now, Due::AsPlanned, &gaps) {
                asked.push(second);
                inquiries.end(1, false);
            }
        }
        assert_eq!(asked, [5, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
    }

    #[test]
    fn one_question_at_a_time_however_many_ask() {
        let inquiries = Inquiries::default();
        let now = Due::After(SignedDuration::ZERO);
        assert!(inquiries.begin(1, at(0), now, &[]));
        assert!(!inquiries.begin(1, at(100), now, &[]));
        assert!(inquiries.begin(2, at(0), now, &[]), "another order is another matter");
        inquiries.end(1, false);
        assert!(inquiries.begin(1, at(100), now, &[]));
    }

    #[test]
    fn whoever_asks_unplanned_leaves_a_pause_after_the_last_question() {
        let inquiries = Inquiries::default();
        let due = Due::After(SignedDuration::from_secs(5));
        assert!(inquiries.begin(1, at(10), due, &[]), "never asked before");
        inquiries.end(1, false);
        assert!(!inquiries.begin(1, at(14), due, &[]));
        assert!(inquiries.begin(1, at(15), due, &[]));
    }
}
