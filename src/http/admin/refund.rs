//! `/admin/orders/{id}/refund`: what is wanted, what will be done, and the doing.

use axum::{
    Form,
    extract::{Path, Query, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;

use super::{
    super::state::AppState,
    call::{StaffCall, go},
    order::{acted, failed},
    times::second,
};
use crate::{
    app::admin::{RefundCheck, RefundCheckPage, RefundForm, RefundPage, Said, words::Orders},
    backoffice::{
        orders::{NotActed, Wanted, yuan},
        staff::{
            StaffError,
            approvals::{Asked, RefundAsk},
        },
    },
    checkout::{RefundError, RefundOf},
    domain::{Fen, OutRefundNo, RefundState},
    storage::payments::Payment,
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    payment: String,
    amount: String,
    reason: String,
    number: String,
    another: String,
    /// For the colleague who decides, where the limits want one.
    note: String,
    step: String,
}

/// The payment, as the order has it.
async fn payment_of(state: &AppState, id: i64, transaction: &str) -> Result<(String, Payment), NotActed> {
    let history = state.checkout.load_history_of(id).await?;
    let found = history.payments.into_iter().find(|payment| payment.transaction_id == transaction);
    Ok((history.order.title, found.ok_or(RefundError::NoSuchPayment)?))
}

pub(super) async fn show(
    State(state): State<AppState>,
    call: StaffCall,
    Path(id): Path<i64>,
    Query(typed): Query<Typed>,
) -> Response {
    let words = Orders::of(call.language);
    let (title, payment) = match payment_of(&state, id, &typed.payment).await {
        Ok(found) => found,
        Err(NotActed::Refund(RefundError::NoSuchPayment)) => return go(&format!("/admin/orders/{id}"), None),
        Err(error) => return failed(&call, error),
    };
    let is_first = typed.step != "check";
    let mut form = form(id, title, &payment, &typed);
    if is_first {
        words.usual_reason.clone_into(&mut form.reason);
        return shown(&call, StatusCode::OK, form);
    }
    let Ok(wanted) = wanted(&typed, &payment) else {
        form.amount_problem = (words.wrong_refund_amount)(&payment.left().to_string());
        return shown(&call, StatusCode::UNPROCESSABLE_ENTITY, form);
    };
    match state.office.draft_refund(&wanted, &acted(&call)).await {
        Ok(draft) => {
            // Without a number of his own he wants another one, and would be told of this as if it were made now.
            if let (None, Some(known)) = (&wanted.number, draft.standing()) {
                let problem = (words.same_refund)(&second(known.created), &known.amount.to_string());
                return shown(&call, StatusCode::CONFLICT, RefundForm { asks_another: true, problem, ..form });
            }
            let check = check(&call, id, &payment, &wanted, draft.out_refund_no());
            check_page(&call, StatusCode::OK, check)
        }
        Err(NotActed::Refund(error)) => refused(&call, form, error),
        Err(error) => failed(&call, error),
    }
}

/// As it was typed.
fn form(id: i64, title: String, payment: &Payment, typed: &Typed) -> RefundForm {
    RefundForm {
        order_id: id,
        title,
        transaction: payment.transaction_id.clone(),
        left: payment.left(),
        amount: typed.amount.clone(),
        reason: typed.reason.clone(),
        another: !typed.another.is_empty(),
        asks_another: !typed.another.is_empty(),
        amount_problem: String::new(),
        reason_problem: None,
        problem: String::new(),
    }
}

fn check(call: &StaffCall, id: i64, payment: &Payment, wanted: &Wanted, number: &OutRefundNo) -> RefundCheck {
    let amount = wanted.amount.unwrap_or_else(|| payment.left());
    RefundCheck {
        csrf: call.csrf(),
        order_id: id,
        transaction: payment.transaction_id.clone(),
        number: number.to_string(),
        amount,
        left_after: payment.left().checked_sub(amount).unwrap_or(Fen::ZERO),
        reason: wanted.reason.clone(),
        another: wanted.another,
        note: String::new(),
        problem: String::new(),
    }
}

/// What will be done under this number; with a problem, what somebody has tried to do under it.
fn check_page(call: &StaffCall, status: StatusCode, check: RefundCheck) -> Response {
    let language = call.language;
    call.page_with(status, Orders::of(language).will_do, leptos::view! { <RefundCheckPage language check/> })
}

fn shown(call: &StaffCall, status: StatusCode, form: RefundForm) -> Response {
    let language = call.language;
    call.page_with(status, Orders::of(language).refund, leptos::view! { <RefundPage language form/> })
}

/// The form again, with what was typed and why it cannot be.
fn refused(call: &StaffCall, form: RefundForm, error: RefundError) -> Response {
    let words = Orders::of(call.language);
    let problem = |problem: &str, form: RefundForm| RefundForm { problem: problem.to_owned(), ..form };
    let form = match error {
        RefundError::Amount { left } => {
            RefundForm { amount_problem: (words.wrong_refund_amount)(&left.to_string()), ..form }
        }
        RefundError::Unfit(_) => RefundForm { reason_problem: Some(words.wrong_reason), ..form },
        RefundError::Same { created, amount } => {
            let told = (words.same_refund)(&second(created), &amount.to_string());
            problem(&told, RefundForm { asks_another: true, ..form })
        }
        RefundError::Waits { amount, .. } => {
            let told = (words.same_waits)(&amount.to_string());
            problem(&told, RefundForm { asks_another: true, ..form })
        }
        RefundError::GivenBackElsewhere => problem(words.elsewhere, RefundForm { asks_another: true, ..form }),
        RefundError::OtherRefund | RefundError::ReservedNumber => problem(words.other_refund, form),
        RefundError::NotAllowed => problem(words.not_allowed, form),
        RefundError::PutBack { .. } => problem(words.put_back, form),
        RefundError::NotAsked => problem(words.not_asked, form),
        RefundError::NotPaid(_)
        | RefundError::NoSuchPayment
        | RefundError::Ambiguous(_)
        | RefundError::NoSuchRefund => problem(words.no_such_payment, form),
        // Nothing that somebody has typed.
        error @ (RefundError::Unconfirmed(_) | RefundError::Checkout(_)) => return failed(call, error.into()),
    };
    shown(call, StatusCode::UNPROCESSABLE_ENTITY, form)
}

fn wanted(typed: &Typed, payment: &Payment) -> Result<Wanted, ()> {
    let amount = match typed.amount.trim() {
        "" => None,
        text => Some(yuan(text).ok_or(())?),
    };
    Ok(Wanted {
        of: RefundOf::Transaction(payment.transaction_id.clone()),
        amount,
        reason: typed.reason.trim().to_owned(),
        number: OutRefundNo::parse(&typed.number).ok(),
        another: !typed.another.is_empty(),
    })
}

/// Sent twice, it is the same refund: the number tells.
pub(super) async fn ask(
    State(state): State<AppState>,
    call: StaffCall,
    Path(id): Path<i64>,
    Form(typed): Form<Typed>,
) -> Response {
    let words = Orders::of(call.language);
    let (title, payment) = match payment_of(&state, id, &typed.payment).await {
        Ok(found) => found,
        Err(error) => return failed(&call, error),
    };
    let form = form(id, title, &payment, &typed);
    // Without the number that was shown nobody knows which refund it is.
    let Some(ask) = ask_of(&typed, &payment) else {
        let problem = words.other_refund.to_owned();
        return shown(&call, StatusCode::UNPROCESSABLE_ENTITY, RefundForm { problem, ..form });
    };
    match state.staff.ask_refund(&ask, &call.actor()).await {
        Ok(Asked::Refund(refund)) => {
            let said = match refund.state {
                RefundState::Requested | RefundState::Refused => Said::Refunding,
                _ => Said::Refunded,
            };
            go(&format!("/admin/orders/{id}"), Some(said))
        }
        Ok(Asked::Waiting(approval)) => go(&format!("/admin/approvals/{}", approval.id), Some(Said::Asked)),
        Err(StaffError::Refund(error)) => match *error {
            // The number stays, or the next try would be another refund.
            RefundError::Unconfirmed(error) => {
                tracing::error!(%error, refund.number = %ask.out_refund_no, "nobody knows whether a refund is written");
                let shown = RefundCheck { problem: words.unconfirmed.to_owned(), ..again(&call, id, &payment, &ask) };
                check_page(&call, StatusCode::SERVICE_UNAVAILABLE, shown)
            }
            error => refused(&call, form, error),
        },
        Err(error) => call.trouble(&error),
    }
}

/// The page whose button it was.
fn again(call: &StaffCall, id: i64, payment: &Payment, ask: &RefundAsk) -> RefundCheck {
    let RefundAsk { of, amount, reason, out_refund_no, another, note } = ask.clone();
    let wanted = Wanted { of, amount, reason, number: None, another };
    RefundCheck { note, ..check(call, id, payment, &wanted, &out_refund_no) }
}

/// As it was shown: number and amount.
fn ask_of(typed: &Typed, payment: &Payment) -> Option<RefundAsk> {
    let Wanted { of, amount, reason, number, another } = wanted(typed, payment).ok()?;
    Some(RefundAsk { of, amount: Some(amount?), reason, out_refund_no: number?, another, note: typed.note.clone() })
}
