//! Asking WeChat how an order stands: while a page waits, and when a shopper says 我已完成支付. One
//! question per order at a time (`memory::plans`), and so many a second over all
//! ([`Questions`](crate::gateway::Questions)). What follows from an answer that an order should end is in `close`.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use crate::{
    checkout::{
        contradiction::contradict,
        error::CheckoutError,
        memory::{Asking, Due},
        shared::Checkout,
        snapshot::{CodeState, OrderSnapshot},
        verdict::Verdict,
        visit::Visit,
    },
    domain::{OrderStatus, OrderToken},
    gateway::{Asker, Replied},
    storage::{
        attempts::{Attempt, AttemptState},
        events::{EventKind, Source},
        orders,
    },
    wechatpay::{TradeState, Transaction},
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
/// How long a button waits for its turn. Later its shopper would rather know that nobody has been asked.
const TURN_PATIENCE: Duration = Duration::from_secs(3);
/// How long somebody who pressed a button waits for WeChat before the page goes on waiting.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);
/// How soon an order whose time is over is asked about again when the answer was of no use.
const OVERDUE_PAUSE: SignedDuration = SignedDuration::from_secs(5);

impl Checkout {
    /// Does what is due for an order somebody looks at (fetch its code, ask WeChat, close it after
    /// its time) without waiting for it, and tells when something will be due again.
    pub fn nudge(&self, snapshot: &OrderSnapshot) -> Option<Duration> {
        let order = &snapshot.order;
        if order.status != OrderStatus::NotPay {
            return None;
        }
        let now = self.now();
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
        let Some(since) = self.0.inquiries.queue(order_id, self.now(), due) else { return };
        let checkout = self.clone();
        self.spawn(async move {
            let visit = checkout.visit(Asker::Page, since).await;
            checkout.0.inquiries.leave_queue(order_id);
            let Some(mut visit) = visit else { return };
            // A button may have asked meanwhile.
            let Some(mut asking) = checkout.begin(order_id, due) else { return visit.call_off() };
            match checkout.look_after(order_id, Source::Query, &mut visit).await {
                Ok(answer) => asking.forget = matches!(answer, Answer::Paid | Answer::Closed),
                Err(error) => tracing::error!(%error, order.id = order_id, "asking about order {order_id}"),
            }
        });
    }

