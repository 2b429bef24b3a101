//! What staff does with a refund that stands still: asks and sends it again, or gives it up.

use super::{draft::RefundError, step::take_step};
use crate::{
    checkout::shared::Checkout,
    domain::{OutRefundNo, RefundState},
    storage::{
        StorageError,
        events::Source,
        orders,
        refunds::{self, Progress, Refund},
        sendings,
    },
};

/// Why a refund is not given up.
#[derive(Debug, thiserror::Error)]
pub enum NotGivenUp {
    #[error("WeChat Pay has accepted it: it goes its way")]
    Accepted(RefundState),
    #[error("WeChat Pay does not say whether it knows it: ask again later")]
    NotKnown,
    #[error(
        "WeChat Pay was asked for it a moment ago and has not answered: it may still arrive, try again in a minute"
    )]
    UnderWay,
    #[error(transparent)]
    Refund(#[from] RefundError),
}

impl From<StorageError> for NotGivenUp {
    fn from(error: StorageError) -> Self {
        Self::Refund(error.into())
    }
}

impl Checkout {
    /// Asks at once how it stands, and sends it again when WeChat does not know it.
    ///
    /// # Errors
    /// No such refund, or the books are out of reach.
    pub async fn retry_refund(&self, number: &OutRefundNo, source: Source) -> Result<Refund, RefundError> {
        let refund = self.load_refund(number).await?;
        self.look_after_refund(refund.id, source).await?;
        self.load_refund(number).await
    }

    /// Gives up one that WeChat says it does not know: its money can be given back otherwise. Should WeChat ever sign
    /// that it has accepted it all the same, it is booked (money rule 12).
    ///
    /// # Errors
    /// WeChat knows it, does not say, or may hear of it yet.
    pub async fn give_up_refund(&self, number: &OutRefundNo, source: Source) -> Result<Refund, NotGivenUp> {
        let refund = self.load_refund(number).await?;
        if refund.state == RefundState::Refused {
            return Ok(refund);
        }
        if refund.state != RefundState::Requested {
            return Err(NotGivenUp::Accepted(refund.state));
        }
        match self.query_refund(number).await {
            Ok(reply) => {
                self.apply_reply(&reply, source).await.map_err(RefundError::from)?;
                return Err(NotGivenUp::Accepted(self.load_refund(number).await?.state));
            }
            Err(error) if error.is_refund_not_exist() => {}
            Err(error) => {
                tracing::warn!(refund.out_refund_no = %number, %error, "query of refund {number}");
                return Err(NotGivenUp::NotKnown);
            }
        }
        let (now, id, order_id) = (self.now(), refund.id, refund.order_id);
        let given_up = self.0.db.write(move |c| {
            Box::pin(async move {
                orders::lock(c, order_id).await?;
                let refund = refunds::find_by_id(c, id).await?;
                // Whoever was quicker has decided.
                let Some(refund) = refund.filter(|it| it.state == RefundState::Requested) else { return Ok(true) };
                if sendings::is_under_way(c, id, now).await? {
                    return Ok(false);
                }
                let progress = Progress {
                    state: RefundState::Refused,
                    refund_id: None,
                    success: None,
                    problem: refund.problem.as_deref(),
                    check: None,
                };
                take_step(c, &refund, &progress, source, now).await?;
                refunds::settle(c, id, source.code(), now).await?;
                Ok(true)
            })
        });
        if !given_up.await? {
            return Err(NotGivenUp::UnderWay);
        }
        self.announce(order_id).await.map_err(RefundError::from)?;
        Ok(self.load_refund(number).await?)
    }
}
