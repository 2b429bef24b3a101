//! A request to `/admin`, as its handler gets it, and how the handler answers.

use std::{ops::Deref, sync::Arc};

use axum::{
    extract::{FromRequestParts, Request},
    response::{Html, IntoResponse as _, Redirect, Response},
};
use http::{
    HeaderMap, Method, StatusCode,
    header::{SET_COOKIE, USER_AGENT},
    request::Parts,
};
use leptos::prelude::{IntoAny as _, IntoView, Owner, RenderHtml as _};

use super::{
    super::{address::ClientAddress, language, state::AppState, this_machine::is_local},
    cookies::{self, Kind},
    csrf,
};
use crate::{
    app::{
        admin::{Frame, Message, Said, Setting, Who, words::Basics},
        language::Language,
    },
    backoffice::staff::{Actor, LoggedIn, Login, Visit},
    storage::staff_sessions::Stage,
};

/// What is known of every request, whoever it is. For handlers of `May::Anybody`.
#[derive(Clone)]
pub(super) struct Around {
    pub state: AppState,
    /// Of the session, or of nobody yet.
    pub token: String,
    pub device: Option<String>,
    pub language: Language,
    pub address: String,
    pub request_id: String,
    pub agent: String,
    /// May see what opens the accounts of a sandbox.
    pub is_shown_demo: bool,
    path: Arc<str>,
    /// Where somebody goes on from the answer to a form.
    answers: Option<String>,
    referrer: Arc<str>,
    who: Option<Who>,
    said: Option<Said>,
}

/// A request of somebody who has come in. Has all of [`Around`].
#[derive(Clone)]
pub(super) struct StaffCall {
    pub who: Visit,
    pub around: Around,
}

impl Deref for StaffCall {
    type Target = Around;

    fn deref(&self) -> &Around {
        &self.around
    }
}

fn text(headers: &HeaderMap, name: impl http::header::AsHeaderName) -> String {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}

/// So much of a path as a pattern has parts.
fn beginning(path: &str, pattern: &str) -> String {
    path.split('/').take(pattern.split('/').count()).collect::<Vec<_>>().join("/")
}

fn said_in(query: &str) -> Option<Said> {
    let mut fields = url::form_urlencoded::parse(query.as_bytes());
    fields.find(|(name, _)| name == "said").and_then(|(_, word)| Said::parse(&word))
}

impl Around {
    /// `page`: which page the route belongs to.
    pub(super) fn of(state: &AppState, request: &Request, token: String, page: &str) -> Self {
        let headers = request.headers();
        let address = request.extensions().get::<ClientAddress>().map(|it| it.0.to_string()).unwrap_or_default();
        Self {
            token,
            device: cookies::find(state, headers, Kind::Device),
            language: language::of(headers),
            address,
            request_id: text(headers, "x-request-id"),
            agent: text(headers, USER_AGENT),
            is_shown_demo: state.sandbox_open || is_local(state, request),
            path: request.uri().path().into(),
            answers: (request.method() == Method::POST).then(|| beginning(request.uri().path(), page)),
            referrer: text(headers, http::header::REFERER).into(),
            who: None,
            said: said_in(request.uri().query().unwrap_or_default()),
            state: state.clone(),
        }
    }

    /// The same for a page that shows who it is.
    pub(super) fn with(&self, visit: Option<&Visit>) -> Self {
        let who = visit.map(|visit| Who { name: visit.name.clone(), role: visit.role });
        Self { who, ..self.clone() }
    }

    /// What the address says was done. Anybody can write it there.
    pub(super) const fn said(&self) -> Option<Said> {
        self.said
    }

    /// The same for a page that knows whether that is so.
    pub(super) fn saying(&self, said: Option<Said>) -> Self {
        Self { said, ..self.clone() }
    }

    /// For the field of a form.
    pub(super) fn csrf(&self) -> String {
        csrf::token_of(&self.token)
    }

    /// What is typed at a login, with where it comes from.
    pub(super) fn login(&self, name: &str, password: &str) -> Login {
        Login {
            name: name.to_owned(),
            password: password.to_owned(),
            device: self.device.clone(),
            address: self.address.clone(),
            agent: self.agent.clone(),
            request_id: self.request_id.clone(),
        }
    }

