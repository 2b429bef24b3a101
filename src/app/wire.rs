//! How the browser calls the server functions: `fetch`, and the browser's own JSON. What `server_fn` and `serde`
//! would bring along for it was a quarter of the bundle.

use gloo_timers::callback::Timeout;
use js_sys::JSON;
use leptos::{prelude::document, server_fn::ServerFn};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, RequestInit, Response, UrlSearchParams};

use super::{
    api::{CheckPayment, PlaceOrder, WatchOrder},
    error::PublicError,
    fields::Fields as _,
    view::{Checked, PayView},
};

/// How long an answer may take beyond what it was asked to: then the network is gone, however silently.
const PATIENCE_MS: u32 = 15_000;

/// # Errors
/// What the server says, or that it cannot be reached.
pub(crate) async fn place_order(product_id: String) -> Result<PayView, PublicError> {
    let form = form(&[("product_id", &product_id)])?;
    view(&send(PlaceOrder::url(), Some(form), 0).await?)
}

/// # Errors
/// As [`place_order`].
pub(crate) async fn watch_order(token: &str, after: i64, wait: u32) -> Result<PayView, PublicError> {
    let asked = ["?token=", token, "&after=", &after.to_string(), "&wait=", &wait.to_string()].concat();
    view(&send(&[WatchOrder::url(), &asked].concat(), None, wait * 1000).await?)
}

/// # Errors
/// As [`place_order`].
pub(crate) async fn check_payment(token: &str) -> Result<Checked, PublicError> {
    let answer = send(CheckPayment::url(), Some(form(&[("token", token)])?), 0).await?;
    answer.as_text().and_then(|name| Checked::from_name(&name)).ok_or(PublicError::Busy)
}

fn form(fields: &[(&str, &str)]) -> Result<UrlSearchParams, PublicError> {
    let form = UrlSearchParams::new().map_err(|_| PublicError::Connection)?;
    for (name, value) in fields {
        form.append(name, value);
    }
    Ok(form)
}

fn view(answer: &JsValue) -> Result<PayView, PublicError> {
    // An answer that is not ours, such as a proxy's.
    PayView::read(answer).ok_or(PublicError::Busy)
}

/// Posts `form`, or gets, and reads the answer. `wait` is how long the server was asked to hold it.
async fn send(address: &str, form: Option<UrlSearchParams>, wait: u32) -> Result<JsValue, PublicError> {
    exchange(address, form, wait).await.unwrap_or(Err(PublicError::Connection))
}

/// Fails as `fetch` does: when nothing came back, or what did broke off.
async fn exchange(
    address: &str,
    form: Option<UrlSearchParams>,
    wait: u32,
) -> Result<Result<JsValue, PublicError>, JsValue> {
    let request = RequestInit::new();
    let abort = AbortController::new()?;
    request.set_signal(Some(&abort.signal()));
    // Words come back in the language of the page, whatever has been chosen in another one since.
    let language = document().document_element().and_then(|page| page.get_attribute("lang")).unwrap_or_default();
    let headers = [r#"{"accept":"application/json","saoma-language":""#, &language, r#""}"#].concat();
    request.set_headers(&JSON::parse(&headers)?);
    if let Some(form) = form {
        request.set_method("POST");
        request.set_body(&form);
    }
    let _in_time = Timeout::new(wait + PATIENCE_MS, move || abort.abort());
    let response = JsFuture::from(leptos::prelude::window().fetch_with_str_and_init(address, &request)).await?;
    let response: Response = response.unchecked_into();
    let body = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    let answer = JSON::parse(&body).unwrap_or_default();
    Ok(if response.ok() { Ok(answer) } else { Err(PublicError::read(&answer).unwrap_or(PublicError::Busy)) })
}
