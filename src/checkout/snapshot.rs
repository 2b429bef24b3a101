//! An order with what its page shows, read in one go.

use jiff::Timestamp;

use super::{Checkout, CheckoutError};
use crate::{
    domain::{OrderStatus, OrderToken, OutTradeNo},
    storage::{
        attempts::{self, Attempt, AttemptState, PrepayProblem},
        orders::{self, Order},
        payments,
    },
};

/// How an order stood at `now`.
#[derive(Clone, Debug)]
pub struct OrderSnapshot {
    pub order: Order,
    pub attempt: Attempt,
    /// Of the payment that paid it.
    pub transaction_id: Option<String>,
    pub now: Timestamp,
}

/// The state of the code a shopper should scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeState<'a> {
    Ready(&'a str),
    /// WeChat has not answered yet; `true` once a first try has failed.
    Preparing {
        trouble: bool,
    },
    Refused,
    /// There is nothing to scan any more.
    Gone,
}

impl OrderSnapshot {
    /// Until when it can be paid, never negative.
    pub fn seconds_left(&self) -> i64 {
        self.order.expires.duration_since(self.now).as_secs().max(0)
    }

    /// Waiting for its payer although the time is over: WeChat has yet to say how it ended.
    pub fn is_overdue(&self) -> bool {
        self.order.status == OrderStatus::NotPay && self.now >= self.order.expires
    }

    pub fn code(&self) -> CodeState<'_> {
        if self.order.status != OrderStatus::NotPay {
            return CodeState::Gone;
        }
        match &self.attempt.state {
            AttemptState::Open { code_url } => CodeState::Ready(code_url),
            AttemptState::Preparing { problem: Some(PrepayProblem::Refused) } => CodeState::Refused,
            AttemptState::Preparing { problem } => CodeState::Preparing { trouble: problem.is_some() },
            AttemptState::Closed { .. } | AttemptState::Paid => CodeState::Gone,
        }
    }

    /// The code of a closed order: nobody can pay it any more.
    pub fn dead_code(&self) -> Option<&str> {
        match &self.attempt.state {
            AttemptState::Closed { code_url } => code_url.as_deref(),
            _ => None,
        }
    }
}

impl Checkout {
    /// # Errors
    /// No such order, or the books cannot be read.
    pub async fn load_snapshot(&self, token: &OrderToken) -> Result<OrderSnapshot, CheckoutError> {
        let mut c = self.0.db.read().await?;
        let order = orders::find_by_token(&mut c, token).await?.ok_or(CheckoutError::NoSuchOrder)?;
        self.complete(&mut c, order).await
    }

    /// A shopper's own orders, newest first; `before` is the id of the last one of the page before.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn list_orders(
        &self,
        shopper: &str,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Order>, CheckoutError> {
        let mut c = self.0.db.read().await?;
        Ok(orders::list_of_shopper(&mut c, shopper, before.unwrap_or(i64::MAX), limit).await?)
    }

    /// How the order of an `out_trade_no` stands.
    ///
    /// # Errors
    /// No such order, or the books cannot be read.
    pub async fn find_status(&self, out_trade_no: &OutTradeNo) -> Result<OrderStatus, CheckoutError> {
        let owed = attempts::find_owed(&mut *self.0.db.read().await?, out_trade_no).await?;
        owed.map(|owed| owed.status).ok_or(CheckoutError::NoSuchOrder)
    }

    pub(super) async fn load_by_id(&self, order_id: i64) -> Result<OrderSnapshot, CheckoutError> {
        let mut c = self.0.db.read().await?;
        let order = orders::find(&mut c, order_id).await?.ok_or(CheckoutError::NoSuchOrder)?;
        self.complete(&mut c, order).await
    }

    async fn complete(&self, c: &mut sqlx::AnyConnection, order: Order) -> Result<OrderSnapshot, CheckoutError> {
        let attempt = attempts::find_current(c, order.id).await?.ok_or(CheckoutError::NoSuchOrder)?;
        let transaction_id = if order.status.is_paid() { payments::find_paying(c, order.id).await? } else { None };
        Ok(OrderSnapshot { order, attempt, transaction_id, now: self.0.clock.now() })
    }
}
