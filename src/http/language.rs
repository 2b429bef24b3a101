//! In which language somebody reads: what the page that asks is in, else what was chosen by the switch, else what
//! the browser likes best. What programs get stays Chinese, whatever they ask for.

use axum::{extract::Request, middleware::Next, response::Response};
use cookie::Cookie;
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, VARY},
};

use crate::app::language::Language;

/// The cookie of the switch.
pub(crate) const REMEMBERED: &str = "saoma-language";
/// A page that was opened before the switch was pressed in another one goes on in its own language.
const OF_PAGE: HeaderName = HeaderName::from_static("saoma-language");

pub(crate) fn of(headers: &HeaderMap) -> Language {
    let of_page = || Language::from_tag(text(headers, &OF_PAGE)?);
    let preferred = || Language::preferred(text(headers, &ACCEPT_LANGUAGE)?);
    of_page().or_else(|| remembered(headers)).or_else(preferred).unwrap_or_default()
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn remembered(headers: &HeaderMap) -> Option<Language> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let cookies = lines.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.filter(|cookie| cookie.name() == REMEMBERED).find_map(|cookie| Language::from_tag(cookie.value()))
}

/// Tells caches, search engines and the like that pages come in two languages. Which one it is says the page itself.
pub(crate) async fn mark(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let is_page = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page {
        headers.append(VARY, HeaderValue::from_static("accept-language, cookie"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect()
    }

    #[test]
    fn the_switch_outweighs_the_browser_and_the_page_both() {
        let of = |pairs| of(&headers(pairs));
        assert_eq!(of(&[]), Language::Chinese);
        assert_eq!(of(&[("accept-language", "en")]), Language::English);
        assert_eq!(of(&[("accept-language", "en"), ("cookie", "a=b; saoma-language=zh-CN")]), Language::Chinese);
        assert_eq!(of(&[("accept-language", "en"), ("cookie", "saoma-language=tlh")]), Language::English);
        assert_eq!(of(&[("saoma-language", "en"), ("cookie", "saoma-language=zh-CN")]), Language::English);
    }
}
