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

use super::{address::ClientAddress, shopper::Shopper, state::AppState};
use crate::{
    checkout::{CheckoutError, CodeState, OrderWithCode, WhyRefused},
    domain::{OrderStatus, OutTradeNo, ProductId},
    wechatpay::Explanation,
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
    refuse_naming(status, message, None)
}

fn refuse_naming(status: StatusCode, message: &'static str, data: Option<serde_json::Value>) -> Response {
    (status, answer(status.as_u16(), message, data)).into_response()
}

fn failed(error: &CheckoutError) -> Response {
    let (status, message) = refusal(error);
    refuse(status, message)
}

fn refusal(error: &CheckoutError) -> (StatusCode, &'static str) {
    match error {
        CheckoutError::NoSuchProduct => (StatusCode::NOT_FOUND, "商品不存在"),
        CheckoutError::NotOnSale => (StatusCode::NOT_FOUND, "商品已下架"),
        CheckoutError::NoSuchOrder => (StatusCode::NOT_FOUND, "订单不存在"),
        CheckoutError::TooManyWatchers => (StatusCode::TOO_MANY_REQUESTS, "请求过于频繁，请稍后重试"),
        CheckoutError::PlatformUnreachable => (StatusCode::BAD_GATEWAY, "微信支付暂时没有响应，请稍后重试"),
        CheckoutError::PlatformRefused(_) => (StatusCode::BAD_GATEWAY, "微信支付拒绝了该订单"),
        CheckoutError::UnfitProduct { .. } => {
            tracing::error!(%error, "a product cannot be sold");
            (StatusCode::INTERNAL_SERVER_ERROR, "商品信息有误，无法下单")
        }
        CheckoutError::Storage(storage) if storage.is_read_only() => {
            tracing::error!(%error, "the books cannot be written");
            (StatusCode::SERVICE_UNAVAILABLE, "账本暂时只能查看、不能写入，无法下单，请稍后重试")
        }
        CheckoutError::Storage(_) => {
            tracing::error!(%error, "the books are out of reach");
            (StatusCode::SERVICE_UNAVAILABLE, "系统繁忙，请稍后重试")
        }
    }
}

/// `POST /api/wx-pay/native/native/{productId}`
pub(crate) async fn place_order(
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
    // A program shows the code itself, so it waits for it as long as that takes.
    let placed = state.checkout.order_with_code(shopper.key(), product_id, None).await;
    state.metrics.order_creation(if placed.as_ref().is_ok_and(|it| it.problem.is_none()) { "ok" } else { "failed" });
    match placed {
        Ok(placed) => answer_with_code(&state, &placed),
        Err(error) => failed(&error),
    }
}

/// Every answer about an order that is in the books names it and its page: whoever gets no code still
/// has to find what may be paid already.
fn answer_with_code(state: &AppState, OrderWithCode { order, problem }: &OrderWithCode) -> Response {
    let page = format!("{}pay/{}", state.origin, order.order.token);
    let mut data = json!({ "orderNo": order.attempt.out_trade_no, "payUrl": page });
    if let Some(error) = problem {
        let (status, message) = refusal(error);
        if let CheckoutError::PlatformRefused(Some(why)) = error {
            data["wechatPay"] = explained(why);
        }
        return refuse_naming(status, message, Some(data));
    }
    match order.code() {
        CodeState::Ready(code_url) => {
            data["codeUrl"] = code_url.into();
            answer(0, "成功", Some(data)).into_response()
        }
        CodeState::Preparing { .. } | CodeState::Refused | CodeState::Gone => {
            let is_paid = order.order.status.is_paid();
            let message = if is_paid {
                "订单已支付，无需再付"
            } else {
                "订单状态刚刚变化，请查看订单页面"
            };
            refuse_naming(StatusCode::CONFLICT, message, Some(data))
        }
    }
}

/// Why WeChat refused it, for the merchant's programmers.
fn explained(why: &WhyRefused) -> serde_json::Value {
    let Explanation { actor, chinese, english } = why.explained();
    json!({
        "code": why.code.as_str(),
        "requestId": why.request_id,
        "mustAct": actor.code(),
        "zh": { "cause": chinese.cause, "remedy": chinese.remedy },
        "en": { "cause": english.cause, "remedy": english.remedy },
    })
}

/// `GET /api/order-info/query-order-status/{orderNo}`: what our books say, at once.
pub(crate) async fn query_order_status(State(state): State<AppState>, Path(order_no): Path<String>) -> Response {
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
pub(crate) async fn list_products(State(state): State<AppState>) -> Response {
    match state.checkout.list_products().await {
        Ok(products) => {
            let list: Vec<_> =
                products.iter().map(|it| json!({"id": it.id, "title": it.title, "price": it.price})).collect();
            answer(0, "成功", Some(json!({ "productList": list }))).into_response()
        }
        Err(error) => failed(&error),
    }
}
