//! What somebody gets whose form or call came from another site than this one: most often a shopper
//! under a second name of the shop that its proxy does not pass on. It says what is wrong and where the
//! shop is: a page for people, JSON for programs, and the pages' own program its own kind of error.

use axum::{
    Json,
    response::{Html, IntoResponse, Response},
};
use http::{
    HeaderMap, StatusCode,
    header::{ACCEPT, VARY},
};
use serde_json::json;

use crate::app::error::PublicError;

/// `home` is where the shop is, such as `https://shop.example.com`.
pub fn refuse(path: &str, headers: &HeaderMap, home: &str) -> Response {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let body = if accept.contains("text/html") {
        Html(page(home)).into_response()
    } else if path.starts_with("/api/ui/") && accept.contains("application/json") {
        Json(PublicError::Elsewhere { home: home.to_owned() }).into_response()
    } else {
        let message = format!("请求来自其他网址，已拒绝；本店网址是 {home}");
        Json(json!({ "code": 403, "message": message })).into_response()
    };
    (StatusCode::FORBIDDEN, [(VARY, "Accept")], body).into_response()
}

/// Plain: the policy of what is no page of ours lets nothing be loaded. `home` is an origin, in which no
/// sign of HTML can be.
fn page(home: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\"/>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/><title>请从本店网址打开</title></head>\
         <body><main><h1>请从本店网址打开</h1>\
         <p>您打开的不是本店的正式网址，刚才的操作没有执行，也没有扣款。请从下面的网址重新打开：</p>\
         <p><a href=\"{home}/\">{home}</a></p>\
         <p lang=\"en\">This shop has another address. Nothing was done and nothing was paid; please open the shop \
         at the address above.</p></main></body></html>\n"
    )
}
