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

use crate::app::{error::PublicError, text};

/// `message` is for people and for programs that are not ours; no sign of HTML may be in it.
pub(crate) fn refuse(
    status: StatusCode,
    error: &PublicError,
    message: &str,
    path: &str,
    headers: &HeaderMap,
) -> Response {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let body = if accept.contains("text/html") {
        let home = if let PublicError::Elsewhere { home } = error { home } else { "" };
        let page = Page { message: message.to_owned(), home: home.to_owned() };
        let mut response = Html(page.html(None, "")).into_response();
        response.extensions_mut().insert(page);
        response
    } else if path.starts_with("/api/ui/") && accept.contains("application/json") {
        Json(error).into_response()
    } else {
        Json(json!({ "code": status.as_u16(), "message": message })).into_response()
    };
    (status, [(VARY, "Accept")], body).into_response()
}

/// To a shopper under a second name of the shop that its proxy does not pass on, most often. `home` is where
/// the shop is, such as `https://shop.example.com`.
pub(crate) fn refuse_foreign(home: &str, path: &str, headers: &HeaderMap) -> Response {
    let error = PublicError::Elsewhere { home: home.to_owned() };
    let message = text::elsewhere(home);
    refuse(StatusCode::FORBIDDEN, &error, &message, path, headers)
}

/// What a person reads of a refusal.
#[derive(Clone)]
pub(crate) struct Page {
    message: String,
    home: String,
}

impl Page {
    /// `css`: where the style of `shop` is. Nothing else is loaded, and nothing runs.
    pub(crate) fn html(&self, css: Option<&str>, shop: &str) -> String {
        let Self { message, home } = self;
        let (title, link) = (text::TROUBLE, text::HOME);
        let shop = shop.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let style = css.map(|css| format!("<link rel=\"stylesheet\" href=\"{css}\"/>")).unwrap_or_default();
        format!(
            "<!DOCTYPE html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\"/>\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\
             <meta name=\"color-scheme\" content=\"light dark\"/><title>{title}</title>{style}</head>\
             <body><header class=\"site-header\"><a href=\"{home}/\" class=\"site-header__brand\">\
             <span class=\"site-header__mark\" aria-hidden=\"true\">扫</span>{shop}</a></header>\
             <main id=\"main\"><section class=\"message\"><h1>{title}</h1><p>{message}</p>\
             <p><a href=\"{home}/\" class=\"button\">{link}</a></p></section></main></body></html>\n"
        )
    }
}
