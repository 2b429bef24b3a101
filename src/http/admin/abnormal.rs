//! `/admin/orders/{id}/abnormal/{refund}`: whose bank account takes an abnormal refund, what will be done, and the
//! doing. A card's number and name come in one request, are sealed there, and go on sealed.

use axum::{
    Form,
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;

use super::{
    super::state::AppState,
    asking::refused,
    call::{StaffCall, go},
    order::failed,
};
use crate::{
    app::{
        admin::{AbnormalCheckPage, AbnormalForm, AbnormalOf, AbnormalPage, CardShown, Said, words::Abnormal},
        language::Language,
    },
    backoffice::{orders::NotActed, staff::AbnormalError},
    checkout::{NotSent, RefundError, ToAccount},
    domain::RefundState,
    storage::refunds::Refund,
    wechatpay::{
        model::{Bank, BankAccount, PayeeName, SealedCard},
        seal::SealingKey,
    },
};

/// No `Debug`: it holds a card's number and name.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    to: String,
    bank: String,
    account: String,
    name: String,
    unusual: String,
    serial: String,
}

/// The refund, with what a page says of it.
struct Found {
    of: AbnormalOf,
    refund: Refund,
}

async fn find(state: &AppState, order_id: i64, refund_id: i64) -> Result<Found, NotActed> {
    let history = state.checkout.load_history_of(order_id).await?;
    let refund = history.refunds.into_iter().find(|refund| refund.id == refund_id).ok_or(RefundError::NoSuchRefund)?;
    let of = AbnormalOf {
        order_id,
        refund_id,
        title: history.order.title,
        number: refund.out_refund_no.to_string(),
        amount: refund.amount,
    };
    Ok(Found { of, refund })
}

/// The refund while it can be sent; otherwise where to go instead.
async fn find_abnormal(state: &AppState, call: &StaffCall, (id, refund): (i64, i64)) -> Result<Found, Response> {
    let found = find(state, id, refund).await.map_err(|error| failed(call, error))?;
    match found.refund.state {
        RefundState::Abnormal => Ok(found),
        // Pressed twice, or somebody was faster, who may have chosen otherwise: the order says where to.
        RefundState::Processing
        | RefundState::Success
        | RefundState::Requested
        | RefundState::Closed
        | RefundState::Refused => Err(to_order(id, None)),
    }
}

fn to_order(id: i64, said: Option<Said>) -> Response {
    go(&format!("/admin/orders/{id}"), said)
}

fn bank_name(bank: Bank, language: Language) -> &'static str {
    language.choose(bank.chinese, bank.english)
}

fn form(call: &StaffCall, typed: &Typed) -> AbnormalForm {
    AbnormalForm {
        csrf: call.csrf(),
        is_confirmed: call.who.is_confirmed,
        to: typed.to.clone(),
        bank: typed.bank.clone(),
        name: typed.name.clone(),
        banks: Bank::ALL.into_iter().map(|bank| (bank.code, bank_name(bank, call.language))).collect(),
        ..AbnormalForm::default()
    }
}

fn shown(call: &StaffCall, status: StatusCode, of: AbnormalOf, form: AbnormalForm) -> Response {
    let language = call.language;
    let title = Abnormal::of(language).title;
    call.page_with(status, title, leptos::view! { <AbnormalPage language of form/> })
}

pub(super) async fn show(State(state): State<AppState>, call: StaffCall, Path(place): Path<(i64, i64)>) -> Response {
    match find_abnormal(&state, &call, place).await {
        Ok(found) => shown(&call, StatusCode::OK, found.of, form(&call, &Typed::default())),
        Err(elsewhere) => elsewhere,
    }
}

/// What will be done. Nothing is done yet.
pub(super) async fn check(
    State(state): State<AppState>,
    call: StaffCall,
    Path(place): Path<(i64, i64)>,
    Form(typed): Form<Typed>,
) -> Response {
    let Found { of, .. } = match find_abnormal(&state, &call, place).await {
        Ok(found) => found,
        Err(elsewhere) => return elsewhere,
    };
    let (language, words) = (call.language, Abnormal::of(call.language));
    let Some(key) = state.staff.sealing_key().await else {
        let form = AbnormalForm { problem: words.no_key.to_owned(), ..form(&call, &typed) };
        return shown(&call, StatusCode::SERVICE_UNAVAILABLE, of, form);
    };
    let card = match read(&call, &typed, &key) {
        Ok(card) => card,
        Err(form) => return shown(&call, StatusCode::UNPROCESSABLE_ENTITY, of, *form),
    };
    let csrf = call.csrf();
    call.page(words.check, leptos::view! { <AbnormalCheckPage language of csrf card/> })
}

