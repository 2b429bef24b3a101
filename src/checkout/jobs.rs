//! Compensation: what nobody looks at is looked after all the same. A lost callback is found, an
//! order whose time is over is closed, a refund is brought to its end, whatever died in between.
//!
//! Any number of instances may run. Each job has one owner at a time by a lease in the books; when
//! the owner dies, another one takes over. Besides, each order is claimed on its own before it is
//! looked after, so that two owners for a moment do no harm. Only rows that are due are read. Each is looked
//! after in a task of its own: what goes wrong with one, be it a panic, costs that one (see `each_apart`).

mod each_apart;
mod heartbeat;
mod lease;
mod promise;
mod put_back;
mod removal;
mod set_back;
mod shift;
mod standing;

use std::{collections::VecDeque, time::Duration};

use futures::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;

pub use removal::Removed;
use shift::Job;

use crate::{
    checkout::{
        error::CheckoutError,
        memory::{Due, Subject},
        orders::next_look_at,
        pauses::RETRY,
        shared::Checkout,
        time_limits::{READ_MOST, in_time},
    },
    gateway::Asker,
    storage::{
        JobFuture, StorageError,
        events::Source,
        orders::{self, Due as DueOrder},
        refunds,
        rows::{self, Rows, Table},
    },
    supervise::Supervisor,
};

/// Whose page has asked so lately is not asked about for nobody.
const ASKED_LATELY: SignedDuration = SignedDuration::from_secs(9);
/// What grows old has time: every tenth second is often enough to see whether the day is over.
const REMOVAL_TICKS: u32 = 40;
/// Books that were put back are rare; once a second is often enough to go on with them.
const PUT_BACK_TICKS: u32 = 4;
/// How many are taken on at once, and how many are asked about at the same time.
const BATCH: i64 = 256;
/// By one transaction, which a server at some distance has to get through in good time.
const CLAIMED_TOGETHER: usize = 32;
const AT_ONCE: usize = 32;

impl Checkout {
    /// Runs the background jobs, looking every `tick` for what is due; runs until it is dropped.
    /// No good sweep of what is urgent for `overdue` is a trouble.
    pub async fn run_jobs(&self, tick: Duration, overdue: Duration) {
        let supervisor = Supervisor::new(self.0.readiness.clone(), self.0.metrics.clone());
        let orders_job = Job { name: "orders", tick, overdue: Some((overdue, "orders_sweep")) };
        let refunds_job = Job { name: "refunds", tick, overdue: Some((overdue, "refunds_sweep")) };
        // Nobody's money waits for this one.
        let removal_job = Job { name: "removal", tick: tick.saturating_mul(REMOVAL_TICKS), overdue: None };
        let orders = supervisor.keep("orders", || {
            let checkout = self.clone();
            async move { checkout.run_job(orders_job, || checkout.sweep_orders()).await }
        });
        let refunds = supervisor.keep("refunds", || {
            let checkout = self.clone();
            async move { checkout.run_job(refunds_job, || checkout.sweep_refunds()).await }
        });
        let put_back_job = Job { name: "put_back", tick: tick.saturating_mul(PUT_BACK_TICKS), overdue: None };
        let put_back = supervisor.keep("put_back", || {
            let checkout = self.clone();
            async move { checkout.run_job(put_back_job, || checkout.sweep_put_back()).await }
        });
        let removal = supervisor.keep("removal", || {
            let checkout = self.clone();
            async move { checkout.run_job(removal_job, || checkout.sweep_old()).await }
        });
        let shares = supervisor.keep("questions", || {
            let checkout = self.clone();
            async move { checkout.share_questions().await }
        });
        let standing = supervisor.keep("standing", || {
            let checkout = self.clone();
            async move { checkout.watch_standing().await }
        });
        tokio::join!(orders, refunds, put_back, removal, shares, standing);
    }

