use leptos::prelude::*;

use crate::app::view::Qr;

/// A code, dark on white in both themes. `label` is what a screen reader says.
#[component]
pub fn QrCode(qr: Signal<Qr>, label: String) -> impl IntoView {
    let view_box = Signal::derive(move || {
        let size = qr.read().size.to_string();
        ["0 0 ", &size, " ", &size].concat()
    });
    view! {
        <svg class="qr" role="img" aria-label=label width="240" height="240" viewBox=view_box shape-rendering="crispEdges">
            <rect width="100%" height="100%" fill="#fff"></rect>
            <path d=Signal::derive(move || qr.read().path.clone()) fill="#000"></path>
        </svg>
    }
}
