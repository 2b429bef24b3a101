//! `/_sandbox/…`: playing the phone, setting faults, looking into the books. JSON in and out, no
//! signatures: this is not WeChat's, it is ours.

mod deliveries;
mod keys;
mod ledger;
mod refunds;
mod scan;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use serde_json::{Map, Value, json};

pub(super) use self::keys::{issue_certificate, retire_certificate, set_api_v3_key};
use super::{error::ApiError, faults::Faults, panel, phone, platform::Platform};

type Shared = State<Arc<Platform>>;

/// No control needs more than this.
const BODY_LIMIT: usize = 16 * 1024;

pub(super) fn router(platform: Arc<Platform>) -> Router {
    Router::new()
        .route("/_sandbox/health", get(|| async { Json(json!({ "status": "ok" })) }))
        .route("/_sandbox/scan", post(scan::scan))
        .route("/_sandbox/faults", get(faults).put(set_faults).delete(clear_faults))
        .route("/_sandbox/deliveries", get(deliveries::list))
        .route("/_sandbox/ledger", get(ledger::lines))
        .route("/_sandbox/refund", post(refunds::make))
        .route("/_sandbox/refunds/{out_refund_no}", post(refunds::move_on))
        .route("/_sandbox/certificates", get(keys::certificates).post(keys::issue))
        .route("/_sandbox/certificates/{serial}", delete(keys::retire))
        .route("/_sandbox/api-v3-key", post(keys::change_api_v3_key))
        .merge(phone::router())
        .merge(panel::router())
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

/// The interface's own refusals, for a person who does the same by hand.
impl From<ApiError> for ControlError {
    fn from(error: ApiError) -> Self {
        Self { status: error.status, code: error.code, message: error.message }
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
