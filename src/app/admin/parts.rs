//! What forms of staff are made of.

use leptos::prelude::*;

use super::words::Basics;
use crate::app::language::Language;

/// Text that stands alone in an element. Leptos escapes nothing in a `textarea`, where what somebody has typed could end
/// it and go on as the page; and in a `title` it leaves marks of its own.
pub(super) fn escaped(text: &str) -> String {
    html_escape::encode_text(text).into_owned()
}

/// In every form: without it nothing is done.
#[component]
pub fn Csrf(token: String) -> impl IntoView {
    view! { <input type="hidden" name="csrf" value=token/> }
}

/// Why what was typed is shown again. Nothing where there is nothing wrong.
#[component]
pub fn Problem(words: String) -> impl IntoView {
    (!words.is_empty()).then(|| view! { <p class="notice notice--bad" role="alert">{words}</p> })
}

/// A page that says in two sentences why there is no other.
#[component]
pub fn Message(language: Language, title: &'static str, hint: &'static str) -> impl IntoView {
    view! {
        <section class="message">
            <h1>{title}</h1>
            <p>{hint}</p>
            <p><a class="button" href="/admin">{Basics::of(language).home}</a></p>
        </section>
    }
}

/// In the place of a form whose row is `May::Confirmed`, until the second factor has been given once more. `next` is
/// the page that it stands in.
#[component]
pub fn ConfirmFirst(language: Language, next: String) -> impl IntoView {
    let words = Basics::of(language);
    view! {
        <p class="notice">{words.confirm_first}</p>
        <p><a class="button" href=format!("/admin/confirm?next={next}")>{words.confirm}</a></p>
    }
}
