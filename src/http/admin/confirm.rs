//! `/admin/confirm`: the second factor once more, before what is decided about money and people.

use axum::{
    Form,
    extract::{Query, State},
    response::Response,
};
use http::StatusCode;

use super::{
    super::state::AppState,
    call::{StaffCall, go, safe_next},
    factor::{Typed, shown_code},
    login::{Next, problem},
};
use crate::app::admin::{CodeForm, ConfirmPage, Said, words::Entrance};

pub(super) async fn show(
    State(state): State<AppState>,
    call: StaffCall,
    Query(Next { next }): Query<Next>,
) -> Response {
    page(&state, &call, StatusCode::OK, &next, String::new()).await
}

async fn page(state: &AppState, call: &StaffCall, status: StatusCode, next: &str, problem: String) -> Response {
    let demo = match shown_code(state, call).await {
        Ok(demo) => demo,
        Err(error) => return call.trouble(&error),
    };
    let (language, csrf) = (call.language, call.csrf());
    let form = CodeForm { next: safe_next(next).to_owned(), problem, demo };
    let has_factor = call.who.has_factor;
    call.page_with(
        status,
        Entrance::of(language).confirm,
        leptos::view! { <ConfirmPage language csrf form has_factor/> },
    )
}

pub(super) async fn confirm(State(state): State<AppState>, call: StaffCall, Form(typed): Form<Typed>) -> Response {
    match state.staff.confirm(&call.who, &typed.code, &call.login("", "")).await {
        Ok(()) => go(safe_next(&typed.next), Some(Said::Confirmed)),
        Err(error) => {
            let (status, problem) = problem(&call, &error);
            page(&state, &call, status, &typed.next, problem).await
        }
    }
}
