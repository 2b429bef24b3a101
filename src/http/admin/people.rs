//! `/admin/staff`: who works here, with which role, and the limits. What changes here takes a second manager.

use axum::{Form, extract::State, response::Response};
use http::StatusCode;
use serde::Deserialize;

use super::{
    super::state::AppState,
    call::{StaffCall, go},
    times::second,
};
use crate::{
    app::admin::{LimitsForm, PeoplePage, Person, Said, SessionLine, words::People},
    backoffice::staff::{StaffError, approvals::Wanted},
    domain::{Fen, Role},
    storage::{staff::Account, staff_sessions::Session},
};

#[derive(Deserialize)]
pub(super) struct Change {
    name: String,
    change: String,
    form: String,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
pub(super) struct Limits {
    #[serde(default)]
    per_refund: String,
    #[serde(default)]
    per_day: String,
    form: String,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
pub(super) struct Ended {
    session: i64,
}

pub(super) async fn show(State(state): State<AppState>, call: StaffCall) -> Response {
    match page(&state, &call, StatusCode::OK, None, String::new()).await {
        Ok(response) => response,
        Err(error) => call.trouble(&error),
    }
}

async fn page(
    state: &AppState,
    call: &StaffCall,
    status: StatusCode,
    typed: Option<LimitsForm>,
    problem: String,
) -> Result<Response, StaffError> {
    let people = state.staff.list_accounts().await?.into_iter().map(|account| person(call, account)).collect();
    let limits = state.staff.limits().await?;
    let yuan = |limit: Option<Fen>| limit.map(|fen| fen.to_string()).unwrap_or_default();
    let limits =
        typed.unwrap_or_else(|| LimitsForm { per_refund: yuan(limits.per_refund), per_day: yuan(limits.per_day) });
    let is_manager = call.who.role == Role::Manager;
    let sessions = if is_manager { state.staff.list_sessions(None).await? } else { Vec::new() };
    let line = |session: Session| SessionLine {
        id: session.id,
        is_this: session.id == call.who.session_id,
        name: session.name,
        began: second(session.created),
        seen: second(session.seen),
        address: session.address,
        agent: session.agent,
    };
    let sessions = sessions.into_iter().map(line).collect();
    let (language, csrf, form) = (call.language, call.csrf(), state.entropy.nonce());
    let is_confirmed = call.who.is_confirmed;
    let title = People::of(language).people;
    Ok(call.page_with(
        status,
        title,
        leptos::view! { <PeoplePage language csrf form people limits sessions is_manager is_confirmed problem/> },
    ))
}

fn person(call: &StaffCall, account: Account) -> Person {
    Person {
        is_self: account.id == call.who.staff_id,
        role: account.role,
        has_password: account.password.is_some(),
        has_factor: account.totp.is_some(),
        disabled: account.disabled.map(second).unwrap_or_default(),
        created: second(account.created),
        name: account.name,
    }
}

pub(super) async fn ask_change(State(state): State<AppState>, call: StaffCall, Form(typed): Form<Change>) -> Response {
    let wanted = match typed.change.as_str() {
        "disable" => Wanted::Disable,
        "enable" => Wanted::Enable,
        "reset-factor" => Wanted::ResetFactor,
        role => match Role::parse(role) {
            Some(role) => Wanted::Role { role: role.code().to_owned() },
            None => return call.refused(StatusCode::BAD_REQUEST, |words| (words.bad_input, words.bad_input_hint)),
        },
    };
    let asked = state.staff.ask_change(&typed.form, &typed.name, &wanted, &typed.note, &call.actor()).await;
    match asked {
        Ok(approval) => go(&format!("/admin/approvals/{}", approval.id), Some(Said::Asked)),
        Err(StaffError::NoSuchAccount | StaffError::Name) => {
            call.refused(StatusCode::NOT_FOUND, |words| (words.not_found, words.not_found_hint))
        }
        Err(error) => call.trouble(&error),
    }
}

pub(super) async fn ask_limits(State(state): State<AppState>, call: StaffCall, Form(typed): Form<Limits>) -> Response {
    let words = People::of(call.language);
    let form = LimitsForm { per_refund: typed.per_refund.clone(), per_day: typed.per_day.clone() };
    let (Ok(per_refund), Ok(per_day)) = (limit(&typed.per_refund), limit(&typed.per_day)) else {
        return limits_again(&state, &call, form, words.limits_problem).await;
    };
    let wanted = Wanted::Limits { per_refund, per_day };
    match state.staff.ask_change(&typed.form, "", &wanted, &typed.note, &call.actor()).await {
        Ok(approval) => go(&format!("/admin/approvals/{}", approval.id), Some(Said::Asked)),
        Err(StaffError::Split) => limits_again(&state, &call, form, words.limits_split).await,
        Err(error) => call.trouble(&error),
    }
}

/// The form again, with what was typed and why it cannot be.
async fn limits_again(state: &AppState, call: &StaffCall, form: LimitsForm, problem: &str) -> Response {
    match page(state, call, StatusCode::UNPROCESSABLE_ENTITY, Some(form), problem.to_owned()).await {
        Ok(response) => response,
        Err(error) => call.trouble(&error),
    }
}

/// In yuan with at most two decimals; nothing is no limit.
fn limit(text: &str) -> Result<Option<i64>, ()> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let (yuan, fen) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if yuan.is_empty() || yuan.len() > 9 || fen.len() > 2 || !are_digits(yuan) || !are_digits(fen) {
        return Err(());
    }
    format!("{yuan}{fen:0<2}").parse().map(Some).map_err(|_| ())
}

pub(super) async fn end_session(State(state): State<AppState>, call: StaffCall, Form(ended): Form<Ended>) -> Response {
    match state.staff.end_session(ended.session, &call.actor()).await {
        Ok(()) => go("/admin/staff", Some(Said::SessionEnded)),
        Err(error) => call.trouble(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::limit;

    #[test]
    fn a_limit_is_yuan() {
        for (text, fen) in
            [("", None), (" 1 ", Some(100)), ("12.3", Some(1_230)), ("0.05", Some(5)), ("500.00", Some(50_000))]
        {
            assert_eq!(limit(text), Ok(fen), "{text}");
        }
        for text in ["-1", "1,000", "1.234", ".5", "x", "1e3", "9999999999"] {
            assert_eq!(limit(text), Err(()), "{text}");
        }
    }
}
