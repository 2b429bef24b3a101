//! One call of a server function: who calls, whether he may, and what use case answers it.

use std::time::Duration;

use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
    request::Parts,
};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use super::pay_view::Reader;
use crate::{
    app::{
        error::PublicError,
        language::Language,
        view::{Checked, OrderLine, OrderList, PayView, ProductView},
    },
    checkout::{Answer, Checkout, CheckoutError, OrderSnapshot, OrderWithCode},
    domain::{OrderToken, ProductId},
    http::{
        address::ClientAddress,
        door::CountedFor,
        language,
        long_poll::{self, News, Wanted},
        shopper::Shopper,
        state::AppState,
    },
};

/// How long a page waits for its code before it shows itself without one and goes on waiting
/// there.
const CODE_PATIENCE: Duration = Duration::from_secs(4);
const ORDERS_A_PAGE: i64 = 20;

/// The request a server function was called with.
pub(super) struct Call {
    state: AppState,
    headers: HeaderMap,
    language: Language,
    shopper: Option<Shopper>,
    client: Option<ClientAddress>,
    counted: CountedFor,
    response: Option<ResponseOptions>,
}

impl Call {
    pub(super) fn current(state: &AppState) -> Result<Self, PublicError> {
        let parts = use_context::<Parts>().ok_or(PublicError::Busy)?;
        Ok(Self {
            state: state.clone(),
            shopper: parts.extensions.get().cloned(),
            client: parts.extensions.get().copied(),
            counted: parts.extensions.get().copied().unwrap_or_default(),
            language: language::of(&parts.headers),
            headers: parts.headers,
            response: use_context(),
        })
    }

    /// One that is answered without Leptos.
    pub(super) const fn of_waiting(
        state: AppState,
        shopper: Option<Shopper>,
        language: Language,
        headers: HeaderMap,
        counted: CountedFor,
    ) -> Self {
        Self { state, headers, language, shopper, client: None, counted, response: None }
    }

    pub(super) fn checkout(&self) -> &Checkout {
        &self.state.checkout
    }

    /// Leads a form that was sent without JavaScript to its page.
    pub(super) fn redirect_form(&self, path: &str) {
        if self.is_plain_form() {
            leptos_axum::redirect(path);
        }
    }

    /// Gives an error its status, unless a redirect has one already.
    pub(super) fn answer<T>(&self, outcome: Result<T, PublicError>) -> Result<T, PublicError> {
        if let (Err(error), Some(response)) = (&outcome, &self.response)
            && let Ok(status) = StatusCode::from_u16(error.status())
            && !self.is_plain_form()
        {
            response.set_status(status);
        }
        outcome
    }

    /// A form of a page without JavaScript: what is sent, and a page wanted. Islands want JSON, and pages send nothing.
    fn is_plain_form(&self) -> bool {
        let wants_page = |accept: &HeaderValue| accept.to_str().is_ok_and(|accept| accept.contains("text/html"));
        self.headers.contains_key(CONTENT_TYPE) && self.headers.get(ACCEPT).is_some_and(wants_page)
    }

    fn shopper(&self) -> Result<&str, PublicError> {
        self.shopper.as_ref().map(Shopper::key).ok_or(PublicError::Busy)
    }

    fn is_mine(&self, snapshot: &OrderSnapshot) -> bool {
        self.shopper.as_ref().is_some_and(|shopper| shopper.key() == snapshot.order.shopper)
    }

    fn show(&self, snapshot: &OrderSnapshot) -> PayView {
        let looks = self.state.looks.known();
        let (headers, language) = (&self.headers, self.language);
        let to = Reader { headers, language, owns: self.is_mine(snapshot), contact: &looks.contact };
        PayView::of(snapshot, &to, &self.state.looks.name(), self.state.sandbox)
    }

    /// Another code costs WeChat and the books what another order does.
    fn count_code(&self) -> Result<(), PublicError> {
        let client = self.client.ok_or(PublicError::Busy)?;
        if self.state.limits.allow_order(client) {
            return Ok(());
        }
        self.state.metrics.order_creation("limited");
        Err(PublicError::Limited)
    }

