//! An order with what its page shows, read in one go.

use jiff::Timestamp;

use crate::{
    checkout::{error::CheckoutError, shared::Checkout},
    domain::{Fen, OrderStatus, OrderToken, OutTradeNo, RefundState},
    storage::{
        StorageError,
        attempts::{self, Attempt, AttemptState, PrepayProblem},
        orders::{self, Order},
        payments::{self, Payment},
        refunds::{self, Refund},
    },
};

/// How often an order is read again that another instance changes meanwhile.
const IN_STEP: usize = 5;

/// How an order stood at `now`.
#[derive(Clone, Debug)]
pub struct OrderSnapshot {
    pub order: Order,
    pub attempt: Attempt,
    /// The payment that paid it.
    pub payment: Option<Payment>,
    /// All refunds of it, those of surplus payments too.
    pub refunds: Vec<Refund>,
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

    /// Refunds of what paid it, oldest first.
    pub fn refunds_of_payment(&self) -> impl Iterator<Item = &Refund> {
        self.refunds.iter().filter(|refund| self.payment.as_ref().is_some_and(|paid| paid.id == refund.payment_id))
    }

    /// Refunds of money that came once too often.
    pub fn surplus_refunds(&self) -> impl Iterator<Item = &Refund> {
        self.refunds.iter().filter(|refund| self.payment.as_ref().is_none_or(|paid| paid.id != refund.payment_id))
    }

    /// How much of what paid it has gone back.
    pub fn refunded(&self) -> Fen {
        sum(self.refunds_of_payment().filter(|refund| refund.state == RefundState::Success))
    }

    /// How much of what paid it is on its way back.
    pub fn refunding(&self) -> Fen {
        sum(self.refunds_of_payment().filter(|refund| refund.state.is_open()))
    }

    /// The code of a closed order: nobody can pay it any more.
    pub fn dead_code(&self) -> Option<&str> {
        match &self.attempt.state {
            AttemptState::Closed { code_url } => code_url.as_deref(),
            _ => None,
        }
    }
}

fn sum<'a>(refunds: impl Iterator<Item = &'a Refund>) -> Fen {
    refunds.fold(Fen::ZERO, |sum, refund| sum.checked_add(refund.amount).unwrap_or(Fen::MAX))
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
    ) -> Result<Vec<OrderSnapshot>, CheckoutError> {
        let mut c = self.0.db.read().await?;
        let orders = orders::list_of_shopper(&mut c, shopper, before.unwrap_or(i64::MAX), limit).await?;
        let mut list = Vec::with_capacity(orders.len());
        for order in orders {
            list.push(self.complete(&mut c, order).await?);
        }
        Ok(list)
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

    /// For who decides what becomes of the order: the number is the one that counted when the order was
    /// read, and not one that another instance has put in its place since.
    ///
    /// # Errors
    /// No such order, the books cannot be read, or the order changes faster than it can be read.
    pub(super) async fn load_in_step(&self, order_id: i64) -> Result<OrderSnapshot, CheckoutError> {
        for _ in 0..IN_STEP {
            let before = attempts::find_current(&mut *self.0.db.read().await?, order_id).await?;
            let snapshot = self.load_by_id(order_id).await?;
            if before.is_some_and(|before| before.id == snapshot.attempt.id) {
                return Ok(snapshot);
            }
        }
        Err(StorageError::Raced { table: "orders", row: order_id }.into())
    }

    async fn complete(&self, c: &mut sqlx::AnyConnection, order: Order) -> Result<OrderSnapshot, CheckoutError> {
        let attempt = attempts::find_current(c, order.id).await?.ok_or(CheckoutError::NoSuchOrder)?;
        let (payment, refunds) = if order.status.is_paid() {
            (payments::find_paying(c, order.id).await?, refunds::list_of_order(c, order.id).await?)
        } else {
            (None, Vec::new())
        };
        Ok(OrderSnapshot { order, attempt, payment, refunds, now: self.now() })
    }
}
