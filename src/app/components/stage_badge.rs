use leptos::prelude::*;

use crate::app::{ssr, view::Stage, words::Standing};

/// A state in a shopper's words, as short as a list needs them.
const fn stage_text(stage: Stage, words: &Standing) -> &'static str {
    match stage {
        Stage::Scan | Stage::Preparing | Stage::Trouble | Stage::Refused | Stage::Renewing => words.waiting,
        Stage::Overdue => words.confirming,
        Stage::Cancelling => words.cancelling,
        Stage::Paid => words.paid,
        Stage::Expired => words.expired,
        Stage::Cancelled => words.cancelled,
        Stage::RefundProcessing => words.refund_processing,
        Stage::RefundPartial => words.refund_partial,
        Stage::RefundSuccess => words.refund_success,
        Stage::RefundByShop => words.refund_from_shop,
        Stage::RefundAbnormal => words.refund_abnormal,
    }
}

/// The same as a coloured mark; the colour only repeats the words.
#[component]
pub fn StageBadge(stage: Stage) -> impl IntoView {
    let kind = match stage {
        Stage::Paid => "badge badge--good",
        Stage::RefundAbnormal => "badge badge--bad",
        Stage::Expired | Stage::Cancelled | Stage::RefundPartial | Stage::RefundSuccess | Stage::RefundByShop => {
            "badge"
        }
        Stage::RefundProcessing
        | Stage::Scan
        | Stage::Preparing
        | Stage::Trouble
        | Stage::Refused
        | Stage::Overdue
        | Stage::Renewing
        | Stage::Cancelling => "badge badge--waiting",
    };
    view! { <span class=kind>{stage_text(stage, Standing::of(ssr::language()))}</span> }
}
