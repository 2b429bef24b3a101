//! What every answer says to browsers, and who may change anything.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{
        ALLOW, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
        X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};
use tracing::Span;
use url::{Host, Url};

use super::{refusal, state::AppState};
use crate::app::{error::PublicError, words::Problem};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const FIXED: [(HeaderName, HeaderValue); 5] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    // Without a referrer, a form sent without JavaScript could not return to its page.
    (REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
];

/// For everything that is no page; pages bring their own, with a nonce.
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Longer than any address of ours.
const PATH_MOST: usize = 1024;

/// What cannot be asked for here, whatever the routes are.
pub(crate) async fn refuse_strange(request: Request, next: Next) -> Response {
    match refusal_of(&request) {
        Some(response) => response,
        None => next.run(request).await,
    }
}

/// Nobody is connected to anybody else through here, and the router of pages cannot name such a request. It would make
/// another address of `..`, and of a very long one nothing at all.
fn refusal_of(request: &Request) -> Option<Response> {
    if request.method() == Method::CONNECT {
        return Some(StatusCode::METHOD_NOT_ALLOWED.into_response());
    }
    let path = request.uri().path();
    if path == "*" {
        // The server as a whole (RFC 9110 §9.3.7).
        let is_asked = request.method() == Method::OPTIONS;
        let status = if is_asked { StatusCode::NO_CONTENT } else { StatusCode::BAD_REQUEST };
        return Some((status, [(ALLOW, "GET, HEAD, POST, OPTIONS")]).into_response());
    }
    let (status, words): (_, fn(&Problem) -> _) = if path.len() > PATH_MOST {
        (StatusCode::URI_TOO_LONG, |words| words.address_too_long)
    } else if path.split('/').any(is_dots) {
        (StatusCode::NOT_FOUND, |words| words.not_found)
    } else {
        return None;
    };
    Some(refusal::refuse(status, &PublicError::Input, words, "", request.headers()))
}

/// `.` or `..`, however it is written.
fn is_dots(segment: &str) -> bool {
    let plain = || segment.to_ascii_lowercase().replace("%2e", ".");
    segment.len() <= "%2e%2e".len() && matches!(plain().as_str(), "." | "..")
}

pub(crate) fn set_headers(state: &AppState, mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in &FIXED {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(NOTHING);
    if state.origin.scheme() == "https" {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

/// The policy of a page: our own files, scripts by nonce, WebAssembly, nothing else.
pub(crate) fn page_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Refuses what another site makes a browser send here. Programs send no `Origin` and are let
/// through: they hold no shopper's cookie.
pub(crate) async fn check_origin(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let harmless = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if harmless {
        return next.run(request).await;
    }
    let own = state.origin.origin().ascii_serialization();
    if is_own(request.headers(), &own) {
        return next.run(request).await;
    }
    let origin = request.headers().get(ORIGIN).map(|origin| String::from_utf8_lossy(origin.as_bytes()));
    state.notices.foreign_origin(origin.as_deref().unwrap_or("another site"), &own);
    refusal::refuse_foreign(&own, request.uri().path(), request.headers())
}

fn is_own(headers: &HeaderMap, own_origin: &str) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let site = text(HeaderName::from_static("sec-fetch-site"));
    if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return false;
    }
    let Some(origin) = text(ORIGIN) else { return true };
    if origin == "null" {
        // What a browser sends under `Referrer-Policy: no-referrer`, which a proxy may have put on our
        // pages. No page can choose what is said of the site.
        return site == Some("same-origin");
    }
    origin == own_origin || is_another_name(origin, text(HOST).unwrap_or_default(), own_origin)
}

/// The shop under a name of its proxy's. Not without encryption, where browsers drop the cookie of a shop that has
/// it: each click would be another shopper's, and the orders be nobody's.
fn is_another_name(origin: &str, host: &str, own_origin: &str) -> bool {
    let Some((scheme, origin_host)) = origin.split_once("://") else { return false };
    let keeps_cookies = scheme == "https" || own_origin.starts_with("http:") || is_this_machine(host);
    origin_host == host && keeps_cookies
}

/// Browsers trust what does not leave the machine.
fn is_this_machine(host: &str) -> bool {
    Url::parse(&format!("http://{host}")).is_ok_and(|url| match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    })
}

