//! Times and numbers, as staff reads them: Beijing's.

use jiff::{Timestamp, tz};

use crate::{
    app::language::Language,
    wechatpay::{Interface, explain_stored},
};

pub(super) fn second(at: Timestamp) -> String {
    tz::offset(8).to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

pub(super) fn minute(at: Timestamp) -> String {
    tz::offset(8).to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// What an error code of WeChat's means: the code, then why and what to do. Nothing where there is none.
pub(super) fn explained(code: &str, interface: Interface, language: Language) -> Vec<String> {
    let Some(found) = explain_stored(code, interface) else { return Vec::new() };
    let words = language.choose(&found.chinese, &found.english);
    let dot = language.choose("。", ". ");
    vec![format!("{code}: {}{dot}{}{dot}", words.cause, words.remedy)]
}
