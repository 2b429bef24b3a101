//! How this instance stands with WeChat. One whose questions are all refused, since its clock is hours away from
//! WeChat's or its signature is no good, can do nothing for orders that others could not do better: it gives the jobs
//! up, leaves them alone until WeChat has answered it again, and says so in `/readyz`.

use std::time::Duration;

use tokio::time::sleep;

use crate::{
    checkout::{
        error::CheckoutError,
        shared::Checkout,
        time_limits::{READ_MOST, in_time},
    },
    domain::OutTradeNo,
    gateway::Refusal,
    storage::{attempts, leases},
};

const LOOK: Duration = Duration::from_secs(1);
/// How often it is tried whether WeChat answers again, and how often what a wrong clock has planned is looked after.
const EVERY: Duration = Duration::from_mins(1);
const TROUBLE: &str = "wechat_refuses";

impl Checkout {
    /// Leaves what there is to do to others.
    pub(super) fn gives_way(&self) -> bool {
        self.0.gateway.refusal().is_some()
    }

    /// Runs until it is dropped.
    pub(super) async fn watch_standing(&self) {
        let mut given_up: Option<Duration> = None;
        loop {
            let refusal = self.0.gateway.refusal();
            self.0.readiness.report(TROUBLE, refusal.map(said));
            if refusal.is_none() {
                given_up = None;
            } else if self.is_time_again(given_up) {
                given_up = Some(self.0.clock.elapsed());
                if let Err(error) = self.give_jobs_up().await {
                    tracing::error!(%error, "giving the jobs up");
                }
                self.ask_what_time_it_is().await;
            }
            sleep(LOOK).await;
        }
    }

    /// A question that WeChat answers under its signature. What matters of the answer is who signed it when: the
    /// gateway hears that. So it is asked how a number stands that WeChat knows: the certificates are no question for
    /// a merchant who has a WeChat Pay public key alone, since an error is all he hears, and errors are not signed.
    pub(super) async fn ask_what_time_it_is(&self) {
        let answered = match self.find_known_number().await {
            Ok(Some(number)) => self.query_at_once(&number).await.map(drop),
            // Nobody has bought anything yet. Or the books are out of reach, which is said elsewhere.
            Ok(None) | Err(_) => self.0.gateway.refresh_certificates().await.map(drop),
        };
        if let Err(error) = answered {
            tracing::debug!(%error, "asking WeChat Pay what time it is");
        }
    }

    async fn find_known_number(&self) -> Result<Option<OutTradeNo>, CheckoutError> {
        in_time(READ_MOST, async { Ok(attempts::find_known(&mut *self.0.db.read().await?).await?) }).await
    }

    /// Whether what is to be done every minute is due, and was last done when so much time had passed.
    pub(super) fn is_time_again(&self, last: Option<Duration>) -> bool {
        last.is_none_or(|last| self.0.clock.elapsed().saturating_sub(last) >= EVERY)
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
