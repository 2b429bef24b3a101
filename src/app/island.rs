//! The parts of a page that come alive in the browser. The server renders them like everything else; the browser
//! makes them anew, out of what they were given, in the place of what the server sent. It does not hydrate:
//! that walks the server's elements one by one, and stumbles over whatever a translator or an extension has put
//! between them.

use leptos::{prelude::*, serde_json};
use serde::Serialize;

/// Where an island stands. `given` is what the function `name` of [`browser`] makes it from.
#[component]
pub fn Island<T: Serialize>(name: &'static str, given: T, children: Children) -> impl IntoView {
    let given = serde_json::to_string(&given).unwrap_or_default();
    view! { <div class="island" data-island=name data-given=given>{children()}</div> }
}

/// What `islands.js` calls by the names of the islands in the page. Each tells whether it has been made: where it could
/// not be, what the server sent stays, and whatever keeps that true goes on.
#[cfg(feature = "browser")]
pub mod browser {
    use leptos::{mount::mount_to, prelude::*, web_sys::HtmlElement};
    use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

    use crate::app::{
        components::{Buy, PayPanel},
        fields::Fields,
        view::PayView,
        words,
    };

    #[wasm_bindgen]
    pub fn buy(place: HtmlElement) -> bool {
        let given = given(&place);
        let (words, panel) = (words::Buy::read(given.text("words")), words::Panel::read(given.text("panel")));
        let (product_id, problem) = (given.text("product_id"), given.text("problem"));
        if product_id.is_empty() {
            return false;
        }
        place.set_inner_html("");
        mount_to(place, move || view! { <Buy words panel product_id problem/> }).forget();
        true
    }

    #[wasm_bindgen]
    pub fn pay(place: HtmlElement) -> bool {
        let given = given(&place);
        let answer = given.text("answer");
        let words = words::Panel::read(given.text("words"));
        let Some(initial) = given.field("view").and_then(|view| PayView::read(&view)) else { return false };
        place.set_inner_html("");
        mount_to(place, move || view! { <PayPanel words initial in_place=false answer/> }).forget();
        true
    }

    fn given(place: &HtmlElement) -> JsValue {
        let json = place.get_attribute("data-given").unwrap_or_default();
        js_sys::JSON::parse(&json).unwrap_or_default()
    }
}
