//! What a server does beside answering, each part watched: see [`Supervisor`].

use std::{future::Future, time::Duration};

use crate::{http::AppState, supervise::Supervisor, tls::Care};

/// Certificates change every few years; an hour's delay is covered by asking on an unknown serial.
const CERTIFICATES_EVERY: Duration = Duration::from_hours(4);
const CERTIFICATES_AGAIN: Duration = Duration::from_mins(1);
const STAFF_EVERY: Duration = Duration::from_mins(10);
const PRUNE_EVERY: Duration = Duration::from_mins(1);

/// What of it runs, and how often.
#[derive(Clone, Debug)]
pub(super) struct Background {
    /// Certificates are how this merchant's callbacks are verified.
    pub wants_certificates: bool,
    pub jobs_every: Option<Duration>,
    pub sweeps_overdue: Duration,
    pub heartbeat_every: Duration,
    /// Of the shop's own HTTPS.
    pub care: Option<Care>,
}

impl Background {
    /// Runs until it is dropped.
    pub(super) async fn run(self, state: AppState) {
        let supervisor = Supervisor::new(state.readiness.clone(), state.metrics.clone());
        let bills = self.jobs_every.is_some();
        let jobs = async {
            if let Some(every) = self.jobs_every {
                state.checkout.run_jobs(every, self.sweeps_overdue).await;
            }
        };
        tokio::join!(
            keep(&supervisor, "limits", &state, prune),
            keep(&supervisor, "certificates", &state, move |state| async move {
                if self.wants_certificates {
                    refresh_certificates(state).await;
                }
            }),
            keep(
                &supervisor,
                "followers",
                &state,
                |state| async move { state.checkout.follow_other_instances().await }
            ),
            keep(&supervisor, "sessions", &state, |state| async move { look_after_staff(state).await }),
            keep(&supervisor, "heartbeat", &state, move |state| async move {
                state.checkout.beat(self.heartbeat_every).await;
            }),
            keep(&supervisor, "refused", &state, |state| async move { state.office.keep_refused().await }),
            keep(&supervisor, "sums", &state, move |state| async move {
                if self.jobs_every.is_some() {
                    state.office.keep_sums().await;
                }
            }),
            supervisor.keep("https", || {
                let care = self.care.clone();
                async move {
                    if let Some(care) = care {
                        care.run().await;
                    }
                }
            }),
            keep(&supervisor, "bills", &state, move |state| async move {
                let leased = async {
                    if bills {
                        state.reconcile.run().await;
                    }
                };
                tokio::join!(leased, state.reconcile.keep_tidy());
            }),
            jobs,
        );
    }
}

async fn keep<F>(supervisor: &Supervisor, name: &'static str, state: &AppState, task: impl Fn(AppState) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    supervisor.keep(name, || task(state.clone())).await;
}

async fn prune(state: AppState) {
    let mut ticks = tokio::time::interval(PRUNE_EVERY);
    loop {
        ticks.tick().await;
        state.limits.prune();
    }
}

/// What has ended goes from the books.
async fn look_after_staff(state: AppState) {
    loop {
        if let Err(error) = state.staff.remove_old_sessions().await {
            tracing::warn!(%error, "old sessions of staff stay in the books");
        }
        if let Err(error) = state.staff.end_old_approvals().await {
            tracing::warn!(%error, "what nobody has decided in time");
        }
        state.clock.sleep(STAFF_EVERY).await;
    }
}

async fn refresh_certificates(state: AppState) {
    loop {
        let pause = match state.checkout.gateway().refresh_certificates().await {
            Ok(_) => CERTIFICATES_EVERY,
            Err(error) => {
                tracing::error!(%error, "platform certificates cannot be loaded");
                CERTIFICATES_AGAIN
            }
        };
        tokio::time::sleep(pause).await;
    }
}