    /// 我已完成支付: asks as soon as it has its turn, unless somebody asked a moment ago. An answer comes in any
    /// case within seconds; what is not known by then is [`Answer::Unknown`].
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
        // Goes on when its page has gone.
        let asking = self.spawn(async move { checkout.ask_for_button(order_id).await });
        match timeout(PATIENCE, asking).await {
            Ok(Ok(Ok(Some(answer)))) => return Ok(answer),
            Ok(Ok(Ok(None))) => {}
            Ok(Ok(Err(error))) => return Err(error),
            Ok(Err(_)) | Err(_) => return Ok(Answer::Unknown),
        }
        // Somebody is asking or has just asked: their answer shows in the order.
        let limit = BUTTON_PAUSE.unsigned_abs();
        let decided = |now: &OrderSnapshot| now.order.status != OrderStatus::NotPay;
        Ok(match self.wait_until(order_id, &mut changes, limit, decided).await?.order.status {
            OrderStatus::NotPay if self.was_unpaid_after(order_id, snapshot.now - BUTTON_PAUSE) => Answer::NotPaid,
            OrderStatus::NotPay => Answer::Unknown,
            OrderStatus::Closed(_) => Answer::Closed,
            _ => Answer::Paid,
        })
    }

    /// `None` when somebody else asks, or has asked a moment ago.
    async fn ask_for_button(&self, order_id: i64) -> Result<Option<Answer>, CheckoutError> {
        let due = Due::After(BUTTON_PAUSE);
        let now = self.now();
        if !self.0.inquiries.is_due(order_id, now, due) {
            return Ok(None);
        }
        let Ok(Some(mut visit)) = timeout(TURN_PATIENCE, self.visit(Asker::Button, now)).await else {
            return Ok(Some(Answer::Unknown));
        };
        let Some(_asking) = self.begin(order_id, due) else {
            visit.call_off();
            return Ok(None);
        };
        self.look_after(order_id, Source::Query, &mut visit).await.map(Some)
    }

    fn was_unpaid_after(&self, order_id: i64, since: Timestamp) -> bool {
        self.0.inquiries.unpaid(order_id).is_some_and(|at| at >= since)
    }

    pub(crate) fn begin(&self, order_id: i64, due: Due) -> Option<Asking<'_>> {
        self.0.inquiries.begin(order_id, self.now(), due, &self.0.settings.query_gaps)
    }

    /// The right to ask, as soon as nobody else has it.
    pub(super) async fn begin_now(&self, order_id: i64) -> Asking<'_> {
        loop {
            let ended = self.0.inquiries.ended();
            if let Some(asking) = self.begin(order_id, Due::After(SignedDuration::ZERO)) {
                return asking;
            }
            ended.await;
        }
    }

    /// One question about an attempt; settles what the verified answer says.
    pub(super) async fn ask_about(
        &self,
        attempt: &Attempt,
        source: Source,
        visit: &mut Visit,
    ) -> Result<Answer, CheckoutError> {
        Ok(self.ask(attempt, source, visit).await?.unwrap_or(Answer::Unknown))
    }

    /// The same; `None` when there was no usable answer.
    pub(super) async fn ask(
        &self,
        attempt: &Attempt,
        source: Source,
        visit: &mut Visit,
    ) -> Result<Option<Answer>, CheckoutError> {
        let number = &attempt.out_trade_no;
        match self.query(number, visit).await {
            Ok(reply) => Box::pin(self.hear(attempt, &reply, source)).await.map(Some),
            Err(error) if error.is_order_not_exist() => {
                self.0.inquiries.note_unpaid(attempt.order_id, self.now());
                Ok(Some(Answer::NotExist))
            }
            Err(error) => {
                tracing::warn!(order.out_trade_no = %number, %error, "query of {number}");
                Ok(None)
            }
        }
    }

    async fn hear(
        &self,
        attempt: &Attempt,
        reply: &Replied<Transaction>,
        source: Source,
    ) -> Result<Answer, CheckoutError> {
        let (number, transaction) = (&attempt.out_trade_no, &reply.content);
        // Before it was asked about, so that this answer is not just an old one.
        let was_paid = attempt.state == AttemptState::Paid;
        match &transaction.trade_state {
            TradeState::Success | TradeState::Refund => {
                let verdict = self.settle_queried(transaction, &reply.serial, source).await?;
                if transaction.trade_state == TradeState::Refund {
                    // Rare and large.
                    Box::pin(self.explain_refund(attempt, source)).await?;
                }
                Ok(match verdict {
                    Verdict::Paid | Verdict::PaidLate | Verdict::Duplicate | Verdict::Surplus => Answer::Paid,
                    Verdict::UnknownOrder | Verdict::Mismatch(_) | Verdict::Echo | Verdict::Refund(_) => {
                        Answer::Unknown
                    }
                })
            }
            state if was_paid => {
                self.note_contradiction(attempt, state.as_str(), source).await?;
                Ok(Answer::Unknown)
            }
            TradeState::NotPay => {
                self.0.inquiries.note_unpaid(attempt.order_id, self.now());
                Ok(Answer::NotPaid)
            }
            TradeState::Closed => Ok(Answer::Closed),
            state => {
                tracing::error!(order.out_trade_no = %number, state = state.as_str(), "query of {number}: staff must look");
                Ok(Answer::Unknown)
            }
        }
    }

    /// WeChat signs that a number is not paid whose payment it has signed before (money rule 12).
    async fn note_contradiction(&self, attempt: &Attempt, state: &str, source: Source) -> Result<(), CheckoutError> {
        let (now, order_id, number) = (self.now(), attempt.order_id, attempt.out_trade_no.clone());
        tracing::error!(
            order.out_trade_no = %number, state,
            "order {number} is paid here and {state} at WeChat Pay: staff must look"
        );
        let detail = format!("{number} {state}");
        let noted = self.0.db.write(move |c| {
            let detail = detail.clone();
            Box::pin(async move {
                orders::lock(c, order_id).await?;
                contradict(c, order_id, (EventKind::PaymentContradicted, &detail), source, now).await
            })
        });
        noted.await?;
        self.announce(order_id).await
    }
}
