//! `/admin/account`: what is one's own: password, second factor, sessions.

use axum::{Form, extract::State, response::Response};
use http::StatusCode;
use serde::Deserialize;

use super::{
    super::state::AppState,
    call::{StaffCall, go},
    login::problem,
    times::second,
};
use crate::app::admin::{
    AccountPage, Own, RecoveryPage, Said, SessionLine,
    words::{Basics, Entrance},
};

#[derive(Deserialize)]
pub(super) struct Passwords {
    #[serde(default)]
    old: String,
    #[serde(default)]
    new: String,
    #[serde(default)]
    again: String,
}

#[derive(Deserialize)]
pub(super) struct Ended {
    session: i64,
}

pub(super) async fn show(State(state): State<AppState>, call: StaffCall) -> Response {
    page(&state, &call, StatusCode::OK, String::new()).await
}

async fn page(state: &AppState, call: &StaffCall, status: StatusCode, problem: String) -> Response {
    let sessions = match state.staff.list_sessions(Some(call.who.staff_id)).await {
        Ok(sessions) => sessions,
        Err(error) => return call.trouble(&error),
    };
    let recovery_codes = match state.staff.count_recovery_codes(&call.who).await {
        Ok(count) => count,
        Err(error) => return call.trouble(&error),
    };
    let line = |session: crate::storage::staff_sessions::Session| SessionLine {
        id: session.id,
        is_this: session.id == call.who.session_id,
        name: session.name,
        began: second(session.created),
        seen: second(session.seen),
        address: session.address,
        agent: session.agent,
    };
    let own = Own {
        name: call.who.name.clone(),
        role: call.who.role,
        has_factor: call.who.has_factor,
        recovery_codes,
        sessions: sessions.into_iter().map(line).collect(),
    };
    let (language, csrf, is_confirmed) = (call.language, call.csrf(), call.who.is_confirmed);
    let title = Basics::of(language).account;
    call.page_with(status, title, leptos::view! { <AccountPage language csrf own problem is_confirmed/> })
}

pub(super) async fn change_password(
    State(state): State<AppState>,
    call: StaffCall,
    Form(typed): Form<Passwords>,
) -> Response {
    if typed.new != typed.again {
        let problem = Entrance::of(call.language).passwords_differ.to_owned();
        return page(&state, &call, StatusCode::UNPROCESSABLE_ENTITY, problem).await;
    }
    match state.staff.change_password(&call.who, &typed.old, typed.new, &call.login("", "")).await {
        Ok(()) => call.go_out(go("/admin/login", Some(Said::PasswordSet))),
        Err(error) => {
            let (status, problem) = problem(&call, &error);
            page(&state, &call, status, problem).await
        }
    }
}

pub(super) async fn end_session(State(state): State<AppState>, call: StaffCall, Form(ended): Form<Ended>) -> Response {
    match state.staff.end_own_session(ended.session, &call.who, &call.actor()).await {
        Ok(()) => go("/admin/account", Some(Said::SessionEnded)),
        Err(error) => call.trouble(&error),
    }
}

pub(super) async fn renew_codes(State(state): State<AppState>, call: StaffCall) -> Response {
    match state.staff.renew_recovery_codes(&call.who, &call.login("", "")).await {
        Ok(codes) => {
            let language = call.language;
            let title = Entrance::of(language).recovery;
            call.page(title, leptos::view! { <RecoveryPage language codes=codes.0/> })
        }
        Err(error) => call.trouble(&error),
    }
}
