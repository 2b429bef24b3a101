//! `/admin/account`: what is one's own.

use axum::response::Response;

use super::call::StaffCall;
use crate::app::admin::{AccountPage, words::Basics};

pub(super) async fn show(call: StaffCall) -> Response {
    let (language, has_factor) = (call.language, call.who.has_factor);
    let (name, role) = (call.who.name.clone(), call.who.role);
    call.page(Basics::of(language).account, leptos::view! { <AccountPage language name role has_factor/> })
}
