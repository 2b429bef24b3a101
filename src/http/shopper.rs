//! Who a browser is: a random cookie, no login. The books know only its hash.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use cookie::{Cookie, SameSite, time::Duration};
use http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

use super::state::AppState;
use crate::domain::OrderToken;

const LIFE: Duration = Duration::days(180);

/// The browser that sent a request.
#[derive(Clone, Debug)]
pub struct Shopper {
    key: String,
}

impl Shopper {
    /// The name its orders are kept under: SHA-256 of its cookie, in hex.
    pub fn key(&self) -> &str {
        &self.key
    }

    fn of(cookie: &OrderToken) -> Self {
        let digest = Sha256::digest(cookie.as_str().as_bytes());
        Self { key: digest.iter().map(|byte| format!("{byte:02x}")).collect() }
    }
}

/// The browser that sent these headers, if it has been here before.
pub fn known(state: &AppState, headers: &HeaderMap) -> Option<Shopper> {
    find(headers, cookie_name(state)).as_ref().map(Shopper::of)
}

/// Puts the [`Shopper`] into the request, and a new one's cookie into the answer: with the first
/// page already, so that two quick clicks on 购买 come from the same shopper. Never into an answer that a
/// cache may give to others: they would all be one shopper.
pub async fn resolve(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let name = cookie_name(&state);
    let known = find(request.headers(), name);
    let new = known.is_none();
    let secret = known.unwrap_or_else(|| OrderToken::build(state.entropy.u128()));
    request.extensions_mut().insert(Shopper::of(&secret));
    let mut response = next.run(request).await;
    if new
        && !is_for_everybody(&response)
        && let Ok(value) = HeaderValue::from_str(&baked(&state, name, &secret))
    {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

fn is_for_everybody(response: &Response) -> bool {
    let caching = response.headers().get(header::CACHE_CONTROL).and_then(|it| it.to_str().ok());
    caching.is_some_and(|caching| caching.contains("public"))
}

/// The prefix makes browsers refuse a cookie that another host or an unencrypted page set.
fn cookie_name(state: &AppState) -> &'static str {
    if is_secure(state) { "__Host-saoma" } else { "saoma" }
}

fn is_secure(state: &AppState) -> bool {
    state.origin.scheme() == "https"
}

fn baked(state: &AppState, name: &'static str, secret: &OrderToken) -> String {
    let cookie = Cookie::build((name, secret.as_str()))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_secure(state))
        .max_age(LIFE);
    cookie.build().to_string()
}

fn find(headers: &HeaderMap, name: &str) -> Option<OrderToken> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .filter(|cookie| cookie.name() == name)
        .find_map(|cookie| OrderToken::parse(cookie.value()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_nonsense_is_none() {
        let token = "0123456789abcdef".repeat(2);
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, format!("a=b; saoma={token}; c=d").parse().expect("a value"));
        assert_eq!(find(&headers, "saoma").map(|it| it.to_string()), Some(token));
        headers.insert(header::COOKIE, "saoma=short".parse().expect("a value"));
        assert_eq!(find(&headers, "saoma"), None);
    }

    #[test]
    fn the_books_do_not_hold_the_cookie() {
        let secret = OrderToken::build(7);
        let shopper = Shopper::of(&secret);
        assert_eq!(shopper.key().len(), 64);
        assert!(!shopper.key().contains(secret.as_str()));
    }
}
