//! The two cookies of staff: the session, and the mark of a browser that somebody has logged in with.

use cookie::{Cookie, SameSite, time::Duration};
use http::{HeaderMap, HeaderValue, header};

use super::super::state::AppState;

const DEVICE_LIFE: Duration = Duration::days(180);

#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Goes with the browser.
    Session,
    Device,
}

impl Kind {
    /// The prefix makes browsers refuse a cookie that another host or an unencrypted page set.
    fn name(self, state: &AppState) -> &'static str {
        match (self, is_secure(state)) {
            (Self::Session, true) => "__Host-saoma-staff",
            (Self::Session, false) => "saoma-staff",
            (Self::Device, true) => "__Host-saoma-device",
            (Self::Device, false) => "saoma-device",
        }
    }
}

fn is_secure(state: &AppState) -> bool {
    state.origin.scheme() == "https"
}

/// Ours are 32 hex digits; whatever else somebody sends is none.
fn is_token(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

pub(super) fn find(state: &AppState, headers: &HeaderMap, kind: Kind) -> Option<String> {
    let name = kind.name(state);
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    // Of several the first, as for shoppers.
    let (_, value) = pairs.find(|(own, _)| *own == name)?;
    is_token(value).then(|| value.to_owned())
}

pub(super) fn baked(state: &AppState, kind: Kind, value: &str) -> Option<HeaderValue> {
    let cookie = Cookie::build((kind.name(state), value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_secure(state));
    let cookie = match kind {
        Kind::Session => cookie,
        Kind::Device => cookie.max_age(DEVICE_LIFE),
    };
    HeaderValue::from_str(&cookie.build().to_string()).ok()
}
