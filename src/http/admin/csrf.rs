//! The token in each form. It follows from the cookie, which no other site can read: what another site sends here
//! does not have it, whatever its `Origin` says.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use http::{HeaderMap, header::CONTENT_TYPE};

use crate::backoffice::staff::hash_of;

/// The field's name in every form.
pub(super) const FIELD: &str = "csrf";
const LENGTH: usize = 64;

pub(super) fn token_of(cookie: &str) -> String {
    hash_of(&format!("csrf of {cookie}"))
}

pub(super) fn is_in(headers: &HeaderMap, body: &[u8], cookie: &str) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let given = if kind.starts_with("multipart/form-data") { in_parts(body) } else { in_form(body) };
    given.is_some_and(|given| verify_slices_are_equal(given.as_bytes(), token_of(cookie).as_bytes()).is_ok())
}

fn in_form(body: &[u8]) -> Option<String> {
    url::form_urlencoded::parse(body).find(|(name, _)| name == FIELD).map(|(_, value)| value.into_owned())
}

/// Its part has no header but its name.
fn in_parts(body: &[u8]) -> Option<String> {
    let head = format!("name=\"{FIELD}\"\r\n\r\n");
    let at = body.windows(head.len()).position(|window| window == head.as_bytes())? + head.len();
    String::from_utf8(body.get(at..at + LENGTH)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(kind: &str) -> HeaderMap {
        [(CONTENT_TYPE, kind.parse().expect("a value"))].into_iter().collect()
    }

    #[test]
    fn only_the_token_of_this_cookie_opens() {
        let token = token_of("a");
        let form = headers("application/x-www-form-urlencoded");
        assert!(is_in(&form, format!("name=x&csrf={token}").as_bytes(), "a"));
        assert!(!is_in(&form, format!("name=x&csrf={token}").as_bytes(), "b"));
        for body in ["", "csrf=", "name=x", &format!("csrf=x&csrf={token}")] {
            assert!(!is_in(&form, body.as_bytes(), "a"), "{body}");
        }
        let parts = format!("--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n--x--\r\n");
        assert!(is_in(&headers("multipart/form-data; boundary=x"), parts.as_bytes(), "a"));
        assert!(!is_in(&form, parts.as_bytes(), "a"));
        assert!(!is_in(&headers("multipart/form-data; boundary=x"), &parts.as_bytes()[..80], "a"));
    }
}
