//! `/_sandbox/…`: playing the phone, setting faults, looking into the books. JSON in and out, no
//! signatures: this is not WeChat's, it is ours.

mod credentials;
mod deliveries;
mod error;
mod keys;
mod ledger;
mod refunds;
mod scan;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{State, rejection::JsonRejection},
    routing::{delete, get, post},
};
use serde_json::{Map, Value, json};

pub(super) use self::error::ControlError;
pub(super) use self::keys::{issue_certificate, retire_certificate, set_api_v3_key};
use crate::sandbox::{error::ApiError, faults::Faults, platform::Platform};

type Shared = State<Arc<Platform>>;

pub(super) fn router() -> Router<Arc<Platform>> {
    Router::new()
        .route("/_sandbox/health", get(|| async { Json(json!({ "status": "ok" })) }))
        .route("/_sandbox/scan", post(scan::scan))
        .route("/_sandbox/pay", post(scan::pay))
        .route("/_sandbox/reset", post(reset))
        .route("/_sandbox/credentials", get(credentials::show))
        .route("/_sandbox/faults", get(faults).put(set_faults).delete(clear_faults))
        .route("/_sandbox/deliveries", get(deliveries::list))
        .route("/_sandbox/deliveries/{number}/redeliver", post(deliveries::redeliver))
        .route("/_sandbox/ledger", get(ledger::lines))
        .route("/_sandbox/refund", post(refunds::make))
        .route("/_sandbox/refunds/{out_refund_no}", post(refunds::move_on))
        .route("/_sandbox/certificates", get(keys::certificates).post(keys::issue))
        .route("/_sandbox/certificates/{serial}", delete(keys::retire))
        .route("/_sandbox/api-v3-key", post(keys::change_api_v3_key))
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
    let usual = Faults::usual(platform.place.keys);
    *platform.faults() = usual.clone();
    Json(usual)
}

/// Forgets all orders, refunds and callbacks, and puts all knobs back. Keys and credentials stay.
async fn reset(State(platform): Shared) -> Result<Json<Value>, ControlError> {
    platform.reset().map_err(ApiError::from)?;
    tracing::info!("sandbox reset");
    Ok(Json(json!({ "status": "ok" })))
}
