//! `GET /api/orders/{token}?after={version}&wait={seconds}`: how an order stands, now or as soon as
//! it changes.

use std::time::Duration;

use axum::{
    Extension, Json,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONNECTION},
};
use serde::Serialize;
use serde_json::json;

use super::{
    door::CountedFor,
    long_poll::{self, News, Wanted},
    state::AppState,
};
use crate::{
    checkout::{CheckoutError, CodeState, OrderSnapshot},
    domain::{ClosedReason, Fen, OrderToken, OutTradeNo, Wish},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are the outside ones")]
struct Status<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    version: i64,
    seconds_left: i64,
    order_no: &'a OutTradeNo,
    title: &'a str,
    /// In fen.
    total: Fen,
    /// A code is there to be scanned.
    code_ready: bool,
    /// What its shopper asked for and WeChat has not confirmed yet: `CANCEL` or `RENEW`.
    #[serde(skip_serializing_if = "Option::is_none")]
    wish: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_at: Option<String>,
    /// In fen: what has gone back of the payment, and what is on its way back.
    #[serde(skip_serializing_if = "Option::is_none")]
    refunded: Option<Fen>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refunding: Option<Fen>,
}

impl<'a> From<&'a OrderSnapshot> for Status<'a> {
    fn from(snapshot: &'a OrderSnapshot) -> Self {
        let order = &snapshot.order;
        let paid = |amount| order.status.is_paid().then_some(amount);
        Self {
            status: order.status.code(),
            reason: order.status.reason().map(ClosedReason::code),
            version: order.version,
            seconds_left: snapshot.seconds_left(),
            order_no: &snapshot.attempt.out_trade_no,
            title: &order.title,
            total: order.total,
            code_ready: matches!(snapshot.code(), CodeState::Ready(_)),
            wish: order.wish.map(Wish::code),
            paid_at: order.paid.map(crate::wechatpay::time::rfc3339),
            refunded: paid(snapshot.refunded()),
            refunding: paid(snapshot.refunding()),
        }
    }
}

/// The route.
pub(crate) async fn show(
    State(state): State<AppState>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    counted: Option<Extension<CountedFor>>,
) -> Response {
    let Ok(token) = OrderToken::parse(&token) else {
        return problem(StatusCode::NOT_FOUND, "token", "订单不存在");
    };
    let (after, wait) = match parse(query.as_deref().unwrap_or_default()) {
        Ok(parsed) => parsed,
        Err((field, message)) => return problem(StatusCode::BAD_REQUEST, field, message),
    };
    let counted = counted.map_or_else(CountedFor::default, |Extension(counted)| counted);
    match long_poll::wait_for(&state, counted, Wanted { token, after, wait }).await {
        Ok(News { snapshot, is_pressed }) => {
            let mut response = ([(CACHE_CONTROL, "no-store")], Json(Status::from(&snapshot))).into_response();
            if is_pressed {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            response
        }
        Err(CheckoutError::TooManyWatchers) => {
            problem(StatusCode::TOO_MANY_REQUESTS, "token", "同时等待这笔订单的请求过多，请稍后重试")
        }
        Err(CheckoutError::NoSuchOrder) => problem(StatusCode::NOT_FOUND, "token", "订单不存在"),
        Err(error) => {
            tracing::error!(%error, "an order cannot be shown");
            problem(StatusCode::SERVICE_UNAVAILABLE, "", "系统繁忙，请稍后重试")
        }
    }
}

fn problem(status: StatusCode, field: &str, message: &str) -> Response {
    (status, Json(json!({ "code": status.as_u16(), "field": field, "message": message }))).into_response()
}

type Asked = (Option<i64>, Duration);

fn parse(query: &str) -> Result<Asked, (&'static str, &'static str)> {
    let mut asked = (None, Duration::ZERO);
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "after" => {
                let version = value.parse().ok().filter(|version| *version >= 0);
                asked.0 = Some(version.ok_or(("after", "after 必须是不小于 0 的整数"))?);
            }
            "wait" => {
                let wait = value.parse().ok().map(Duration::from_secs).filter(|wait| *wait <= long_poll::MOST);
                asked.1 = wait.ok_or(("wait", "wait 必须是 0 到 25 的整数（秒）"))?;
            }
            _ => {}
        }
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wrong_field_is_named() {
        assert_eq!(parse("after=3&wait=25"), Ok((Some(3), Duration::from_secs(25))));
        assert_eq!(parse(""), Ok((None, Duration::ZERO)));
        for (query, field) in [("after=x", "after"), ("after=-1", "after"), ("wait=26", "wait"), ("wait=1.5", "wait")] {
            assert_eq!(parse(query).expect_err(query).0, field);
        }
    }
}
