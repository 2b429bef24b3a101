//! What staff does with an order: asks WeChat at once, or has it closed.

use super::inquire::Answer;
use crate::{
    checkout::{error::CheckoutError, shared::Checkout, visit::Visit},
    domain::{OrderStatus, Wish},
    gateway::Asker,
    storage::{
        events::{self, EventKind, Source},
        orders::{self, Order},
    },
};

impl Answer {
    /// As the timeline tells it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Paid => "PAID",
            Self::NotPaid => "NOTPAY",
            Self::Closed => "CLOSED",
            Self::NotExist => "NOT_EXIST",
            Self::Unknown => "UNKNOWN",
        }
    }
}

impl Checkout {
    /// Asks WeChat about the order's newest number, and about its refunds that are not at their end. Books what the
    /// answers say, and tells in the timeline what WeChat has said.
    ///
    /// # Errors
    /// No such order, or the books are out of reach.
    pub async fn ask_now(&self, order_id: i64, source: Source) -> Result<Answer, CheckoutError> {
        let history = self.load_history_of(order_id).await?;
        let Some(attempt) = history.attempts.last() else { return Err(CheckoutError::NoSuchOrder) };
        let answer = {
            let _asking = self.begin_now(order_id).await;
            let mut visit = Visit::new(Asker::Button, self.now());
            let answer = self.ask_about(attempt, source, &mut visit).await?;
            self.look_after(order_id, source, &mut visit).await?;
            answer
        };
        for refund in &history.refunds {
            self.look_after_refund(refund.id, source).await?;
        }
        let (now, detail) = (self.now(), format!("{} {}", attempt.out_trade_no, answer.code()));
        let told = self.0.db.write(move |c| {
            let detail = detail.clone();
            Box::pin(async move { events::append(c, order_id, now, EventKind::Asked, source, &detail).await })
        });
        told.await?;
        Ok(answer)
    }

    /// Closes an order that nobody has paid: at WeChat first (money rule 6). As it stands afterwards; `NOTPAY` when
    /// WeChat has not confirmed it yet, which then goes on by itself.
    ///
    /// # Errors
    /// No such order, or the books are out of reach.
    pub async fn close_now(&self, order_id: i64, source: Source) -> Result<Order, CheckoutError> {
        let order = self.find_order(order_id).await?;
        if order.status == OrderStatus::NotPay {
            self.wish(&order, Wish::Cancel, source).await?;
            self.act_on_wish(order_id, source).await?;
        }
        self.find_order(order_id).await
    }

    async fn find_order(&self, order_id: i64) -> Result<Order, CheckoutError> {
        orders::find(&mut *self.0.db.read().await?, order_id).await?.ok_or(CheckoutError::NoSuchOrder)
    }
}
