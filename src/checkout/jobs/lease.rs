//! The right to run one background job. Taken for a few seconds, read back through another connection,
//! prolonged while the work runs; work whose lease is lost stops.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::{Instant, sleep, sleep_until};

use crate::{
    checkout::{
        error::CheckoutError,
        shared::Checkout,
        time_limits::{READ_MOST, in_time},
    },
    storage::{heartbeats, leases, restorations::FoundBy},
};

/// A lease outlives a few missed ticks, and is prolonged in good time.
pub(super) const LIFE: Duration = Duration::from_secs(15);
const PROLONG: Duration = Duration::from_secs(6);
const AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Lease {
    name: &'static str,
    /// When it was last confirmed, by a clock that nobody can set.
    confirmed: Option<Instant>,
}

impl Lease {
    pub(super) const fn new(name: &'static str) -> Self {
        Self { name, confirmed: None }
    }

    /// What is in the books is another's care.
    pub(super) const fn let_go(&mut self) {
        self.confirmed = None;
    }
}

impl Checkout {
    /// Whether this instance has the job, prolonging it when it is time.
    pub(super) async fn hold(&self, lease: &mut Lease) -> Result<bool, CheckoutError> {
        if lease.confirmed.is_some_and(|at| at.elapsed() < PROLONG) {
            return Ok(true);
        }
        self.take(lease).await
    }

    /// Keeps the lease while the work runs; returns when it is lost, or may be.
    pub(super) async fn keep_hold(&self, lease: &mut Lease) {
        while let Some(confirmed) = lease.confirmed {
            sleep_until(confirmed + PROLONG).await;
            match self.take(lease).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) if confirmed.elapsed() >= LIFE => {
                    tracing::error!(%error, job = lease.name, "the lease cannot be prolonged");
                    lease.confirmed = None;
                }
                Err(_) => sleep(AGAIN).await,
            }
        }
    }

    async fn take(&self, lease: &mut Lease) -> Result<bool, CheckoutError> {
        let (name, holder) = (lease.name, &self.0.instance.id);
        let started = Instant::now();
        let taken = in_time(READ_MOST, async {
            let mut reader = self.0.db.read().await?;
            let now = self.now();
            let until = now + SignedDuration::try_from(LIFE).unwrap_or(SignedDuration::ZERO);
            let checkout = self.clone();
            let taken = self.0.db.write_first(move |c| {
                let checkout = checkout.clone();
                Box::pin(async move {
                    let instance = &checkout.0.instance;
                    // Asked here, behind whatever was written before: nothing comes after the release.
                    let may_take = !instance.has_left() && !checkout.gives_way();
                    Ok(may_take && leases::take(c, name, &instance.id, now, until).await?)
                })
            });
            // A lease that only the writer sees is none.
            Ok(taken.await? && leases::find_holder(&mut reader, name).await?.as_ref() == Some(holder))
        });
        let taken = taken.await?;
        lease.confirmed = taken.then_some(started);
        Ok(taken)
    }

    /// The instance stops, and its background with it: others may have its jobs at once.
    ///
    /// # Errors
    /// The books are out of reach: then they have to wait until its leases run out.
    pub async fn sign_off(&self) -> Result<(), CheckoutError> {
        self.0.instance.leave();
        let (instance, now) = (self.0.instance.id.clone(), self.now());
        let signed_off = self.0.db.write_first(move |c| {
            let instance = instance.clone();
            Box::pin(async move {
                leases::release(c, &instance).await?;
                heartbeats::stop(c, &instance, now).await
            })
        });
        signed_off.await?;
        // So that a copy of before the last few seconds is behind.
        Ok(self.rise(FoundBy::Memory).await?)
    }
}
