//! `CONNECT`, for programs whose SDK knows WeChat's host alone: with `HTTPS_PROXY` they come here. It leads to
//! this sandbox and nowhere else.

use axum::http::{StatusCode, Uri};

use crate::sandbox::crypto::tls;

const HTTPS: u16 = 443;

/// Names have no case.
fn is_name(host: &str) -> bool {
    tls::NAMES.iter().any(|name| name.eq_ignore_ascii_case(host))
}

/// Why there is no tunnel to `uri`, if there is none.
pub(super) fn refusal(uri: &Uri, has_certificate: bool) -> Option<(StatusCode, String)> {
    let is_ours = uri.port_u16() == Some(HTTPS) && uri.host().is_some_and(is_name);
    let reason = match (is_ours, has_certificate) {
        (true, true) => return None,
        (true, false) => "the sandbox has no certificate (start it with --tls), or this is within its tunnel already",
        (false, _) => "the sandbox is a proxy to itself alone, for WeChat Pay's own names",
    };
    tracing::warn!("sandbox: CONNECT {uri} refused: {reason}");
    Some((StatusCode::FORBIDDEN, format!("CONNECT {uri}: {reason}\n")))
}