    /// A press sets off questions to WeChat, of which there is a budget for everybody.
    fn count_press(&self) -> Result<(), PublicError> {
        let client = self.client.ok_or(PublicError::Busy)?;
        if self.state.limits.allow_check(client) { Ok(()) } else { Err(PublicError::Presses) }
    }

    pub(super) async fn place_order(&self, product_id: ProductId) -> Result<PayView, PublicError> {
        let shopper = self.shopper()?;
        self.count_code()?;
        let placed = self.checkout().order_with_code(shopper, product_id, Some(CODE_PATIENCE)).await;
        let is_well = placed.as_ref().is_ok_and(|placed| placed.problem.is_none());
        self.state.metrics.order_creation(if is_well { "ok" } else { "failed" });
        self.show_with_code(placed?)
    }

    /// An order without a code has its page all the same, which says so and goes on waiting; but where nothing can
    /// be written it would wait for nothing.
    fn show_with_code(&self, placed: OrderWithCode) -> Result<PayView, PublicError> {
        match placed.problem {
            Some(CheckoutError::Storage(error)) if error.is_read_only() => Err(CheckoutError::Storage(error).into()),
            _ => Ok(self.show(&placed.order)),
        }
    }

    pub(super) async fn cancel_order(&self, token: &str) -> Result<PayView, PublicError> {
        let token = OrderToken::parse(token).map_err(|_| PublicError::NoSuchOrder)?;
        self.count_press()?;
        Ok(self.show(&self.checkout().cancel_order(&token, self.shopper()?).await?))
    }

    pub(super) async fn renew_code(&self, token: &str, seen: Option<&str>) -> Result<PayView, PublicError> {
        let token = OrderToken::parse(token).map_err(|_| PublicError::NoSuchOrder)?;
        let now = self.checkout().load_snapshot(&token).await?;
        if !self.is_mine(&now) {
            return Err(PublicError::NoSuchOrder);
        }
        if seen.is_some_and(|seen| seen != now.attempt.out_trade_no.as_str()) {
            return Ok(self.show(&now));
        }
        self.count_press()?;
        self.count_code()?;
        self.show_with_code(self.checkout().renew_with_code(&token, self.shopper()?, CODE_PATIENCE).await?)
    }

    /// The view, and whether somebody needs the place of whoever waits for it: he gets it, and the page asks by
    /// another connection.
    pub(super) async fn watch(&self, token: &str, after: i64, wait: u32) -> Result<(PayView, bool), PublicError> {
        let token = OrderToken::parse(token).map_err(|_| PublicError::NoSuchOrder)?;
        let wanted = Wanted { token, after: Some(after), wait: Duration::from_secs(wait.into()) };
        let News { snapshot, is_pressed } = long_poll::wait_for(&self.state, self.counted, wanted).await?;
        Ok((self.show(&snapshot), is_pressed))
    }

    pub(super) async fn check_payment(&self, token: &str) -> Result<Checked, PublicError> {
        let token = OrderToken::parse(token).map_err(|_| PublicError::NoSuchOrder)?;
        self.count_press()?;
        Ok(match self.checkout().check_payment(&token).await? {
            Answer::Paid | Answer::Closed => Checked::Settled,
            Answer::NotPaid | Answer::NotExist => Checked::NotYet,
            Answer::Unknown => Checked::Unknown,
        })
    }

    pub(super) async fn load_product(&self, id: &str) -> Result<ProductView, PublicError> {
        let id = ProductId::parse(id).map_err(|_| PublicError::NoSuchProduct)?;
        Ok(ProductView::of(self.checkout().find_entry(id).await?))
    }

    pub(super) async fn list_orders(&self, before: Option<i64>) -> Result<OrderList, PublicError> {
        let orders = self.checkout().list_orders(self.shopper()?, before, ORDERS_A_PAGE + 1).await?;
        let most = usize::try_from(ORDERS_A_PAGE).unwrap_or(usize::MAX);
        let lines: Vec<OrderLine> = orders.iter().take(most).map(|order| OrderLine::of(order, self.language)).collect();
        let older = if orders.len() > most { orders.get(most - 1).map(|last| last.order.id) } else { None };
        Ok(OrderList { lines, older })
    }
}
