//! Server functions: what a page may ask of the server, as addresses. They are public endpoints; whatever they are
//! given is a stranger's input. What they do is the server's ([`Shop`](super::shop::Shop)).

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

#[cfg(feature = "ssr")]
use super::shop::shop;
use super::{
    error::PublicError,
    view::{Checked, OrderList, PayView, ProductView},
};

/// The shopper's live order of a product. Without JavaScript it leads to the order's page.
#[server(prefix = "/api/ui", endpoint = "place_order")]
pub async fn place_order(product_id: i64) -> Result<PayView, PublicError> {
    shop()?.place_order(product_id).await
}

/// How an order stands, as soon as its version is past `after`, at the latest after `wait` seconds.
#[server(prefix = "/api/ui", endpoint = "watch_order", input = GetUrl)]
pub async fn watch_order(token: String, after: i64, wait: u32) -> Result<PayView, PublicError> {
    shop()?.watch_order(token, after, wait).await
}

/// 我已完成支付: asks WeChat now.
#[server(prefix = "/api/ui", endpoint = "check_payment")]
pub async fn check_payment(token: String) -> Result<Checked, PublicError> {
    shop()?.check_payment(token).await
}

/// 取消订单. While WeChat has not confirmed it, the order's page says so and goes on asking.
#[server(prefix = "/api/ui", endpoint = "cancel_order")]
pub async fn cancel_order(token: String) -> Result<PayView, PublicError> {
    shop()?.cancel_order(token).await
}

/// 刷新二维码 and 换一个. With the `out_trade_no` whose code is to be replaced, a second click, or a page
/// that has not heard of the new code yet, replaces nothing. May lead to another order.
#[server(prefix = "/api/ui", endpoint = "renew_code")]
pub async fn renew_code(token: String, out_trade_no: Option<String>) -> Result<PayView, PublicError> {
    shop()?.renew_code(token, out_trade_no).await
}

#[server(prefix = "/api/ui", endpoint = "list_products", input = GetUrl)]
pub async fn list_products() -> Result<Vec<ProductView>, PublicError> {
    shop()?.list_products().await
}

#[server(prefix = "/api/ui", endpoint = "load_product", input = GetUrl)]
pub async fn load_product(product_id: String) -> Result<ProductView, PublicError> {
    shop()?.load_product(product_id).await
}

/// The browser's own orders, older than the order `before`.
#[server(prefix = "/api/ui", endpoint = "list_orders", input = GetUrl)]
pub async fn list_orders(before: Option<i64>) -> Result<OrderList, PublicError> {
    shop()?.list_orders(before).await
}
