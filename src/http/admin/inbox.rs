//! `/admin/inbox` and `/admin/refused`: what has been delivered.

use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;

use super::{
    super::state::AppState,
    call::{StaffCall, go},
    order::acted,
    times::second,
};
use crate::{
    app::admin::{
        InboxLine, InboxPage, InboxView, Message, NotificationPage, NotificationView, RefusedLine, RefusedOnePage,
        RefusedPage, RefusedView, Said, words::Inbox,
    },
    backoffice::{
        inbox::CannotReplay,
        staff::StaffError,
        verdicts::{good, quarantined},
    },
    domain::Role,
    storage::inbox::{Kept, Lead},
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    verdict: String,
    number: String,
    below: String,
}

pub(super) async fn list(State(state): State<AppState>, call: StaffCall, Query(typed): Query<Typed>) -> Response {
    let words = Inbox::of(call.language);
    let (verdict, number) = (typed.verdict.trim().to_owned(), typed.number.trim().to_owned());
    let lead = match (&*verdict, &*number) {
        (_, number) if !number.is_empty() => Lead::Number(number.to_owned()),
        ("", _) => Lead::All,
        (verdict, _) => Lead::Verdict(verdict.to_owned()),
    };
    let page = match state.office.list_inbox(&lead, typed.below.parse().ok()).await {
        Ok(page) => page,
        Err(error) => return call.trouble(&StaffError::from(error)),
    };
    let line = |entry: crate::storage::inbox::Entry| InboxLine {
        id: entry.id,
        at: second(entry.received),
        event: entry.event_type,
        is_bad: is_bad(&entry.verdict),
        verdict: entry.verdict,
        number: entry.out_trade_no.unwrap_or_default(),
        times: entry.deliveries,
    };
    let next = page.below.map(|below| {
        let fields = [("verdict", &verdict), ("number", &number), ("below", &below.to_string())];
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        format!("/admin/inbox?{query}")
    });
    let view = InboxView {
        verdicts: quarantined().into_iter().chain(good()).collect(),
        verdict,
        number,
        lines: page.entries.into_iter().map(line).collect(),
        next,
    };
    let language = call.language;
    call.page(words.inbox, leptos::view! { <InboxPage language page=view/> })
}

fn is_bad(verdict: &str) -> bool {
    quarantined().contains(&verdict)
}

pub(super) async fn show(State(state): State<AppState>, call: StaffCall, Path(id): Path<i64>) -> Response {
    page(&state, &call, id, String::new()).await
}

async fn page(state: &AppState, call: &StaffCall, id: i64, problem: String) -> Response {
    let kept = match state.office.find_notification(id).await {
        Ok(Some(kept)) => kept,
        Ok(None) => return missing(call),
        Err(error) => return call.trouble(&StaffError::from(error)),
    };
    let order = match &kept.entry.out_trade_no {
        Some(number) => match state.office.find_by_any_number(number).await {
            Ok(found) => found.first().copied(),
            Err(error) => return call.trouble(&StaffError::from(error)),
        },
        None => None,
    };
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
    let (language, view) = (call.language, view(call, kept, order, problem));
    call.page_with(status, Inbox::of(language).notification, leptos::view! { <NotificationPage language page=view/> })
}

fn missing(call: &StaffCall) -> Response {
    let (language, words) = (call.language, Inbox::of(call.language));
    let (title, hint) = (words.no_such, words.no_such_hint);
    call.page_with(StatusCode::NOT_FOUND, title, leptos::view! { <Message language title hint/> })
}

fn view(call: &StaffCall, kept: Kept, order: Option<i64>, problem: String) -> NotificationView {
    let words = Inbox::of(call.language);
    let entry = kept.entry;
    let facts = [
        (words.received, second(entry.received)),
        (words.last, second(entry.last)),
        (words.times, entry.deliveries.to_string()),
        (words.event, entry.event_type),
        (words.notify_id, entry.notify_id),
        (words.number, entry.out_trade_no.unwrap_or_default()),
        (words.transaction, entry.transaction_id.unwrap_or_default()),
    ];
    NotificationView {
        csrf: call.csrf(),
        id: entry.id,
        is_bad: is_bad(&entry.verdict),
        verdict: entry.verdict,
        facts: facts.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
        order,
        headers: kept.headers,
        body: String::from_utf8_lossy(&kept.body).into_owned(),
        emptied: kept.emptied.map(|at| (words.emptied)(&second(at))),
        replayed: entry.replayed.map(|(at, verdict)| (second(at), verdict)),
        settled_by: entry.settled_by,
        may_act: call.who.role >= Role::Operator,
        problem,
    }
}

