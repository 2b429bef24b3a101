//! The JSON routes of the original system, for a merchant's own programs (design §2.3):
//! `{"code":0,"message":"成功","data":…}`.

use axum::{
    Extension, Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::Serialize;
use serde_json::json;

use super::{AppState, ClientAddress, Shopper};
use crate::{
    checkout::{Checkout, CheckoutError, CodeState, OrderSnapshot},
    domain::{OrderStatus, OutTradeNo, ProductId},
};

#[derive(Serialize)]
struct Answer {
    code: u16,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<serde_json::Value>,
}

fn answer(code: u16, message: &'static str, data: Option<serde_json::Value>) -> Json<Answer> {
    Json(Answer { code, message, data })
}

fn refuse(status: StatusCode, message: &'static str) -> Response {
    (status, answer(status.as_u16(), message, None)).into_response()
}

fn failed(error: &CheckoutError) -> Response {
    match error {
        CheckoutError::NoSuchProduct => refuse(StatusCode::NOT_FOUND, "商品不存在"),
        CheckoutError::NoSuchOrder => refuse(StatusCode::NOT_FOUND, "订单不存在"),
        CheckoutError::PlatformUnreachable => refuse(StatusCode::BAD_GATEWAY, "微信支付暂时没有响应，请稍后重试"),
        CheckoutError::PlatformRefused => refuse(StatusCode::BAD_GATEWAY, "微信支付拒绝了该订单"),
        CheckoutError::UnfitProduct { .. } => {
            tracing::error!(%error, "a product cannot be sold");
            refuse(StatusCode::INTERNAL_SERVER_ERROR, "商品信息有误，无法下单")
        }
        CheckoutError::Storage(_) => {
            tracing::error!(%error, "the books are out of reach");
            refuse(StatusCode::SERVICE_UNAVAILABLE, "系统繁忙，请稍后重试")
        }
    }
}

/// `POST /api/wx-pay/native/native/{productId}`
pub async fn place_order(
    State(state): State<AppState>,
    Extension(client): Extension<ClientAddress>,
    Extension(shopper): Extension<Shopper>,
    Path(product_id): Path<String>,
) -> Response {
    let Ok(product_id) = ProductId::parse(&product_id) else {
        return failed(&CheckoutError::NoSuchProduct);
    };
    if !state.limits.allow_order(client) {
        state.metrics.order_creation("limited");
        return refuse(StatusCode::TOO_MANY_REQUESTS, "下单过于频繁，请稍后再试");
    }
    let order = match order_with_code(&state.checkout, &shopper, product_id).await {
        Ok(order) => order,
        Err(error) => {
            state.metrics.order_creation("failed");
            return failed(&error);
        }
    };
    let CodeState::Ready(code_url) = order.code() else {
        state.metrics.order_creation("failed");
        return refuse(StatusCode::CONFLICT, "订单状态刚刚变化，请重新下单");
    };
    state.metrics.order_creation("ok");
    let data = json!({
        "orderNo": order.attempt.out_trade_no,
        "codeUrl": code_url,
        "payUrl": format!("{}pay/{}", state.origin, order.order.token),
    });
    answer(0, "成功", Some(data)).into_response()
}

/// The live order may be paid in the moment between finding it and showing its code; then the
/// shopper wants another one.
async fn order_with_code(
    checkout: &Checkout,
    shopper: &Shopper,
    product_id: ProductId,
) -> Result<OrderSnapshot, CheckoutError> {
    let placed = checkout.place_order(shopper.key(), product_id).await?;
    let order = checkout.fetch_code(placed.order.id).await?;
    if order.code() != CodeState::Gone {
        return Ok(order);
    }
    let placed = checkout.place_order(shopper.key(), product_id).await?;
    checkout.fetch_code(placed.order.id).await
}

/// `GET /api/order-info/query-order-status/{orderNo}`: what our books say, at once.
pub async fn query_order_status(State(state): State<AppState>, Path(order_no): Path<String>) -> Response {
    let Ok(out_trade_no) = OutTradeNo::parse(&order_no) else {
        return failed(&CheckoutError::NoSuchOrder);
    };
    let (code, message) = match state.checkout.find_status(&out_trade_no).await {
        Ok(OrderStatus::Success) => (0, "支付成功"),
        Ok(OrderStatus::NotPay) => (101, "支付中"),
        Ok(OrderStatus::Closed(_)) => (101, "订单已关闭"),
        Ok(OrderStatus::RefundProcessing) => (101, "退款中"),
        Ok(OrderStatus::RefundPartial) => (101, "已部分退款"),
        Ok(OrderStatus::RefundSuccess) => (101, "已退款"),
        Ok(OrderStatus::RefundAbnormal) => (101, "退款异常"),
        Err(error) => return failed(&error),
    };
    answer(code, message, None).into_response()
}

/// `GET /api/product/list`
pub async fn list_products(State(state): State<AppState>) -> Response {
    match state.checkout.list_products().await {
        Ok(products) => {
            let list: Vec<_> =
                products.iter().map(|it| json!({"id": it.id, "title": it.title, "price": it.price})).collect();
            answer(0, "成功", Some(json!({ "productList": list }))).into_response()
        }
        Err(error) => failed(&error),
    }
}
