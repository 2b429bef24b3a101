//! Request bodies, read whole before anybody looks at them, with a limit of bytes and one of time. The time is for
//! all of it: a limit between two pieces lets one byte a second go on for ever.

use std::time::Duration;

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONNECTION, CONTENT_LENGTH},
};
use http_body::Body as _;
use tokio_util::sync::CancellationToken;

use super::{refusal, state::AppState};
use crate::app::{error::PublicError, words::Problem};

/// What one route takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimits {
    /// In bytes.
    pub most: usize,
    pub time: Duration,
}

/// Forms and server functions are small.
pub(crate) const FORM: BodyLimits = BodyLimits { most: 16 * 1024, time: Duration::from_secs(10) };
/// Real ones are about 1 KiB, and WeChat hangs up after 5 s.
pub(crate) const CALLBACK: BodyLimits = BodyLimits { most: 64 * 1024, time: Duration::from_secs(5) };

/// What is left for a body once the server stops.
const LAST_WORDS: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the body is too long")]
    TooLong,
    #[error("the body came too slowly")]
    TooSlow,
    #[error("the body is not whole: {0}")]
    Broken(axum::Error),
}

impl BodyError {
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken(_) => StatusCode::BAD_REQUEST,
        }
    }
}

impl BodyLimits {
    /// # Errors
    /// Too long, too slow, or broken off. Nothing more is then to be read from that connection.
    pub(crate) async fn read(self, body: Body, stopping: &CancellationToken) -> Result<Bytes, BodyError> {
        let stop = async {
            stopping.cancelled().await;
            tokio::time::sleep(LAST_WORDS).await;
        };
        tokio::select! {
            // Small ones are there with their head: no timer is then set, nor the stop waited for.
            biased;
            read = to_bytes(body, self.most) => read.map_err(|error| {
                let source = std::error::Error::source(&error);
                let too_long = source.is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
                if too_long { BodyError::TooLong } else { BodyError::Broken(error) }
            }),
            () = tokio::time::sleep(self.time) => Err(BodyError::TooSlow),
            () = stop => Err(BodyError::TooSlow),
        }
    }
}

/// For forms and what programs send.
pub(crate) async fn read_form(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let told = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if told.is_some_and(|length: usize| length > FORM.most) {
        return refuse(&BodyError::TooLong, request.uri().path(), request.headers());
    }
    let (head, body) = request.into_parts();
    match FORM.read(body, &state.stopping).await {
        Ok(body) => next.run(Request::from_parts(head, body.into())).await,
        Err(error) => refuse(&error, head.uri.path(), &head.headers),
    }
}

pub(crate) fn refuse(error: &BodyError, path: &str, headers: &HeaderMap) -> Response {
    let (public, words): (_, fn(&Problem) -> _) = match error {
        BodyError::TooLong => (PublicError::Input, |words| words.too_long),
        BodyError::TooSlow => (PublicError::Connection, |words| words.too_slow),
        BodyError::Broken(_) => (PublicError::Input, |words| words.broken),
    };
    let response = refusal::refuse(error.status(), &public, words, path, headers);
    ([(CONNECTION, HeaderValue::from_static("close"))], response).into_response()
}
