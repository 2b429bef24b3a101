//! `/_sandbox/`: a phone for people. It lists what could be scanned, shows a cashier, pays. Plain
//! forms and links; the script only fetches the page again when something has changed.

mod view;

use std::sync::Arc;

use axum::{
    Form, Router,
    extract::{Query, State},
    http::header,
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use url::form_urlencoded::byte_serialize;

use self::view::{Cashier, Listed, Receipt};
use super::{
    html::{self, PHONE},
    language::Language,
};
use crate::sandbox::{
    books::ledger::ScanError,
    callbacks::payer::{self, PayError},
    platform::{self, Platform},
};

/// Orders on the list, and how far back to look for ones that can still be paid.
const LISTED: usize = 20;
const LOOKED_AT: usize = 500;
const RECEIPTS: usize = 3;

type Shared = State<Arc<Platform>>;

pub(super) fn router() -> Router<Arc<Platform>> {
    Router::new()
        .route("/_sandbox", get(|| async { Redirect::permanent(PHONE) }))
        .route(PHONE, get(screen))
        .route("/_sandbox/phone/pay", post(pay))
        .route("/_sandbox/assets/phone.css", get(async || asset("text/css", include_str!("assets/phone.css"))))
        .route("/_sandbox/assets/phone.js", get(async || asset("text/javascript", include_str!("assets/phone.js"))))
}

fn asset(kind: &str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, format!("{kind}; charset=utf-8")),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, text).into_response()
}

#[derive(Deserialize)]
struct Opened {
    code_url: Option<String>,
    /// Set when a payment did not get through.
    failed: Option<String>,
}

/// The list, or what the scanned code has led to by now.
async fn screen(State(platform): Shared, language: Language, Query(opened): Query<Opened>) -> Response {
    let html = match opened.code_url.as_deref().map(str::trim).filter(|code_url| !code_url.is_empty()) {
        None => list(&platform, language),
        Some(code_url) => scanned(&platform, code_url, opened.failed.is_some(), language),
    };
    html::respond(html)
}

fn list(platform: &Platform, language: Language) -> String {
    let (now, lives) = (platform.now(), platform.lives());
    let ledger = platform.ledger();
    let payable = ledger.open_orders().take(LOOKED_AT).filter_map(|order| {
        let token = &order.codes.last()?.token;
        ledger.scan(token, now, lives).ok().map(|order| Listed { order, href: href(&platform::code_url(token)) })
    });
    let payable: Vec<Listed<'_>> = payable.take(LISTED).collect();
    let paid: Vec<Receipt<'_>> = ledger.paid_orders().rev().filter_map(Receipt::of).take(RECEIPTS).collect();
    view::list(&payable, &paid, now, language)
}

fn scanned(platform: &Platform, code_url: &str, failed: bool, language: Language) -> String {
    let (now, lives) = (platform.now(), platform.lives());
    let ledger = platform.ledger();
    let token = platform::token_of(code_url);
    match token.ok_or(ScanError::UnknownCode).and_then(|token| ledger.scan(token, now, lives)) {
        Ok(order) => view::cashier(&Cashier { order, code_url, failed }, language),
        Err(ScanError::OrderPaid) => match token.and_then(|token| ledger.find_by_token(token)).and_then(Receipt::of) {
            Some(receipt) => view::receipt(&receipt, language),
            None => view::refused(ScanError::UnknownCode, language),
        },
        Err(error) => view::refused(error, language),
    }
}

#[derive(Deserialize)]
struct Payment {
    code_url: String,
    action: String,
}

/// Back to the scanned code, whose screen then tells what came of it.
async fn pay(State(platform): Shared, language: Language, Form(payment): Form<Payment>) -> Response {
    let outcome = match (platform::token_of(&payment.code_url), payment.action.as_str()) {
        (Some(token), "pay") => payer::pay(&platform, token, payer::DEFAULT_OPENID).map(|_| ""),
        (Some(token), _) => payer::fail(&platform, token, payer::DEFAULT_OPENID).map(|_| "&failed=1"),
        (None, _) => Err(ScanError::UnknownCode.into()),
    };
    match outcome {
        Ok(tail) => Redirect::to(&format!("{}{tail}", href(&payment.code_url))).into_response(),
        // The code's own screen tells everything but this.
        Err(PayError::Scan(ScanError::OtherPayer)) => html::respond(view::refused(ScanError::OtherPayer, language)),
        Err(_) => Redirect::to(&href(&payment.code_url)).into_response(),
    }
}

fn href(code_url: &str) -> String {
    let code_url: String = byte_serialize(code_url.trim().as_bytes()).collect();
    format!("{PHONE}?code_url={code_url}")
}
