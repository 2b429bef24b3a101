//! The same for programs.

use serde_json::{Value, json};

use crate::{
    command::beijing,
    reconcile::{CalendarDay, Checked, Outcome},
    storage::bills::{differences::Difference, files::BillFile},
};

pub(super) fn file_json(file: &BillFile) -> Value {
    json!({
        "kind": file.kind,
        "is_empty": file.is_empty(),
        "sha1": file.hash,
        "hash_of": file.matched,
        "bytes": file.bytes,
        "fetched": beijing(file.fetched),
    })
}

pub(super) fn day_json(day: &CalendarDay) -> Value {
    json!({
        "day": day.day.to_string(),
        "standing": day.standing.code(),
        "open": day.open,
        "problem": day.problem,
        "checked": day.checked.map(beijing),
        "totals": day.totals,
    })
}

pub(super) fn checked_json(checked: &Checked) -> Value {
    let open = match checked.outcome {
        Outcome::Agrees => 0,
        Outcome::Differs { open } => open,
    };
    let standing = if checked.outcome == Outcome::Agrees { "AGREES" } else { "DIFFERS" };
    json!({ "day": checked.day.to_string(), "standing": standing, "open": open, "totals": checked.totals })
}

pub(super) fn difference_json(it: &Difference) -> Value {
    json!({
        "id": it.id,
        "day": it.day,
        "kind": it.kind,
        "subject": it.subject,
        "transaction_id": it.transaction_id,
        "out_trade_no": it.out_trade_no,
        "order_id": it.order_id,
        "theirs_fen": it.theirs_fen,
        "ours_fen": it.ours_fen,
        "state": it.state.code(),
        "answer": it.answer,
        "who": it.who,
        "why": it.why,
        "found": beijing(it.found),
        "changed": beijing(it.changed),
    })
}
