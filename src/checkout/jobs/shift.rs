//! One background job as this instance does it: while it holds the lease, sweep after sweep. An instance whose sweeps
//! come to no good end says so in `/readyz`, and leaves the job to another one if there is one.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::lease::Lease;
use crate::{
    checkout::{error::CheckoutError, memory::Complaint, shared::Checkout},
    storage::{StorageError, leases},
};

/// How often it is written down that a job came to a good end.
const NOTED: Duration = Duration::from_secs(10);
/// Whatever a job meets with, it looks again within this: longer than all care that one look can set off.
const ROUND: Duration = Duration::from_mins(30);

/// What is done, and how often.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    pub name: &'static str,
    pub tick: Duration,
    /// After how long without a good sweep it is a trouble, and its name in `/readyz`.
    pub overdue: Option<(Duration, &'static str)>,
}

/// What came of one turn.
enum Swept {
    Good(usize),
    /// The lease went to another instance meanwhile.
    Lost,
    /// It took longer than any sweep may, and was cut off.
    Hung,
}

impl Checkout {
    pub(super) async fn run_job<F>(&self, job: Job, sweep: impl Fn() -> F) -> !
    where
        F: Future<Output = Result<usize, CheckoutError>>,
    {
        let name = job.name;
        let mut lease = Lease::new(name);
        let mut noted: Option<Instant> = None;
        let mut complaint = Complaint::default();
        // The last good end, or since when this instance has the job.
        let mut good = Instant::now();
        let mut away: Option<Instant> = None;
        let mut ticks = interval(job.tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.0.readiness.expect_rounds(name, ROUND);
        loop {
            ticks.tick().await;
            self.0.readiness.note_round(name);
            if self.gives_way() || away.is_some_and(|until| Instant::now() < until) {
                lease.let_go();
                // What nobody tries here cannot come to a good end: the time counts from the next try.
                good = Instant::now();
                continue;
            }
            let swept = match self.hold(&mut lease).await {
                Ok(true) => self.sweep_once(job, &mut lease, &sweep).await,
                Ok(false) => {
                    // It is another one's, and none of this one's troubles.
                    good = Instant::now();
                    self.report_overdue(job, false);
                    continue;
                }
                Err(error) => Err(error),
            };
            match swept {
                Ok(Swept::Good(count)) => {
                    if count > 0 {
                        tracing::debug!(job = name, count, "looked after {count} {name}");
                    }
                    good = Instant::now();
                    self.report_overdue(job, false);
                    if noted.is_none_or(|at| at.elapsed() >= NOTED) {
                        match self.note_good_end(name).await {
                            Ok(()) => noted = Some(Instant::now()),
                            Err(error) => complain(&mut complaint, name, &error.into()),
                        }
                    }
                    continue;
                }
                Ok(Swept::Lost) => {
                    tracing::warn!(job = name, "the job {name} goes on elsewhere: what it was doing here stops");
                    continue;
                }
                Ok(Swept::Hung) => tracing::error!(job = name, "the job {name} hung, and begins anew"),
                Err(error) => complain(&mut complaint, name, &error),
            }
            let Some((limit, _)) = job.overdue.filter(|(limit, _)| good.elapsed() >= *limit) else { continue };
            self.report_overdue(job, true);
            match self.leave_to_others(name).await {
                Ok(true) => {
                    tracing::error!(job = name, "the job {name} is left to another instance");
                    lease.let_go();
                    away = Some(Instant::now() + limit);
                }
                Ok(false) => {}
                Err(error) => tracing::debug!(%error, job = name, "leaving a job to others"),
            }
        }
    }

    async fn sweep_once<F>(&self, job: Job, lease: &mut Lease, sweep: &impl Fn() -> F) -> Result<Swept, CheckoutError>
    where
        F: Future<Output = Result<usize, CheckoutError>>,
    {
        let hung = async {
            match job.overdue {
                Some((limit, _)) => sleep(limit).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            swept = sweep() => swept.map(Swept::Good),
            () = self.keep_hold(lease) => Ok(Swept::Lost),
            () = hung => Ok(Swept::Hung),
        }
    }

    fn report_overdue(&self, job: Job, is_overdue: bool) {
        let Some((limit, trouble)) = job.overdue else { return };
        let name = job.name;
        let said = || format!("the job {name} has not come to a good end here for {} s: see the log", limit.as_secs());
        self.0.readiness.report(trouble, is_overdue.then(said));
    }

    /// Where others live that can do it. `false`: there is nobody.
    async fn leave_to_others(&self, name: &'static str) -> Result<bool, CheckoutError> {
        if self.count_live().await? < 2 {
            return Ok(false);
        }
        let holder = self.0.instance.id.clone();
        let left = self.0.db.write_first(move |c| {
            let holder = holder.clone();
            Box::pin(async move { leases::give_up(c, name, &holder).await })
        });
        left.await?;
        Ok(true)
    }

    async fn note_good_end(&self, name: &'static str) -> Result<(), StorageError> {
        let (holder, now) = (self.0.instance.id.clone(), self.now());
        let noted = self.0.db.write_first(move |c| {
            let holder = holder.clone();
            Box::pin(async move { leases::note_good(c, name, &holder, now).await })
        });
        noted.await
    }
}

/// On a full disk that would be at every tick.
fn complain(complaint: &mut Complaint, name: &'static str, error: &CheckoutError) {
    if let Some(kept) = complaint.is_due() {
        tracing::error!(%error, job = name, kept, "background job {name}; said once a minute");
    }
}
