//! What the shop shows beside its words: pictures, its colour, and how they get to browsers.

use axum::{
    extract::{Path, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
};

use super::{looks::style_address, state::AppState};
use crate::domain::{Accent, PictureName};

const FOREVER: HeaderValue = HeaderValue::from_static(IMMUTABLE);
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// For pages.
pub(crate) async fn fresh(State(state): State<AppState>, request: Request, next: Next) -> Response {
    state.looks.refresh(state.clock.now()).await;
    next.run(request).await
}

pub(crate) async fn style(Path(name): Path<String>) -> Response {
    let accent = name.split_once('-').and_then(|(hex, _)| Accent::parse(&format!("#{hex}")));
    match accent.filter(|accent| accent.is_readable() && style_address(*accent) == format!("/looks/{name}")) {
        Some(accent) => ([(CONTENT_TYPE, "text/css"), (CACHE_CONTROL, IMMUTABLE)], accent.style()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A picture of a product or of the shop. Its name is made of its bytes: whoever has it never asks again.
pub(crate) async fn picture(State(state): State<AppState>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Ok(name) = PictureName::parse(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let tag = format!("\"{name}\"");
    let found = match state.shelf.find_picture(&name).await {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::warn!(%error, "a picture cannot be read");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    let is_known = headers.get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).is_some_and(|it| it.contains(&tag));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, name.kind().media_type())], found).into_response()
    };
    response.headers_mut().insert(CACHE_CONTROL, FOREVER);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}
