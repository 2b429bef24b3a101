use leptos::prelude::*;

use crate::app::text;

/// Prints the page. Without JavaScript there is no such button: the browser's own menu does it.
#[island]
pub fn Print() -> impl IntoView {
    let ready = RwSignal::new(false);
    Effect::new(move |_| ready.set(true));
    view! {
        <button type="button" class="button button--quiet no-print" hidden=move || !ready.get() on:click=move |_| {
            drop(window().print());
        }>{text::PRINT}</button>
    }
}
