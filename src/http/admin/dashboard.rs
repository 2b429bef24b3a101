//! `/admin`: where a day begins.

use axum::response::Response;

use super::call::StaffCall;
use crate::app::admin::{Dashboard, words::Basics};

pub(super) async fn show(call: StaffCall) -> Response {
    let words = Basics::of(call.language);
    let (language, name) = (call.language, call.who.name.clone());
    call.page(words.dashboard, leptos::view! { <Dashboard language name/> })
}
