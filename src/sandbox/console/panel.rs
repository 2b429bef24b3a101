//! `/_sandbox/faults-page` and `/_sandbox/records`: for people, what `/_sandbox/faults` and the other
//! controls are for programs. Plain forms, no script.

mod form;
mod knobs;
mod records;
mod view;

use std::{collections::HashMap, sync::Arc};

use axum::{
    Form, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;

use self::{
    form::FormError,
    view::{Message, Panel},
};
use super::{
    control,
    html::{self, FAULTS, RECORDS},
    language::{Both, Language},
};
use crate::sandbox::{
    books::refund::RefundStatus,
    callbacks::refunder::{self, ConsoleNotice, ConsoleRefund},
    faults::Faults,
    platform::Platform,
};

type Shared = State<Arc<Platform>>;

pub(super) fn router() -> Router<Arc<Platform>> {
    Router::new()
        .route(FAULTS, get(faults).post(apply))
        .route("/_sandbox/faults-page/clear", post(clear))
        .route("/_sandbox/faults-page/certificates", post(issue))
        .route("/_sandbox/faults-page/certificates/retire", post(retire))
        .route("/_sandbox/faults-page/api-v3-key", post(change_api_v3_key))
        .route(RECORDS, get(records))
        .route("/_sandbox/records/refund", post(refund))
        .route("/_sandbox/records/move", post(move_on))
        .route("/_sandbox/records/redeliver", post(redeliver))
}

/// What has just been done, said on the page that follows.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Done {
    Applied,
    Cleared,
    Issued,
    Retired,
    Key,
    Refund,
    Moved,
    Again,
}

#[derive(Deserialize)]
struct After {
    done: Option<Done>,
}

impl Done {
    const fn text(self) -> Both {
        match self {
            Self::Applied => ("已应用。", "Applied."),
            Self::Cleared => ("全部恢复了。", "Everything is as usual again."),
            Self::Issued => ("已签发，两张证书都可用。", "Issued: both certificates are in use."),
            Self::Retired => ("已停用。", "Retired."),
            Self::Key => ("已更换，新密钥在 credentials.env 里。", "Changed: the new key is in credentials.env."),
            Self::Refund => ("退款已受理。", "The refund is accepted."),
            Self::Moved => ("已改。", "Changed."),
            Self::Again => ("正在重发。", "Sending it again."),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Cleared => "cleared",
            Self::Issued => "issued",
            Self::Retired => "retired",
            Self::Key => "key",
            Self::Refund => "refund",
            Self::Moved => "moved",
            Self::Again => "again",
        }
    }

    fn lead(self, page: &str) -> Response {
        Redirect::to(&format!("{page}?done={}", self.name())).into_response()
    }
}

impl After {
    fn message(&self, language: Language) -> Message<'static> {
        self.done.map_or(Message::None, |done| Message::Done(language.say(done.text())))
    }
}

async fn faults(State(platform): Shared, language: Language, Query(after): Query<After>) -> Response {
    html::respond(panel(&platform, after.message(language), language))
}

fn panel(platform: &Platform, message: Message<'_>, language: Language) -> String {
    let knobs = platform.faults().clone();
    let [knobs, usual] =
        [knobs, Faults::usual(platform.place.keys)].map(|faults| serde_json::to_value(faults).unwrap_or_default());
    let certificates = platform.keys.certificates();
    let certificates: Vec<_> = certificates.iter().map(AsRef::as_ref).collect();
    view::page(&Panel { knobs: &knobs, usual: &usual, certificates: &certificates, message, language })
}

async fn apply(State(platform): Shared, language: Language, Form(fields): Form<HashMap<String, String>>) -> Response {
    match merge(&platform, &fields) {
        Ok(()) => Done::Applied.lead(FAULTS),
        Err(error) => {
            let html = panel(&platform, Message::Refused(&error.text(language)), language);
            (StatusCode::BAD_REQUEST, html::respond(html)).into_response()
        }
    }
}

fn merge(platform: &Platform, fields: &HashMap<String, String>) -> Result<(), FormError> {
    let patch = form::patch(fields)?;
    let mut faults = platform.faults();
    *faults = faults.merge(&patch)?;
    Ok(())
}

async fn clear(State(platform): Shared) -> Response {
    *platform.faults() = Faults::usual(platform.place.keys);
    Done::Cleared.lead(FAULTS)
}

