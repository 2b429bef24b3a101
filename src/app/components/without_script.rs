//! What only those without JavaScript read: the browser's program has none of it.

#[cfg(feature = "ssr")]
use crate::app::{ssr, words::Standing};
use leptos::prelude::*;

/// In the place of a clock that counts down.
#[cfg(feature = "ssr")]
#[component]
pub fn Deadline(at: String) -> impl IntoView {
    view! { <span>{Standing::of(ssr::language()).pay_before} <span translate="no">{at}</span></span> }
}

#[cfg(not(feature = "ssr"))]
#[component]
pub fn Deadline(#[expect(unused_variables, reason = "the clock is there")] at: String) -> impl IntoView {}

#[cfg(feature = "ssr")]
#[component]
pub fn Reloads() -> impl IntoView {
    view! { <noscript><p class="notice">{Standing::of(ssr::language()).without_script}</p></noscript> }
}

#[cfg(not(feature = "ssr"))]
#[component]
pub fn Reloads() -> impl IntoView {}
