//! Getting the code of an order: prepay with the stored bytes, by one caller at a time.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use jiff::SignedDuration;

use crate::{
    checkout::{
        error::{CheckoutError, WhyRefused},
        shared::Checkout,
        snapshot::{CodeState, OrderSnapshot},
        visit::Visit,
    },
    domain::Wish,
    gateway::{Asker, CodeUrl, GatewayError, Replied, RequestId},
    storage::{
        attempts::{self, Attempt, PrepayProblem},
        events::{self, EventKind, Source},
        orders, request_ids,
    },
    wechatpay::ErrorCode,
};

/// Longer than a prepay with its repetition can take: two calls of ten seconds.
pub(crate) const CLAIM: SignedDuration = SignedDuration::from_secs(25);
/// A refusal stays until somebody changes something; asking each minute notices that.
const REFUSED_PAUSE: SignedDuration = SignedDuration::from_secs(60);
/// How many numbers an order may use up before somebody has to look at why WeChat refuses them.
const NUMBERS_MOST: usize = 3;
/// How long a second caller waits for the first one's code.
const PATIENCE: Duration = Duration::from_secs(22);

impl Checkout {
    /// Brings the order to a code, waiting for WeChat as long as the time limits of the gateway let
    /// it. An order that was paid meanwhile needs none.
    ///
    /// # Errors
    /// WeChat gave no usable answer or refused; the order stays as it is and can be tried again.
    pub async fn fetch_code(&self, order_id: i64) -> Result<OrderSnapshot, CheckoutError> {
        const FIRST_TRY: CodeState<'_> = CodeState::Preparing { trouble: false };
        let mut changes = self.0.live.subscribe(order_id);
        let mut snapshot = self.load_by_id(order_id).await?;
        if matches!(snapshot.code(), CodeState::Preparing { .. } | CodeState::Refused) {
            // A task of its own: whoever hangs up must not take the code away from those who wait.
            let (checkout, attempt) = (self.clone(), snapshot.attempt.clone());
            let asking = self.spawn(async move {
                let is_ours = checkout.claim(&attempt).await?;
                if is_ours {
                    checkout.prepay(&attempt).await?;
                }
                Ok::<_, CheckoutError>(is_ours)
            });
            let was_ours = asking.await.map_err(|_| CheckoutError::PlatformUnreachable)??;
            let wait = if was_ours || snapshot.code() != FIRST_TRY { Duration::ZERO } else { PATIENCE };
            snapshot = self.wait_until(order_id, &mut changes, wait, |now| now.code() != FIRST_TRY).await?;
        }
        match snapshot.code() {
            CodeState::Ready(_) | CodeState::Gone => Ok(snapshot),
            CodeState::Preparing { .. } => Err(CheckoutError::PlatformUnreachable),
            CodeState::Refused => Err(CheckoutError::PlatformRefused(self.why_refused(&snapshot.attempt).await)),
        }
    }

    /// The same for somebody who does not wait for it.
    pub fn spawn_fetch_code(&self, order_id: i64) {
        let checkout = self.clone();
        self.spawn(async move {
            if let Err(CheckoutError::Storage(error)) = checkout.fetch_code(order_id).await {
                tracing::error!(%error, order.id = order_id, "no code for order {order_id}");
            }
        });
    }

    /// `None` also where the books cannot be read: that it was refused is known all the same.
    async fn why_refused(&self, attempt: &Attempt) -> Option<WhyRefused> {
        let mut c = self.0.db.read().await.ok()?;
        let detail = events::last_detail(&mut c, attempt.order_id, EventKind::PrepayRefused).await.ok()??;
        Some(WhyRefused { code: ErrorCode::parse(&detail)?, request_id: attempt.request_id.clone() })
    }

    async fn claim(&self, attempt: &Attempt) -> Result<bool, CheckoutError> {
        let (id, order_id, now) = (attempt.id, attempt.order_id, self.now());
        let until = now + CLAIM;
        let was_run = AtomicBool::new(false);
        let claimed = self.0.db.write(move |c| {
            let is_again = was_run.swap(true, Ordering::Relaxed);
            Box::pin(async move {
                if attempts::claim_prepay(c, id, now, until).await? {
                    return Ok(true);
                }
                // After a commit whose answer was lost, the claim that stands in the way is our own.
                let current = if is_again { attempts::find_current(c, order_id).await? } else { None };
                Ok(current.is_some_and(|it| it.id == id && it.not_before == until))
            })
        });
        Ok(claimed.await?)
    }

