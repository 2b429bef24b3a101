//! In which language somebody reads the console: what its switch was set to, else what the browser likes best, else
//! Chinese. Texts stand where they are shown, in both, so that one that is missing does not compile.

use std::convert::Infallible;

use axum::{
    Form, Router,
    extract::FromRequestParts,
    http::{
        HeaderMap, StatusCode,
        header::{ACCEPT_LANGUAGE, COOKIE, LOCATION, REFERER, SET_COOKIE},
        request::Parts,
    },
    response::{IntoResponse as _, Response},
    routing::post,
};
use serde::Deserialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Chinese,
    English,
}

/// A text in both.
pub(super) type Both = (&'static str, &'static str);

const COOKIE_NAME: &str = "saoma-sandbox-language";
/// Where a press leads that says not where it comes from.
const HOME: &str = "/_sandbox/";
pub(super) const SWITCH: &str = "/_sandbox/language";

impl Language {
    pub(super) const fn say(self, (chinese, english): Both) -> &'static str {
        match self {
            Self::Chinese => chinese,
            Self::English => english,
        }
    }

    pub(super) const fn tag(self) -> &'static str {
        self.say(("zh-CN", "en"))
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Chinese => Self::English,
            Self::English => Self::Chinese,
        }
    }

    fn of(headers: &HeaderMap) -> Self {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let chosen = pairs.filter(|(name, _)| *name == COOKIE_NAME).find_map(|(_, tag)| Self::of_tag(tag));
        let liked = || headers.get(ACCEPT_LANGUAGE)?.to_str().ok().and_then(Self::liked);
        chosen.or_else(liked).unwrap_or(Self::Chinese)
    }

    fn of_tag(tag: &str) -> Option<Self> {
        [Self::Chinese, Self::English].into_iter().find(|language| language.tag() == tag)
    }

    /// The first of ours that weighs most.
    fn liked(accept: &str) -> Option<Self> {
        let weighed = accept.split(',').take(50).filter_map(|range| {
            let (tag, weight) = range.split_once(";q=").unwrap_or((range, "1"));
            let language = match tag.trim().split('-').next()? {
                "zh" => Self::Chinese,
                "en" => Self::English,
                _ => return None,
            };
            weight.trim().parse::<f32>().ok().filter(|weight| *weight > 0.0).map(|weight| (language, weight))
        });
        weighed.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(language, _)| language)
    }
}

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route(SWITCH, post(switch))
}

#[derive(Deserialize)]
struct Wish {
    to: String,
}

/// Remembers it, and leads back to the page that it was pressed in.
async fn switch(headers: HeaderMap, Form(wish): Form<Wish>) -> Response {
    let Some(language) = Language::of_tag(&wish.to) else { return StatusCode::BAD_REQUEST.into_response() };
    let cookie = format!("{COOKIE_NAME}={}; Path=/_sandbox; Max-Age=31536000; HttpOnly; SameSite=Lax", language.tag());
    let from = headers.get(REFERER).and_then(|from| url::Url::parse(from.to_str().ok()?).ok());
    let from = from.filter(|from| from.path().starts_with(HOME)).map(|from| {
        let query = from.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{query}", from.path())
    });
    (StatusCode::SEE_OTHER, [(SET_COOKIE, cookie), (LOCATION, from.unwrap_or_else(|| HOME.to_owned()))]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_switch_outweighs_the_browser() {
        let of = |cookie: &str, accept: &str| {
            let pairs = [(COOKIE, cookie), (ACCEPT_LANGUAGE, accept)];
            Language::of(&pairs.map(|(name, value)| (name, value.parse().expect("a value"))).into_iter().collect())
        };
        assert_eq!(of("", ""), Language::Chinese);
        assert_eq!(of("", "en-US,en;q=0.9"), Language::English);
        assert_eq!(of("", "fr,en;q=0.5,zh;q=0.8"), Language::Chinese);
        assert_eq!(of("a=b; saoma-sandbox-language=zh-CN", "en"), Language::Chinese);
        assert_eq!(of("saoma-sandbox-language=x", "en"), Language::English);
    }
}
