//! What only a bill says of a payment is a hint (money rule 16): WeChat is asked about it, and its verified answer is
//! booked by the one function that settles.

use jiff::Timestamp;

use crate::{
    checkout::{error::CheckoutError, hinted::Hinted, shared::Checkout, verdict::Verdict, visit::Visit},
    domain::Fen,
    gateway::Asker,
    storage::events::Source,
};

/// A payment as WeChat signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldPayment {
    pub verdict: Verdict,
    pub total: Option<Fen>,
    pub success: Option<Timestamp>,
}

impl Checkout {
    /// Asks about a transaction by WeChat's number and books what the answer says.
    ///
    /// # Errors
    /// The books cannot be written.
    pub async fn follow_payment_hint(&self, transaction_id: &str) -> Result<Hinted<ToldPayment>, CheckoutError> {
        let mut visit = Visit::new(Asker::Quiet, self.0.clock.now());
        let reply = match self.query_transaction(transaction_id, &mut visit).await {
            Ok(reply) => reply,
            Err(error) if error.is_order_not_exist() => return Ok(Hinted::NotExist),
            Err(error) => {
                tracing::warn!(wechatpay.transaction_id = transaction_id, %error, "query of {transaction_id}");
                return Ok(Hinted::of(&error));
            }
        };
        let told = &reply.content;
        let verdict = self.settle_queried(told, &reply.serial, Source::Bill).await?;
        Ok(Hinted::Told(ToldPayment { verdict, total: told.total(), success: told.success_time }))
    }

    /// How orders of this shop are marked in bills.
    pub fn bill_mark(&self) -> String {
        super::place::mark(&self.0.settings.notify_url)
    }
}