/// Longest `X-Request-Id` of a caller that is taken over.
const REQUEST_ID_MOST: usize = 128;

/// Takes away a caller's `X-Request-Id` that is not one short plain word, so that it gets one of ours: it
/// goes into the log and back out. What is taken over is copied: it is kept until the answer, and with it would
/// be the whole buffer that the request was read into.
pub(crate) fn bound_request_id(mut request: Request) -> Request {
    let mut ids = request.headers().get_all(&REQUEST_ID).iter();
    let is_plain = |id: &HeaderValue| {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:+/=@".contains(byte);
        (1..=REQUEST_ID_MOST).contains(&id.len()) && id.as_bytes().iter().all(plain)
    };
    let only = ids.next().filter(|_| ids.next().is_none());
    let taken_over = only.filter(|id| is_plain(id)).and_then(|id| HeaderValue::from_bytes(id.as_bytes()).ok());
    match taken_over {
        Some(id) => drop(request.headers_mut().insert(REQUEST_ID, id)),
        None => drop(request.headers_mut().remove(&REQUEST_ID)),
    }
    request
}

/// Method, path and request id; never a query or a header. The token in a pay page's path opens
/// that page, so only its beginning is logged.
pub(crate) fn request_span<B>(request: &http::Request<B>) -> Span {
    let id = request.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    tracing::info_span!("request", method = %request.method(), path = shortened(request.uri().path()), id)
}

/// Longest part of a path that goes into the log.
const LOGGED_MOST: usize = 200;

fn shortened(path: &str) -> String {
    if let Some((cut, _)) = path.char_indices().nth(LOGGED_MOST) {
        return format!("{}…", shortened(&path[..cut]));
    }
    let part = |part: &str| {
        let secret = part.len() == 32 && part.bytes().all(|b| b.is_ascii_hexdigit());
        if secret { format!("{}…", &part[..6]) } else { part.to_owned() }
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(pairs: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().expect("a header value"));
        }
        is_own(&headers, "https://shop.example.com")
    }

    #[test]
    fn only_this_site_and_programs_may_change_anything() {
        assert!(own(&[]));
        assert!(own(&[("origin", "https://shop.example.com"), ("host", "10.0.0.5:3000")]));
        assert!(own(&[("origin", "http://127.0.0.1:3000"), ("host", "127.0.0.1:3000")]));
        assert!(own(&[("origin", "https://shop.example.com"), ("sec-fetch-site", "same-origin")]));
        assert!(own(&[("origin", "http://localhost:3000"), ("host", "localhost:3000")]));
        assert!(own(&[("origin", "http://[::1]:3000"), ("host", "[::1]:3000")]));
        assert!(own(&[("origin", "https://alias.example.com"), ("host", "alias.example.com")]));
        assert!(!own(&[("origin", "http://alias.example.com"), ("host", "alias.example.com")]));
        assert!(!own(&[("origin", "http://shop.example.com"), ("host", "shop.example.com")]));
        assert!(!own(&[("origin", "https://evil.example"), ("host", "shop.example.com")]));
        assert!(own(&[("origin", "null"), ("sec-fetch-site", "same-origin")]));
        assert!(!own(&[("origin", "null"), ("host", "shop.example.com")]));
        assert!(!own(&[("origin", "null"), ("sec-fetch-site", "none")]));
        assert!(!own(&[("origin", "null"), ("sec-fetch-site", "cross-site")]));
        assert!(!own(&[("sec-fetch-site", "cross-site")]));
        assert!(!own(&[("sec-fetch-site", "same-site"), ("origin", "https://shop.example.com")]));
    }

    #[test]
    fn a_token_is_not_logged_whole() {
        let path = format!("/pay/{}", "0123456789abcdef".repeat(2));
        assert_eq!(shortened(&path), "/pay/012345…");
        assert_eq!(shortened("/products/1"), "/products/1");
        assert_eq!(shortened(&"/x".repeat(5_000)), format!("{}…", "/x".repeat(LOGGED_MOST / 2)));
    }
}
