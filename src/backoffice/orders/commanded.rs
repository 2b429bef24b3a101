//! What somebody does at a command, beside what pages do: written down under the name of whoever has a shell.

use super::act::{NotActed, of_order, of_refund};
use crate::{
    backoffice::{acted::Acted, office::Office, staff::audit::what},
    checkout::{Answer, Beside, OrderHistory, RefundDraft},
    domain::OutTradeNo,
    storage::{audit::Outcome, refunds::Refund},
};

impl Office {
    /// Gives money back, outside the limits of staff. One that was asked for before is gone on with.
    ///
    /// # Errors
    /// As [`Checkout::ask_for_refund`](crate::checkout::Checkout::ask_for_refund).
    pub async fn give_back(&self, draft: RefundDraft, who: &Acted) -> Result<Refund, NotActed> {
        let (checkout, number) = (self.0.checkout.clone(), draft.out_refund_no().clone());
        if draft.standing().is_some() {
            let going_on = async move { Ok(checkout.ask_for_refund(draft).await?) };
            let deed = of_refund(what::REFUND_RETRIED, &number);
            return self.ask_for(who, deed, going_on, |refund| Some(refund.state.code())).await;
        }
        let amount = draft.amount().to_string();
        let noted = self.noted(who, &of_refund(what::REFUND_ASKED, &number), Outcome::Done, &amount);
        let beside = Beside::new(move |c| {
            let noted = noted.clone();
            Box::pin(async move {
                noted.write(c).await?;
                Ok(true)
            })
        });
        Ok(checkout.ask_for_refund(draft.with(beside)).await?)
    }

    /// Asks WeChat about this very number and about its order, and books the answers; `None` where there was no usable one
    /// about the number.
    ///
    /// # Errors
    /// No such order, or the books are out of reach.
    pub async fn query_order(
        &self,
        number: &OutTradeNo,
        who: &Acted,
    ) -> Result<(Option<Answer>, OrderHistory), NotActed> {
        let id = self.0.checkout.load_history(number).await?.order.id;
        let (checkout, source, number) = (self.0.checkout.clone(), who.source, number.clone());
        let asking = async move { Ok(checkout.query_order(&number, source).await?) };
        let told = |(_, history): &(Option<Answer>, OrderHistory)| Some(history.order.status.code());
        self.ask_for(who, of_order(what::ORDER_ASKED, id), asking, told).await
    }
}
