//! What stands where a page could not be shown.

use leptos::prelude::*;

use super::About;
use crate::app::{
    error::PublicError,
    ssr,
    words::{self, Frame},
};

/// Any address that names nothing.
#[component]
pub fn NotFound() -> impl IntoView {
    set_status(404);
    let words = words::Problem::of(ssr::language());
    message(words.not_found, words.not_found_hint)
}

/// A page whose content could not be had; its status says the same.
#[component]
pub fn Problem(error: PublicError) -> impl IntoView {
    set_status(error.status());
    let words = words::Problem::of(ssr::language());
    let hint = match error {
        PublicError::NoSuchOrder | PublicError::NoSuchProduct => Some(words.not_found_hint),
        PublicError::NotOnSale => Some(words.not_on_sale_hint),
        PublicError::Limited
        | PublicError::Presses
        | PublicError::Busy
        | PublicError::Input
        | PublicError::Elsewhere { .. }
        | PublicError::ReadOnly
        | PublicError::Connection => None,
    };
    let error = error.message(words::Buy::of(ssr::language()));
    match hint {
        Some(hint) => message(&error, hint),
        None => message(words.trouble, &error),
    }
}

/// Something that only the browser may do which an order was placed with.
#[component]
pub fn NotYours() -> impl IntoView {
    set_status(404);
    let words = words::Problem::of(ssr::language());
    message(words.not_yours, words.not_yours_hint)
}

fn message(heading: &str, words: &str) -> impl IntoView + use<> {
    let (heading, words) = (heading.to_owned(), words.to_owned());
    let frame = Frame::of(ssr::language());
    let contact = ssr::appearance().contact;
    let contact = (!contact.is_empty()).then(|| (frame.contact)(&contact));
    view! {
        <About title=heading.clone()/>
        <section class="message">
            <h1>{heading}</h1>
            <p>{words}</p>
            {contact.map(|contact| view! { <p>{contact}</p> })}
            <p><a class="button" href="/">{frame.home}</a></p>
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
