//! What somebody gets whose request is refused before any page or use case sees it: a page for people, the
//! pages' own program its own kind of error, JSON for other programs.

use axum::{
    Json,
    response::{Html, IntoResponse, Response},
};
use http::{
    HeaderMap, StatusCode,
    header::{ACCEPT, VARY},
};
use serde_json::json;

use super::language;
use crate::app::{
    error::PublicError,
    language::Language,
    words::{Buy, Frame, Problem},
};

/// What `words` has for people, and in Chinese for programs that are not ours.
pub(crate) fn refuse(
    status: StatusCode,
    error: &PublicError,
    words: fn(&Problem) -> &'static str,
    path: &str,
    headers: &HeaderMap,
) -> Response {
    answer(status, error, |language| words(Problem::of(language)).to_owned(), path, headers)
}

/// No sign of HTML may be in what is said.
fn answer(
    status: StatusCode,
    error: &PublicError,
    message: impl Fn(Language) -> String,
    path: &str,
    headers: &HeaderMap,
) -> Response {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let body = if accept.contains("text/html") {
        let home = if let PublicError::Elsewhere { home } = error { home } else { "" };
        let language = language::of(headers);
        let page = Page { language, message: message(language), home: home.to_owned() };
        let mut response = Html(page.html(None, "")).into_response();
        response.extensions_mut().insert(page);
        response
    } else if path.starts_with("/api/ui/") && accept.contains("application/json") {
        Json(error).into_response()
    } else {
        Json(json!({ "code": status.as_u16(), "message": message(Language::Chinese) })).into_response()
    };
    (status, [(VARY, "accept, accept-language, cookie")], body).into_response()
}

/// To a shopper under a second name of the shop that its proxy does not pass on, most often. `home` is where
/// the shop is, such as `https://shop.example.com`.
pub(crate) fn refuse_foreign(home: &str, path: &str, headers: &HeaderMap) -> Response {
    let error = PublicError::Elsewhere { home: home.to_owned() };
    let message = |language| error.clone().message(Buy::of(language)).into_owned();
    answer(StatusCode::FORBIDDEN, &error, message, path, headers)
}

/// What a person reads of a refusal.
#[derive(Clone)]
pub(crate) struct Page {
    language: Language,
    message: String,
    home: String,
}

impl Page {
    /// `css`: where the style of `shop` is. Nothing else is loaded, and nothing runs.
    pub(crate) fn html(&self, css: Option<&str>, shop: &str) -> String {
        let Self { language, message, home } = self;
        let (title, link) = (Problem::of(*language).trouble, Frame::of(*language).home);
        let language = language.tag();
        let shop = shop.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let style = css.map(|css| format!("<link rel=\"stylesheet\" href=\"{css}\"/>")).unwrap_or_default();
        format!(
            "<!DOCTYPE html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\"/>\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\
             <meta name=\"color-scheme\" content=\"light dark\"/><title>{title}</title>{style}</head>\
             <body><header class=\"site-header\"><a href=\"{home}/\" class=\"site-header__brand\">\
             <span class=\"site-header__mark\" aria-hidden=\"true\">扫</span>{shop}</a></header>\
             <main id=\"main\"><section class=\"message\"><h1>{title}</h1><p>{message}</p>\
             <p><a href=\"{home}/\" class=\"button\">{link}</a></p></section></main></body></html>\n"
        )
    }
}
