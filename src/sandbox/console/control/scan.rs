//! `POST /_sandbox/scan`: scans a code and pays, or does not get through. `POST /_sandbox/pay` pays an order by its
//! number.

use std::sync::Arc;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ControlError;
use crate::sandbox::{
    books::{ledger::ScanError, order::TradeState},
    callbacks::payer::{self, PayError},
    platform::{self, Platform},
    wire_time,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scan {
    code_url: String,
    openid: Option<String>,
    action: Action,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Pay,
    Fail,
}

/// §5.2: `payer.openid` has at most this many characters.
const OPENID_MAX: usize = 128;

/// Answers once the money is booked; the notification is sent meanwhile.
pub(super) async fn scan(
    State(platform): State<Arc<Platform>>,
    scan: Result<Json<Scan>, JsonRejection>,
) -> Result<Json<Value>, ControlError> {
    let Json(scan) = scan?;
    let openid = openid(scan.openid.as_deref())?;
    let token = platform::token_of(&scan.code_url).ok_or(ScanError::UnknownCode).map_err(PayError::from)?;
    match scan.action {
        Action::Pay => {
            let paid = payer::pay(&platform, token, openid)?;
            Ok(answer(&paid.out_trade_no, Some(&paid.transaction_id), TradeState::Success))
        }
        Action::Fail => Ok(answer(&payer::fail(&platform, token, openid)?, None, TradeState::Notpay)),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pay {
    out_trade_no: String,
    openid: Option<String>,
    /// When it was paid, as far as everybody is told: for bills of days that are over.
    success_time: Option<String>,
}

/// The same for those who have the number and not the code.
pub(super) async fn pay(
    State(platform): State<Arc<Platform>>,
    pay: Result<Json<Pay>, JsonRejection>,
) -> Result<Json<Value>, ControlError> {
    let Json(pay) = pay?;
    let openid = openid(pay.openid.as_deref())?;
    let code = platform.ledger().find(&pay.out_trade_no).and_then(|order| order.codes.last()).cloned();
    let code = code.ok_or_else(|| ControlError {
        status: StatusCode::NOT_FOUND,
        code: "ORDER_UNKNOWN",
        message: format!("there is no order {}", pay.out_trade_no),
    })?;
    let at = match pay.success_time.as_deref().map(wire_time::parse) {
        None => platform.now(),
        Some(Some(at)) => at,
        Some(None) => return Err(ControlError::bad_request("success_time: RFC 3339, as WeChat Pay writes it")),
    };
    let paid = payer::pay_at(&platform, &code.token, openid, at)?;
    Ok(answer(&paid.out_trade_no, Some(&paid.transaction_id), TradeState::Success))
}

fn openid(named: Option<&str>) -> Result<&str, ControlError> {
    let openid = named.unwrap_or(payer::DEFAULT_OPENID);
    if openid.is_empty() || openid.len() > OPENID_MAX || !openid.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(ControlError::bad_request("openid: 1 to 128 visible ASCII characters"));
    }
    Ok(openid)
}

fn answer(out_trade_no: &str, transaction_id: Option<&str>, state: TradeState) -> Json<Value> {
    Json(json!({
        "out_trade_no": out_trade_no,
        "transaction_id": transaction_id,
        "trade_state": state.as_str(),
    }))
}

impl From<PayError> for ControlError {
    fn from(error: PayError) -> Self {
        let (status, code) = match &error {
            PayError::Commit(_) => (StatusCode::INTERNAL_SERVER_ERROR, "JOURNAL"),
            PayError::Scan(ScanError::UnknownCode) => (StatusCode::NOT_FOUND, "CODE_UNKNOWN"),
            PayError::Scan(ScanError::Superseded) => (StatusCode::GONE, "CODE_SUPERSEDED"),
            PayError::Scan(ScanError::CodeExpired) => (StatusCode::GONE, "CODE_EXPIRED"),
            PayError::Scan(ScanError::OrderExpired) => (StatusCode::GONE, "ORDER_EXPIRED"),
            PayError::Scan(ScanError::OrderClosed) => (StatusCode::CONFLICT, "ORDER_CLOSED"),
            PayError::Scan(ScanError::OrderPaid) => (StatusCode::CONFLICT, "ORDER_PAID"),
            PayError::Scan(ScanError::OtherPayer) => (StatusCode::CONFLICT, "OTHER_PAYER"),
        };
        Self { status, code, message: error.to_string() }
    }
}
