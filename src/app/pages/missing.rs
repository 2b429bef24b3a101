//! What stands where a page could not be shown.

use leptos::prelude::*;

use super::About;
use crate::app::{error::PublicError, text};

/// Any address that names nothing.
#[component]
pub fn NotFound() -> impl IntoView {
    set_status(404);
    message(text::NOT_FOUND, text::NOT_FOUND_HINT)
}

/// A page whose content could not be had; its status says the same.
#[component]
pub fn Problem(error: PublicError) -> impl IntoView {
    set_status(error.status());
    match error {
        PublicError::NoSuchOrder | PublicError::NoSuchProduct => message(&error.message(), text::NOT_FOUND_HINT),
        PublicError::NotOnSale => message(text::NOT_ON_SALE, text::NOT_ON_SALE_HINT),
        PublicError::Limited
        | PublicError::Presses
        | PublicError::Busy
        | PublicError::Input
        | PublicError::Elsewhere { .. }
        | PublicError::ReadOnly
        | PublicError::Connection => message(text::TROUBLE, &error.message()),
    }
}

/// Something that only the browser may do which an order was placed with.
#[component]
pub fn NotYours() -> impl IntoView {
    set_status(404);
    message(text::NOT_YOURS, text::NOT_YOURS_HINT)
}

fn message(heading: &str, words: &str) -> impl IntoView + use<> {
    let (heading, words) = (heading.to_owned(), words.to_owned());
    view! {
        <About title=heading.clone()/>
        <section class="message">
            <h1>{heading}</h1>
            <p>{words}</p>
            <p><a class="button" href="/">{text::HOME}</a></p>
        </section>
    }
}

#[cfg(feature = "ssr")]
fn set_status(status: u16) {
    let response = use_context::<leptos_axum::ResponseOptions>();
    if let (Some(response), Ok(status)) = (response, http::StatusCode::from_u16(status)) {
        response.set_status(status);
    }
}

#[cfg(not(feature = "ssr"))]
fn set_status(_status: u16) {}
