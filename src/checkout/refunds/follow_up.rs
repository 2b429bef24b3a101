//! Bringing a refund to its end (money rules 7, 12): WeChat is asked with the same bytes under the same
//! number until it is known what became of it. An error reply is advice, never proof: one refusal is no
//! reason to give up, and what was given up is taken up again when WeChat's signature says otherwise.

use jiff::{SignedDuration, Timestamp};

use super::{statement::clip, step::take_step};
use crate::{
    checkout::{
        error::CheckoutError,
        pauses::pause,
        shared::Checkout,
        time_limits::{LOOK_AFTER_MOST, in_time},
    },
    domain::RefundState,
    gateway::GatewayError,
    storage::{
        events::Source,
        orders,
        refunds::{self, Progress, Refund},
        sendings,
    },
    wechatpay::ErrorCode,
};

/// A refusal that somebody can lift (no money in the merchant's account) is tried again this often at first.
const LIFTED: SignedDuration = SignedDuration::from_mins(10);
/// The longest pause between two tries.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// A definite refusal counts once it has been repeated so often, by a number that WeChat does not know
/// (`wechatpay-v3.md` §1.6, §7.2: query after any answer but 200; a 4xx is final for its request, and
/// unsigned) …
const REFUSALS: i64 = 3;
/// … over at least so long: an outage, a risk check or a deployment there is over by then …
const REFUSED_FOR: SignedDuration = SignedDuration::from_mins(10);
/// … or so long, for a payment that the refund side does not know yet (§1.6: right after paying).
const UNKNOWN_PAYMENT_FOR: SignedDuration = SignedDuration::from_mins(30);
/// Between two tries that are refused: of failing refund calls WeChat takes six a second (§7.2).
const REFUSED_PAUSE: SignedDuration = SignedDuration::from_mins(5);

/// While the books do not know everything that happened, no money goes back.
pub(super) const GAP_PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// Ever more rarely, the older it is, but never sooner than `shortest`.
fn rarely(age: SignedDuration, shortest: SignedDuration) -> SignedDuration {
    (age / 8).clamp(shortest, LONGEST)
}

/// What an answer that decides nothing leaves behind.
struct Trouble {
    problem: Option<String>,
    request_id: Option<String>,
}

impl Trouble {
    fn of(error: &GatewayError) -> Self {
        Self {
            problem: error.code().map(|code| code.as_str().chars().take(64).collect()),
            request_id: error.request_id().map(|id| clip(id.as_str())),
        }
    }
}

impl Checkout {
    /// Sends the stored request, the same bytes each time.
    pub(super) async fn submit(&self, refund: &Refund, source: Source) -> Result<(), CheckoutError> {
        let number = &refund.out_refund_no;
        if self.find_gap().await?.is_some() {
            let trouble = Trouble { problem: refund.problem.clone(), request_id: None };
            return self.postpone(refund.id, trouble, self.0.clock.now() + GAP_PAUSE).await;
        }
        // Somebody has given it up meanwhile, or WeChat has told of it.
        if !self.begin_sending(refund.id).await? {
            return Ok(());
        }
        match self.0.gateway.refund(&refund.request).await {
            Ok(reply) => self.apply_reply(&reply, source).await.map(drop),
            Err(error) => {
                tracing::warn!(refund.out_refund_no = %number, %error, "refund {number}");
                if !matches!(error, GatewayError::Unknown(_)) {
                    self.end_sending(refund.id).await?;
                }
                self.judge_error(refund, &error, source).await
            }
        }
    }

    async fn begin_sending(&self, id: i64) -> Result<bool, CheckoutError> {
        let now = self.now();
        Ok(self.0.db.write(move |c| Box::pin(sendings::begin(c, id, now))).await?)
    }

    async fn end_sending(&self, id: i64) -> Result<(), CheckoutError> {
        Ok(self.0.db.write(move |c| Box::pin(sendings::end(c, id))).await?)
    }

    /// Only what WeChat has refused time and again, and does not know, is given up.
    async fn judge_error(&self, refund: &Refund, error: &GatewayError, source: Source) -> Result<(), CheckoutError> {
        let now = self.now();
        let age = now.duration_since(refund.created);
        let trouble = Trouble::of(error);
        let (GatewayError::Rejected(rejection), Some(code)) = (error, error.code()) else {
            return self.postpone(refund.id, trouble, now + rarely(age, pause(age))).await;
        };
        if *code == ErrorCode::NotEnough || !rejection.status.is_client_error() {
            return self.postpone(refund.id, trouble, now + rarely(age, LIFTED)).await;
        }
        let patience = if *code == ErrorCode::ResourceNotExists { UNKNOWN_PAYMENT_FOR } else { REFUSED_FOR };
        match self.query_refund(&refund.out_refund_no).await {
            Ok(reply) => self.apply_reply(&reply, source).await.map(drop),
            Err(error) if error.is_refund_not_exist() => self.count_refusal(refund, trouble, patience, source).await,
            Err(_) => self.postpone(refund.id, trouble, now + rarely(age, pause(age))).await,
        }
    }

