//! How this instance stands with WeChat. One whose questions are all refused, since its clock is hours away from
//! WeChat's or its signature is no good, can do nothing for orders that others could not do better: it gives the jobs
//! up, leaves them alone until WeChat has answered it again, and says so in `/readyz`.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{
    checkout::{error::CheckoutError, shared::Checkout},
    gateway::Refusal,
    storage::leases,
};

const LOOK: Duration = Duration::from_secs(1);
/// How often it is tried whether WeChat answers again, and how often what a wrong clock has planned is looked after.
pub(super) const EVERY: Duration = Duration::from_mins(1);
const TROUBLE: &str = "wechat_refuses";

impl Checkout {
    /// Leaves what there is to do to others.
    pub(super) fn gives_way(&self) -> bool {
        self.0.gateway.refusal().is_some()
    }

    /// Runs until it is dropped.
    pub(super) async fn watch_standing(&self) {
        let mut given_up: Option<Instant> = None;
        loop {
            let refusal = self.0.gateway.refusal();
            self.0.readiness.report(TROUBLE, refusal.map(said));
            if refusal.is_none() {
                given_up = None;
            } else if given_up.is_none_or(|at| at.elapsed() >= EVERY) {
                given_up = Some(Instant::now());
                if let Err(error) = self.give_jobs_up().await {
                    tracing::error!(%error, "giving the jobs up");
                }
                self.ask_what_time_it_is().await;
            }
            sleep(LOOK).await;
        }
    }

    /// The cheapest question of all. What matters of the answer is who signed it when: the gateway hears that.
    pub(super) async fn ask_what_time_it_is(&self) {
        if let Err(error) = self.0.gateway.refresh_certificates().await {
            tracing::debug!(%error, "asking WeChat Pay what time it is");
        }
    }

    /// Others may have the jobs of this instance at once.
    pub(super) async fn give_jobs_up(&self) -> Result<(), CheckoutError> {
        let instance = self.0.instance.id.clone();
        let given_up = self.0.db.write_first(move |c| {
            let instance = instance.clone();
            Box::pin(async move { leases::release(c, &instance).await })
        });
        Ok(given_up.await?)
    }
}

/// Rounded, so that what is said stays the same while nothing changes.
fn said(refusal: Refusal) -> String {
    match refusal {
        Refusal::Clock { astray } => {
            let minutes = (astray.abs().as_secs() + 30) / 60;
            let side = if astray.is_negative() { "behind" } else { "ahead of" };
            format!(
                "this machine's clock is about {minutes} min {side} WeChat Pay's, which refuses whatever it is asked: \
                 set it right. Other instances have the jobs"
            )
        }
        Refusal::Signature => "WeChat Pay has been refusing the signature of every question for minutes: look at the \
                               clock, WXPAY_MCH_SERIAL_NO and the merchant key. Other instances have the jobs"
            .to_owned(),
    }
}