pub(super) async fn replay(State(state): State<AppState>, call: StaffCall, Path(id): Path<i64>) -> Response {
    let words = Inbox::of(call.language);
    let problem = match state.office.replay(id, &acted(&call)).await {
        Ok(_) => return go(&format!("/admin/inbox/{id}"), Some(Said::Replayed)),
        Err(CannotReplay::NoSuch) => return missing(&call),
        Err(CannotReplay::NoSignature) => words.cannot_signature.to_owned(),
        Err(CannotReplay::Emptied) => words.cannot_emptied.to_owned(),
        Err(CannotReplay::KeyGone(serial)) => (words.cannot_key)(&serial),
        Err(CannotReplay::Refused(error)) => {
            (words.cannot_verify)(words.reason_words(error.label()).unwrap_or_else(|| error.label()))
        }
        Err(CannotReplay::Storage(error)) => return call.trouble(&StaffError::from(error)),
        Err(CannotReplay::Checkout(error)) => {
            tracing::error!(%error, "a notification could not be replayed");
            return call.trouble(&StaffError::from(crate::storage::StorageError::NoAnswer));
        }
    };
    page(&state, &call, id, problem).await
}

pub(super) async fn settle(State(state): State<AppState>, call: StaffCall, Path(id): Path<i64>) -> Response {
    match state.office.settle_notification(id, &acted(&call)).await {
        Ok(true) => go(&format!("/admin/inbox/{id}"), Some(Said::Settled)),
        Ok(false) => missing(&call),
        Err(error) => call.trouble(&StaffError::from(error)),
    }
}

pub(super) async fn list_refused(
    State(state): State<AppState>,
    call: StaffCall,
    Query(typed): Query<Typed>,
) -> Response {
    let page = match state.office.list_refused(typed.below.parse().ok()).await {
        Ok(page) => page,
        Err(error) => return call.trouble(&StaffError::from(error)),
    };
    let line = |it: crate::storage::refused::Refused| RefusedLine {
        id: it.id,
        at: second(it.at),
        reason: it.reason,
        is_probe: it.is_probe,
        address: it.address,
        serial: it.serial.unwrap_or_default(),
        bytes: it.body_bytes,
    };
    let lines: Vec<RefusedLine> = page.entries.into_iter().map(line).collect();
    let next = page.below.map(|below| format!("/admin/refused?below={below}"));
    let language = call.language;
    call.page(Inbox::of(language).refused, leptos::view! { <RefusedPage language lines next/> })
}

pub(super) async fn show_refused(State(state): State<AppState>, call: StaffCall, Path(id): Path<i64>) -> Response {
    let words = Inbox::of(call.language);
    let it = match state.office.find_refused(id).await {
        Ok(Some(it)) => it,
        Ok(None) => return missing(&call),
        Err(error) => return call.trouble(&StaffError::from(error)),
    };
    let apart = it.sent.map(|sent| format!("{} s", it.at.duration_since(sent).as_secs()));
    let about = if it.about == "refunds" { words.refunds } else { words.payments };
    let facts = [
        (words.received, second(it.at)),
        (words.about, about.to_owned()),
        (words.address, it.address),
        (words.serial, it.serial.unwrap_or_default()),
        (words.sent, it.sent.map(second).unwrap_or_default()),
        (words.apart, apart.unwrap_or_default()),
    ];
    let view = RefusedView {
        reason: it.reason,
        facts: facts.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
        headers: it.headers,
        shown: it.body.len(),
        body: String::from_utf8_lossy(&it.body).into_owned(),
        bytes: it.body_bytes,
    };
    let language = call.language;
    call.page(words.refused, leptos::view! { <RefusedOnePage language page=view/> })
}
