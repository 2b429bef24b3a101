use leptos::prelude::*;

use crate::domain::Fen;

/// An amount the way a cashier shows it.
#[component]
pub fn Price(amount: Fen) -> impl IntoView {
    view! {
        <span class="price">
            <span class="price__sign" aria-hidden="true">"¥"</span>
            <span class="price__digits">{amount.to_string()}</span>
            <span class="visually-hidden">" 元"</span>
        </span>
    }
}
