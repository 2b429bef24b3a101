//! `POST /api/wx-pay/native/notify` and `POST /api/wx-pay/refunds/notify`: WeChat's callbacks. Raw bytes
//! in; a 2xx only for what is durably stored (design §2.4, `wechatpay-v3.md` §6.3, §7.4).

use std::time::Duration;

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Serialize;
use tokio::time::{Instant, timeout};

use super::{
    address::ClientAddress,
    body::{self, BodyError},
    state::AppState,
};
use crate::{
    backoffice::Delivery,
    checkout::{NotifyContext, RefundVerdict, Verdict},
    wall::Channel,
    wechatpay::{
        Notification, NotifyError, VerifyError,
        notify::{self, Refusal},
    },
};

pub const NATIVE_PATH: &str = "/api/wx-pay/native/notify";
pub const REFUNDS_PATH: &str = "/api/wx-pay/refunds/notify";

/// WeChat hangs up after 5 s; fetching a new certificate must leave time to book.
const CERTIFICATE_PATIENCE: Duration = Duration::from_secs(2);
const BOOKING_PATIENCE: Duration = Duration::from_secs(4);

#[derive(Serialize)]
struct Acknowledgement {
    code: &'static str,
    message: &'static str,
}

fn fail(status: StatusCode, message: &'static str) -> Response {
    (status, Json(Acknowledgement { code: "FAIL", message })).into_response()
}

/// What a route is for.
#[derive(Clone, Copy)]
enum About {
    Payments,
    Refunds,
}

/// Payments.
pub(crate) async fn native(
    State(state): State<AppState>,
    Extension(client): Extension<ClientAddress>,
    request: Request,
) -> Response {
    receive(&state, About::Payments, client, request).await
}

/// Refunds. One that was made in the merchant console may be told in XML of the second version, which
/// carries no signature of the third: it is refused like anything unsigned.
pub(crate) async fn refunds(
    State(state): State<AppState>,
    Extension(client): Extension<ClientAddress>,
    request: Request,
) -> Response {
    receive(&state, About::Refunds, client, request).await
}

/// Everything that is not acknowledged is said in one place below.
async fn receive(state: &AppState, about: About, client: ClientAddress, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let headers = &head.headers;
    let body = match body::CALLBACK.read(body, &state.stopping).await {
        Ok(body) => body,
        Err(error) => return unreadable(state, client, headers, about, &error),
    };
    match open(state, headers, &body).await {
        Ok(_) if state.wall.refuses(headers, Channel::Callback) => {
            state.metrics.callback("sandbox");
            fail(StatusCode::UNAUTHORIZED, "沙箱的通知，不予受理")
        }
        Ok(notification) => book(state, about, notification, headers, body).await,
        Err(error) => reject(state, client, headers, about, &error, &body),
    }
}

/// One retry when the signer was unknown and its certificate could be fetched meanwhile. The download goes
/// on when there is no time to wait for it: a later delivery finds the certificate.
async fn open(state: &AppState, headers: &HeaderMap, body: &Bytes) -> Result<Notification, NotifyError> {
    let once = || {
        let started = Instant::now();
        let outcome = notify::open(headers, body, &state.keyring.snapshot(), &state.api_v3_keys, state.clock.now());
        state.metrics.callback_opened(started.elapsed());
        outcome
    };
    let outcome = once();
    let Err(NotifyError::Verify(VerifyError::UnknownSerial(serial))) = &outcome else { return outcome };
    let fetch = state.checkout.gateway().on_unknown_serial(serial);
    match timeout(CERTIFICATE_PATIENCE, fetch).await {
        Ok(true) => once(),
        Ok(false) | Err(_) => outcome,
    }
}

