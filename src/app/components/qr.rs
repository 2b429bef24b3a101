use leptos::prelude::*;

use crate::app::view::Qr;

/// A code, dark on white in both themes. `label` is what a screen reader says.
#[component]
pub fn QrCode(qr: Qr, label: String) -> impl IntoView {
    let Qr { size, path } = qr;
    view! {
        <svg
            class="qr"
            role="img"
            aria-label=label
            width="240"
            height="240"
            viewBox=format!("0 0 {size} {size}")
            shape-rendering="crispEdges"
        >
            <rect width=size height=size fill="#fff"></rect>
            <path d=path fill="#000"></path>
        </svg>
    }
}
