//! What the pages' server functions do: adapters between a page and a use case.

mod beijing;
mod call;
mod pay_view;
mod refund_words;
mod waiting;

use std::future::{Future, ready};

use http::request::Parts;
use leptos::prelude::use_context;

use self::call::Call;
pub(super) use self::waiting::{PATH as WATCH_PATH, watch};
use super::{language, looks, security::page_policy, state::AppState};
use crate::{
    app::{
        appearance::Appearance,
        error::PublicError,
        language::Language,
        shop::{Reply, Shop},
        view::{Checked, OrderList, PayView, ProductView},
    },
    checkout::CheckoutError,
    domain::{OrderToken, ProductId},
};

/// This site, as its pages see it.
pub(super) struct PageShop(pub(super) AppState);

impl PageShop {
    /// Answers the request that is being served, as `work` has it.
    fn answer<T, F>(&self, work: impl FnOnce(Call) -> F) -> Reply<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, PublicError>> + Send + 'static,
    {
        match Call::current(&self.0) {
            Ok(call) => Box::pin(work(call)),
            Err(error) => Box::pin(ready(Err(error))),
        }
    }
}

impl Shop for PageShop {
    fn payee(&self) -> String {
        self.0.looks.name()
    }

    fn is_sandbox(&self) -> bool {
        self.0.sandbox
    }

    fn language(&self) -> Language {
        use_context::<Parts>().map(|parts| language::of(&parts.headers)).unwrap_or_default()
    }

    fn address(&self) -> String {
        let parts = use_context::<Parts>();
        let address = parts.and_then(|parts| Some(parts.uri.path_and_query()?.as_str().to_owned()));
        // Words of a stranger in the address are not repeated.
        let is_plain = |address: &String| address.bytes().all(|b| b.is_ascii_alphanumeric() || b"/?=&-".contains(&b));
        address.filter(is_plain).unwrap_or_else(|| "/".to_owned())
    }

    fn appearance(&self) -> Appearance {
        let looks = self.0.looks.known();
        Appearance {
            style: looks.accent.map(looks::style_address),
            logo: looks.logo.clone(),
            contact: looks.contact.clone(),
            footer: looks.footer.clone(),
        }
    }

    fn page_policy(&self, nonce: &str) -> String {
        page_policy(nonce)
    }

    fn place_order(&self, product_id: i64) -> Reply<PayView> {
        self.answer(async move |call| {
            let placed = call.place_order(ProductId(product_id)).await;
            match &placed {
                Ok(view) => call.redirect_form(&format!("/pay/{}", view.token)),
                Err(error) => call.redirect_form(&format!("/products/{product_id}?problem={}", error.word())),
            }
            call.answer(placed)
        })
    }

    fn watch_order(&self, token: String, after: i64, wait: u32) -> Reply<PayView> {
        self.answer(async move |call| {
            let watched = call.watch(&token, after, wait).await.map(|(view, _)| view);
            call.answer(watched)
        })
    }

    fn check_payment(&self, token: String) -> Reply<Checked> {
        self.answer(async move |call| {
            let checked = call.check_payment(&token).await;
            let word = match &checked {
                Ok(Checked::Settled) => String::new(),
                Ok(Checked::NotYet) => "?checked=not-yet".to_owned(),
                Err(error @ (PublicError::Presses | PublicError::ReadOnly)) => format!("?problem={}", error.word()),
                Ok(Checked::Unknown) | Err(_) => "?checked=unknown".to_owned(),
            };
            call.redirect_form(&format!("/pay/{}{word}", plain(&token)));
            call.answer(checked)
        })
    }

    fn cancel_order(&self, token: String) -> Reply<PayView> {
        self.answer(async move |call| {
            let cancelled = call.cancel_order(&token).await;
            call.redirect_form(&page_of(&token, &cancelled));
            call.answer(cancelled)
        })
    }

    fn renew_code(&self, token: String, out_trade_no: Option<String>) -> Reply<PayView> {
        self.answer(async move |call| {
            let renewed = call.renew_code(&token, out_trade_no.as_deref()).await;
            call.redirect_form(&page_of(&token, &renewed));
            call.answer(renewed)
        })
    }

    fn list_products(&self) -> Reply<Vec<ProductView>> {
        self.answer(async move |call| {
            let listed = call.checkout().list_on_sale().await.map_err(PublicError::from);
            let listed = listed.map(|entries| entries.into_iter().map(ProductView::of).collect());
            call.answer(listed)
        })
    }

    fn load_product(&self, product_id: String) -> Reply<ProductView> {
        self.answer(async move |call| {
            let product = call.load_product(&product_id).await;
            call.answer(product)
        })
    }

    fn list_orders(&self, before: Option<i64>) -> Reply<OrderList> {
        self.answer(async move |call| {
            let listed = call.list_orders(before).await;
            call.answer(listed)
        })
    }
}

/// Where a form about an order leads: to its page, or to that of the order that took its place.
fn page_of(token: &str, outcome: &Result<PayView, PublicError>) -> String {
    match outcome {
        Ok(view) => format!("/pay/{}", view.token),
        Err(error) => format!("/pay/{}?problem={}", plain(token), error.word()),
    }
}

/// A token as part of an address; nonsense leads to the page that says so.
fn plain(token: &str) -> &str {
    if OrderToken::parse(token).is_ok() { token } else { "unknown" }
}

impl From<CheckoutError> for PublicError {
    fn from(error: CheckoutError) -> Self {
        match error {
            CheckoutError::NoSuchOrder => Self::NoSuchOrder,
            CheckoutError::NoSuchProduct => Self::NoSuchProduct,
            CheckoutError::NotOnSale => Self::NotOnSale,
            CheckoutError::TooManyWatchers => Self::Presses,
            CheckoutError::Storage(ref storage) if storage.is_read_only() => {
                tracing::error!(%error, "the books cannot be written");
                Self::ReadOnly
            }
            CheckoutError::UnfitProduct { .. }
            | CheckoutError::PlatformUnreachable
            | CheckoutError::PlatformRefused(_)
            | CheckoutError::Storage(_) => {
                tracing::error!(%error, "a page could not be served");
                Self::Busy
            }
        }
    }
}
