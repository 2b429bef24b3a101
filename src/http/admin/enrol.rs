//! `/admin/enrol`: sets a second factor up, or another one.

use axum::{Form, extract::State, response::Response};
use http::StatusCode;

use super::{super::state::AppState, call::StaffCall, factor::Typed, login::problem};
use crate::app::{
    admin::{EnrolPage, RecoveryPage, words::Entrance},
    view::Qr,
};

pub(super) async fn show(State(state): State<AppState>, call: StaffCall) -> Response {
    page(&state, &call, StatusCode::OK, String::new()).await
}

async fn page(state: &AppState, call: &StaffCall, status: StatusCode, problem: String) -> Response {
    let enrolment = match state.staff.begin_enrolment(&call.who, &state.looks.name()).await {
        Ok(enrolment) => enrolment,
        Err(error) => return call.trouble(&error),
    };
    let (language, csrf, secret) = (call.language, call.csrf(), enrolment.secret);
    let qr = Qr::draw(&enrolment.url);
    let title = Entrance::of(language).enrol;
    call.page_with(status, title, leptos::view! { <EnrolPage language csrf qr secret problem/> })
}

pub(super) async fn prove(State(state): State<AppState>, call: StaffCall, Form(typed): Form<Typed>) -> Response {
    match state.staff.finish_enrolment(&call.who, &typed.code, &call.login("", "")).await {
        Ok((logged_in, codes)) => {
            let language = call.language;
            let page =
                call.page(Entrance::of(language).recovery, leptos::view! { <RecoveryPage language codes=codes.0/> });
            call.come_in(&logged_in, page)
        }
        Err(error) => {
            let (status, problem) = problem(&call, &error);
            page(&state, &call, status, problem).await
        }
    }
}
