//! `/_sandbox/…`: playing the phone, setting faults, looking into the books. JSON in and out, no
//! signatures: this is not WeChat's, it is ours.

mod deliveries;
mod scan;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State, rejection::JsonRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{faults::Faults, phone, platform::Platform, wire_time};

type Shared = State<Arc<Platform>>;

/// No control needs more than this.
const BODY_LIMIT: usize = 16 * 1024;

pub(super) fn router(platform: Arc<Platform>) -> Router {
    Router::new()
        .route("/_sandbox/health", get(|| async { Json(json!({ "status": "ok" })) }))
        .route("/_sandbox/scan", post(scan::scan))
        .route("/_sandbox/faults", get(faults).put(set_faults).delete(clear_faults))
        .route("/_sandbox/deliveries", get(deliveries::list))
        .route("/_sandbox/ledger", get(ledger))
        .merge(phone::router())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(platform)
}

/// A refusal by a control.
pub(super) struct ControlError {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl ControlError {
    fn bad_request(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "BAD_REQUEST", message: message.into() }
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "code": self.code, "message": self.message }))).into_response()
    }
}

impl From<JsonRejection> for ControlError {
    fn from(rejection: JsonRejection) -> Self {
        Self { status: rejection.status(), code: "BAD_REQUEST", message: rejection.body_text() }
    }
}

async fn faults(State(platform): Shared) -> Json<Faults> {
    Json(platform.faults().clone())
}

async fn set_faults(
    State(platform): Shared,
    patch: Result<Json<Map<String, Value>>, JsonRejection>,
) -> Result<Json<Faults>, ControlError> {
    let Json(patch) = patch?;
    let mut faults = platform.faults();
    *faults = faults.merge(&patch).map_err(|error| ControlError::bad_request(error.to_string()))?;
    Ok(Json(faults.clone()))
}

/// All knobs back to where they are at start.
async fn clear_faults(State(platform): Shared) -> Json<Faults> {
    *platform.faults() = Faults::default();
    Json(Faults::default())
}

/// One JSON object per line for each payment, in the order in which they were made.
async fn ledger(State(platform): Shared) -> Response {
    let mut lines = String::new();
    for order in platform.ledger().paid_orders() {
        let Some(payment) = &order.payment else {
            continue;
        };
        let line = json!({
            "out_trade_no": order.out_trade_no,
            "transaction_id": payment.transaction_id,
            "total": order.total,
            "currency": "CNY",
            "success_time": wire_time::seconds(Timestamp::from_millisecond(payment.success_ms).unwrap_or_default()),
        });
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    ([(header::CONTENT_TYPE, "application/x-ndjson")], lines).into_response()
}