async fn book(
    state: &AppState,
    about: About,
    notification: Notification,
    headers: &HeaderMap,
    body: Bytes,
) -> Response {
    let context = NotifyContext { headers: kept_headers(headers), signature: signature(headers), body: body.to_vec() };
    let booking = async {
        match about {
            About::Payments => Ok(state.checkout.apply_notification(&notification, context).await),
            // What is booked after its caller has hung up wakes the page all the same, as it does for payments.
            About::Refunds => {
                let checkout = state.checkout.clone();
                let booking = async move { checkout.apply_refund_notification(&notification, context).await };
                state.checkout.spawn(booking).await
            }
        }
    };
    let verdict = match timeout(BOOKING_PATIENCE, booking).await {
        Ok(Ok(Ok(verdict))) => verdict,
        Ok(Ok(Err(error))) => {
            state.metrics.callback("storage");
            tracing::error!(%error, "a notification could not be stored");
            return fail(StatusCode::SERVICE_UNAVAILABLE, "暂时无法入账");
        }
        Ok(Err(panicked)) => {
            state.metrics.callback("panic");
            tracing::error!(%panicked, "booking a notification");
            return fail(StatusCode::SERVICE_UNAVAILABLE, "暂时无法入账");
        }
        Err(_) => {
            state.metrics.callback("storage");
            tracing::error!("a notification was not stored in time");
            return fail(StatusCode::SERVICE_UNAVAILABLE, "暂时无法入账");
        }
    };
    state.metrics.callback(verdict.code());
    match verdict {
        Verdict::UnknownOrder | Verdict::Refund(RefundVerdict::UnknownPayment) => {
            fail(StatusCode::NOT_FOUND, "订单不存在")
        }
        Verdict::Refund(RefundVerdict::TooEarly) => fail(StatusCode::CONFLICT, "另一笔退款尚未结束"),
        Verdict::Paid
        | Verdict::PaidLate
        | Verdict::Duplicate
        | Verdict::Surplus
        | Verdict::Mismatch(_)
        | Verdict::Echo
        | Verdict::Refund(
            RefundVerdict::Booked
            | RefundVerdict::Repeated
            | RefundVerdict::Elsewhere
            | RefundVerdict::Revived
            | RefundVerdict::Mismatch
            | RefundVerdict::Contradiction
            | RefundVerdict::Exceeds,
        ) => Json(Acknowledgement { code: "SUCCESS", message: "成功" }).into_response(),
    }
}

fn reject(
    state: &AppState,
    client: ClientAddress,
    headers: &HeaderMap,
    about: About,
    error: &NotifyError,
    body: &[u8],
) -> Response {
    let is_unsigned = matches!(error, NotifyError::Verify(VerifyError::Headers(_)));
    let is_v2 = is_unsigned && body.trim_ascii_start().starts_with(b"<xml");
    let reason = if is_v2 { "v2_xml" } else { error.label() };
    state.metrics.callback(reason);
    keep(state, client, headers, about, reason, body);
    if !state.limits.allow_rejected_callback(client) {
        return fail(StatusCode::TOO_MANY_REQUESTS, "请求过于频繁");
    }
    tracing::warn!(reason = error.label(), client = %client.0, %error, "callback refused");
    if is_v2 {
        tracing::warn!("it was XML of API v2: a refund made in the merchant console? `saoma order query` finds it");
    }
    match error.refusal() {
        Refusal::Malformed => fail(StatusCode::BAD_REQUEST, "通知格式错误"),
        Refusal::Unauthentic => fail(StatusCode::UNAUTHORIZED, "签名验证失败"),
    }
}

/// For staff to see why deliveries are refused, and whose they are.
fn keep(state: &AppState, client: ClientAddress, headers: &HeaderMap, about: About, reason: &'static str, body: &[u8]) {
    let text = |name: &str| headers.get(name).and_then(|it| it.to_str().ok());
    let seconds = text("wechatpay-timestamp").and_then(|it| it.parse().ok());
    state.office.refused().note(&Delivery {
        reason,
        is_probe: reason == "signature_probe",
        about: match about {
            About::Payments => "payments",
            About::Refunds => "refunds",
        },
        serial: text("wechatpay-serial"),
        sent: seconds.and_then(|it| Timestamp::from_second(it).ok()),
        address: client.0,
        headers: &kept_headers(headers),
        body,
        at: state.clock.now(),
    });
}

fn unreadable(
    state: &AppState,
    client: ClientAddress,
    headers: &HeaderMap,
    about: About,
    error: &BodyError,
) -> Response {
    let (label, message) = match error {
        BodyError::TooLong => ("too_long", "通知过长"),
        BodyError::TooSlow => ("too_slow", "通知没有及时传完"),
        BodyError::Broken(_) => ("broken", "通知不完整"),
    };
    state.metrics.callback(label);
    keep(state, client, headers, about, label, b"");
    if !state.limits.allow_rejected_callback(client) {
        return fail(StatusCode::TOO_MANY_REQUESTS, "请求过于频繁");
    }
    fail(error.status(), message)
}

fn signature(headers: &HeaderMap) -> Option<SecretString> {
    Some(headers.get("wechatpay-signature")?.to_str().ok()?.into())
}

/// What helps to understand a delivery later, and with the signature to verify it again.
fn kept_headers(headers: &HeaderMap) -> String {
    const VALUE_MOST: usize = 256;
    const KEPT: [&str; 6] = [
        "wechatpay-serial",
        "wechatpay-timestamp",
        "wechatpay-nonce",
        "wechatpay-signature-type",
        "request-id",
        "user-agent",
    ];
    let mut lines = String::with_capacity(256);
    for name in KEPT {
        // Visible ASCII: a character is a byte.
        if let Some(value) = headers.get(name).and_then(|value| value.to_str().ok()) {
            let value = value.get(..VALUE_MOST).unwrap_or(value);
            lines.extend([name, ": ", value, "\n"]);
        }
    }
    lines
}
