//! `/admin/factor`: the second half of a login.

use axum::{
    Form,
    extract::{Query, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;

use super::{
    super::state::AppState,
    call::{StaffCall, safe_next},
    login::{Next, go_on, problem},
};
use crate::{
    app::admin::{CodeForm, FactorPage, ShownCode, words::Entrance},
    backoffice::staff::{DemoCode, StaffError},
};

#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub next: String,
}

pub(super) async fn show(
    State(state): State<AppState>,
    call: StaffCall,
    Query(Next { next }): Query<Next>,
) -> Response {
    page(&state, &call, StatusCode::OK, &next, String::new()).await
}

/// Of a sandbox's account, for those who may see it.
pub(super) async fn shown_code(state: &AppState, call: &StaffCall) -> Result<Option<ShownCode>, StaffError> {
    let code = state.staff.demo_code(call.who.staff_id).await?.filter(|_| call.is_shown_demo);
    Ok(code.map(|code| match code {
        DemoCode::Now(code) => ShownCode::Now(code),
        DemoCode::In(seconds) => ShownCode::In(seconds),
    }))
}

async fn page(state: &AppState, call: &StaffCall, status: StatusCode, next: &str, problem: String) -> Response {
    let demo = match shown_code(state, call).await {
        Ok(demo) => demo,
        Err(error) => return call.trouble(&error),
    };
    let (language, csrf) = (call.language, call.csrf());
    let form = CodeForm { next: safe_next(next).to_owned(), problem, demo };
    call.page_with(status, Entrance::of(language).factor, leptos::view! { <FactorPage language csrf form/> })
}

pub(super) async fn prove(State(state): State<AppState>, call: StaffCall, Form(typed): Form<Typed>) -> Response {
    match state.staff.prove(&call.who, &typed.code, &call.login("", "")).await {
        Ok(logged_in) => go_on(&call, &logged_in, safe_next(&typed.next)),
        Err(error) => {
            let (status, problem) = problem(&call, &error);
            page(&state, &call, status, &typed.next, problem).await
        }
    }
}
