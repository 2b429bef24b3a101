use leptos::prelude::*;

use super::words::Basics;
use crate::app::language::Language;

/// `/admin`: where a day begins.
#[component]
pub fn Dashboard(language: Language, name: String) -> impl IntoView {
    let words = Basics::of(language);
    view! {
        <h1 class="page-heading">{words.dashboard}</h1>
        <p>{(words.welcome)(&name)}</p>
    }
}
