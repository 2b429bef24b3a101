//! The buy form of the product page. With JavaScript the pay panel opens in place; without, the
//! form leads to the order's own page.

use leptos::{form::ActionForm, prelude::*};

use super::{PayPanel, follow};
use crate::app::{api::PlaceOrder, error::PublicError, text};

/// `problem` is what an attempt without JavaScript came back with.
#[island]
pub fn Buy(product_id: i64, problem: Option<PublicError>) -> impl IntoView {
    let place = ServerAction::<PlaceOrder>::new();
    let placed = place.value();
    Effect::new(move |_| {
        if let Some(Ok(view)) = placed.get() {
            follow::show_address(&format!("/pay/{}", view.token));
        }
    });
    let error = move || match placed.get() {
        Some(Ok(_)) => None,
        Some(Err(error)) => Some(error.message()),
        None => problem.map(PublicError::message),
    };
    let is_open = move || matches!(placed.get(), Some(Ok(_)));
    view! {
        <div class="buy" hidden=is_open>
            <ActionForm action=place>
                <input type="hidden" name="product_id" value=product_id/>
                <button type="submit" class="button button--primary button--wide" disabled=move || place.pending().get()>
                    {move || if place.pending().get() { text::BUYING } else { text::BUY }}
                </button>
            </ActionForm>
            <p class="buy__hint">{text::BUY_HINT}</p>
            <div role="alert">{move || error().map(|message| view! { <p class="notice notice--bad">{message}</p> })}</div>
        </div>
        {move || match placed.get() {
            Some(Ok(view)) => Some(view! { <PayPanel initial=view in_place=true checked=None/> }),
            _ => None,
        }}
    }
}
