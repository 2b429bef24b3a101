use leptos::prelude::*;

use crate::{
    app::text,
    domain::{ClosedReason, OrderStatus},
};

/// A state in a shopper's words.
pub const fn status_text(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::NotPay => text::WAITING,
        OrderStatus::Success => text::PAID,
        OrderStatus::Closed(ClosedReason::Expired) => text::EXPIRED,
        OrderStatus::Closed(ClosedReason::Cancelled) => text::CANCELLED,
        OrderStatus::RefundProcessing => text::REFUND_PROCESSING,
        OrderStatus::RefundPartial => text::REFUND_PARTIAL,
        OrderStatus::RefundSuccess => text::REFUND_SUCCESS,
        OrderStatus::RefundAbnormal => text::REFUND_ABNORMAL,
    }
}

/// The same as a coloured mark; the colour only repeats the words.
#[component]
pub fn StatusBadge(status: OrderStatus) -> impl IntoView {
    let kind = match status {
        OrderStatus::NotPay | OrderStatus::RefundProcessing => "badge badge--waiting",
        OrderStatus::Success => "badge badge--good",
        OrderStatus::RefundAbnormal => "badge badge--bad",
        OrderStatus::Closed(_) | OrderStatus::RefundPartial | OrderStatus::RefundSuccess => "badge",
    };
    view! { <span class=kind>{status_text(status)}</span> }
}
