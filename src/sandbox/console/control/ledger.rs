//! `GET /_sandbox/ledger`: the platform's books, which an audit lays beside the shop's. One JSON
//! object per line: every payment in the order of payment, then every refund in the order in which
//! they were made.

use std::sync::Arc;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use jiff::Timestamp;
use serde::Serialize;

use super::error::ControlError;
use crate::sandbox::{
    books::{
        ledger::Ledger,
        order::{Order, Payment},
        refund::{Refund, Source},
    },
    callbacks::refunder,
    error::ApiError,
    platform::Platform,
    wire_time,
};

/// About so many bytes are a line.
const LINE: usize = 256;

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    Payment {
        out_trade_no: &'a str,
        transaction_id: &'a str,
        total: i64,
        currency: &'static str,
        success_time: String,
    },
    Refund {
        refund_id: &'a str,
        out_refund_no: &'a str,
        out_trade_no: &'a str,
        transaction_id: &'a str,
        amount: i64,
        currency: &'static str,
        status: &'static str,
        /// `api` or `console`.
        source: &'static str,
        create_time: String,
        success_time: Option<String>,
    },
}

pub(super) async fn lines(State(platform): State<Arc<Platform>>) -> Result<Response, ControlError> {
    refunder::end_due(&platform);
    // Off the async threads: tens of thousands of lines take a moment.
    let writing = tokio::task::spawn_blocking(move || write(&platform.ledger()));
    let lines = writing.await.ok().and_then(Result::ok).ok_or_else(ApiError::system_error)?;
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], lines).into_response())
}

fn write(ledger: &Ledger) -> serde_json::Result<Vec<u8>> {
    let payments = ledger.paid_orders().filter_map(|order| Some(payment(order, order.payment.as_ref()?)));
    let refunds = ledger.refunds().map(refund);
    let mut out = Vec::with_capacity(ledger.paid_orders().size_hint().1.unwrap_or_default() * LINE);
    for line in payments.chain(refunds) {
        serde_json::to_writer(&mut out, &line)?;
        out.push(b'\n');
    }
    Ok(out)
}

fn payment<'a>(order: &'a Order, payment: &'a Payment) -> Line<'a> {
    Line::Payment {
        out_trade_no: &order.out_trade_no,
        transaction_id: &payment.transaction_id,
        total: order.total,
        currency: "CNY",
        success_time: time(payment.success_ms),
    }
}

fn refund(refund: &Refund) -> Line<'_> {
    Line::Refund {
        refund_id: &refund.refund_id,
        out_refund_no: &refund.out_refund_no,
        out_trade_no: &refund.out_trade_no,
        transaction_id: &refund.transaction_id,
        amount: refund.amount,
        currency: "CNY",
        status: refund.status.as_str(),
        source: match refund.source {
            Source::Api { .. } => "api",
            Source::Console => "console",
        },
        create_time: time(refund.created_ms),
        success_time: refund.success_ms.map(time),
    }
}

fn time(at_ms: i64) -> String {
    wire_time::seconds(Timestamp::from_millisecond(at_ms).unwrap_or_default())
}
