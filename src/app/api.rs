//! Server functions: adapters between a page and a use case. They are public endpoints; whatever
//! they are given is a stranger's input.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use super::{
    error::PublicError,
    view::{Checked, OrderList, PayView},
};
use crate::domain::Product;

/// The shopper's live order of a product. Without JavaScript it leads to the order's page.
#[server(prefix = "/api/ui", endpoint = "place_order")]
pub async fn place_order(product_id: i64) -> Result<PayView, PublicError> {
    let call = ssr::Call::current()?;
    let placed = call.place_order(crate::domain::ProductId(product_id)).await;
    match &placed {
        Ok(view) => call.redirect_form(&format!("/pay/{}", view.token)),
        Err(error) => call.redirect_form(&format!("/products/{product_id}?problem={}", error.word())),
    }
    call.answer(placed)
}

/// How an order stands, as soon as its version is past `after`, at the latest after `wait` seconds.
#[server(prefix = "/api/ui", endpoint = "watch_order", input = GetUrl)]
pub async fn watch_order(token: String, after: i64, wait: u32) -> Result<PayView, PublicError> {
    let call = ssr::Call::current()?;
    let watched = call.watch(&token, after, wait).await;
    call.answer(watched)
}

/// 我已完成支付: asks WeChat now.
#[server(prefix = "/api/ui", endpoint = "check_payment")]
pub async fn check_payment(token: String) -> Result<Checked, PublicError> {
    let call = ssr::Call::current()?;
    let checked = call.check_payment(&token).await;
    let word = match &checked {
        Ok(Checked::Settled) => "",
        Ok(Checked::NotYet) => "?checked=not-yet",
        Ok(Checked::Unknown) | Err(_) => "?checked=unknown",
    };
    call.redirect_form(&format!("/pay/{}{word}", ssr::plain(&token)));
    call.answer(checked)
}

#[server(prefix = "/api/ui", endpoint = "list_products", input = GetUrl)]
pub async fn list_products() -> Result<Vec<Product>, PublicError> {
    let call = ssr::Call::current()?;
    let listed = call.checkout().list_products().await.map_err(PublicError::from);
    call.answer(listed)
}

#[server(prefix = "/api/ui", endpoint = "load_product", input = GetUrl)]
pub async fn load_product(product_id: String) -> Result<Product, PublicError> {
    let call = ssr::Call::current()?;
    let product = call.load_product(&product_id).await;
    call.answer(product)
}

/// The browser's own orders, older than the order `before`.
#[server(prefix = "/api/ui", endpoint = "list_orders", input = GetUrl)]
pub async fn list_orders(before: Option<i64>) -> Result<OrderList, PublicError> {
    let call = ssr::Call::current()?;
    let listed = call.list_orders(before).await;
    call.answer(listed)
}

#[cfg(feature = "ssr")]
mod ssr {
    use std::time::Duration;

    use http::{HeaderMap, StatusCode, header::ACCEPT, request::Parts};
    use leptos::prelude::use_context;
    use leptos_axum::ResponseOptions;

    use crate::{
        app::{
            error::PublicError,
            view::{Checked, OrderLine, OrderList, PayView},
        },
        checkout::{Answer, Checkout, CodeState, OrderSnapshot},
        domain::{OrderToken, Product, ProductId},
        http::{AppState, ClientAddress, Shopper},
    };

    /// How long a page waits for its code before it shows itself without one and goes on waiting
    /// there.
    const CODE_PATIENCE: Duration = Duration::from_secs(4);
    const WAIT_MOST: u32 = 25;
    const ORDERS_A_PAGE: i64 = 20;

    /// The request a server function was called with.
    pub struct Call {
        state: AppState,
        headers: HeaderMap,
        shopper: Option<Shopper>,
        client: Option<ClientAddress>,
        response: Option<ResponseOptions>,
    }

    impl Call {
        pub fn current() -> Result<Self, PublicError> {
            let state = use_context::<AppState>().ok_or(PublicError::Busy)?;
            let parts = use_context::<Parts>().ok_or(PublicError::Busy)?;
            Ok(Self {
                state,
                shopper: parts.extensions.get().cloned(),
                client: parts.extensions.get().copied(),
                headers: parts.headers,
                response: use_context(),
            })
        }

        pub fn checkout(&self) -> &Checkout {
            &self.state.checkout
        }