async fn issue(State(platform): Shared, language: Language) -> Response {
    let issued = control::issue_certificate(&platform).await;
    answer(&platform, language, Done::Issued, issued.map(drop).map_err(|error| error.message))
}

#[derive(Deserialize)]
struct Retire {
    serial: String,
}

async fn retire(State(platform): Shared, language: Language, Form(form): Form<Retire>) -> Response {
    let retired = control::retire_certificate(&platform, form.serial).await;
    answer(&platform, language, Done::Retired, retired.map_err(|error| error.message))
}

/// The key itself is on no page: it is in `credentials.env`.
async fn change_api_v3_key(State(platform): Shared, language: Language) -> Response {
    let changed = control::set_api_v3_key(&platform, None).await;
    answer(&platform, language, Done::Key, changed.map(drop).map_err(|error| error.message))
}

fn answer(platform: &Platform, language: Language, done: Done, result: Result<(), String>) -> Response {
    match result {
        Ok(()) => done.lead(FAULTS),
        Err(message) => {
            let html = panel(platform, Message::Refused(&message), language);
            (StatusCode::CONFLICT, html::respond(html)).into_response()
        }
    }
}

async fn records(State(platform): Shared, language: Language, Query(after): Query<After>) -> Response {
    html::respond(records_page(&platform, &after.message(language), language))
}

fn records_page(platform: &Platform, message: &Message<'_>, language: Language) -> String {
    refunder::end_due(platform);
    records::page(&platform.ledger(), platform.now(), message, language)
}

#[derive(Deserialize)]
struct ByHand {
    out_trade_no: String,
    /// Yuan; empty is all that is left.
    amount: String,
    notice: ConsoleNotice,
}

async fn refund(State(platform): Shared, language: Language, Form(form): Form<ByHand>) -> Response {
    let amount = match form.amount.trim() {
        "" => Ok(None),
        text => fen(text)
            .filter(|fen| *fen > 0)
            .map(Some)
            .ok_or_else(|| language.say(("金额无法识别。", "The amount cannot be read.")).to_owned()),
    };
    let made = amount.and_then(|amount| {
        let asked =
            ConsoleRefund { out_trade_no: &form.out_trade_no, amount, notice: form.notice, out_refund_no: None };
        refunder::make_in_console(&platform, &asked).map(drop).map_err(|error| error.message)
    });
    recorded(&platform, language, Done::Refund, made)
}

#[derive(Deserialize)]
struct Move {
    out_refund_no: String,
    status: RefundStatus,
}

async fn move_on(State(platform): Shared, language: Language, Form(form): Form<Move>) -> Response {
    let moved = refunder::move_on(&platform, &form.out_refund_no, form.status);
    recorded(&platform, language, Done::Moved, moved.map(drop).map_err(|error| error.to_string()))
}

#[derive(Deserialize)]
struct Redeliver {
    number: u64,
}

async fn redeliver(State(platform): Shared, language: Language, Form(form): Form<Redeliver>) -> Response {
    let again = match platform.ledger().redeliver(form.number, platform.now()) {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(language.say(("没有这个回调。", "There is no such callback.")).to_owned()),
        Err(error) => Err(error.to_string()),
    };
    platform.wake.notify_one();
    recorded(&platform, language, Done::Again, again)
}

fn recorded(platform: &Platform, language: Language, done: Done, result: Result<(), String>) -> Response {
    match result {
        Ok(()) => done.lead(RECORDS),
        Err(message) => {
            let html = records_page(platform, &Message::Refused(&message), language);
            (StatusCode::CONFLICT, html::respond(html)).into_response()
        }
    }
}

/// `12`, `12.3` or `12.34` yuan.
fn fen(yuan: &str) -> Option<i64> {
    let (whole, part) = yuan.split_once('.').unwrap_or((yuan, "00"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 2 {
        return None;
    }
    let part: i64 = format!("{part:0<2}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_yuan_to_the_fen() {
        for (text, expected) in [("1", 100), ("0.01", 1), ("12.3", 1230), ("12.34", 1234), ("007", 700)] {
            assert_eq!(fen(text), Some(expected), "{text}");
        }
        for bad in ["", ".", "1.", ".5", "1.234", "-1", "1,00", "1e3", "99999999999999999999", "１"] {
            assert_eq!(fen(bad), None, "{bad}");
        }
    }
}
