//! One request at the door, and what becomes of it.

use std::{io, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue, Request, StatusCode, Version,
    header::{HOST, RETRY_AFTER},
};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tower::ServiceExt;

use super::{super::refusal::refuse, allowance::First, flight::Answer, guests::Guest};
use crate::app::error::PublicError;

/// What answers on a connection.
#[derive(Clone)]
pub(crate) struct Service {
    pub router: Router,
    pub peer: SocketAddr,
    /// All that an extra guest may ask for.
    pub first: First,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

pub(crate) async fn answer(
    service: Service,
    guest: Arc<Guest>,
    request: Request<Incoming>,
) -> Result<Response<Answer>, BoxError> {
    let comes_first = service.first.paths.contains(&request.uri().path());
    let counted = guest.counted();
    let mut request = request.map(Body::new);
    if guest.is_extra() && comes_first {
        request = whole(request, service.first.most).await?;
    }
    let Some((in_flight, room)) = guest.begin() else { return Err(gone(request.version())) };
    let response = if !room.is_for(comes_first) {
        // Whoever opens no window for the answers of HTTP/2 would keep what it was refused: this one ends with its head,
        // and counts no longer.
        if request.version() == Version::HTTP_2 { busy(StatusCode::SERVICE_UNAVAILABLE) } else { crowded(&request) }
    } else if !name_host(&mut request) {
        StatusCode::BAD_REQUEST.into_response()
    } else {
        request.extensions_mut().insert(ConnectInfo(service.peer));
        request.extensions_mut().insert(counted);
        match service.router.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    };
    Ok(response.map(|body| Answer::new(body, in_flight)))
}

/// With its body, for which an extra guest has no more time than for the head: until it is there nothing is in flight,
/// and whoever comes next may have the place. One that is too long is left to the route, which knows what to say.
async fn whole(request: Request<Body>, most: usize) -> Result<Request<Body>, BoxError> {
    let (head, mut body) = request.into_parts();
    let mut read = Vec::new();
    while read.len() <= most {
        match body.frame().await {
            None => break,
            Some(frame) => read.extend_from_slice(frame?.data_ref().map_or(&[], |data| data)),
        }
    }
    Ok(Request::from_parts(head, Body::from(read)))
}

/// Its connection was sent away a moment ago. On HTTP/2 that can be said, so that it is sent again.
fn gone(version: Version) -> BoxError {
    if version == Version::HTTP_2 {
        return h2::Error::from(h2::Reason::REFUSED_STREAM).into();
    }
    io::Error::new(io::ErrorKind::ConnectionAborted, "sent away").into()
}

/// HTTP/2 says `:authority` where HTTP/1 says `Host`, and everything behind the door reads the latter. `false` when
/// both are there and differ (RFC 9113 §8.3.1).
fn name_host(request: &mut Request<Body>) -> bool {
    if request.version() != Version::HTTP_2 {
        return true;
    }
    let Some(authority) = request.uri().authority() else { return true };
    let Ok(named) = HeaderValue::from_str(authority.as_str()) else { return false };
    let host = request.headers_mut().entry(HOST).or_insert_with(|| named.clone());
    host.as_bytes().eq_ignore_ascii_case(named.as_bytes())
}

/// For whoever is no callback while all places are taken.
fn crowded(request: &Request<Body>) -> Response {
    let (path, headers) = (request.uri().path(), request.headers());
    busy(refuse(StatusCode::SERVICE_UNAVAILABLE, &PublicError::Busy, |words| words.crowded, path, headers))
}

fn busy(response: impl IntoResponse) -> Response {
    ([(RETRY_AFTER, "1")], response).into_response()
}