        /// Leads a form that was sent without JavaScript to its page.
        pub fn redirect_form(&self, path: &str) {
            let accepts = self.headers.get(ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or_default();
            if accepts.contains("text/html") {
                leptos_axum::redirect(path);
            }
        }

        /// Gives an error its status, unless a redirect has one already.
        pub fn answer<T>(&self, outcome: Result<T, PublicError>) -> Result<T, PublicError> {
            if let (Err(error), Some(response)) = (&outcome, &self.response)
                && let Ok(status) = StatusCode::from_u16(error.status())
                && !self.headers.get(ACCEPT).is_some_and(|it| it.as_bytes().starts_with(b"text/html") && self.is_form())
            {
                response.set_status(status);
            }
            outcome
        }

        fn is_form(&self) -> bool {
            self.headers.get(http::header::CONTENT_TYPE).is_some()
        }

        fn show(&self, snapshot: &OrderSnapshot) -> PayView {
            PayView::of(snapshot, self.checkout().payee(), &self.headers, self.state.sandbox)
        }

        pub async fn place_order(&self, product_id: ProductId) -> Result<PayView, PublicError> {
            let (Some(shopper), Some(client)) = (&self.shopper, self.client) else { return Err(PublicError::Busy) };
            if !self.state.limits.allow_order(client) {
                self.state.metrics.order_creation("limited");
                return Err(PublicError::Limited);
            }
            let placed = self.place_with_code(shopper, product_id).await;
            self.state.metrics.order_creation(if placed.is_ok() { "ok" } else { "failed" });
            placed
        }

        async fn place_with_code(&self, shopper: &Shopper, product_id: ProductId) -> Result<PayView, PublicError> {
            let placed = self.checkout().place_order(shopper.key(), product_id).await?;
            if !matches!(placed.code(), CodeState::Ready(_)) {
                // Goes on by itself when it takes longer: the page is told when the code is there.
                let (checkout, id) = (self.checkout().clone(), placed.order.id);
                let fetching = tokio::spawn(async move { checkout.fetch_code(id).await });
                let _ = tokio::time::timeout(CODE_PATIENCE, fetching).await;
            }
            Ok(self.show(&self.checkout().load_snapshot(&placed.order.token).await?))
        }

        pub async fn watch(&self, token: &str, after: i64, wait: u32) -> Result<PayView, PublicError> {
            let token = OrderToken::parse(token).map_err(|_| PublicError::NoSuchOrder)?;
            let wait = Duration::from_secs(wait.min(WAIT_MOST).into());
            let snapshot = tokio::select! {
                snapshot = self.checkout().watch(&token, Some(after), wait) => snapshot?,
                () = self.state.stopping.cancelled() => self.checkout().load_snapshot(&token).await?,
            };
            Ok(self.show(&snapshot))
        }

        pub async fn check_payment(&self, token: &str) -> Result<Checked, PublicError> {
            let token = OrderToken::parse(token).map_err(|_| PublicError::NoSuchOrder)?;
            Ok(match self.checkout().check_payment(&token).await? {
                Answer::Paid | Answer::Closed => Checked::Settled,
                Answer::NotPaid | Answer::NotExist => Checked::NotYet,
                Answer::Unknown => Checked::Unknown,
            })
        }

        pub async fn load_product(&self, id: &str) -> Result<Product, PublicError> {
            let id = ProductId::parse(id).map_err(|_| PublicError::NoSuchProduct)?;
            self.checkout().find_product(id).await?.ok_or(PublicError::NoSuchProduct)
        }

        pub async fn list_orders(&self, before: Option<i64>) -> Result<OrderList, PublicError> {
            let Some(shopper) = &self.shopper else { return Err(PublicError::Busy) };
            let orders = self.checkout().list_orders(shopper.key(), before, ORDERS_A_PAGE + 1).await?;
            let most = usize::try_from(ORDERS_A_PAGE).unwrap_or(usize::MAX);
            let lines: Vec<OrderLine> = orders.iter().take(most).map(OrderLine::from).collect();
            let older = if orders.len() > most { orders.get(most - 1).map(|order| order.id) } else { None };
            Ok(OrderList { lines, older })
        }
    }

    /// A token as part of an address; nonsense leads to the page that says so.
    pub fn plain(token: &str) -> &str {
        if OrderToken::parse(token).is_ok() { token } else { "unknown" }
    }
}