/// `None` for the merchant's own account.
///
/// # Errors
/// The form with what is wrong, and without the card's number.
fn read(call: &StaffCall, typed: &Typed, key: &SealingKey) -> Result<Option<CardShown>, Box<AbnormalForm>> {
    let words = Abnormal::of(call.language);
    let again = form(call, typed);
    match typed.to.as_str() {
        "merchant" => return Ok(None),
        "user" => {}
        _ => return Err(Box::new(AbnormalForm { to_problem: Some(words.wrong_to), ..again })),
    }
    // Whoever says that it is as it stands on the card has typed it twice.
    let account = BankAccount::parse(&typed.account);
    let is_unusual = account.as_ref().is_ok_and(|account| !account.has_check_digit());
    let account = account.ok().filter(|_| !is_unusual || typed.unusual == "yes");
    let parts = (Bank::find(&typed.bank), account, PayeeName::parse(&typed.name));
    let (bank, account, name) = match parts {
        (Some(bank), Some(account), Ok(name)) => (bank, account, name),
        (bank, account, name) => {
            let account_problem = match account {
                Some(_) => words.account_again,
                None if is_unusual => words.check_digit,
                None => words.wrong_account,
            };
            return Err(Box::new(AbnormalForm {
                bank_problem: bank.is_none().then_some(words.wrong_bank),
                account_problem: Some(account_problem),
                may_be_unusual: is_unusual,
                name_problem: name.is_err().then_some(words.wrong_name),
                ..again
            }));
        }
    };
    let sealed = SealedCard::seal(bank, &account, &name, key);
    let sealed = sealed.map_err(|_| Box::new(AbnormalForm { problem: words.no_key.to_owned(), ..again }))?;
    Ok(Some(CardShown {
        bank: bank.code,
        bank_name: bank_name(bank, call.language),
        last_digits: account.last_digits(),
        holder: name.covered(),
        account: sealed.bank_account,
        name: sealed.real_name,
        serial: sealed.serial.to_string(),
    }))
}

pub(super) async fn send(
    State(state): State<AppState>,
    call: StaffCall,
    Path(place): Path<(i64, i64)>,
    Form(typed): Form<Typed>,
) -> Response {
    let Found { of, refund } = match find_abnormal(&state, &call, place).await {
        Ok(found) => found,
        Err(elsewhere) => return elsewhere,
    };
    let words = Abnormal::of(call.language);
    // The sealed name is nothing to be shown in a field.
    let again = |problem: String| {
        let typed = Typed { to: typed.to.clone(), bank: typed.bank.clone(), ..Typed::default() };
        AbnormalForm { problem, ..form(&call, &typed) }
    };
    let to = match state.staff.sealing_key().await {
        Some(key) if typed.to == "merchant" => Some(ToAccount::Merchant(key.serial)),
        Some(key) if typed.to == "user" => {
            let card = SealedCard::read(&typed.bank, &typed.account, &typed.name, &typed.serial, &key);
            card.map(|card| ToAccount::User(Box::new(card)))
        }
        _ => None,
    };
    let Some(to) = to else {
        return shown(&call, StatusCode::UNPROCESSABLE_ENTITY, of, again(words.another_key.to_owned()));
    };
    let (id, _) = place;
    let problem = match state.staff.send_abnormal_refund(&refund, to, &call.actor()).await {
        Ok(refund) if refund.state == RefundState::Abnormal => return to_order(id, Some(Said::AbnormalUnknown)),
        Ok(_) => return to_order(id, Some(Said::AbnormalSent)),
        Err(AbnormalError::NotSent(NotSent::NotAbnormal(_))) => return to_order(id, None),
        Err(AbnormalError::NotSent(error)) => problem(&error, words, call.language),
        Err(AbnormalError::Staff(error)) => return call.trouble(&error),
    };
    shown(&call, StatusCode::UNPROCESSABLE_ENTITY, of, again(problem))
}

fn problem(error: &NotSent, words: &Abnormal, language: Language) -> String {
    match error {
        NotSent::OnItsWay(_) => words.on_its_way.to_owned(),
        NotSent::NotKnown => words.not_known.to_owned(),
        NotSent::NotAllowed => words.not_allowed.to_owned(),
        NotSent::Refund(RefundError::PutBack { .. }) => words.put_back.to_owned(),
        NotSent::Refused(Some(code)) => refused(code.as_str(), words, language),
        NotSent::Refused(None) | NotSent::NotAbnormal(_) | NotSent::Refund(_) => words.trouble.to_owned(),
    }
}