    async fn postpone(&self, id: i64, trouble: Trouble, check: Timestamp) -> Result<(), CheckoutError> {
        let postponed = self.0.db.write(move |c| {
            let (problem, request_id) = (trouble.problem.clone(), trouble.request_id.clone());
            Box::pin(async move {
                refunds::note_reply(c, id, None, request_id.as_deref()).await?;
                refunds::postpone(c, id, problem.as_deref(), check).await
            })
        });
        Ok(postponed.await?)
    }

    async fn count_refusal(
        &self,
        refund: &Refund,
        trouble: Trouble,
        patience: SignedDuration,
        source: Source,
    ) -> Result<(), CheckoutError> {
        let (now, id, order_id) = (self.now(), refund.id, refund.order_id);
        let given_up = self.0.db.write(move |c| {
            let (problem, request_id) = (trouble.problem.clone(), trouble.request_id.clone());
            Box::pin(async move {
                orders::lock(c, order_id).await?;
                refunds::note_refusal(c, id, now).await?;
                refunds::note_reply(c, id, None, request_id.as_deref()).await?;
                let refund = refunds::find_by_id(c, id).await?;
                let Some(refund) = refund.filter(|it| it.state == RefundState::Requested) else { return Ok(false) };
                let is_long_enough = refund.refused.is_some_and(|first| now.duration_since(first) >= patience);
                // Another request for it may still arrive.
                let may_arrive = sendings::is_under_way(c, id, now).await?;
                if refund.refusals < REFUSALS || !is_long_enough || may_arrive {
                    refunds::postpone(c, id, problem.as_deref(), now + REFUSED_PAUSE).await?;
                    return Ok(false);
                }
                let progress = Progress {
                    state: RefundState::Refused,
                    refund_id: None,
                    success: None,
                    problem: problem.as_deref(),
                    check: None,
                };
                take_step(c, &refund, &progress, source, now).await?;
                Ok(true)
            })
        });
        if given_up.await? {
            let number = &refund.out_refund_no;
            tracing::error!(refund.out_refund_no = %number, "refund {number} was refused time and again: given up");
            self.announce(order_id).await?;
        }
        Ok(())
    }

    /// Asks how a refund stands; what WeChat has never heard of is sent again. Also about one that was given up.
    pub(crate) async fn look_after_refund(&self, id: i64, source: Source) -> Result<(), CheckoutError> {
        in_time(LOOK_AFTER_MOST, Box::pin(self.ask_about_refund(id, source))).await
    }

    async fn ask_about_refund(&self, id: i64, source: Source) -> Result<(), CheckoutError> {
        let refund = refunds::find_by_id(&mut *self.0.db.read().await?, id).await?;
        let is_undated = |it: &Refund| it.state == RefundState::Success && it.accepted.is_none();
        let worth_it = |it: &Refund| it.state.may_become(RefundState::Success) || is_undated(it);
        let Some(refund) = refund.filter(worth_it) else { return Ok(()) };
        let number = &refund.out_refund_no;
        match self.query_refund(number).await {
            Ok(reply) => self.apply_reply(&reply, source).await.map(drop),
            Err(error) if error.is_refund_not_exist() && refund.state == RefundState::Requested => {
                self.submit(&refund, source).await
            }
            // As expected of one that was given up; of one that came home, WeChat tells no date.
            Err(error) if error.is_refund_not_exist() && refund.state == RefundState::Refused => Ok(()),
            Err(error) if error.is_refund_not_exist() && is_undated(&refund) => self.clear_refund_check(id).await,
            Err(error) => {
                tracing::warn!(refund.out_refund_no = %number, %error, "query of refund {number}");
                let now = self.now();
                let age = now.duration_since(refund.created);
                let trouble = Trouble { problem: refund.problem.clone(), ..Trouble::of(&error) };
                self.postpone(id, trouble, now + rarely(age, pause(age))).await
            }
        }
    }

    pub(super) async fn clear_refund_check(&self, id: i64) -> Result<(), CheckoutError> {
        Ok(self.0.db.write(move |c| Box::pin(refunds::clear_check(c, id))).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_a_refund_the_longer_the_pause() {
        let minutes = SignedDuration::from_mins;
        assert_eq!(rarely(minutes(0), LIFTED), minutes(10));
        assert_eq!(rarely(minutes(160), LIFTED), minutes(20));
        assert_eq!(rarely(minutes(30 * 24 * 60), LIFTED), LONGEST);
    }
}
