//! `/admin/orders/{id}`: one order, and what is done with it.

use axum::{
    Form,
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;

use super::{
    super::state::AppState,
    approvals, asking,
    call::{StaffCall, go},
    times::{explained, second},
};
use crate::{
    app::admin::{
        AttemptLine, EventLine, Message, NoteLine, NotificationLine, OrderPage, OrderView, PaymentLine, RefundLine,
        Said, ShopHas,
        words::{Inbox, Orders},
    },
    backoffice::{
        Acted,
        orders::{NotActed, Sheet},
        staff::StaffError,
    },
    checkout::{CheckoutError, NotGivenUp, RefundError},
    domain::{OrderStatus, OutRefundNo, RefundState, Role},
    storage::{
        attempts::{Attempt, AttemptState},
        events::{Event, EventKind},
        refunds::Refund,
    },
    wechatpay::Interface,
};

fn path(id: i64) -> String {
    format!("/admin/orders/{id}")
}

pub(super) fn acted(call: &StaffCall) -> Acted {
    Acted::by(call.actor())
}

/// Shown again because of something.
#[derive(Default)]
struct Again {
    problem: String,
    note: String,
}

pub(super) async fn show(State(state): State<AppState>, call: StaffCall, Path(id): Path<i64>) -> Response {
    page(&state, &call, id, Again::default()).await
}

async fn page(state: &AppState, call: &StaffCall, id: i64, again: Again) -> Response {
    let sheet = match state.office.open_sheet(id).await {
        Ok(sheet) => sheet,
        Err(error) => return failed(call, error),
    };
    let status = if again.problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let form = state.office.new_form();
    let (language, title) = (call.language, sheet.history.order.title.clone());
    let view = view(call, sheet, form, again);
    call.page_with(status, &title, leptos::view! { <OrderPage language page=view/> })
}

/// What no form can be shown again for.
pub(super) fn failed(call: &StaffCall, error: NotActed) -> Response {
    let words = Orders::of(call.language);
    let language = call.language;
    match error {
        NotActed::Checkout(CheckoutError::NoSuchOrder)
        | NotActed::Refund(RefundError::Checkout(CheckoutError::NoSuchOrder)) => {
            let (title, hint) = (words.no_such_order, words.no_such_order_hint);
            call.page_with(StatusCode::NOT_FOUND, title, leptos::view! { <Message language title hint/> })
        }
        NotActed::Refund(RefundError::NoSuchRefund | RefundError::NoSuchPayment) => {
            let (title, hint) = (words.no_such_refund, words.no_such_payment);
            call.page_with(StatusCode::NOT_FOUND, title, leptos::view! { <Message language title hint/> })
        }
        NotActed::Storage(error)
        | NotActed::Checkout(CheckoutError::Storage(error))
        | NotActed::Refund(RefundError::Checkout(CheckoutError::Storage(error)) | RefundError::Unconfirmed(error)) => {
            call.trouble(&StaffError::from(error))
        }
        error => {
            tracing::error!(%error, "an order's page");
            call.trouble(&StaffError::from(crate::storage::StorageError::NoAnswer))
        }
    }
}

fn view(call: &StaffCall, sheet: Sheet, form: String, Again { problem, note }: Again) -> OrderView {
    let Sheet { history, notes, notifications, concerns, to_shop, owed, approvals } = sheet;
    let shop_has = |refund: &Refund| ShopHas::of(refund, &to_shop, &owed);
    let inbox = Inbox::of(call.language);
    let order = history.order;
    let asked = history.events.iter().rfind(|event| event.kind == EventKind::Asked.code());
    let refused = history.events.iter().rfind(|event| event.kind == EventKind::PrepayRefused.code());
    let refused = refused.map(|event| event.detail.clone()).unwrap_or_default();
    OrderView {
        csrf: call.csrf(),
        id: order.id,
        number: history.attempts.last().map(|it| it.out_trade_no.to_string()).unwrap_or_default(),
        title: order.title,
        total: order.total,
        status: order.status,
        placed: second(order.created),
        payable_until: second(order.expires),
        paid: order.paid.map(second).unwrap_or_default(),
        shop_page: format!("/pay/{}", order.token),
        answer: asked.map(|it| (second(it.at), it.detail.rsplit(' ').next().unwrap_or_default().to_owned())),
        approvals: approvals.iter().map(|it| approvals::line(call, it)).collect(),
        contradictions: concerns.into_iter().map(|it| (it.kind, it.detail)).collect(),
        payments: history
            .payments
            .iter()
            .map(|it| PaymentLine {
                transaction: it.transaction_id.clone(),
                total: it.total,
                left: it.left(),
                kind: it.kind.code(),
                at: second(it.success),
            })
            .collect(),
        refunds: history
            .refunds
            .into_iter()
            .map(|refund| RefundLine { shop_has: shop_has(&refund), ..refund_line(call, refund, &history.events) })
            .collect(),
        attempts: history.attempts.iter().map(|it| attempt_line(call, it, &refused)).collect(),
        notifications: notifications
            .into_iter()
            .map(|it| NotificationLine {
                id: it.id,
                at: second(it.received),
                verdict: inbox.verdict_words(&it.verdict).map_or_else(|| it.verdict.clone(), str::to_owned),
                event: it.event_type,
            })
            .collect(),
        events: history
            .events
            .into_iter()
            .map(|it| EventLine { at: second(it.at), kind: it.kind, source: it.source, detail: it.detail })
            .collect(),
        notes: notes.into_iter().map(|it| NoteLine { at: second(it.at), author: it.author, text: it.text }).collect(),
        may_act: call.who.role >= Role::Operator,
        form,
        note,
        problem,
    }
}

impl ShopHas {
    fn of(refund: &Refund, to_shop: &[i64], owed: &[i64]) -> Option<Self> {
        let is_there = refund.state == RefundState::Success && to_shop.contains(&refund.id);
        is_there.then(|| if owed.contains(&refund.id) { Self::Owed } else { Self::Paid })
    }
}

fn refund_line(call: &StaffCall, refund: Refund, events: &[Event]) -> RefundLine {
    let problem = refund.problem.as_deref().unwrap_or_default();
    RefundLine {
        explained: explained(problem, Interface::Refund, call.language),
        asked: asking::told(events, &refund, call.language),
        number: refund.out_refund_no.to_string(),
        request_id: refund.request_id.unwrap_or_default(),
        id: refund.id,
        amount: refund.amount,
        stands: refund.state == RefundState::Requested,
        shop_has: None,
        unseen: refund.state == RefundState::Refused && !refund.is_settled,
        state: refund.state,
        reason: refund.reason,
        source: refund.source.code().to_owned(),
        at: second(refund.created),
    }
}

fn attempt_line(call: &StaffCall, attempt: &Attempt, refused: &str) -> AttemptLine {
    let (state, problem) = match &attempt.state {
        AttemptState::Preparing { problem: Some(problem) } => (problem.code(), refused),
        AttemptState::Preparing { problem: None } => ("PREPARING", ""),
        AttemptState::Open { .. } => ("OPEN", ""),
        AttemptState::Closed { .. } => ("CLOSED", ""),
        AttemptState::Paid => ("PAID", ""),
    };
    AttemptLine {
        number: attempt.out_trade_no.to_string(),
        state,
        at: second(attempt.created),
        request_id: attempt.request_id.clone().unwrap_or_default(),
        explained: explained(problem, Interface::Prepay, call.language),
    }
}

pub(super) async fn ask(State(state): State<AppState>, call: StaffCall, Path(id): Path<i64>) -> Response {
    match state.office.ask_about_order(id, &acted(&call)).await {
        Ok(_) => go(&path(id), Some(Said::OrderAsked)),
        Err(error) => failed(&call, error),
    }
}

pub(super) async fn close(State(state): State<AppState>, call: StaffCall, Path(id): Path<i64>) -> Response {
    match state.office.close_order(id, &acted(&call)).await {
        Ok(order) if order.status == OrderStatus::NotPay => go(&path(id), Some(Said::OrderClosing)),
        Ok(_) => go(&path(id), Some(Said::OrderClosed)),
        Err(NotActed::NotOpen(_)) => {
            let problem = Orders::of(call.language).not_closed.to_owned();
            page(&state, &call, id, Again { problem, ..Again::default() }).await
        }
        Err(error) => failed(&call, error),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Written {
    #[serde(default)]
    text: String,
    #[serde(default)]
    form: String,
}

pub(super) async fn note(
    State(state): State<AppState>,
    call: StaffCall,
    Path(id): Path<i64>,
    Form(Written { text, form }): Form<Written>,
) -> Response {
    match state.office.add_note(id, &text, &form, &acted(&call)).await {
        Ok(()) => go(&path(id), Some(Said::Noted)),
        Err(NotActed::Note) => {
            let problem = Orders::of(call.language).wrong_note.to_owned();
            page(&state, &call, id, Again { problem, note: text }).await
        }
        Err(error) => failed(&call, error),
    }
}

pub(super) async fn settle(State(state): State<AppState>, call: StaffCall, Path(id): Path<i64>) -> Response {
    match state.office.settle_concerns(id, &acted(&call)).await {
        Ok(_) => go(&path(id), Some(Said::Settled)),
        Err(error) => failed(&call, error),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct OfRefund {
    #[serde(default)]
    number: String,
}

/// The refund, if it is one of this order.
async fn refund_of(state: &AppState, id: i64, number: &str) -> Result<OutRefundNo, NotActed> {
    Ok(state.office.find_refund(id, number).await?.out_refund_no)
}

pub(super) async fn retry(
    State(state): State<AppState>,
    call: StaffCall,
    Path(id): Path<i64>,
    Form(OfRefund { number }): Form<OfRefund>,
) -> Response {
    let retried = async {
        let number = refund_of(&state, id, &number).await?;
        state.office.retry_refund(&number, &acted(&call)).await
    };
    match retried.await {
        Ok(_) => go(&path(id), Some(Said::Retried)),
        Err(error) => failed(&call, error),
    }
}

pub(super) async fn give_up(
    State(state): State<AppState>,
    call: StaffCall,
    Path(id): Path<i64>,
    Form(OfRefund { number }): Form<OfRefund>,
) -> Response {
    let words = Orders::of(call.language);
    let given_up = async {
        let number = refund_of(&state, id, &number).await?;
        state.office.give_up_refund(&number, &acted(&call)).await
    };
    let problem = match given_up.await {
        Ok(_) => return go(&path(id), Some(Said::GivenUp)),
        Err(NotActed::NotGivenUp(NotGivenUp::Accepted(_))) => words.accepted_already,
        Err(NotActed::NotGivenUp(NotGivenUp::NotKnown)) => words.not_known,
        Err(NotActed::NotGivenUp(NotGivenUp::UnderWay)) => words.under_way,
        Err(error) => return failed(&call, error),
    };
    page(&state, &call, id, Again { problem: problem.to_owned(), ..Again::default() }).await
}

pub(super) async fn seen(
    State(state): State<AppState>,
    call: StaffCall,
    Path(id): Path<i64>,
    Form(OfRefund { number }): Form<OfRefund>,
) -> Response {
    let settled = async {
        let refund = state.office.find_refund(id, &number).await?;
        state.office.settle_refund(&refund, &acted(&call)).await
    };
    match settled.await {
        Ok(_) => go(&path(id), Some(Said::Settled)),
        Err(error) => failed(&call, error),
    }
}
