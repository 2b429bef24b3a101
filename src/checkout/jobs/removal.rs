//! What is removed for its age: only what no money hangs on, a little at a time, and safe to be killed at any
//! point. Once a day a job goes through the orders and the inbox by their ids, remembers in the books how far it
//! has got, and says in one line what it has done.
//!
//! Never removed: anything with a payment or a refund, and an attempt of which WeChat has not said under its
//! signature that it is closed, however old. A payment that comes for a removed order all the same is one for an
//! unknown order: kept with its verdict, not acknowledged, said loudly.
//!
//! A clock that is years ahead makes everything old. So nothing is removed but by a time that WeChat has confirmed
//! ([`Gateway::proven_time`]): that needs no patience after months of being off, and a clock that was wrong from the
//! start, or was set since the last answer, removes nothing however long it stays so.
//!
//! [`Gateway::proven_time`]: crate::gateway::Gateway::proven_time

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::{
    checkout::{
        error::CheckoutError,
        shared::Checkout,
        time_limits::{READ_MOST, in_time},
    },
    storage::removal::{self, Walk},
};

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Closed orders that nobody has paid, with their attempts and their timeline.
const ABANDONED: SignedDuration = SignedDuration::from_hours(400 * 24);
/// Bodies of notifications; what became of them stays.
const BODIES: SignedDuration = SignedDuration::from_hours(100 * 24);
/// Notifications that were refused and concern no order of ours.
const REFUSED: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Rows of a transaction.
const STEP: i64 = 200;
/// How long one run takes at most; the next one goes on from there.
const RUN: Duration = Duration::from_secs(10);
/// The names under which the books remember how far the job has got.
const WALKS: [&str; 2] = ["removal_orders", "removal_inbox"];

/// What a run has removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    pub orders: usize,
    pub attempts: usize,
    pub events: usize,
    /// Notifications whose bodies were removed.
    pub bodies: usize,
    /// Notifications that were removed.
    pub refused: usize,
}

impl Checkout {
    /// Removes what is old, unless that was done within the last day. Returns how much.
    pub(super) async fn sweep_old(&self) -> Result<usize, CheckoutError> {
        let now = self.now();
        let mut is_due = false;
        for name in WALKS {
            let through = self.find_walk(name).await?.through_ms.and_then(|at| Timestamp::from_millisecond(at).ok());
            is_due |= through.is_none_or(|through| now.duration_since(through).abs() >= DAY);
        }
        if !is_due {
            return Ok(0);
        }
        let removed = self.remove_old().await?;
        Ok(removed.orders + removed.bodies + removed.refused)
    }

    /// One run over what has grown old; over nothing while only this machine says what time it is.
    ///
    /// # Errors
    /// The books are out of reach; what is left is removed by the next run.
    pub async fn remove_old(&self) -> Result<Removed, CheckoutError> {
        let Some(now) = self.0.gateway.proven_time() else {
            self.0.refusal.say();
            return Ok(Removed::default());
        };
        self.0.refusal.is_over();
        let end = Instant::now() + RUN;
        let mut removed = Removed::default();
        let outcome = self.walk(now, end, &mut removed).await;
        let Removed { orders, attempts, events, bodies, refused } = removed;
        tracing::info!(
            orders,
            attempts,
            events,
            bodies,
            refused,
            "removed for their age: {orders} abandoned orders with {attempts} attempts and {events} events, \
             the bodies of {bodies} notifications, {refused} refused notifications",
        );
        outcome.map(|()| removed)
    }

