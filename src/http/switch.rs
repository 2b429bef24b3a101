//! The switch between the languages, which works without JavaScript.

use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Response},
};
use cookie::{Cookie, SameSite, time::Duration};
use http::{
    HeaderMap, StatusCode,
    header::{LOCATION, REFERER, SET_COOKIE},
};
use serde::Deserialize;
use url::Url;

use super::{language::REMEMBERED, state::AppState};
use crate::app::language::Language;

const LIFE: Duration = Duration::days(365);
/// Longest address that the switch leads back to.
const BACK_MOST: usize = 1024;

#[derive(Debug, Deserialize)]
pub(crate) struct Wish {
    to: String,
    #[serde(default)]
    back: String,
    /// Pressed on a page that answers a form: what the address bar says is where that was sent to.
    #[serde(default)]
    answer: String,
}

/// Remembers a language, and leads back to where it was asked for.
pub(crate) async fn press(State(state): State<AppState>, headers: HeaderMap, Form(wish): Form<Wish>) -> Response {
    let Some(language) = Language::from_tag(&wish.to) else { return StatusCode::BAD_REQUEST.into_response() };
    let cookie = Cookie::build((REMEMBERED, language.tag()))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(state.origin.scheme() == "https")
        .max_age(LIFE);
    // The address bar knows better than the form where a panel has opened in place.
    let shown = if wish.answer.is_empty() { referrer(&headers) } else { None };
    let back = shown.or_else(|| own_path(&wish.back)).unwrap_or_else(|| "/".to_owned());
    (StatusCode::SEE_OTHER, [(SET_COOKIE, cookie.build().to_string()), (LOCATION, back)]).into_response()
}

/// Where the form was sent from: nobody but a page of ours gets that far.
fn referrer(headers: &HeaderMap) -> Option<String> {
    let url = Url::parse(headers.get(REFERER)?.to_str().ok()?).ok()?;
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    own_path(&format!("{}{query}", url.path()))
}

/// A path of this site, and nothing that a browser could take for another site's address.
fn own_path(path: &str) -> Option<String> {
    let rest = path.strip_prefix('/').filter(|_| path.len() <= BACK_MOST)?;
    let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    (is_plain && !rest.starts_with('/')).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_to_another_site() {
        for path in ["/", "/orders?before=3", "/pay/0123?checked=not-yet", "/%E5%95%86"] {
            assert_eq!(own_path(path).as_deref(), Some(path));
        }
        let long = "/x".repeat(BACK_MOST);
        for path in
            ["", "orders", "//evil.example", "/\\evil.example", "https://evil.example/", "/a\r\nb", "/ x", "/商", &long]
        {
            assert_eq!(own_path(path), None, "{path}");
        }
        let from = |page: &str| referrer(&HeaderMap::from_iter([(REFERER, page.parse().expect("a value"))]));
        assert_eq!(from("https://shop.example.com//evil.example/"), None);
        assert_eq!(from("https://shop.example.com/orders?before=7#x").as_deref(), Some("/orders?before=7"));
    }
}
