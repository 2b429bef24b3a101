//! An order together with its code: what everybody wants who presses 购买, on a page or by a program.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::{
    checkout::{
        error::CheckoutError,
        shared::Checkout,
        snapshot::{CodeState, OrderSnapshot},
    },
    domain::{OrderToken, ProductId},
};

/// An order that is in the books, and why it has no code yet.
#[derive(Debug)]
pub struct OrderWithCode {
    pub order: OrderSnapshot,
    /// `None` where it has one, needs none any more, or nobody wanted to wait longer: then it comes by itself.
    pub problem: Option<CheckoutError>,
}

impl OrderWithCode {
    /// It can be paid no more, and nobody has paid it.
    fn has_ended(&self) -> bool {
        self.order.code() == CodeState::Gone && !self.order.order.status.is_paid()
    }
}

impl Checkout {
    /// The shopper's live order of this product with its code, waiting for WeChat no longer than `patience`, or as
    /// long as the time limits of the gateway let it. A live order that ends before its code is there is followed
    /// by a new one: who presses 购买 wants to pay.
    ///
    /// # Errors
    /// As [`Self::place_order`]: there is no order. One that is there and has no code is no error.
    pub async fn order_with_code(
        &self,
        shopper: &str,
        product_id: ProductId,
        patience: Option<Duration>,
    ) -> Result<OrderWithCode, CheckoutError> {
        let end = patience.map(|patience| Instant::now() + patience);
        let placed = self.place_order(shopper, product_id).await?;
        let first = self.with_code(placed, end).await;
        if !first.has_ended() {
            return Ok(first);
        }
        let placed = self.place_order(shopper, product_id).await?;
        Ok(self.with_code(placed, end).await)
    }

    /// The same after 刷新二维码 and 换一个.
    ///
    /// # Errors
    /// As [`Self::renew_code`].
    pub async fn renew_with_code(
        &self,
        token: &OrderToken,
        shopper: &str,
        patience: Duration,
    ) -> Result<OrderWithCode, CheckoutError> {
        let renewed = self.renew_code(token, shopper).await?;
        Ok(self.with_code(renewed, Some(Instant::now() + patience)).await)
    }

    async fn with_code(&self, placed: OrderSnapshot, end: Option<Instant>) -> OrderWithCode {
        let (checkout, id) = (self.clone(), placed.order.id);
        // Goes on by itself when it takes longer: the page is told when the code is there.
        let fetching = self.spawn(async move { checkout.fetch_code(id).await });
        let fetched = match end {
            Some(end) => timeout_at(end, fetching).await.ok(),
            None => Some(fetching.await),
        };
        let problem = match fetched {
            Some(Ok(Ok(order))) => return OrderWithCode { order, problem: None },
            Some(Ok(Err(error))) => Some(error),
            Some(Err(_)) => Some(CheckoutError::PlatformUnreachable),
            None => None,
        };
        // As it stands now; where that cannot be read, as it was: it is in the books all the same.
        let order = self.load_by_id(id).await.unwrap_or(placed);
        OrderWithCode { order, problem }
    }
}