    async fn prepay(&self, attempt: &Attempt) -> Result<(), CheckoutError> {
        let mut outcome = self.0.gateway.prepay(&attempt.request).await;
        if outcome.as_ref().is_err_and(GatewayError::is_unknown) {
            // The same bytes at once: a probe signature or a broken connection is gone by then.
            outcome = self.0.gateway.prepay(&attempt.request).await;
        }
        match outcome {
            Ok(reply) => self.keep_code(attempt, reply).await,
            Err(error) => self.keep_problem(attempt, &error).await,
        }
    }

    async fn keep_code(&self, attempt: &Attempt, reply: Replied<CodeUrl>) -> Result<(), CheckoutError> {
        let (id, order_id, now) = (attempt.id, attempt.order_id, self.now());
        let (code_url, request_id, old_id) =
            (String::from(reply.content), reply.request_id, attempt.request_id.clone());
        let kept = self.0.db.write(move |c| {
            let (code_url, request_id, old_id) = (code_url.clone(), request_id.clone(), old_id.clone());
            Box::pin(async move {
                let request_id = request_id.as_ref().map(RequestId::as_str);
                let kept = attempts::mark_open(c, id, &code_url, request_id).await?;
                if kept {
                    request_ids::keep(c, order_id, old_id.as_deref(), request_id).await?;
                    orders::touch(c, order_id, now).await?;
                    events::append(c, order_id, now, EventKind::CodeReady, Source::Shopper, "").await?;
                }
                Ok(kept)
            })
        });
        let kept = kept.await?;
        self.0.metrics.prepay("ok");
        if !kept {
            tracing::info!(order.out_trade_no = %attempt.out_trade_no, "code for {} came too late", attempt.out_trade_no);
        }
        self.announce(order_id).await
    }

    async fn keep_problem(&self, attempt: &Attempt, error: &GatewayError) -> Result<(), CheckoutError> {
        let number = &attempt.out_trade_no;
        let (problem, pause) = match error {
            GatewayError::Unknown(_) => (PrepayProblem::Unreachable, self.0.settings.prepay_pause),
            GatewayError::Rejected(_) | GatewayError::Misconfigured(_) => (PrepayProblem::Refused, REFUSED_PAUSE),
        };
        self.0.metrics.prepay(problem.code());
        match error {
            GatewayError::Unknown(_) => tracing::warn!(order.out_trade_no = %number, %error, "prepay of {number}"),
            GatewayError::Rejected(_) | GatewayError::Misconfigured(_) => {
                tracing::error!(order.out_trade_no = %number, %error, "prepay of {number} refused");
            }
        }
        let (id, order_id, now) = (attempt.id, attempt.order_id, self.now());
        let (request_id, old_id) = (error.request_id().cloned(), attempt.request_id.clone());
        let code = error.code().map(|code| code.as_str().to_owned()).unwrap_or_default();
        let news = attempt.state != attempts::AttemptState::Preparing { problem: Some(problem) };
        self.0
            .db
            .write(move |c| {
                let (request_id, old_id, code) = (request_id.clone(), old_id.clone(), code.clone());
                Box::pin(async move {
                    let request_id = request_id.as_ref().map(RequestId::as_str);
                    if !attempts::mark_problem(c, id, problem, now + pause, request_id).await? {
                        return Ok(());
                    }
                    request_ids::keep(c, order_id, old_id.as_deref(), request_id).await?;
                    // Refused for another reason than before is news, too.
                    let refused = problem == PrepayProblem::Refused;
                    let is_told = refused && events::has_told(c, order_id, EventKind::PrepayRefused, &code).await?;
                    if !news && (!refused || is_told) {
                        return Ok(());
                    }
                    orders::touch(c, order_id, now).await?;
                    if refused {
                        events::append(c, order_id, now, EventKind::PrepayRefused, Source::Shopper, &code).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        if error.is_order_paid() || error.is_out_trade_no_used() || error.is_order_closed() {
            self.replace_dead_number(attempt, !error.is_order_paid()).await?;
        }
        self.announce(order_id).await
    }

    /// Advice, not proof (money rule 7): asks, and settles what the verified answer says. Where the number
    /// is of no more use and nobody has paid, the order goes on under another one; but not for ever.
    async fn replace_dead_number(&self, attempt: &Attempt, is_dead: bool) -> Result<(), CheckoutError> {
        let (order, attempts) = {
            let mut c = self.0.db.read().await?;
            let order = orders::find(&mut c, attempt.order_id).await?.ok_or(CheckoutError::NoSuchOrder)?;
            (order, attempts::list_of_order(&mut c, attempt.order_id).await?)
        };
        if is_dead && attempts.len() < NUMBERS_MOST && self.now() < order.expires && order.wish.is_none() {
            self.wish(&order, Wish::Renew, Source::Automatic).await?;
        }
        let _asking = self.begin_now(order.id).await;
        let mut visit = Visit::new(Asker::Page, self.now());
        self.look_after(order.id, Source::Query, &mut visit).await?;
        Ok(())
    }
}
