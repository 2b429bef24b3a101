//! Asking WeChat how an order stands: while a page waits, when a shopper says 我已完成支付, and when
//! the time to pay is over. One question per order at a time, a bounded number over all.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use super::{Checkout, CheckoutError, CodeState, OrderSnapshot, Verdict};
use crate::{
    domain::{ClosedReason, OrderStatus, OrderToken},
    storage::{
        attempts,
        events::{self, EventKind, Source},
        orders,
    },
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
/// How long after the deadline an order that WeChat does not know is taken for never created: a
/// prepay that is still on its way has died of its own time limit by then.
const NEVER_CREATED: SignedDuration = SignedDuration::from_secs(60);
/// Orders remembered before those that nobody asks about any more are dropped.
const REMEMBERED: usize = 20_000;

/// When each order is asked about next.
#[derive(Debug, Default)]
pub struct Inquiries(Mutex<HashMap<i64, Plan>>);

#[derive(Clone, Copy, Debug)]
struct Plan {
    next: Timestamp,
    last: Option<Timestamp>,
    asked: usize,
    busy: bool,
}

/// When it is time to ask.
#[derive(Clone, Copy, Debug)]
enum Due {
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
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
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
    }
}

/// Gives the place back however the question ends.
struct Asking<'a> {
    inquiries: &'a Inquiries,
    order_id: i64,
    forget: bool,
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
        let wants_code = matches!(snapshot.code(), CodeState::Preparing { .. } | CodeState::Refused);
        if wants_code && now < order.expires && now >= snapshot.attempt.not_before {
            self.spawn_fetch_code(order.id);
        }
        let overdue = now >= order.expires;
        let mut next = self.0.inquiries.next(order.id, order.created, now, gaps);
        if overdue || now >= next {
            self.spawn_inquiry(order.id, overdue);
            next = now + if overdue { OVERDUE_PAUSE } else { gaps.last().copied().unwrap_or(OVERDUE_PAUSE) };
        } else {
            next = next.min(order.expires);
        }
        if wants_code {
            next = next.min(snapshot.attempt.not_before.max(now + self.0.settings.prepay_pause));
        }
        let wait = next.duration_since(now).max(SignedDuration::from_millis(20));
        Some(wait.unsigned_abs())
    }

    fn spawn_inquiry(&self, order_id: i64, overdue: bool) {
        let Ok(place) = Arc::clone(&self.0.inquiry_places).try_acquire_owned() else { return };
        let checkout = self.clone();
        self.0.tasks.spawn(async move {
            let _place = place;
            let outcome = if overdue { checkout.expire(order_id).await } else { checkout.ask_if_due(order_id).await };
            if let Err(error) = outcome {
                tracing::error!(%error, order.id = order_id, "asking about order {order_id}");
            }
        });
    }

    async fn ask_if_due(&self, order_id: i64) -> Result<(), CheckoutError> {
        let Some(mut asking) = self.begin(order_id, Due::AsPlanned) else { return Ok(()) };
        let answer = self.ask(order_id).await?;
        asking.forget = matches!(answer, Answer::Paid | Answer::Closed);
        Ok(())
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
        if let Some(_asking) = self.begin(order_id, Due::After(BUTTON_PAUSE)) {
            return self.ask(order_id).await;
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

    fn begin(&self, order_id: i64, due: Due) -> Option<Asking<'_>> {
        let inquiries = &self.0.inquiries;
        let begun = inquiries.begin(order_id, self.0.clock.now(), due, &self.0.settings.query_gaps);
        // Not `then_some`: an `Asking` that is made and dropped would end somebody else's question.
        begun.then(|| Asking { inquiries, order_id, forget: false })
    }

    /// One question about the order's current attempt; settles what the verified answer says.
    pub(super) async fn ask(&self, order_id: i64) -> Result<Answer, CheckoutError> {
        let snapshot = self.load_by_id(order_id).await?;
        let number = &snapshot.attempt.out_trade_no;
        let transaction = match self.0.gateway.query(number).await {
            Ok(transaction) => transaction,
            Err(error) if error.is_order_not_exist() => return Ok(Answer::NotExist),
            Err(error) => {
                tracing::warn!(order.out_trade_no = %number, %error, "query of {number}");
                return Ok(Answer::Unknown);
            }
        };
        match transaction.trade_state {
            TradeState::Success => Ok(match self.settle_queried(&transaction).await? {
                Verdict::Paid | Verdict::PaidLate | Verdict::Duplicate => Answer::Paid,
                Verdict::Surplus | Verdict::UnknownOrder | Verdict::Mismatch(_) | Verdict::Echo => Answer::Unknown,
            }),
            TradeState::NotPay => Ok(Answer::NotPaid),
            TradeState::Closed => {
                let overdue = snapshot.now >= snapshot.order.expires;
                let reason = if overdue { ClosedReason::Expired } else { ClosedReason::Cancelled };
                self.close_here(order_id, reason, Source::Query).await?;
                Ok(Answer::Closed)
            }
            state => {
                tracing::error!(order.out_trade_no = %number, state = state.as_str(), "query of {number}: staff must look");
                Ok(Answer::Unknown)
            }
        }
    }

    /// The time to pay is over. Query, close upstream, only then close here (money rule 6);
    /// whatever is not certain stays as it is and is tried again.
    pub(super) async fn expire(&self, order_id: i64) -> Result<(), CheckoutError> {
        let Some(mut asking) = self.begin(order_id, Due::After(OVERDUE_PAUSE)) else { return Ok(()) };
        let snapshot = self.load_by_id(order_id).await?;
        if !snapshot.is_overdue() {
            return Ok(());
        }
        let answer = self.ask(order_id).await?;
        let never_created = snapshot.now >= snapshot.order.expires + NEVER_CREATED;
        let closed = match answer {
            Answer::Paid | Answer::Closed | Answer::Unknown => false,
            Answer::NotPaid => self.close_there(&snapshot).await?,
            Answer::NotExist => self.close_there(&snapshot).await? || never_created,
        };
        if closed {
            self.close_here(order_id, ClosedReason::Expired, Source::Deadline).await?;
        }
        asking.forget = closed || matches!(answer, Answer::Paid | Answer::Closed);
        Ok(())
    }

    /// `true` only for WeChat's own word that the order is closed.
    async fn close_there(&self, snapshot: &OrderSnapshot) -> Result<bool, CheckoutError> {
        let number = &snapshot.attempt.out_trade_no;
        match self.0.gateway.close(number).await {
            Ok(()) => Ok(true),
            Err(error) => {
                tracing::warn!(order.out_trade_no = %number, %error, "close of {number}");
                if error.is_order_paid() {
                    self.ask(snapshot.order.id).await?;
                }
                Ok(false)
            }
        }
    }

    async fn close_here(&self, order_id: i64, reason: ClosedReason, source: Source) -> Result<(), CheckoutError> {
        let now = self.0.clock.now();
        let closed = self.0.db.write(move |c| {
            Box::pin(async move {
                let closed = orders::mark_closed(c, order_id, reason, now).await?;
                if closed {
                    attempts::mark_closed(c, order_id).await?;
                    events::append(c, order_id, now, EventKind::Closed, source, reason.code()).await?;
                }
                Ok(closed)
            })
        });
        if closed.await? {
            self.0.metrics.order_entered(OrderStatus::Closed(reason));
            tracing::info!(order.id = order_id, reason = reason.code(), "order {order_id} closed");
            self.announce(order_id).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(second: i64) -> Timestamp {
        Timestamp::constant(second, 0)
    }

    #[test]
    fn an_order_is_asked_about_at_5_10_20_30_60_and_90_seconds() {
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
        assert_eq!(asked, [5, 10, 20, 30, 60, 90]);
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