    /// Where somebody goes on who is sent to log in, or to confirm: this page, or the one whose form it was. A browser
    /// that does not say which that was is led to the one that the route belongs to, which can be looked at.
    pub(super) fn page_before(&self) -> String {
        let referrer = url::Url::parse(&self.referrer).ok();
        let of_form = referrer.map(|url| url.path().to_owned()).unwrap_or_default();
        let is_page = |path: &str| !path.is_empty() && safe_next(path) == path;
        let before = if is_page(&of_form) && *of_form != *self.path {
            of_form
        } else {
            self.answers.clone().unwrap_or_else(|| self.path.to_string())
        };
        url::form_urlencoded::byte_serialize(before.as_bytes()).collect()
    }

    fn setting(&self) -> Setting {
        Setting {
            shop: self.state.looks.name(),
            css: self
                .state
                .site
                .bundle()
                .map(|bundle| bundle.css)
                .into_iter()
                .chain(self.state.site.admin_css())
                .collect(),
            language: self.language,
            is_sandbox: self.state.sandbox,
            who: self.who.clone(),
            csrf: self.csrf(),
            path: self.path.to_string(),
            answers: self.answers.clone(),
            said: self.said,
        }
    }

    pub(super) fn page<V: IntoView + 'static>(&self, title: &str, content: V) -> Response {
        self.page_with(StatusCode::OK, title, content)
    }

    /// With a status of its own: a form that is shown again because of what was typed (422), say.
    pub(super) fn page_with<V: IntoView + 'static>(&self, status: StatusCode, title: &str, content: V) -> Response {
        let (setting, title, content) = (self.setting(), title.to_owned(), content.into_any());
        let html = Owner::new().with(move || leptos::view! { <Frame setting title content/> }.to_html());
        (status, Html(html)).into_response()
    }

    /// A page that says in two sentences why there is no other.
    pub(super) fn refused(
        &self,
        status: StatusCode,
        words: impl FnOnce(&'static Basics) -> (&'static str, &'static str),
    ) -> Response {
        let (title, hint) = words(Basics::of(self.language));
        let language = self.language;
        self.page_with(status, title, leptos::view! { <Message language title hint/> })
    }

    /// With the cookies of whoever has come in.
    pub(super) fn come_in(&self, logged_in: &LoggedIn, mut response: Response) -> Response {
        let session = cookies::baked(&self.state, Kind::Session, &logged_in.token);
        let device = cookies::baked(&self.state, Kind::Device, &logged_in.device);
        for cookie in [session, device].into_iter().flatten() {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }

    /// With a new cookie that nobody is known by.
    pub(super) fn go_out(&self, mut response: Response) -> Response {
        if let Some(cookie) = cookies::baked(&self.state, Kind::Session, &self.state.entropy.nonce()) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }
}

impl StaffCall {
    /// For use cases, and for the audit log.
    pub(super) fn actor(&self) -> Actor {
        self.who.actor(self.address.clone(), self.request_id.clone())
    }
}

/// On to another page, which says what was done.
pub(super) fn go(path: &str, said: Option<Said>) -> Response {
    let joint = if path.contains('?') { '&' } else { '?' };
    let path = said.map_or_else(|| path.to_owned(), |said| format!("{path}{joint}said={}", said.code()));
    Redirect::to(&path).into_response()
}

/// A page of ours to go on with; anything else that somebody has put there is `/admin`.
pub(super) fn safe_next(next: &str) -> &str {
    const MOST: usize = 512;
    let is_below = next == "/admin" || next.starts_with("/admin/") || next.starts_with("/admin?");
    let is_plain = next.len() <= MOST && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_way_in = ["/admin/login", "/admin/logout", "/admin/factor", "/admin/link", "/admin/confirm"];
    if is_below && is_plain && !is_way_in.iter().any(|way| next.starts_with(way)) { next } else { "/admin" }
}

/// `gate` has put it there.
impl<S: Sync> FromRequestParts<S> for StaffCall {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let call = parts.extensions.get::<Self>().cloned().ok_or(StatusCode::FORBIDDEN)?;
        // Who is half way in sees no way to anywhere.
        let who = Some(&call.who).filter(|who| who.stage == Stage::Whole);
        let around = call.around.with(who);
        Ok(Self { around, ..call })
    }
}

impl<S: Sync> FromRequestParts<S> for Around {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::FORBIDDEN)
    }
}

#[cfg(test)]
mod tests {
    use super::safe_next;

    #[test]
    fn nobody_is_led_away() {
        for next in ["/admin", "/admin/orders?a=b", "/admin/approvals/7"] {
            assert_eq!(safe_next(next), next);
        }
        for next in
            ["", "/", "//evil.example", "/adminx", "https://evil.example/admin", "/admin/\\evil", "/admin/login"]
        {
            assert_eq!(safe_next(next), "/admin", "{next}");
        }
    }
}
