//! `/admin/approvals`: what waits for a second person.

use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;

use super::{
    super::state::AppState,
    call::{StaffCall, go},
    times::second,
};
use crate::{
    app::admin::{
        ApprovalLine, ApprovalPage, ApprovalsPage, RefundBehind, Said,
        words::{Approvals, Basics, People},
    },
    backoffice::staff::{
        StaffError,
        approvals::{Decision, Wanted},
    },
    checkout::RefundError,
    domain::{Fen, Role},
    storage::approvals::{Approval, State as Standing},
};

/// On one page.
const MOST: i64 = 50;

#[derive(Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    all: String,
    before: Option<i64>,
}

pub(super) fn line(call: &StaffCall, approval: &Approval) -> ApprovalLine {
    let words = Approvals::of(call.language);
    ApprovalLine {
        id: approval.id,
        kind: words.kind(approval.kind.code()),
        state: words.state(approval.state.code()),
        is_waiting: approval.state == Standing::Waiting,
        summary: summary(call, approval),
        order_id: approval.order_id,
        amount: approval.amount,
        asker: approval.asker.clone(),
        asked: second(approval.asked),
        ends: second(approval.ends),
        decider: approval.decider.clone().unwrap_or_default(),
        decided: approval.decided.map(second).unwrap_or_default(),
        note: approval.note.clone(),
        may_decide: call.who.role == Role::Manager && approval.asked_by != call.who.staff_id,
        may_withdraw: approval.asked_by == call.who.staff_id,
    }
}

/// What it is about, in one line.
fn summary(call: &StaffCall, approval: &Approval) -> String {
    let (people, basics) = (People::of(call.language), Basics::of(call.language));
    let yuan = |limit: Option<Fen>| limit.map_or_else(|| "—".to_owned(), |fen| format!("¥{fen}"));
    match Wanted::read(approval) {
        Some(Wanted::Role { role }) => {
            let role = Role::parse(&role).map(|role| basics.role(role)).unwrap_or_default();
            format!("{} → {role}", approval.subject)
        }
        Some(wanted) => match wanted.limits() {
            Some(limits) => {
                let (each, day) = (yuan(limits.per_refund), yuan(limits.per_day));
                format!("{} {each} · {} {day}", people.per_refund, people.per_day)
            }
            None => approval.subject.clone(),
        },
        None => approval.subject.clone(),
    }
}

pub(super) async fn list(State(state): State<AppState>, call: StaffCall, Query(shown): Query<Shown>) -> Response {
    let is_all = shown.all == "1";
    let wanted = (!is_all).then_some(Standing::Waiting);
    let found = match state.staff.list_approvals(wanted, shown.before, MOST).await {
        Ok(found) => found,
        Err(error) => return call.trouble(&error),
    };
    let older =
        (found.len() >= usize::try_from(MOST).unwrap_or_default()).then(|| found.last().map(|it| it.id)).flatten();
    let lines = found.iter().map(|approval| line(&call, approval)).collect();
    let language = call.language;
    call.page(Approvals::of(language).approvals, leptos::view! { <ApprovalsPage language lines is_all older/> })
}

pub(super) async fn show(State(state): State<AppState>, call: StaffCall, Path(id): Path<i64>) -> Response {
    match state.staff.find_approval(id).await {
        Ok(approval) => page(&state, &call, &approval, StatusCode::OK, String::new()).await,
        Err(error) => refuse(&call, &error),
    }
}

async fn page(
    state: &AppState,
    call: &StaffCall,
    approval: &Approval,
    status: StatusCode,
    problem: String,
) -> Response {
    let facts = match state.staff.approval_facts(approval).await {
        Ok(facts) => facts,
        Err(error) => return call.trouble(&error),
    };
    let behind = facts.refund.map(|refund| RefundBehind {
        reason: refund.reason,
        title: refund.title,
        transaction: refund.transaction,
        paid: refund.paid,
        left: refund.left,
        same: refund.same.map(second),
    });
    let asker_is_gone = facts.asker_is_disabled;
    let (language, csrf, is_confirmed) = (call.language, call.csrf(), call.who.is_confirmed);
    let line = line(call, approval);
    let title = Approvals::of(language).approval;
    let view = leptos::view! { <ApprovalPage language csrf line behind asker_is_gone is_confirmed problem/> };
    // Whoever follows a link that says what was done is told so only where it is.
    let said = call.said().filter(|said| fits(*said, approval));
    call.saying(said).page_with(status, title, view)
}

pub(super) async fn approve(State(state): State<AppState>, call: StaffCall, Path(id): Path<i64>) -> Response {
    decide(&state, &call, id, Decision::Approve).await
}

pub(super) async fn refuse_it(State(state): State<AppState>, call: StaffCall, Path(id): Path<i64>) -> Response {
    decide(&state, &call, id, Decision::Refuse).await
}

pub(super) async fn withdraw(State(state): State<AppState>, call: StaffCall, Path(id): Path<i64>) -> Response {
    decide(&state, &call, id, Decision::Withdraw).await
}

async fn decide(state: &AppState, call: &StaffCall, id: i64, decision: Decision) -> Response {
    let (staff, actor) = (state.staff.clone(), call.actor());
    // Goes on when whoever has pressed goes away.
    let deciding = state.checkout.spawn(async move { staff.decide(id, decision, &actor).await });
    let Ok(decided) = deciding.await else {
        return call.refused(StatusCode::SERVICE_UNAVAILABLE, |words| (words.trouble, words.trouble_hint));
    };
    match decided {
        Ok(approval) => go(&format!("/admin/approvals/{id}"), Some(said(approval.state))),
        Err(error @ (StaffError::OwnRequest | StaffError::NotYours | StaffError::Role(_) | StaffError::Refund(_))) => {
            let words = Approvals::of(call.language);
            tracing::info!(%error, "a request is not decided");
            let problem = match error {
                StaffError::OwnRequest => words.own_request,
                StaffError::NotYours => words.not_yours,
                StaffError::Refund(error) => match *error {
                    RefundError::GivenBackElsewhere => words.given_back_elsewhere,
                    RefundError::NotAsked => words.not_asked,
                    _ => words.cannot_now,
                },
                _ => words.takes_manager,
            };
            match state.staff.find_approval(id).await {
                Ok(approval) => page(state, call, &approval, StatusCode::FORBIDDEN, problem.to_owned()).await,
                Err(error) => refuse(call, &error),
            }
        }
        Err(error) => refuse(call, &error),
    }
}

/// Whether it is so, of this approval.
fn fits(told: Said, approval: &Approval) -> bool {
    match told {
        Said::Asked => approval.state == Standing::Waiting,
        Said::Approved | Said::Refused | Said::Withdrawn | Said::Expired => {
            approval.state != Standing::Waiting && told == said(approval.state)
        }
        Said::Confirmed | Said::ConfirmFirst => true,
        _ => false,
    }
}

const fn said(state: Standing) -> Said {
    match state {
        Standing::Approved => Said::Approved,
        Standing::Refused => Said::Refused,
        Standing::Withdrawn => Said::Withdrawn,
        Standing::Expired | Standing::Waiting => Said::Expired,
    }
}

fn refuse(call: &StaffCall, error: &StaffError) -> Response {
    if matches!(error, StaffError::NoSuchApproval) {
        return call.refused(StatusCode::NOT_FOUND, |words| (words.not_found, words.not_found_hint));
    }
    call.trouble(error)
}
