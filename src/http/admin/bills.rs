//! `/admin/bills`, `/admin/differences`: what was compared, and what is to be decided about it.

mod shown;

use axum::{
    Form,
    extract::{Path, Query, State},
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_DISPOSITION, CONTENT_TYPE},
};
use serde::Deserialize;

use self::shown::{cell, file, month_name, of_calendar, row, shown, totals};
use super::{
    super::state::AppState,
    call::{StaffCall, go},
};
use crate::{
    app::{
        admin::{
            BillDayPage, BillsPage, DayView, DifferencePage, DifferenceView, MonthView, Said,
            words::{Bills, Inbox},
        },
        language::Language,
    },
    backoffice::staff::audit::what,
    domain::Role,
    reconcile::{BillDay, ReconcileError},
    storage::{
        StorageError,
        bills::differences::{Difference as Stored, DifferenceState},
    },
};

/// Of a day's differences, and of all that are open.
const PAGE: i64 = 100;

#[derive(Deserialize)]
pub(super) struct OfMonth {
    month: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct After {
    after: Option<i64>,
}

/// What a difference is, in words.
pub(super) fn kind_words(language: Language, stored: &str) -> Option<&'static str> {
    shown::kind(stored).map(|kind| Bills::of(language).explained(kind).0)
}

/// What WeChat has said when it was asked: a code of ours, or one of its own.
fn answer(language: Language, code: &str) -> String {
    let (bills, inbox) = (Bills::of(language), Inbox::of(language));
    let words = bills.answer(code).or_else(|| inbox.verdict_words(code));
    words.map_or_else(|| code.to_owned(), str::to_owned)
}

fn is_manager(call: &StaffCall) -> bool {
    call.who.role >= Role::Manager
}

fn no_such_page(call: &StaffCall) -> Response {
    call.refused(StatusCode::NOT_FOUND, |words| (words.not_found, words.not_found_hint))
}

/// Not in the calendar, or before the first one that is compared.
fn no_such_day(call: &StaffCall) -> Response {
    let words = Bills::of(call.language);
    call.refused(StatusCode::NOT_FOUND, |_| (words.no_such_day, words.no_such_day_hint))
}

fn trouble(call: &StaffCall, error: &ReconcileError) -> Response {
    match error {
        ReconcileError::NoSuchDifference => no_such_page(call),
        ReconcileError::NotCompared => no_such_day(call),
        error => {
            tracing::error!(%error, "a page of bills");
            call.refused(StatusCode::SERVICE_UNAVAILABLE, |words| (words.trouble, words.trouble_hint))
        }
    }
}

/// The month that is named, or that of yesterday: its bill is the newest.
fn month(named: Option<&str>, today: BillDay) -> BillDay {
    let named = named.and_then(|month| format!("{month}-01").parse::<BillDay>().ok());
    named.unwrap_or_else(|| today.plus_days(-1)).first_of_month()
}

pub(super) async fn calendar(call: StaffCall, State(state): State<AppState>, Query(query): Query<OfMonth>) -> Response {
    let reconcile = &state.reconcile;
    let first = month(query.month.as_deref(), reconcile.today());
    let days = match reconcile.calendar(first, first.last_of_month()).await {
        Ok(days) => days,
        Err(error) => return trouble(&call, &error),
    };
    let open = match reconcile.open_differences(0, PAGE).await {
        Ok(open) => open,
        Err(error) => return trouble(&call, &error),
    };
    let view = MonthView {
        month: month_name(first),
        previous: month_name(first.plus_days(-1)),
        next: month_name(first.plus_days(32)),
        lead: first.weekday_from_monday(),
        days: days.iter().map(cell).collect(),
        open: open.iter().filter_map(row).collect(),
        is_manager: is_manager(&call),
    };
    let language = call.language;
    call.page(Bills::of(language).bills, leptos::view! { <BillsPage language view/> })
}

