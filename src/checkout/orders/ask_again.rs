//! One attempt is asked about once more, whatever the books say of it: they may have forgotten how it ended.

use jiff::Timestamp;

use crate::{
    checkout::{error::CheckoutError, shared::Checkout},
    domain::OutTradeNo,
    gateway::Asker,
    storage::{
        attempts::{self, Attempt},
        events::Source,
    },
};

impl Checkout {
    /// `false` when WeChat gave no usable answer.
    ///
    /// # Errors
    /// No such attempt, or the books are out of reach.
    pub(crate) async fn ask_again(&self, number: &OutTradeNo, due: Timestamp) -> Result<bool, CheckoutError> {
        let attempt = self.load_attempt(number).await?;
        // The turn first: nobody waits for it with the right to ask in hand.
        let Some(mut visit) = self.visit(Asker::Quiet, due).await else { return Ok(false) };
        let _asking = self.begin_now(attempt.order_id).await;
        Ok(self.ask(&attempt, Source::Sweep, &mut visit).await?.is_some())
    }

    async fn load_attempt(&self, number: &OutTradeNo) -> Result<Attempt, CheckoutError> {
        let mut c = self.0.db.read().await?;
        let owed = attempts::find_owed(&mut c, number).await?.ok_or(CheckoutError::NoSuchOrder)?;
        let all = attempts::list_of_order(&mut c, owed.order_id).await?;
        all.into_iter().find(|it| it.id == owed.attempt_id).ok_or(CheckoutError::NoSuchOrder)
    }
}
