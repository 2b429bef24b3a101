//! `/admin/login` and out again.

use axum::{
    Form,
    extract::{Query, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;

use super::{
    super::state::AppState,
    call::{Around, StaffCall, go, safe_next},
};
use crate::{
    app::admin::{DemoLogin, LoginForm, LoginPage, Said, words::Entrance},
    backoffice::staff::{LoggedIn, StaffError},
    storage::staff_sessions::Stage,
};

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    pub next: String,
}

#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

pub(super) async fn show(State(state): State<AppState>, around: Around, Query(Next { next }): Query<Next>) -> Response {
    page(&state, &around, StatusCode::OK, LoginForm { next: safe_next(&next).to_owned(), ..LoginForm::default() }).await
}

async fn page(state: &AppState, around: &Around, status: StatusCode, form: LoginForm) -> Response {
    let demo = if around.is_shown_demo { state.staff.open_demo_accounts().await } else { Ok(Vec::new()) };
    let demo = match demo {
        Ok(demo) => demo.into_iter(),
        Err(error) => return around.trouble(&error),
    };
    let demo = demo.map(|demo| DemoLogin { role: demo.role, name: demo.name, password: demo.password }).collect();
    let (language, csrf) = (around.language, around.csrf());
    let title = Entrance::of(language).log_in;
    around.page_with(status, title, leptos::view! { <LoginPage language csrf form demo/> })
}

pub(super) async fn log_in(State(state): State<AppState>, around: Around, Form(typed): Form<Typed>) -> Response {
    let next = safe_next(&typed.next).to_owned();
    match state.staff.log_in(&around.login(&typed.name, &typed.password)).await {
        Ok(logged_in) => go_on(&around, &logged_in, &next),
        Err(error) => {
            let (status, problem) = problem(&around, &error);
            page(&state, &around, status, LoginForm { name: typed.name, next, problem }).await
        }
    }
}

/// To the second factor, to setting one up, or in.
pub(super) fn go_on(around: &Around, logged_in: &LoggedIn, next: &str) -> Response {
    let encoded: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    let response = match logged_in.stage {
        Stage::Factor => go(&format!("/admin/factor?next={encoded}"), None),
        Stage::Enrol => go("/admin/enrol", None),
        Stage::Whole => go(next, None),
    };
    around.come_in(logged_in, response)
}

/// What is said of what did not work, and with which status.
pub(super) fn problem(around: &Around, error: &StaffError) -> (StatusCode, String) {
    let words = Entrance::of(around.language);
    match error {
        StaffError::WrongLogin => (StatusCode::UNAUTHORIZED, words.wrong_login.to_owned()),
        StaffError::WrongPassword => (StatusCode::UNAUTHORIZED, words.wrong_password.to_owned()),
        StaffError::WrongCode => (StatusCode::UNAUTHORIZED, words.wrong_code.to_owned()),
        StaffError::UsedCode => (StatusCode::UNAUTHORIZED, words.used_code.to_owned()),
        StaffError::PasswordLength => (StatusCode::UNPROCESSABLE_ENTITY, words.password_length.to_owned()),
        StaffError::NoSuchLink => (StatusCode::NOT_FOUND, words.no_such_link.to_owned()),
        StaffError::NoSession => (StatusCode::UNAUTHORIZED, words.no_session.to_owned()),
        StaffError::TooMany { wait } => (StatusCode::TOO_MANY_REQUESTS, (words.too_many)(wait.as_secs().max(1))),
        StaffError::Crowded => (StatusCode::SERVICE_UNAVAILABLE, words.crowded.to_owned()),
        StaffError::NoKey | StaffError::Sealed(_) => (StatusCode::SERVICE_UNAVAILABLE, words.no_key.to_owned()),
        error => {
            tracing::error!(%error, "a login");
            (StatusCode::SERVICE_UNAVAILABLE, words.trouble.to_owned())
        }
    }
}

pub(super) async fn log_out(State(state): State<AppState>, call: StaffCall) -> Response {
    match state.staff.log_out(&call.who, &call.actor()).await {
        Ok(()) => call.go_out(go("/admin/login", Some(Said::LoggedOut))),
        Err(error) => call.trouble(&error),
    }
}
