//! What stands before every route of `/admin`: the right address, who it is, whether he may, and whether it was one of
//! our own forms that was sent.

use axum::{
    body::Bytes,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode, Uri,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, SET_COOKIE},
};

use super::{
    super::{
        body::{self, BodyLimits},
        state::{AdminDoor, AppState},
    },
    call::{Around, StaffCall, go},
    cookies::{self, Kind},
    csrf,
    route::May,
};
use crate::{
    app::admin::Said,
    backoffice::staff::{StaffError, Visit},
    storage::staff_sessions::Stage,
};

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'",
);

#[derive(Clone)]
pub(super) struct Gate {
    pub state: AppState,
    pub may: May,
    pub body: BodyLimits,
    /// The pattern of the page that the route belongs to.
    pub page: &'static str,
}

pub(super) async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let Gate { state, may, body, page } = gate;
    if !is_our_door(&state, request.uri(), request.headers()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let known = cookies::find(&state, request.headers(), Kind::Session);
    let is_new = known.is_none();
    let token = known.unwrap_or_else(|| state.entropy.nonce());
    let around = Around::of(&state, &request, token.clone(), page);
    let visit = match &is_new {
        true => Ok(None),
        false => state.staff.find_visit(&token).await,
    };
    let mut response = match visit {
        Ok(visit) => let_in(around, visit, may, body, request, next).await,
        Err(error) => around.trouble(&error),
    };
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(POLICY);
    // The form of whoever has not been here before needs something to follow from.
    let has_another = headers.get_all(SET_COOKIE).iter().next().is_some();
    if is_new
        && !has_another
        && let Some(cookie) = cookies::baked(&state, Kind::Session, &token)
    {
        headers.append(SET_COOKIE, cookie);
    }
    response
}

async fn let_in(
    around: Around,
    visit: Option<Visit>,
    may: May,
    limits: BodyLimits,
    request: Request,
    next: Next,
) -> Response {
    if let Err(refused) = check(&around, visit.as_ref(), may, request.method()) {
        return refused;
    }
    let (mut head, body) = request.into_parts();
    let is_harmless = matches!(head.method, Method::GET | Method::HEAD);
    let body = match limits.read(body, &around.state.stopping).await {
        Ok(body) => body,
        Err(error) => return body::refuse(&error, head.uri.path(), &head.headers),
    };
    if !is_harmless && !csrf::is_in(&head.headers, &body, &around.token) {
        return around.refused(StatusCode::FORBIDDEN, |words| (words.no_csrf, words.no_csrf_hint));
    }
    let shown = around.with(visit.as_ref().filter(|visit| visit.stage == Stage::Whole));
    if let Some(who) = visit {
        head.extensions.insert(StaffCall { who, around: around.clone() });
    }
    head.extensions.insert(around);
    let response = next.run(Request::from_parts(head, Bytes::into(body))).await;
    if is_bare(&response) {
        return shown.refused(response.status(), |words| (words.not_found, words.not_found_hint));
    }
    response
}

/// An address or a form that cannot be read is refused before its handler, in words for programmers.
fn is_bare(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    response.status().is_client_error() && kind.is_some_and(|kind| kind.starts_with(b"text/plain"))
}

/// # Errors
/// Where whoever it is has to go instead.
#[expect(clippy::result_large_err, reason = "it is the answer")]
fn check(around: &Around, visit: Option<&Visit>, may: May, method: &Method) -> Result<(), Response> {
    let stage = visit.map(|visit| visit.stage);
    let role = match may {
        May::Anybody => return Ok(()),
        May::HalfWay if stage == Some(Stage::Factor) => return Ok(()),
        // Whoever has one changes it only after he has shown it.
        May::Enrolling if visit.is_some_and(|it| it.stage == Stage::Whole && it.has_factor && !it.is_confirmed) => {
            return Err(go("/admin/confirm?next=/admin/enrol", None));
        }
        May::Enrolling if matches!(stage, Some(Stage::Enrol | Stage::Whole)) => return Ok(()),
        May::SignedIn if stage.is_some() => return Ok(()),
        May::HalfWay | May::Enrolling | May::SignedIn => return Err(elsewhere(around, stage)),
        May::Staff(role) | May::Confirmed(role) => role,
    };
    let Some(who) = visit.filter(|visit| visit.stage == Stage::Whole) else { return Err(elsewhere(around, stage)) };
    if who.role < role {
        return Err(around
            .with(Some(who))
            .refused(StatusCode::FORBIDDEN, |words| (words.not_allowed, words.not_allowed_hint)));
    }
    if matches!(may, May::Confirmed(_)) && *method != Method::GET && *method != Method::HEAD && !who.is_confirmed {
        return Err(go(&format!("/admin/confirm?next={}", around.page_before()), Some(Said::ConfirmFirst)));
    }
    Ok(())
}

/// To where a login goes on.
fn elsewhere(around: &Around, stage: Option<Stage>) -> Response {
    let path = match stage {
        Some(Stage::Factor) => "/admin/factor".to_owned(),
        Some(Stage::Enrol) => "/admin/enrol".to_owned(),
        Some(Stage::Whole) => "/admin".to_owned(),
        None => format!("/admin/login?next={}", around.page_before()),
    };
    Redirect::to(&path).into_response()
}

/// Under the shop's own address only, wherever real money is.
fn is_our_door(state: &AppState, uri: &Uri, headers: &HeaderMap) -> bool {
    match state.admin {
        AdminDoor::Anywhere => true,
        AdminDoor::Closed => false,
        AdminDoor::OwnOrigin => {
            let host = headers.get(HOST).and_then(|host| host.to_str().ok());
            let asked = host.or_else(|| uri.authority().map(http::uri::Authority::as_str)).unwrap_or_default();
            let plain = headers.get("x-forwarded-proto").is_some_and(|proto| proto == "http");
            !plain && asked.strip_suffix(":443").unwrap_or(asked).eq_ignore_ascii_case(&own_host(state))
        }
    }
}

fn own_host(state: &AppState) -> String {
    let host = state.origin.host_str().unwrap_or_default();
    state.origin.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

impl Around {
    /// The books are out of reach, or what else staff cannot mend on this page.
    pub(super) fn trouble(&self, error: &StaffError) -> Response {
        tracing::error!(%error, "a page of /admin");
        self.refused(StatusCode::SERVICE_UNAVAILABLE, |words| (words.trouble, words.trouble_hint))
    }
}
