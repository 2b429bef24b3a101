//! Placing an order: our own row first, then WeChat (money rule 4). However often somebody clicks,
//! a shopper has one live order of a product, and nobody gets another shopper's.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;
use url::Url;

use super::next_look::next_look;
use crate::{
    checkout::{error::CheckoutError, number_start::beijing_second, shared::Checkout, snapshot::OrderSnapshot},
    domain::{Fen, OrderToken, OutTradeNo, Product, ProductId, TradeType, Wish},
    storage::{
        StorageError,
        attempts::{self, NewAttempt},
        events::{self, EventKind, Source},
        orders::{self, NewOrder},
    },
    wechatpay::model::{InvalidPrepay, NativePrepay, fit_description},
};

/// Everything of an order that is decided before it is written.
struct Draft {
    order: NewOrder,
    attempt: NewAttempt,
}

impl Checkout {
    /// The shopper's live order of this product: the one there is, or a new one. Its code may not
    /// be there yet; see [`Checkout::fetch_code`].
    ///
    /// # Errors
    /// No such product, or one that was withdrawn, a product WeChat would refuse, or the books cannot be written.
    pub async fn place_order(&self, shopper: &str, product_id: ProductId) -> Result<OrderSnapshot, CheckoutError> {
        let now = self.now();
        let live_key = orders::live_key(shopper, product_id);
        let product = {
            let mut c = self.0.db.read().await?;
            let live = orders::find_by_live_key(&mut c, &live_key).await?;
            if let Some(live) = live.filter(|order| order.expires > now && order.wish != Some(Wish::Cancel)) {
                drop(c);
                return self.load_by_id(live.id).await;
            }
            self.find_on_sale(&mut c, product_id).await?
        };
        let draft = Arc::new(self.draft(shopper, live_key, &product, now)?);
        let written = Arc::clone(&draft);
        let placing = self.0.db.write(move |c| {
            let draft = Arc::clone(&written);
            Box::pin(async move { write(c, &draft).await })
        });
        let id = match placing.await {
            // Nobody can tell whether it was written: the token does.
            Err(error) if error.is_outcome_unknown() => {
                let own = orders::find_by_token(&mut *self.0.db.read().await?, &draft.order.token).await?;
                own.ok_or(error)?.id
            }
            placed => placed?,
        };
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
        let attempt = self.draft_attempt(product.id, &product.title, product.price, now)?;
        let order = NewOrder {
            token: OrderToken::build(self.0.entropy.u128()),
            shopper: shopper.to_owned(),
            live_key,
            product_id: product.id,
            title: product.title.clone(),
            total: product.price,
            created: now,
            expires: attempt.expires,
            check: attempt.check,
        };
        Ok(Draft { order, attempt })
    }

    /// A new number with the exact request that asks WeChat for its code.
    pub(super) fn draft_attempt(
        &self,
        product: ProductId,
        title: &str,
        total: Fen,
        now: Timestamp,
    ) -> Result<NewAttempt, CheckoutError> {
        let settings = &self.0.settings;
        let unfit = |reason| CheckoutError::UnfitProduct { product, reason };
        let expires = deadline(now, settings.pay_time);
        let out_trade_no =
            OutTradeNo::build(&beijing_second(now), self.0.entropy.bytes()).map_err(|_| unfit(InvalidPrepay::Json))?;
        let description = fit_description(title).ok_or_else(|| unfit(InvalidPrepay::Description))?;
        let request = NativePrepay {
            appid: &settings.appid,
            mchid: &settings.mchid,
            description: &description,
            out_trade_no: &out_trade_no,
            time_expire: expires,
            attach: Some(&mark(&settings.notify_url)),
            notify_url: &settings.notify_url,
            total,
        }
        .to_bytes()
        .map_err(unfit)?;
        let (appid, trade_type) = (settings.appid.clone(), TradeType::Native);
        let check = next_look(now, expires, settings.pay_time);
        Ok(NewAttempt { out_trade_no, appid, trade_type, request, expires, check })
    }
}

/// Until when an order can be paid that is placed `now`. Whole seconds, so that our deadline is the very
/// one WeChat is told.
pub(crate) fn deadline(now: Timestamp, pay_time: SignedDuration) -> Timestamp {
    let expires = now + pay_time;
    Timestamp::from_second(expires.as_second()).unwrap_or(expires)
}

/// `attach` (`wechatpay-v3.md` §5.1) comes back in the bill: where a merchant number is shared with other
/// systems, it tells which of its orders are this shop's. At most 128 characters.
pub(super) fn mark(notify_url: &Url) -> String {
    format!("saoma:{}", notify_url.host_str().unwrap_or_default()).chars().take(128).collect()
}

/// The id of the order now alive under the draft's key: the draft's own, or the one that another
/// click wrote a moment earlier.
async fn write(c: &mut AnyConnection, draft: &Draft) -> Result<i64, StorageError> {
    let Draft { order, attempt } = draft;
    orders::release_live_key(c, &order.live_key, order.created).await?;
    let Some(id) = orders::insert(c, order).await? else {
        let live = orders::find_by_live_key(c, &order.live_key).await?;
        return live.map(|live| live.id).ok_or(StorageError::Raced { table: "orders", row: 0 });
    };
    attempts::insert(c, id, attempt, order.created).await?;
    events::append(c, id, order.created, EventKind::Placed, Source::Shopper, attempt.out_trade_no.as_str()).await?;
    Ok(id)
}
