//! An order with what its page shows, read in one go.

use crate::{
    checkout::{error::CheckoutError, shared::Checkout, snapshot::OrderSnapshot},
    domain::{OrderStatus, OrderToken, OutRefundNo, OutTradeNo, RefundState},
    storage::{
        StorageError, attempts,
        events::{self, Event, EventKind},
        orders::{self, Order},
        payments,
        refunds::{self, Refund},
    },
    wechatpay::model::CardKind,
};

/// How often an order is read again that another instance changes meanwhile.
const IN_STEP: usize = 5;

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

    /// Refunds of an order that went, or are going, to the shop's own account instead of the payer's.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn list_sent_to_merchant(&self, order_id: i64) -> Result<Vec<Refund>, CheckoutError> {
        let mut c = self.0.db.read().await?;
        let mut refunds = refunds::list_of_order(&mut c, order_id).await?;
        let ids = list_to_merchant(&mut c, &refunds).await?;
        refunds.retain(|refund| ids.contains(&refund.id));
        Ok(refunds)
    }

    async fn complete(&self, c: &mut sqlx::AnyConnection, order: Order) -> Result<OrderSnapshot, CheckoutError> {
        let attempt = attempts::find_current(c, order.id).await?.ok_or(CheckoutError::NoSuchOrder)?;
        let (payment, refunds) = if order.status.is_paid() {
            (payments::find_paying(c, order.id).await?, refunds::list_of_order(c, order.id).await?)
        } else {
            (None, Vec::new())
        };
        let to_merchant = list_to_merchant(c, &refunds).await?;
        Ok(OrderSnapshot { order, attempt, payment, refunds, to_merchant, now: self.now() })
    }
}

/// Few orders have such a refund; only those with one at all are asked about it.
async fn list_to_merchant(c: &mut sqlx::AnyConnection, refunds: &[Refund]) -> Result<Vec<i64>, StorageError> {
    let is_taken_up = |it: &&Refund| matches!(it.state, RefundState::Processing | RefundState::Success);
    let Some(order_id) = refunds.iter().find(is_taken_up).map(|refund| refund.order_id) else { return Ok(Vec::new()) };
    if !events::has(c, order_id, EventKind::AbnormalAsked).await? {
        return Ok(Vec::new());
    }
    let events = events::list_of_order(c, order_id).await?;
    let to_merchant = refunds.iter().filter(is_taken_up).filter(|it| is_to_merchant(&events, &it.out_refund_no));
    Ok(to_merchant.map(|refund| refund.id).collect())
}

/// Whether the last that was asked for it, and not refused, is the merchant's own account: the payer has nothing of it
/// then until the merchant gives it back otherwise. An event's detail is the number, then whose account.
fn is_to_merchant(events: &[Event], number: &OutRefundNo) -> bool {
    let kinds = [EventKind::AbnormalAsked.code(), EventKind::AbnormalRefused.code()];
    let of_number = |event: &&Event| event.detail.split(' ').next() == Some(number.as_str());
    let last = events.iter().rev().filter(|event| kinds.contains(&&*event.kind)).find(of_number);
    last.and_then(|event| event.detail.split(' ').nth(1)) == Some(CardKind::Merchant.code())
}
