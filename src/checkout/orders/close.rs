//! Ending an attempt: query, close upstream, only then close here (money rule 6). Its time is over,
//! its shopper calls the order off or wants another code, or the order was paid by another number.
//! Every race ends in what WeChat says; whatever is not certain stays as it is and is tried again.

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{
    grounds::{Grounds, grounds_of_unknown, mark_closed},
    inquire::{Answer, PATIENCE},
};
use crate::{
    checkout::{
        error::CheckoutError,
        shared::Checkout,
        snapshot::{CodeState, OrderSnapshot},
        time_limits::{LOOK_AFTER_MOST, in_time},
        visit::Visit,
    },
    domain::{ClosedReason, OrderStatus, OrderToken, Wish},
    gateway::Asker,
    storage::{
        StorageError,
        attempts::{self, Attempt, AttemptState, NewAttempt},
        events::{self, EventKind, Source},
        orders::{self, Order},
    },
};

/// What became of the order whose attempt was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Closed(ClosedReason),
    /// It goes on under another number.
    Renewed,
    /// It had moved on by itself.
    NotNeeded,
}

/// How many changes of a shopper's mind the timeline of an order tells.
const WISHES_TOLD: i64 = 20;

impl Checkout {
    /// 取消订单. How the order stands afterwards; `NOTPAY` when WeChat has not confirmed it yet.
    ///
    /// # Errors
    /// No such order of this shopper, or the books are out of reach.
    pub async fn cancel_order(&self, token: &OrderToken, shopper: &str) -> Result<OrderSnapshot, CheckoutError> {
        let order = self.load_own(token, shopper).await?.order;
        self.wish(&order, Wish::Cancel, Source::Shopper).await?;
        self.act_on_wish(order.id, Source::Shopper).await?;
        self.load_by_id(order.id).await
    }

    /// 刷新二维码 and 换一个: another code for the same order, or a new order where the old one cannot
    /// go on (called off, or the product has changed since).
    ///
    /// # Errors
    /// No such order of this shopper, the product is gone, or the books are out of reach.
    pub async fn renew_code(&self, token: &OrderToken, shopper: &str) -> Result<OrderSnapshot, CheckoutError> {
        let snapshot = self.load_own(token, shopper).await?;
        let order = &snapshot.order;
        match order.status {
            OrderStatus::NotPay => {
                // Nothing to close where there never was a code.
                if matches!(snapshot.code(), CodeState::Ready(_)) || snapshot.is_overdue() {
                    self.wish(order, Wish::Renew, Source::Shopper).await?;
                    self.act_on_wish(order.id, Source::Shopper).await?;
                }
                self.load_by_id(order.id).await
            }
            OrderStatus::Closed(ClosedReason::Expired) if self.is_still_offered(order).await? => {
                if self.reopen(order).await? {
                    self.load_by_id(order.id).await
                } else {
                    self.place_order(shopper, order.product_id).await
                }
            }
            OrderStatus::Closed(_) => self.place_order(shopper, order.product_id).await,
            _ => Ok(snapshot),
        }
    }

    async fn load_own(&self, token: &OrderToken, shopper: &str) -> Result<OrderSnapshot, CheckoutError> {
        let snapshot = self.load_snapshot(token).await?;
        // Others may know the address of its page; that does not make the order theirs.
        if snapshot.order.shopper == shopper { Ok(snapshot) } else { Err(CheckoutError::NoSuchOrder) }
    }