    async fn walk(&self, now: Timestamp, end: Instant, removed: &mut Removed) -> Result<(), CheckoutError> {
        for name in WALKS {
            let mut walk = self.find_walk(name).await?;
            while Instant::now() < end {
                let last = match name {
                    "removal_orders" => self.step_over_orders(now, walk.reached_id, removed).await?,
                    _ => self.step_over_inbox(now, walk.reached_id, removed).await?,
                };
                let is_through = last.is_none();
                walk = match last {
                    Some(reached_id) => Walk { reached_id, ..walk },
                    None => Walk { reached_id: 0, through_ms: Some(now.as_millisecond()) },
                };
                self.0.db.write(move |c| Box::pin(removal::keep_walk(c, name, walk))).await?;
                if is_through {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn find_walk(&self, name: &str) -> Result<Walk, CheckoutError> {
        in_time(READ_MOST, async { Ok(removal::find_walk(&mut *self.0.db.read().await?, name).await?) }).await
    }

    /// The last order of this step; `None` when there is none behind `after`.
    async fn step_over_orders(
        &self,
        now: Timestamp,
        after: i64,
        removed: &mut Removed,
    ) -> Result<Option<i64>, CheckoutError> {
        let before = now - ABANDONED;
        let ages =
            in_time(READ_MOST, async { Ok(removal::list_orders(&mut *self.0.db.read().await?, after, STEP).await?) })
                .await?;
        for order in ages.iter().filter(|it| it.is_over && it.updated_ms < before.as_millisecond()) {
            if let Err(error) = self.remove_abandoned(order.id, before, removed).await {
                // It stays, and the others need not wait for it.
                tracing::error!(%error, order.id = order.id, "removing order {}", order.id);
            }
        }
        Ok(ages.last().map(|order| order.id))
    }

    async fn remove_abandoned(&self, id: i64, before: Timestamp, removed: &mut Removed) -> Result<(), CheckoutError> {
        let most = usize::try_from(STEP).unwrap_or(usize::MAX);
        loop {
            let step = self.0.db.write(move |c| Box::pin(removal::remove_abandoned(c, id, before, most)));
            let Some(step) = step.await? else { return Ok(()) };
            removed.attempts += step.attempts;
            removed.events += step.events;
            if step.is_gone {
                removed.orders += 1;
                return Ok(());
            }
        }
    }

    async fn step_over_inbox(
        &self,
        now: Timestamp,
        after: i64,
        removed: &mut Removed,
    ) -> Result<Option<i64>, CheckoutError> {
        let (refused_before, bodies_before) = (now - REFUSED, now - BODIES);
        let ages =
            in_time(READ_MOST, async { Ok(removal::list_notices(&mut *self.0.db.read().await?, after, STEP).await?) })
                .await?;
        let refused = ages.iter().filter(|it| is_refused(&it.verdict) && it.last_ms < refused_before.as_millisecond());
        let refused: Vec<i64> = refused.map(|it| it.id).collect();
        let old = ages.iter().filter(|it| it.has_body && it.received_ms < bodies_before.as_millisecond());
        let old: Vec<i64> = old.map(|it| it.id).collect();
        if !refused.is_empty() || !old.is_empty() {
            let step = self.0.db.write(move |c| {
                let (refused, old) = (refused.clone(), old.clone());
                Box::pin(async move {
                    let gone = removal::remove_strangers(c, &refused, refused_before).await?;
                    Ok((gone, removal::empty_notices(c, &old, now).await?))
                })
            });
            let (gone, emptied) = step.await?;
            removed.refused += gone;
            removed.bodies += emptied;
        }
        Ok(ages.last().map(|notice| notice.id))
    }
}

/// A verdict under which nothing was booked. Those of other verdicts stay, whatever comes to be among them.
fn is_refused(verdict: &str) -> bool {
    verdict == "ECHO" || verdict.starts_with("UNKNOWN_") || verdict.starts_with("MISMATCH_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkout::verdict::{Mismatch, RefundVerdict, Verdict};

    #[test]
    fn what_was_booked_is_not_refused() {
        let booked = [Verdict::Paid, Verdict::PaidLate, Verdict::Duplicate, Verdict::Surplus];
        assert!(!booked.iter().any(|verdict| is_refused(verdict.code())));
        assert!(!is_refused(Verdict::Refund(RefundVerdict::Elsewhere).code()));
        assert!(is_refused(Verdict::UnknownOrder.code()) && is_refused(Verdict::Echo.code()));
        assert!(is_refused(Verdict::Mismatch(Mismatch::Event).code()));
        assert!(is_refused(Verdict::Refund(RefundVerdict::UnknownPayment).code()));
    }
}
