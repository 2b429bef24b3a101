//! What commands tell programs. Amounts are fen, times are UTC; names are added, never changed.

use std::io::Write;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::CommandError;
use crate::{
    backoffice::{orders::Row, told},
    checkout::{Answer, OrderHistory},
    domain::ClosedReason,
    storage::{attempts::AttemptState, inbox::Entry, refunds::Refund, refused::Refused},
};

pub(super) fn write(value: &Value, out: &mut dyn Write) -> Result<(), CommandError> {
    Ok(writeln!(out, "{value:#}")?)
}

pub(super) fn time(at: Timestamp) -> String {
    told::text(at)
}

/// How a payment was found, as it is stored.
pub(super) fn found(code: &str) -> &'static str {
    crate::storage::events::Source::parse(code).map_or("", |source| source.code())
}

pub(super) fn row(Row { line, beside, owed }: &Row) -> Value {
    json!({
        "id": line.id,
        "out_trade_no": beside.out_trade_no,
        "title": line.title,
        "product_id": line.product_id.0,
        "total_fen": line.total.get(),
        "status": line.status.code(),
        "reason": line.status.reason().map(ClosedReason::code),
        "placed": time(line.created),
        "paid": line.paid.map(time),
        "transaction_id": beside.transaction_id,
        "found_by": beside.found_by,
        "refunded_fen": beside.refunded_fen,
        "set_aside_fen": beside.set_aside_fen,
        "owed_to_payer_fen": owed.get(),
    })
}

/// With what WeChat has said; null where it has not.
pub(super) fn asked(answer: Option<Answer>, history: &OrderHistory) -> Value {
    let mut told = self::history(history);
    told["answer"] = json!(answer.map(Answer::code));
    told
}

pub(super) fn history(history: &OrderHistory) -> Value {
    let order = &history.order;
    json!({
        "id": order.id,
        "title": order.title,
        "product_id": order.product_id.0,
        "total_fen": order.total.get(),
        "status": order.status.code(),
        "reason": order.status.reason().map(ClosedReason::code),
        "placed": time(order.created),
        "payable_until": time(order.expires),
        "paid": order.paid.map(time),
        "attempts": history.attempts.iter().map(|it| json!({
            "out_trade_no": it.out_trade_no.as_str(),
            "state": match it.state {
                AttemptState::Preparing { .. } => "PREPARING",
                AttemptState::Open { .. } => "OPEN",
                AttemptState::Closed { .. } => "CLOSED",
                AttemptState::Paid => "PAID",
            },
            "request_id": it.request_id,
        })).collect::<Vec<_>>(),
        "payments": history.payments.iter().map(|it| json!({
            "transaction_id": it.transaction_id,
            "kind": it.kind.code(),
            "total_fen": it.total.get(),
            "left_fen": it.left().get(),
            "paid": time(it.success),
        })).collect::<Vec<_>>(),
        "refunds": history.refunds.iter().map(refund).collect::<Vec<_>>(),
        "events": history.events.iter().map(|it| json!({
            "at": time(it.at), "kind": it.kind, "source": it.source, "detail": it.detail,
        })).collect::<Vec<_>>(),
    })
}

pub(super) fn refund(refund: &Refund) -> Value {
    json!({
        "out_refund_no": refund.out_refund_no.as_str(),
        "refund_id": refund.refund_id,
        "amount_fen": refund.amount.get(),
        "reason": refund.reason,
        "source": refund.source.code(),
        "state": refund.state.code(),
        "problem": refund.problem,
        "request_id": refund.request_id,
        "asked": time(refund.created),
        "accepted": refund.accepted.map(time),
        "given_back": refund.success.map(time),
    })
}

pub(super) fn entry(entry: &Entry) -> Value {
    json!({
        "id": entry.id,
        "notify_id": entry.notify_id,
        "event_type": entry.event_type,
        "verdict": entry.verdict,
        "out_trade_no": entry.out_trade_no,
        "transaction_id": entry.transaction_id,
        "deliveries": entry.deliveries,
        "received": time(entry.received),
        "last": time(entry.last),
        "replayed": entry.replayed.as_ref().map(|it| json!({ "at": time(it.0), "verdict": it.1 })),
        "settled_by": entry.settled_by,
    })
}

pub(super) fn refused(it: &Refused) -> Value {
    json!({
        "id": it.id,
        "at": time(it.at),
        "reason": it.reason,
        "is_probe": it.is_probe,
        "about": it.about,
        "serial": it.serial,
        "sent": it.sent.map(time),
        "address": it.address,
        "headers": it.headers,
        "body": String::from_utf8_lossy(&it.body),
        "body_bytes": it.body_bytes,
    })
}