    /// Whether what the order was placed for is still sold under that name at that price.
    async fn is_still_offered(&self, order: &Order) -> Result<bool, CheckoutError> {
        match self.find_product(order.product_id).await {
            Ok(product) => Ok(product.price == order.total && product.title == order.title),
            Err(CheckoutError::NoSuchProduct | CheckoutError::NotOnSale) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes down what is wanted before anything is asked of WeChat (money rule 4). An order that is
    /// no longer waiting, or wants it already, is left alone.
    pub(super) async fn wish(&self, order: &Order, wish: Wish, source: Source) -> Result<(), CheckoutError> {
        let (id, now) = (order.id, self.now());
        let noted = self.0.db.write(move |c| {
            Box::pin(async move {
                let Some(order) = orders::find(c, id).await? else { return Ok(false) };
                if order.status != OrderStatus::NotPay || order.wish == Some(wish) {
                    return Ok(false);
                }
                orders::mark_wish(c, &order, wish, now, now).await?;
                let kind = match wish {
                    Wish::Cancel => EventKind::CancelAsked,
                    Wish::Renew => EventKind::RenewAsked,
                };
                // Somebody may press one button after the other for as long as nobody has closed anything.
                if events::count(c, id, &[EventKind::CancelAsked, EventKind::RenewAsked]).await? < WISHES_TOLD {
                    events::append(c, id, now, kind, source, "").await?;
                }
                Ok(true)
            })
        });
        if noted.await? { self.announce(id).await } else { Ok(()) }
    }

    /// Looks after the order as soon as nobody else does, in a task that goes on when its page has
    /// gone, and waits for it for a while.
    pub(super) async fn act_on_wish(&self, order_id: i64, source: Source) -> Result<(), CheckoutError> {
        let checkout = self.clone();
        let looking = self.spawn(async move {
            let _asking = checkout.begin_now(order_id).await;
            let mut visit = Visit::new(Asker::Button, checkout.now());
            checkout.look_after(order_id, source, &mut visit).await
        });
        match tokio::time::timeout(PATIENCE, looking).await {
            Ok(Ok(Err(error))) => Err(error),
            Ok(Ok(Ok(_)) | Err(_)) | Err(_) => Ok(()),
        }
    }

    /// Does for an order what is due: asks WeChat, settles what the answer says, closes what has to
    /// be closed. The caller holds the right to ask.
    pub(crate) async fn look_after(
        &self,
        order_id: i64,
        source: Source,
        visit: &mut Visit,
    ) -> Result<Answer, CheckoutError> {
        in_time(LOOK_AFTER_MOST, self.do_what_is_due(order_id, source, visit)).await
    }

    async fn do_what_is_due(&self, order_id: i64, source: Source, visit: &mut Visit) -> Result<Answer, CheckoutError> {
        let snapshot = self.load_in_step(order_id).await?;
        if snapshot.order.status != OrderStatus::NotPay {
            self.close_others(order_id, source, visit).await?;
            return Ok(if snapshot.order.status.is_paid() { Answer::Paid } else { Answer::Closed });
        }
        let attempt = &snapshot.attempt;
        let answer = self.ask_about(attempt, source, visit).await?;
        let wants_end = snapshot.is_overdue() || snapshot.order.wish.is_some();
        let grounds = match answer {
            Answer::Closed => Some(Grounds::Closed),
            Answer::NotPaid | Answer::NotExist if wants_end && self.close_there(attempt, source, visit).await? => {
                Some(Grounds::Closed)
            }
            Answer::NotExist if wants_end => grounds_of_unknown(&snapshot),
            Answer::Paid | Answer::Unknown | Answer::NotPaid | Answer::NotExist => None,
        };
        if answer == Answer::Paid {
            self.close_others(order_id, source, visit).await?;
        }
        let Some(grounds) = grounds else { return Ok(answer) };
        let ended = self.end(&snapshot.order, attempt.id, grounds, source).await?;
        match ended {
            Ended::Renewed => self.spawn_fetch_code(order_id),
            // A prepay has begun meanwhile: the next question tells.
            Ended::NotNeeded if matches!(grounds, Grounds::NeverCreated { .. }) => return Ok(answer),
            Ended::Closed(_) | Ended::NotNeeded => {}
        }
        Ok(Answer::Closed)
    }

    /// Closes what could still be paid of an order that needs no more money.
    async fn close_others(&self, order_id: i64, source: Source, visit: &mut Visit) -> Result<(), CheckoutError> {
        // In this order: where the shopper has it opened again meanwhile, its new number is either not
        // in the list, or the order is seen to wait for money.
        let (attempts, order) = {
            let mut c = self.0.db.read().await?;
            (attempts::list_of_order(&mut c, order_id).await?, orders::find(&mut c, order_id).await?)
        };
        let Some(order) = order.filter(|order| order.status != OrderStatus::NotPay) else { return Ok(()) };
        let is_open =
            |attempt: &&Attempt| matches!(attempt.state, AttemptState::Open { .. } | AttemptState::Preparing { .. });
        let mut open = 0_usize;
        for attempt in attempts.iter().filter(is_open) {
            let grounds = match self.ask_about(attempt, source, visit).await? {
                // Settled as surplus.
                Answer::Paid => continue,
                Answer::Closed => Some(Grounds::Closed),
                Answer::NotPaid | Answer::NotExist if self.close_there(attempt, source, visit).await? => {
                    Some(Grounds::Closed)
                }
                // No attempt of it can be paid for longer than the order itself could.
                Answer::NotExist => Grounds::of_unknown(attempt, order.expires, attempt.not_before, self.now()),
                Answer::NotPaid | Answer::Unknown => None,
            };
            let is_closed = match grounds {
                Some(grounds) => {
                    let id = attempt.id;
                    self.0.db.write(move |c| Box::pin(mark_closed(c, id, grounds))).await?
                }
                None => false,
            };
            open += usize::from(!is_closed);
        }
        if open == 0 && !attempts.is_empty() {
            self.0.db.write(move |c| Box::pin(orders::clear_check(c, order_id))).await?;
        }
        Ok(())
    }

    /// `true` only for WeChat's own word that the number is closed.
    async fn close_there(&self, attempt: &Attempt, source: Source, visit: &mut Visit) -> Result<bool, CheckoutError> {
        let number = &attempt.out_trade_no;
        match self.close_number(number, visit).await {
            Ok(()) => Ok(true),
            Err(error) => {
                tracing::warn!(order.out_trade_no = %number, %error, "close of {number}");
                if error.is_order_paid() {
                    self.ask_about(attempt, source, visit).await?;
                }
                Ok(false)
            }
        }
    }

    /// The attempt is closed upstream: what that means to its order.
    async fn end(
        &self,
        order: &Order,
        attempt_id: i64,
        grounds: Grounds,
        source: Source,
    ) -> Result<Ended, CheckoutError> {
        let now = self.now();
        let next = match order.wish {
            Some(Wish::Renew) => {
                Some(Arc::new(self.draft_attempt(order.product_id, &order.title, order.total, now)?))
            }
            Some(Wish::Cancel) | None => None,
        };
        let order_id = order.id;
        let ended = self.0.db.write(move |c| {
            let next = next.clone();
            Box::pin(async move { end(c, order_id, (attempt_id, grounds), next.as_deref(), now, source).await })
        });
        let ended = ended.await?;
        match ended {
            Ended::Closed(reason) => {
                self.0.metrics.order_entered(OrderStatus::Closed(reason));
                tracing::info!(order.id = order_id, reason = reason.code(), "order {order_id} closed");
            }
            Ended::Renewed => tracing::info!(order.id = order_id, "order {order_id} goes on under another number"),
            Ended::NotNeeded => {}
        }
        self.announce(order_id).await?;
        Ok(ended)
    }

    /// A closed order that its shopper wants to pay after all. `false` when another order of the same
    /// product has taken its place.
    async fn reopen(&self, order: &Order) -> Result<bool, CheckoutError> {
        let now = self.now();
        let next = Arc::new(self.draft_attempt(order.product_id, &order.title, order.total, now)?);
        let id = order.id;
        let reopened = self.0.db.write(move |c| {
            let next = Arc::clone(&next);
            Box::pin(async move {
                let Some(order) = orders::find(c, id).await? else { return Ok(false) };
                match order.status {
                    OrderStatus::Closed(_) => renew(c, &order, &next, now, Source::Shopper).await,
                    // A second click, or money that came after all.
                    _ => Ok(true),
                }
            })
        });
        let reopened = reopened.await?;
        self.announce(id).await?;
        Ok(reopened)
    }
}

async fn end(
    c: &mut AnyConnection,
    order_id: i64,
    (attempt_id, grounds): (i64, Grounds),
    next: Option<&NewAttempt>,
    now: Timestamp,
    source: Source,
) -> Result<Ended, StorageError> {
    let order = orders::find(c, order_id).await?;
    let current = attempts::find_current(c, order_id).await?;
    if let (Some(current), Some(next)) = (&current, next)
        && current.out_trade_no == next.out_trade_no
    {
        // Run again, after a commit whose answer was lost.
        return Ok(Ended::Renewed);
    }
    let was_closed = current.as_ref().is_some_and(|it| matches!(it.state, AttemptState::Closed { .. }));
    if !mark_closed(c, attempt_id, grounds).await? && !was_closed {
        return Ok(Ended::NotNeeded);
    }
    let Some(order) = order.filter(|order| order.status == OrderStatus::NotPay) else { return Ok(Ended::NotNeeded) };
    if current.is_none_or(|current| current.id != attempt_id) {
        return Ok(Ended::NotNeeded);
    }
    if order.wish == Some(Wish::Renew)
        && let Some(next) = next
        && renew(c, &order, next, now, source).await?
    {
        return Ok(Ended::Renewed);
    }
    // Closed by somebody else (the merchant console), it is as good as called off.
    let is_expired = order.wish != Some(Wish::Cancel) && now >= order.expires;
    let reason = if is_expired { ClosedReason::Expired } else { ClosedReason::Cancelled };
    orders::mark_closed(c, &order, reason, now).await?;
    events::append(c, order_id, now, EventKind::Closed, source, reason.code()).await?;
    Ok(Ended::Closed(reason))
}

/// The same order under a new number.
async fn renew(
    c: &mut AnyConnection,
    order: &Order,
    next: &NewAttempt,
    now: Timestamp,
    source: Source,
) -> Result<bool, StorageError> {
    if !orders::reopen(c, order, next.expires, next.check, now).await? {
        return Ok(false);
    }
    attempts::insert(c, order.id, next, now).await?;
    events::append(c, order.id, now, EventKind::Renewed, source, next.out_trade_no.as_str()).await?;
    Ok(true)
}
