//! An order with everything that happened to it, for staff and the command line.

use super::inquire::Answer;
use crate::{
    checkout::{error::CheckoutError, shared::Checkout, visit::Visit},
    domain::OutTradeNo,
    gateway::Asker,
    storage::{
        attempts::{self, Attempt},
        events::{self, Event, Source},
        orders::{self, Order},
        payments::{self, Payment},
        refunds::{self, Refund},
    },
};

#[derive(Clone, Debug)]
pub struct OrderHistory {
    pub order: Order,
    pub attempts: Vec<Attempt>,
    pub payments: Vec<Payment>,
    pub refunds: Vec<Refund>,
    pub events: Vec<Event>,
}

impl Checkout {
    /// # Errors
    /// No such order, or the books are out of reach.
    pub async fn load_history(&self, number: &OutTradeNo) -> Result<OrderHistory, CheckoutError> {
        let owed = attempts::find_owed(&mut *self.0.db.read().await?, number).await?;
        self.load_history_of(owed.ok_or(CheckoutError::NoSuchOrder)?.order_id).await
    }

    /// # Errors
    /// No such order, or the books are out of reach.
    pub async fn load_history_of(&self, id: i64) -> Result<OrderHistory, CheckoutError> {
        let mut c = self.0.db.read().await?;
        Ok(OrderHistory {
            order: orders::find(&mut c, id).await?.ok_or(CheckoutError::NoSuchOrder)?,
            attempts: attempts::list_of_order(&mut c, id).await?,
            payments: payments::list_of_order(&mut c, id).await?,
            refunds: refunds::list_of_order(&mut c, id).await?,
            events: events::list_of_order(&mut c, id).await?,
        })
    }

    /// Asks WeChat about an order and all its open refunds, and books what the answers say: what was said of this very
    /// number, `None` where there was no usable answer, and how the order stands afterwards.
    ///
    /// # Errors
    /// No such order, or the books are out of reach.
    pub async fn query_order(
        &self,
        number: &OutTradeNo,
        source: Source,
    ) -> Result<(Option<Answer>, OrderHistory), CheckoutError> {
        let history = self.load_history(number).await?;
        let mut answer = None;
        {
            let _asking = self.begin_now(history.order.id).await;
            let mut visit = Visit::new(Asker::Button, self.now());
            if let Some(attempt) = history.attempts.iter().find(|it| it.out_trade_no == *number) {
                answer = self.ask(attempt, source, &mut visit).await?;
            }
            self.look_after(history.order.id, source, &mut visit).await?;
        }
        for refund in &history.refunds {
            self.look_after_refund(refund.id, source).await?;
        }
        Ok((answer, self.load_history(number).await?))
    }
}
