use leptos::prelude::*;

use crate::{
    app::{ssr, words::Frame},
    domain::Fen,
};

/// An amount the way a cashier shows it.
#[component]
pub fn Price(amount: Fen) -> impl IntoView {
    let words = Frame::of(ssr::language());
    view! {
        <span class="price">
            <span class="price__sign" aria-hidden="true">"¥"</span>
            <span class="price__digits">{amount.to_string()}</span>
            <span class="visually-hidden">{words.yuan}</span>
        </span>
    }
}