pub(super) async fn day(
    call: StaffCall,
    State(state): State<AppState>,
    Path(day): Path<String>,
    Query(query): Query<After>,
) -> Response {
    let Ok(day) = day.parse::<BillDay>() else { return no_such_day(&call) };
    match day_view(&call, &state, day, query.after.unwrap_or(0)).await {
        Ok(view) => {
            let (language, title) = (call.language, (Bills::of(call.language).day)(&view.day));
            call.page(&title, leptos::view! { <BillDayPage language view/> })
        }
        Err(error) => trouble(&call, &error),
    }
}

async fn day_view(call: &StaffCall, state: &AppState, day: BillDay, after: i64) -> Result<DayView, ReconcileError> {
    let reconcile = &state.reconcile;
    let standing = reconcile.calendar(day, day).await?.into_iter().next().ok_or(ReconcileError::NotCompared)?;
    let differences = reconcile.differences(day, after, PAGE).await?;
    let is_full = i64::try_from(differences.len()).is_ok_and(|count| count == PAGE);
    let last = differences.last().filter(|_| is_full).map(|it| it.id);
    Ok(DayView {
        day: day.to_string(),
        month: month_name(day),
        standing: of_calendar(standing.standing),
        problem: standing.problem,
        checked: standing.checked.map(shown),
        totals: standing.totals.as_ref().map(totals),
        files: reconcile.files(day).await?.iter().map(file).collect(),
        differences: differences.iter().filter_map(row).collect(),
        more: last.map(|last| format!("/admin/bills/{day}?after={last}")),
        is_manager: is_manager(call),
        can_be_had: match reconcile.require_obtainable(day).await {
            Ok(()) => true,
            Err(ReconcileError::NotOver | ReconcileError::TooOld) => false,
            Err(error) => return Err(error),
        },
        csrf: call.csrf(),
    })
}

/// Begins a comparison, which may take longer than anybody waits for a page.
pub(super) async fn check(call: StaffCall, State(state): State<AppState>, Path(day): Path<String>) -> Response {
    let Ok(day) = day.parse::<BillDay>() else { return no_such_day(&call) };
    match state.reconcile.require_obtainable(day).await {
        Ok(()) => {}
        Err(ReconcileError::NotOver | ReconcileError::TooOld) => {
            return go(&format!("/admin/bills/{day}"), Some(Said::BillNotToBeHad));
        }
        Err(error) => return trouble(&call, &error),
    }
    let noted = state.staff.note(&call.actor(), what::BILL_CHECKED, &format!("bill:{day}"), "").await;
    if let Err(error) = noted {
        return call.trouble(&error);
    }
    let reconcile = state.reconcile.clone();
    state.checkout.spawn(async move {
        if let Err(error) = reconcile.check(day).await {
            tracing::error!(%error, %day, "the bill of {day} cannot be compared");
            reconcile.note_problem(day, &error).await;
        }
    });
    go(&format!("/admin/bills/{day}"), Some(Said::BillAsked))
}

pub(super) async fn rows(call: StaffCall, State(state): State<AppState>, Path(day): Path<String>) -> Response {
    let Ok(day) = day.parse::<BillDay>() else { return no_such_day(&call) };
    let noted = state.staff.note(&call.actor(), what::BILL_EXPORTED, &format!("bill:{day}"), "rows").await;
    if let Err(error) = noted {
        return call.trouble(&error);
    }
    match state.reconcile.export_bill(day).await {
        Ok(bytes) => csv(&format!("bill-{day}.csv"), bytes),
        Err(error) => trouble(&call, &error),
    }
}

/// Of the month of a day.
pub(super) async fn sums(call: StaffCall, State(state): State<AppState>, Path(day): Path<String>) -> Response {
    let Ok(day) = day.parse::<BillDay>() else { return no_such_day(&call) };
    let (from, to) = (day.first_of_month(), day.last_of_month());
    let noted = state.staff.note(&call.actor(), what::BILL_EXPORTED, &format!("bill:{from}"), "sums").await;
    if let Err(error) = noted {
        return call.trouble(&error);
    }
    match state.reconcile.export_sums(from, to).await {
        Ok(bytes) => csv(&format!("sums-{}.csv", month_name(from)), bytes),
        Err(error) => trouble(&call, &error),
    }
}

