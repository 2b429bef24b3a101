//! Who is on this very machine: `/_sandbox/…` and `/metrics` answer nobody else unless they are opened.

use std::net::{IpAddr, SocketAddr};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::{
    Json,
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode, Uri,
    header::{AUTHORIZATION, FORWARDED, HOST, VIA, WWW_AUTHENTICATE},
    uri::Authority,
};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{address::is_among, refusal, state::AppState};
use crate::app::{error::PublicError, words::Problem};

/// Whether a request was made on this machine, and for it. A loopback peer alone is not enough: behind a
/// proxy on this machine everybody is one, and so is a page of another site whose name was made to mean
/// 127.0.0.1 (DNS rebinding). So the name it asked for counts too, and no proxy may have left a trace. One that
/// leaves none (a bare `proxy_pass` asks for 127.0.0.1) has to be named: what comes from the address of a `proxies`
/// one is never this machine's own.
pub fn is_this_machine(peer: IpAddr, proxies: &[IpNet], uri: &Uri, headers: &HeaderMap) -> bool {
    let peer = peer.to_canonical();
    let is_own = peer.is_loopback() && !is_among(proxies, peer);
    is_own && asks_for_this_machine(uri, headers) && !is_forwarded(headers)
}

fn asks_for_this_machine(uri: &Uri, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let named = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok().and_then(|host| host.parse::<Authority>().ok()),
        (None, _) => uri.authority().cloned(),
        (Some(_), Some(_)) => None,
    };
    let is_local = |authority: &Authority| {
        let is_plain = !authority.as_str().contains('@');
        is_plain && matches!(authority.host().to_ascii_lowercase().as_str(), "localhost" | "127.0.0.1" | "[::1]")
    };
    named.as_ref().is_some_and(is_local) && uri.authority().is_none_or(is_local)
}

fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        *name == FORWARDED || *name == VIA || name.as_str() == "x-real-ip" || name.as_str().starts_with("x-forwarded-")
    })
}

pub(crate) fn is_local(state: &AppState, request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    peer.is_some_and(|peer| is_this_machine(peer.0.ip(), &state.trusted_proxies, request.uri(), request.headers()))
}

/// For `/_sandbox/…`.
pub(crate) async fn guard_sandbox(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if state.sandbox_open || is_local(&state, &request) {
        return next.run(request).await;
    }
    let words = |words: &Problem| words.sandbox_is_local;
    refusal::refuse(StatusCode::FORBIDDEN, &PublicError::Input, words, request.uri().path(), request.headers())
}

/// For `/metrics`.
pub(crate) async fn guard_metrics(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if is_local(&state, &request) {
        return next.run(request).await;
    }
    let Some(token) = &state.metrics_token else {
        return refuse(StatusCode::FORBIDDEN, "/metrics 只对本机开放：远程读取请设置 SAOMA_METRICS_TOKEN");
    };
    if bears(request.headers(), token) {
        return next.run(request).await;
    }
    let mut response = refuse(StatusCode::UNAUTHORIZED, "令牌不正确");
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// In constant time: how long the answer takes must not tell how much of a guess was right.
fn bears(headers: &HeaderMap, token: &SecretString) -> bool {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given =
        given.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    given.is_some_and(|(_, given)| {
        verify_slices_are_equal(given.trim().as_bytes(), token.expose_secret().as_bytes()).is_ok()
    })
}

fn refuse(status: StatusCode, message: &'static str) -> Response {
    (status, Json(json!({ "code": status.as_u16(), "message": message }))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(peer: &str, uri: &str, pairs: &[(&'static str, &str)]) -> bool {
        behind(&[], peer, uri, pairs)
    }

    fn behind(proxies: &[IpNet], peer: &str, uri: &str, pairs: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().expect("a header value"));
        }
        is_this_machine(peer.parse().expect("an address"), proxies, &uri.parse().expect("a URI"), &headers)
    }

    #[test]
    fn loopback_by_its_own_name_and_through_nobody() {
        for host in ["localhost", "LOCALHOST:3000", "127.0.0.1", "127.0.0.1:3000", "[::1]", "[::1]:3000"] {
            assert!(local("127.0.0.1", "/metrics", &[("host", host)]), "{host}");
            assert!(local("::1", "/metrics", &[("host", host)]), "{host}");
            assert!(local("::ffff:127.0.0.1", "/metrics", &[("host", host)]), "{host}");
            assert!(!local("192.0.2.1", "/metrics", &[("host", host)]), "{host}");
        }
        for host in
            ["shop.example.com", "localhost.evil.example", "127.0.0.1.evil.example", "user@localhost", "", "0.0.0.0"]
        {
            assert!(!local("127.0.0.1", "/metrics", &[("host", host)]), "{host}");
        }
        assert!(!local("127.0.0.1", "/metrics", &[]));
        assert!(!local("127.0.0.1", "/metrics", &[("host", "localhost"), ("host", "evil.example")]));
        assert!(!local("127.0.0.1", "http://evil.example/metrics", &[("host", "localhost")]));
        assert!(local("127.0.0.1", "http://localhost/metrics", &[("host", "localhost")]));
    }

    #[test]
    fn whatever_came_through_a_proxy_did_not_come_from_here() {
        for trace in ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-port", "x-real-ip", "via"] {
            assert!(!local("127.0.0.1", "/metrics", &[("host", "localhost"), (trace, "127.0.0.1")]), "{trace}");
        }
    }

    #[test]
    fn a_named_proxy_is_never_this_machine_whatever_it_passes_on() {
        let named = ["127.0.0.1".parse::<IpAddr>().expect("an address").into()];
        assert!(!behind(&named, "127.0.0.1", "/metrics", &[("host", "127.0.0.1:3000")]));
        assert!(!behind(&named, "::ffff:127.0.0.1", "/metrics", &[("host", "127.0.0.1:3000")]));
        assert!(behind(&named, "::1", "/metrics", &[("host", "localhost:3000")]), "another address");
    }

    #[test]
    fn only_the_whole_token_opens() {
        let token = SecretString::from("0123456789abcdef".to_owned());
        let bears =
            |value: &str| bears(&HeaderMap::from_iter([(AUTHORIZATION, value.parse().expect("a value"))]), &token);
        assert!(bears("Bearer 0123456789abcdef") && bears("bearer 0123456789abcdef"));
        for wrong in ["Bearer 0123456789abcde", "Bearer ", "Bearer", "Basic 0123456789abcdef", "0123456789abcdef"] {
            assert!(!bears(wrong), "{wrong}");
        }
    }
}
