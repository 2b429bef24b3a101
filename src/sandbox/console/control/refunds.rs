//! `POST /_sandbox/refund` makes a refund as the merchant console would; `POST
//! /_sandbox/refunds/{out_refund_no}` moves any refund on by hand.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ControlError;
use crate::sandbox::{
    books::refund::{Refund, RefundStatus, is_out_refund_no},
    callbacks::refunder::{self, ConsoleNotice, ConsoleRefund, MoveError},
    platform::Platform,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Make {
    out_trade_no: String,
    /// Fen; all that is left when it is missing.
    amount: Option<i64>,
    #[serde(default)]
    notice: ConsoleNotice,
    /// Any that the interface takes; drawn when it is missing.
    out_refund_no: Option<String>,
}

pub(super) async fn make(
    State(platform): State<Arc<Platform>>,
    make: Result<Json<Make>, JsonRejection>,
) -> Result<Json<Value>, ControlError> {
    let Json(Make { out_trade_no, amount, notice, out_refund_no }) = make?;
    if amount.is_some_and(|amount| amount < 1) {
        return Err(ControlError::bad_request("amount: a fen at least"));
    }
    if out_refund_no.as_deref().is_some_and(|number| !is_out_refund_no(number)) {
        return Err(ControlError::bad_request("out_refund_no: 1 to 64 digits, letters and _-|*@"));
    }
    let asked = ConsoleRefund { out_trade_no: &out_trade_no, amount, notice, out_refund_no };
    Ok(answer(&refunder::make_in_console(&platform, &asked)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Move {
    status: RefundStatus,
}

pub(super) async fn move_on(
    State(platform): State<Arc<Platform>>,
    Path(out_refund_no): Path<String>,
    to: Result<Json<Move>, JsonRejection>,
) -> Result<Json<Value>, ControlError> {
    let Json(Move { status }) = to?;
    Ok(answer(&refunder::move_on(&platform, &out_refund_no, status)?))
}

fn answer(refund: &Refund) -> Json<Value> {
    Json(json!({
        "refund_id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "status": refund.status.as_str(),
    }))
}

impl From<MoveError> for ControlError {
    fn from(error: MoveError) -> Self {
        let (status, code) = match &error {
            MoveError::Unknown => (StatusCode::NOT_FOUND, "REFUND_UNKNOWN"),
            MoveError::Forbidden { .. } => (StatusCode::CONFLICT, "REFUND_FINAL"),
            MoveError::Commit(_) => (StatusCode::INTERNAL_SERVER_ERROR, "JOURNAL"),
        };
        Self { status, code, message: error.to_string() }
    }
}
