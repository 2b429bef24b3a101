//! Whom the controls answer. They know no password: whoever reaches the port may pay and refund, and there is nothing
//! to be had but play money. But a page of somebody else that is open in a developer's browser must not reach them
//! through it: neither by sending there what browsers let every page send, nor under a name of its own that leads
//! here (DNS rebinding), under which it could read the answers as well.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, Method, StatusCode, Uri,
        header::{HOST, ORIGIN},
        uri::Authority,
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use url::{Host, Url};

use super::control::ControlError;

const WECHAT: &str = ".mch.weixin.qq.com";
const FOREIGN_HOST: &str = "the controls are not reached by this name: use an address, or say the name at the start, as \
                            --public-url (saoma sandbox) or SAOMA_PUBLIC_ORIGIN (saoma serve)";

pub(super) async fn refuse_others(State(origin): State<Arc<Url>>, request: Request, next: Next) -> Response {
    let host = host(request.uri(), request.headers());
    let (code, message) = if !host.as_ref().is_some_and(|host| is_ours(host, &origin)) {
        ("FOREIGN_HOST", FOREIGN_HOST)
    } else if is_of_another_page(request.method(), request.headers(), host.as_ref()) {
        ("FOREIGN_PAGE", "a page of another site has sent this")
    } else {
        return next.run(request).await;
    };
    ControlError { status: StatusCode::FORBIDDEN, code, message: message.to_owned() }.into_response()
}

/// What the request was sent to, as the `http` address of its root.
fn host(uri: &Uri, headers: &HeaderMap) -> Option<Url> {
    let named = uri.authority().map(Authority::as_str).or_else(|| headers.get(HOST)?.to_str().ok())?;
    Url::parse(&format!("http://{named}/")).ok()
}

/// No stranger's name can be an address, or one without a dot.
fn is_ours(host: &Url, own: &Url) -> bool {
    match host.host() {
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        Some(Host::Domain(name)) => {
            !name.contains('.')
                || name.ends_with(".localhost")
                || name.ends_with(WECHAT)
                || own.host_str() == Some(name)
        }
        None => false,
    }
}

/// Programs send neither header. To look is harmless: a page of another origin cannot read the answer.
fn is_of_another_page(method: &Method, headers: &HeaderMap, host: Option<&Url>) -> bool {
    if matches!(*method, Method::GET | Method::HEAD) {
        return false;
    }
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = text("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    text(ORIGIN.as_str()).is_some_and(|origin| {
        let authority = |url: &Url| (url.host_str().map(str::to_owned), url.port());
        // Without the scheme: TLS is the sandbox's own, or that of something in front of it.
        let origin = origin.replacen("https://", "http://", 1);
        Url::parse(&origin).ok().as_ref().map(authority) != host.map(authority)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_dot_is_a_strangers() {
        let own = Url::parse("https://pay.example.org:9090").expect("an address");
        let is_ours = |host: &str| is_ours(&Url::parse(&format!("http://{host}/")).expect("an address"), &own);
        for host in
            ["127.0.0.1:9090", "[::1]:9090", "localhost", "sandbox:9090", "api.mch.weixin.qq.com", "pay.example.org"]
        {
            assert!(is_ours(host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "xmch.weixin.qq.com.evil.example"] {
            assert!(!is_ours(host), "{host}");
        }
    }
}