    /// Runs somebody else's job like these: in one instance at a time, looking every `tick`; until it is dropped.
    /// Nobody's money waits for it.
    pub async fn run_leased<F>(&self, name: &'static str, tick: Duration, sweep: impl Fn() -> F)
    where
        F: Future<Output = Result<usize, CheckoutError>>,
    {
        self.run_job(Job { name, tick, overdue: None }, sweep).await;
    }

    /// Looks after the orders that are due, as many as WeChat may be asked about just now. Returns how many.
    ///
    /// # Errors
    /// The books are out of reach. An order that fails does not stop the others: it is tried again.
    pub async fn sweep_orders(&self) -> Result<usize, CheckoutError> {
        let now = self.now();
        let questions = self.0.gateway.questions();
        // One at its end takes two questions: how it stands, and the close.
        let ending = self.claim_orders(questions.room(Asker::Ending, 0).div_ceil(2), now, true).await?;
        let room = questions.room(Asker::Quiet, 2 * ending.len());
        let due = match self.claim_orders(room, now, false).await {
            Ok(due) => due,
            Err(error) if ending.is_empty() => return Err(error),
            // What is held already is looked after now.
            Err(error) => {
                tracing::error!(%error, "claiming what is due");
                Vec::new()
            }
        };
        let claimed = ending.iter().chain(&due);
        stream::iter(claimed).for_each_concurrent(AT_ONCE, |order| self.sweep_order(*order, now)).await;
        Ok(ending.len() + due.len())
    }

    /// At most `room` of those that are due, or that have to be brought to their end.
    async fn claim_orders(&self, room: usize, now: Timestamp, ending: bool) -> Result<Vec<DueOrder>, CheckoutError> {
        let limit = i64::try_from(room).map_or(BATCH, |room| room.min(BATCH));
        if limit == 0 {
            return Ok(Vec::new());
        }
        let due = in_time(READ_MOST, async {
            let mut c = self.0.db.read().await?;
            Ok(if ending {
                orders::list_ending(&mut c, now, limit).await?
            } else {
                orders::list_due(&mut c, now, limit).await?
            })
        });
        let due = due.await?;
        let pay_time = self.0.settings.pay_time;
        let claim = self.claim_due((Table::Orders, |order: &DueOrder| order.id), &due, move |c, order: DueOrder| {
            Box::pin(orders::claim_check(c, order, next_look_at(order, now, pay_time), order.ends(now)))
        });
        claim.await
    }

    /// Those of them that this instance may look after now. A claim that was made and not confirmed is nobody's:
    /// what it was for is due again at the time that it has set. What somebody else has locked stays due.
    async fn claim_due<T, F>(
        &self,
        (table, id): (Table, fn(&T) -> i64),
        due: &[T],
        claim: F,
    ) -> Result<Vec<T>, CheckoutError>
    where
        T: Copy + Send + Sync + 'static,
        F: for<'c> Fn(&'c mut AnyConnection, T) -> JobFuture<'c, bool> + Copy + Send + Sync + 'static,
    {
        let mut claimed = Vec::with_capacity(due.len());
        let mut lots: VecDeque<&[T]> = due.chunks(CLAIMED_TOGETHER).collect();
        while let Some(lot) = lots.pop_front() {
            let some = lot.to_vec();
            // It waits for nobody, and would come to nothing behind those who do.
            let held = self.0.db.write_first(move |c| {
                let some = some.clone();
                Box::pin(async move {
                    rows::lock(c, table, &some.iter().map(id).collect::<Vec<_>>(), Rows::Free).await?;
                    let mut held = Vec::with_capacity(some.len());
                    for due in some {
                        if claim(c, due).await? {
                            held.push(due);
                        }
                    }
                    Ok(held)
                })
            });
            match held.await {
                Ok(held) => claimed.extend(held),
                // Of one of them: then each by itself, without waiting for anybody.
                Err(StorageError::Locked) => lots.extend(lot.chunks(1).filter(|_| lot.len() > 1)),
                Err(error) if claimed.is_empty() => return Err(error.into()),
                // What is held already is looked after now.
                Err(error) => {
                    tracing::error!(%error, "claiming what is due");
                    break;
                }
            }
        }
        Ok(claimed)
    }

    /// `now` is when it was claimed.
    async fn sweep_order(&self, order: DueOrder, now: Timestamp) {
        let (asker, pause) =
            if order.ends(now) { (Asker::Ending, SignedDuration::ZERO) } else { (Asker::Quiet, ASKED_LATELY) };
        // A page is asking, or has asked; what is left then is due again later.
        if !self.0.inquiries.is_due(order.id, now, Due::After(pause)) {
            return;
        }
        let since = order.check_ms.and_then(|at| Timestamp::from_millisecond(at).ok()).unwrap_or(now);
        let Some(mut visit) = self.visit(asker, since).await else { return };
        let (checkout, id) = (self.clone(), order.id);
        let work = async move {
            let Some(mut asking) = checkout.begin(id, Due::After(pause)) else {
                visit.call_off();
                return Ok(());
            };
            let looked = checkout.look_after(id, Source::Sweep, &mut visit).await;
            asking.forget = true;
            looked.map(drop)
        };
        self.look_after_apart(Subject::Order(id), next_look_at(order, now, self.0.settings.pay_time), work).await;
    }

    /// Looks after the refunds that are due. Returns how many.
    ///
    /// # Errors
    /// The books are out of reach.
    pub async fn sweep_refunds(&self) -> Result<usize, CheckoutError> {
        in_time(READ_MOST, self.survey_surplus()).await?;
        let now = self.now();
        let room = self.0.gateway.questions().room(Asker::Refund, 0);
        let limit = i64::try_from(room).map_or(BATCH, |room| room.min(BATCH));
        if limit == 0 {
            return Ok(0);
        }
        let due = in_time(READ_MOST, async { Ok(refunds::list_due(&mut *self.0.db.read().await?, now, limit).await?) });
        let due = due.await?;
        if due.is_empty() {
            return Ok(0);
        }
        let next = now + RETRY.0 * 6;
        let claim = self.claim_due(
            (Table::Refunds, |(id, _): &(i64, Option<i64>)| *id),
            &due,
            move |c, (id, seen_ms): (i64, Option<i64>)| Box::pin(refunds::claim(c, id, seen_ms, next)),
        );
        let claimed = claim.await?;
        stream::iter(&claimed)
            .for_each_concurrent(AT_ONCE, |(id, _)| async move {
                let (checkout, id) = (self.clone(), *id);
                let work = async move { checkout.look_after_due_refund(id, Source::Sweep).await };
                self.look_after_apart(Subject::Refund(id), next, work).await;
            })
            .await;
        Ok(claimed.len())
    }
}
