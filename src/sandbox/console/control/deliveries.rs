//! `GET /_sandbox/deliveries`: every notification with its attempts, newest first.

use std::sync::Arc;

use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::StatusCode,
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ControlError;
use crate::sandbox::{
    books::delivery::{Attempt, Delivery, Outcome, Reason},
    error::ApiError,
    platform::Platform,
    wire_time,
};

#[derive(Deserialize)]
pub(super) struct Page {
    /// At most 1000.
    #[serde(default = "usual_limit")]
    limit: usize,
    /// Only those with a lower number: `next` of the page before.
    before: Option<u64>,
    out_trade_no: Option<String>,
    out_refund_no: Option<String>,
}

const fn usual_limit() -> usize {
    100
}

pub(super) async fn list(
    State(platform): State<Arc<Platform>>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Value>, ControlError> {
    let Query(page) = page?;
    let limit = page.limit.clamp(1, 1000);
    let ledger = platform.ledger();
    let asked = |asked: &Option<String>, has: Option<&str>| asked.is_none() || asked.as_deref() == has;
    let mut found = ledger
        .deliveries()
        .filter(|delivery| page.before.is_none_or(|before| delivery.number < before))
        .filter(|delivery| asked(&page.out_trade_no, delivery.subject.out_trade_no()))
        .filter(|delivery| asked(&page.out_refund_no, delivery.subject.out_refund_no()));
    let deliveries: Vec<&Delivery> = found.by_ref().take(limit).collect();
    let next = found.next().and(deliveries.last()).map(|last| last.number);
    Ok(Json(json!({ "deliveries": deliveries.into_iter().map(show).collect::<Vec<_>>(), "next": next })))
}

/// Once more, whatever has become of it.
pub(super) async fn redeliver(
    State(platform): State<Arc<Platform>>,
    number: Result<Path<u64>, PathRejection>,
) -> Result<Json<Value>, ControlError> {
    let Path(number) = number?;
    let again = platform.ledger().redeliver(number, platform.now()).map_err(ApiError::from)?.map(show);
    platform.wake.notify_one();
    again.map(Json).ok_or_else(|| ControlError {
        status: StatusCode::NOT_FOUND,
        code: "DELIVERY_UNKNOWN",
        message: format!("there is no callback {number}"),
    })
}

fn show(delivery: &Delivery) -> Value {
    json!({
        "number": delivery.number,
        "id": delivery.id,
        // None for a v2 notice.
        "event_type": delivery.subject.event_type(),
        "out_trade_no": delivery.subject.out_trade_no(),
        "out_refund_no": delivery.subject.out_refund_no(),
        "notify_url": delivery.notify_url,
        "create_time": time(delivery.created_ms),
        "state": delivery.progress.state,
        "retries": delivery.progress.retries,
        "next_try": delivery.progress.next_try_ms.map(time),
        "attempts": delivery.attempts.iter().map(show_attempt).collect::<Vec<_>>(),
    })
}

fn show_attempt(attempt: &Attempt) -> Value {
    let (result, status, answer) = match &attempt.result {
        Outcome::Answered { status, text } => ("answered", Some(*status), Some(text)),
        Outcome::Timeout => ("timeout", None, None),
        Outcome::Unreachable => ("unreachable", None, None),
        Outcome::Failed { reason: Reason::Platform, detail } => ("not_sent", None, Some(detail)),
        Outcome::Failed { detail, .. } => ("unreachable", None, Some(detail)),
        Outcome::Dropped => ("dropped", None, None),
    };
    json!({
        "at": time(attempt.at_ms),
        "result": result,
        "status": status,
        "answer": answer,
        // Why not: `name`, `refused`, `tls`, `connection`, `time`, `status`, `drop` or `platform`.
        "reason": attempt.result.reason(),
        "acknowledged": attempt.result.is_acknowledged(),
        "duration_ms": attempt.duration_ms,
        "serial": attempt.serial,
        "faults": attempt.faults,
    })
}

fn time(at_ms: i64) -> String {
    wire_time::millis(Timestamp::from_millisecond(at_ms).unwrap_or_default())
}
