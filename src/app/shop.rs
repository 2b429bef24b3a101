//! What pages ask of the server that renders them. It provides itself with each request; pages know nothing of
//! how it does what it is asked.

use std::{future::Future, pin::Pin, sync::Arc};

use leptos::prelude::use_context;

use super::{
    appearance::Appearance,
    error::PublicError,
    language::Language,
    view::{Checked, OrderList, PayView, ProductView},
};

/// What a server function answers, with its status and where a form without JavaScript is led next.
pub type Reply<T> = Pin<Box<dyn Future<Output = Result<T, PublicError>> + Send>>;

/// The server, on behalf of the request that is being answered.
pub trait Shop: Send + Sync {
    /// Who is paid.
    fn payee(&self) -> String;
    /// No real money.
    fn is_sandbox(&self) -> bool;
    fn language(&self) -> Language;
    /// Path and query of the page.
    fn address(&self) -> String;
    /// What staff has chosen of how it looks.
    fn appearance(&self) -> Appearance;
    /// The content security policy of a page whose scripts bear this nonce.
    fn page_policy(&self, nonce: &str) -> String;

    fn place_order(&self, product_id: i64) -> Reply<PayView>;
    fn watch_order(&self, token: String, after: i64, wait: u32) -> Reply<PayView>;
    fn check_payment(&self, token: String) -> Reply<Checked>;
    fn cancel_order(&self, token: String) -> Reply<PayView>;
    fn renew_code(&self, token: String, out_trade_no: Option<String>) -> Reply<PayView>;
    fn list_products(&self) -> Reply<Vec<ProductView>>;
    fn load_product(&self, product_id: String) -> Reply<ProductView>;
    fn list_orders(&self, before: Option<i64>) -> Reply<OrderList>;
}

/// The server around this page.
pub(super) fn shop() -> Result<Arc<dyn Shop>, PublicError> {
    use_context().ok_or(PublicError::Busy)
}
