//! Every day after ten in the morning, Beijing time, the day before is compared; days that were missed are caught up.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{BillDay, MONTHS, Reconcile, ReconcileError, pauses::back_off};
use crate::{
    checkout::CheckoutError,
    storage::bills::{
        days::{self, Day},
        differences,
    },
};

/// How often somebody looks whether a day is due.
const TICK: Duration = Duration::from_secs(20);
/// How often each instance looks after the files that it has.
const TIDY: Duration = Duration::from_mins(10);
/// After what WeChat has said that it is not ready (`wechatpay-v3.md` §1.6).
const CREATING: SignedDuration = SignedDuration::from_mins(30);
/// Somebody has to make a setting first.
const PERMISSION: SignedDuration = SignedDuration::from_hours(24);

impl Reconcile {
    /// Runs until it is dropped, in one instance at a time.
    pub async fn run(&self) {
        self.0.checkout.run_leased("bills", TICK, || self.sweep()).await;
    }

    /// Removes old files as long as it is not dropped: in every instance, for each has its own.
    pub async fn keep_tidy(&self) {
        loop {
            self.tidy().await;
            self.0.clock.sleep(TIDY).await;
        }
    }

    async fn tidy(&self) {
        // Like all else that is removed: only by a time that WeChat has confirmed.
        let Some(now) = self.0.checkout.gateway().proven_time() else { return };
        let folder = self.0.folder.clone();
        match tokio::task::spawn_blocking(move || folder.tidy(now)).await {
            Ok(Ok(0)) | Err(_) => {}
            Ok(Ok(removed)) => tracing::info!(removed, "bills were removed for their age"),
            Ok(Err(error)) => tracing::warn!(%error, "old bills"),
        }
    }

    /// Looks after the earliest day that is due. How many were.
    ///
    /// # Errors
    /// The books are out of reach. A day that cannot be compared is put off, and no error.
    pub async fn sweep(&self) -> Result<usize, CheckoutError> {
        let now = self.0.clock.now();
        self.extend(now).await?;
        let due = days::find_due(&mut *self.0.db.read().await.map_err(CheckoutError::from)?, now).await?;
        let done = match &due {
            Some(due) => {
                self.look_after(due, now).await?;
                1
            }
            None => 0,
        };
        self.tell().await?;
        Ok(done)
    }

    /// Puts the days into the calendar that are over, and not in it; and back into somebody's hands those that have
    /// not been compared since they ended.
    async fn extend(&self, now: Timestamp) -> Result<(), CheckoutError> {
        let today = BillDay::of(now);
        let noted =
            self.0.db.write(move |c| Box::pin(async move { days::since(c, &today.to_string()).await.map(drop) }));
        noted.await?;
        let Some(begin) = self.begin().await.map_err(books)? else { return Ok(()) };
        let (from, to) = (begin.max(today.minus_months(MONTHS)), today.plus_days(-1));
        let known = days::list(&mut *self.0.db.read().await?, &from.to_string(), &to.to_string()).await?;
        let mut day = from;
        while day <= to {
            let (name, next) = (day.to_string(), day.ready());
            let stored = known.iter().find(|it| it.day == name);
            let is_new = stored.is_none();
            if stored.is_none_or(|it| it.next.is_none() && it.checked.is_none_or(|at| at < next)) {
                let added = self.0.db.write(move |c| {
                    let name = name.clone();
                    Box::pin(async move {
                        if is_new { days::add(c, &name, next).await } else { days::wake(c, &name, next).await }
                    })
                });
                added.await?;
            }
            day = day.plus_days(1);
        }
        Ok(())
    }

    async fn look_after(&self, due: &Day, now: Timestamp) -> Result<(), CheckoutError> {
        let Ok(day) = due.day.parse::<BillDay>() else {
            return self.put_off(due, Some("DAY".to_owned()), None).await;
        };
        let error = match self.check(day).await {
            Ok(checked) => {
                if checked.outcome != super::Outcome::Agrees {
                    tracing::error!(%day, outcome = ?checked.outcome, "the bill of {day} and the books differ: staff must look");
                }
                return Ok(());
            }
            Err(error) => error,
        };
        let label = error.label();
        let pause = match &error {
            ReconcileError::NotYet | ReconcileError::NotOver => CREATING,
            ReconcileError::NoPermission => PERMISSION,
            ReconcileError::TooOld => return self.put_off(due, Some(label), None).await,
            _ => back_off(due.tries),
        };
        // Once, and not every time: a setting is to be made, or a bill is late.
        if due.problem.as_deref() != Some(&label) {
            if matches!(error, ReconcileError::NotYet) {
                tracing::info!(%day, "{error}");
            } else {
                tracing::error!(%day, %error, "the bill of {day} cannot be compared");
            }
        }
        self.put_off(due, Some(label), Some(now + pause)).await
    }

    async fn put_off(&self, due: &Day, problem: Option<String>, next: Option<Timestamp>) -> Result<(), CheckoutError> {
        let day = due.day.clone();
        let written = self.0.db.write(move |c| {
            let (day, problem) = (day.clone(), problem.clone());
            Box::pin(async move { days::put_off(c, &day, problem.as_deref(), next).await })
        });
        Ok(written.await?)
    }

    /// For `/metrics`.
    async fn tell(&self) -> Result<(), CheckoutError> {
        let now = self.0.clock.now();
        // A day that could be compared since this morning is not missing yet.
        let late = BillDay::of(now).plus_days(-1).to_string();
        let mut reader = self.0.db.read().await?;
        let (missing, differing) = days::count_trouble(&mut reader, &late).await?;
        let open = differences::count_all_open(&mut reader).await?;
        self.0.metrics.bills(missing, differing, open);
        Ok(())
    }
}

fn books(error: ReconcileError) -> CheckoutError {
    match error {
        ReconcileError::Storage(error) => error.into(),
        ReconcileError::Checkout(error) => error,
        _ => crate::storage::StorageError::NoAnswer.into(),
    }
}
