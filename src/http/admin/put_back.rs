//! `/admin/put-back`: what books that were put back wait for, what only WeChat knows, and the word that ends it.

use axum::{Form, extract::State, response::Response};
use http::StatusCode;
use serde::Deserialize;

use super::{
    super::state::AppState,
    call::{StaffCall, go},
    times::second,
};
use crate::{
    app::admin::{PutBackPage, PutBackView, ReleaseForm, Said, UnknownLine, words::PutBack as Words},
    backoffice::{
        Acted,
        put_back::{PutBack, Told, Unknown, UnknownKind},
        staff::StaffError,
    },
    domain::{Fen, Role},
};

pub(super) async fn show(State(state): State<AppState>, call: StaffCall) -> Response {
    page(&state, &call, StatusCode::OK, None).await
}

/// Typed, and what is wrong with it.
struct Typed {
    why: String,
    problem: &'static str,
}

async fn page(state: &AppState, call: &StaffCall, status: StatusCode, typed: Option<Typed>) -> Response {
    let words = Words::of(call.language);
    let found = match state.office.find_put_back().await {
        Ok(found) => found,
        Err(error) => return call.trouble(&StaffError::from(error)),
    };
    let problem = typed.as_ref().map(|typed| typed.problem.to_owned()).unwrap_or_default();
    let view = found.map(|found| view(call, words, found, typed));
    let language = call.language;
    call.page_with(status, words.title, leptos::view! { <PutBackPage language view problem/> })
}

fn view(call: &StaffCall, words: &'static Words, found: PutBack, typed: Option<Typed>) -> PutBackView {
    let PutBack { of, left, bills, unknown } = found;
    let (why, problem) = typed.map_or_else(Default::default, |typed| (typed.why, Some(typed.problem)));
    let form = ReleaseForm { csrf: call.csrf(), is_confirmed: call.who.is_confirmed, why, problem };
    let bill = |it: crate::checkout::Awaited| (it.day.to_string(), words.problem(it.problem.as_deref()).to_owned());
    PutBackView {
        since: second(of.since),
        noticed: second(of.noticed),
        over: of.over.map(second),
        asked: of.asked.map(second),
        left,
        bills: bills.into_iter().map(bill).collect(),
        unknown: unknown.into_iter().map(|it| line(words, it)).collect(),
        form: (call.who.role >= Role::Manager).then_some(form),
    }
}

fn line(words: &'static Words, it: Unknown) -> UnknownLine {
    let (told, href) = match it.told {
        Told::Difference(id) => (words.in_bill, format!("/admin/differences/{id}")),
        Told::Notification(id) => (words.delivered, format!("/admin/inbox/{id}")),
    };
    let amount = it.fen.and_then(|fen| Fen::new(fen).ok()).map(|fen| format!("¥{fen}"));
    UnknownLine {
        kind: match it.kind {
            UnknownKind::Order => words.order,
            UnknownKind::Refund => words.refund,
        },
        number: it.number,
        transaction_id: it.transaction_id.unwrap_or_default(),
        amount: amount.unwrap_or_else(|| "—".to_owned()),
        day: it.day,
        told,
        href,
    }
}

#[derive(Deserialize)]
pub(super) struct Release {
    #[serde(default)]
    why: String,
}

pub(super) async fn release(
    State(state): State<AppState>,
    call: StaffCall,
    Form(Release { why }): Form<Release>,
) -> Response {
    let words = Words::of(call.language);
    if why.trim().is_empty() {
        let typed = Typed { why, problem: words.no_reason };
        return page(&state, &call, StatusCode::UNPROCESSABLE_ENTITY, Some(typed)).await;
    }
    match state.office.release_put_back(&Acted::by(call.actor()), why.trim()).await {
        Ok(true) => go("/admin/put-back", Some(Said::Released)),
        Ok(false) => {
            let typed = Typed { why: String::new(), problem: words.overtaken };
            page(&state, &call, StatusCode::CONFLICT, Some(typed)).await
        }
        Err(error) => call.trouble(&StaffError::from(error)),
    }
}