fn csv(name: &str, bytes: Vec<u8>) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    response
}

pub(super) async fn difference(call: StaffCall, State(state): State<AppState>, Path(id): Path<i64>) -> Response {
    match state.reconcile.difference(id).await {
        Ok(found) => show(&state, &call, StatusCode::OK, &found, String::new(), "").await,
        Err(error) => trouble(&call, &error),
    }
}

#[derive(Deserialize)]
pub(super) struct Decision {
    #[serde(default)]
    why: String,
    #[serde(default)]
    to: String,
}

pub(super) async fn decide(
    call: StaffCall,
    State(state): State<AppState>,
    Path(id): Path<i64>,
    Form(decision): Form<Decision>,
) -> Response {
    let words = Bills::of(call.language);
    let found = match state.reconcile.difference(id).await {
        Ok(found) => found,
        Err(error) => return trouble(&call, &error),
    };
    let Some(to) = DifferenceState::parse(&decision.to) else { return no_such_page(&call) };
    let is_reopened = to == DifferenceState::Open;
    // From an end back, or from the queue to an end: whatever else was meant has been overtaken.
    if is_reopened == (found.state == DifferenceState::Open) {
        return show(&state, &call, StatusCode::CONFLICT, &found, decision.why, words.overtaken).await;
    }
    let noted = state.staff.noted(&call.actor(), what::BILL_DECIDED, &format!("difference:{id}"), to.code());
    match state.reconcile.decide(id, (found.state, to), (&call.who.name, &decision.why), Some(noted)).await {
        Ok(()) => go(&format!("/admin/differences/{id}"), Some(Said::BillDecided)),
        Err(ReconcileError::NoReason) => {
            show(&state, &call, StatusCode::UNPROCESSABLE_ENTITY, &found, decision.why, words.no_reason).await
        }
        Err(ReconcileError::LongReason) => {
            show(&state, &call, StatusCode::UNPROCESSABLE_ENTITY, &found, decision.why, words.long_reason).await
        }
        Err(ReconcileError::NoSuchDifference) => {
            show(&state, &call, StatusCode::CONFLICT, &found, decision.why, words.overtaken).await
        }
        Err(error) => trouble(&call, &error),
    }
}

/// The order that it is about, and by which number that goes; also where it was not known when they were compared.
async fn order_of(state: &AppState, found: &Stored) -> Result<Option<(i64, String)>, StorageError> {
    let numbers = [found.out_trade_no.as_deref(), found.transaction_id.as_deref(), Some(&*found.subject)];
    let mut order = found.order_id;
    for number in numbers.into_iter().flatten() {
        if order.is_none() {
            order = state.office.find_by_any_number(number).await?.first().copied();
        }
    }
    let name = numbers.into_iter().flatten().next().unwrap_or_default().to_owned();
    Ok(order.map(|id| (id, name)))
}

async fn show(
    state: &AppState,
    call: &StaffCall,
    status: StatusCode,
    found: &Stored,
    typed: String,
    problem: &'static str,
) -> Response {
    let order = match order_of(state, found).await {
        Ok(order) => order,
        Err(error) => return trouble(call, &error.into()),
    };
    let Some(row) = row(found) else { return no_such_page(call) };
    let words = Bills::of(call.language);
    let title = words.explained(row.kind).0;
    let view = DifferenceView {
        row,
        transaction_id: found.transaction_id.clone(),
        out_trade_no: found.out_trade_no.clone(),
        order,
        answer: answer(call.language, &found.answer),
        // Who it was that has decided, when it was nobody of the staff.
        who: if found.who == "WECHAT" { words.wechat.to_owned() } else { found.who.clone() },
        why: words.reason(&found.why),
        found: shown(found.found),
        changed: shown(found.changed),
        is_manager: is_manager(call),
        csrf: call.csrf(),
        typed,
        problem,
    };
    let language = call.language;
    call.page_with(status, title, leptos::view! { <DifferencePage language view/> })
}
