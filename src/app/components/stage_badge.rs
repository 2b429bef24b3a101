use leptos::prelude::*;

use crate::app::{text, view::Stage};

/// A state in a shopper's words, as short as a list needs them.
const fn stage_text(stage: Stage) -> &'static str {
    match stage {
        Stage::Scan | Stage::Preparing | Stage::Trouble | Stage::Refused | Stage::Renewing => text::WAITING,
        Stage::Overdue => text::CONFIRMING,
        Stage::Cancelling => text::CANCELLING,
        Stage::Paid => text::PAID,
        Stage::Expired => text::EXPIRED,
        Stage::Cancelled => text::CANCELLED,
        Stage::RefundProcessing => text::REFUND_PROCESSING,
        Stage::RefundPartial => text::REFUND_PARTIAL,
        Stage::RefundSuccess => text::REFUND_SUCCESS,
        Stage::RefundAbnormal => text::REFUND_ABNORMAL,
    }
}

/// The same as a coloured mark; the colour only repeats the words.
#[component]
pub fn StageBadge(stage: Stage) -> impl IntoView {
    let kind = match stage {
        Stage::Paid => "badge badge--good",
        Stage::RefundAbnormal => "badge badge--bad",
        Stage::Expired | Stage::Cancelled | Stage::RefundPartial | Stage::RefundSuccess => "badge",
        Stage::RefundProcessing
        | Stage::Scan
        | Stage::Preparing
        | Stage::Trouble
        | Stage::Refused
        | Stage::Overdue
        | Stage::Renewing
        | Stage::Cancelling => "badge badge--waiting",
    };
    view! { <span class=kind>{stage_text(stage)}</span> }
}
