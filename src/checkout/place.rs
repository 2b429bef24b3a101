//! Placing an order: our own row first, then WeChat (money rule 4). However often somebody clicks,
//! a shopper has one live order of a product, and nobody gets another shopper's.

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{Checkout, CheckoutError, OrderSnapshot};
use crate::{
    domain::{OrderToken, OutTradeNo, Product, ProductId},
    storage::{
        StorageError, attempts,
        events::{self, EventKind, Source},
        orders::{self, NewOrder},
        products,
    },
    wechatpay::model::{InvalidPrepay, NativePrepay, fit_description},
};

/// Everything of an order that is decided before it is written.
struct Draft {
    order: NewOrder,
    out_trade_no: OutTradeNo,
    request: Vec<u8>,
}

impl Checkout {
    /// The shopper's live order of this product: the one there is, or a new one. Its code may not
    /// be there yet; see [`Checkout::fetch_code`].
    ///
    /// # Errors
    /// No such product, a product WeChat would refuse, or the books cannot be written.
    pub async fn place_order(&self, shopper: &str, product_id: ProductId) -> Result<OrderSnapshot, CheckoutError> {
        let now = self.0.clock.now();
        let live_key = format!("{shopper}:{product_id}");
        let product = {
            let mut c = self.0.db.read().await?;
            let live = orders::find_by_live_key(&mut c, &live_key).await?;
            if let Some(live) = live.filter(|order| order.expires > now) {
                drop(c);
                return self.load_by_id(live.id).await;
            }
            products::find(&mut c, product_id).await?.ok_or(CheckoutError::NoSuchProduct)?
        };
        let draft = Arc::new(self.draft(shopper, live_key, &product, now)?);
        let written = Arc::clone(&draft);
        let id = self
            .0
            .db
            .write(move |c| {
                let draft = Arc::clone(&written);
                Box::pin(async move { write(c, &draft).await })
            })
            .await?;
        let snapshot = self.load_by_id(id).await?;
        if snapshot.order.token == draft.order.token {
            self.0.metrics.order_entered(snapshot.order.status);
            tracing::info!(
                order.out_trade_no = %snapshot.attempt.out_trade_no, order.product_id = %product_id,
                order.total_fen = snapshot.order.total.get(), "order {} placed", snapshot.attempt.out_trade_no,
            );
        }
        Ok(snapshot)
    }

    fn draft(
        &self,
        shopper: &str,
        live_key: String,
        product: &Product,
        now: Timestamp,
    ) -> Result<Draft, CheckoutError> {
        let settings = &self.0.settings;
        let unfit = |reason| CheckoutError::UnfitProduct { product: product.id, reason };
        // Whole seconds, so that our deadline is the very one WeChat is told.
        let expires = now + settings.pay_time;
        let expires = Timestamp::from_second(expires.as_second()).unwrap_or(expires);
        let second = jiff::tz::offset(8).to_datetime(now).strftime("%Y%m%d%H%M%S").to_string();
        let out_trade_no =
            OutTradeNo::build(&second, self.0.entropy.bytes()).map_err(|_| unfit(InvalidPrepay::Json))?;
        let description = fit_description(&product.title).ok_or_else(|| unfit(InvalidPrepay::Description))?;
        let request = NativePrepay {
            appid: &settings.appid,
            mchid: &settings.mchid,
            description: &description,
            out_trade_no: &out_trade_no,
            time_expire: expires,
            attach: None,
            notify_url: &settings.notify_url,
            total: product.price,
        }
        .to_bytes()
        .map_err(unfit)?;
        let order = NewOrder {
            token: OrderToken::build(self.0.entropy.u128()),
            shopper: shopper.to_owned(),
            live_key,
            product_id: product.id,
            title: product.title.clone(),
            total: product.price,
            created: now,
            expires,
        };
        Ok(Draft { order, out_trade_no, request })
    }
}

/// The id of the order now alive under the draft's key: the draft's own, or the one that another
/// click wrote a moment earlier.
async fn write(c: &mut AnyConnection, draft: &Draft) -> Result<i64, StorageError> {
    let Draft { order, out_trade_no, request } = draft;
    orders::release_live_key(c, &order.live_key, order.created).await?;
    let Some(id) = orders::insert(c, order).await? else {
        let live = orders::find_by_live_key(c, &order.live_key).await?;
        return live.map(|live| live.id).ok_or(StorageError::Raced { table: "orders", row: 0 });
    };
    attempts::insert(c, id, out_trade_no, request, order.created).await?;
    events::append(c, id, order.created, EventKind::Placed, Source::Shopper, out_trade_no.as_str()).await?;
    Ok(id)
}
