//! How the shop looks, as this instance last read it. Pages read it anew when it is a few seconds old, so that every
//! instance shows what was chosen at one of them; where the books are out of reach, it looks as it did.

use std::sync::{Arc, PoisonError, RwLock};

use axum::{
    extract::{Path, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use super::state::AppState;
use crate::{
    backoffice::products::Shelf,
    domain::{Accent, Looks, PictureName},
};

const FRESH: SignedDuration = SignedDuration::from_secs(2);
const FOREVER: HeaderValue = HeaderValue::from_static(IMMUTABLE);
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

#[derive(Debug)]
pub struct ShopLooks {
    shelf: Shelf,
    /// Of the settings, while staff has chosen no other name.
    payee: String,
    known: RwLock<(Arc<Looks>, Option<Timestamp>)>,
}

impl ShopLooks {
    pub fn new(shelf: Shelf, payee: String) -> Self {
        Self { shelf, payee, known: RwLock::default() }
    }

    pub(crate) fn known(&self) -> Arc<Looks> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// What the shop is called.
    pub(crate) fn name(&self) -> String {
        let looks = self.known();
        if looks.name.is_empty() { self.payee.clone() } else { looks.name.clone() }
    }

    /// Reads it again when it is time. Whoever comes meanwhile takes what is known.
    pub(crate) async fn refresh(&self, now: Timestamp) {
        {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            let is_fresh = |at: Timestamp| now >= at && now.duration_since(at) < FRESH;
            if known.1.is_some_and(is_fresh) {
                return;
            }
            known.1 = Some(now);
        }
        match self.shelf.looks().await {
            Ok(looks) => self.known.write().unwrap_or_else(PoisonError::into_inner).0 = Arc::new(looks),
            Err(error) => tracing::debug!(%error, "how the shop looks cannot be read"),
        }
    }

    /// What was changed here shows here at once.
    pub(crate) async fn reread(&self, now: Timestamp) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).1 = None;
        self.refresh(now).await;
    }
}

/// For pages.
pub(crate) async fn fresh(State(state): State<AppState>, request: Request, next: Next) -> Response {
    state.looks.refresh(state.clock.now()).await;
    next.run(request).await
}

/// Where the style sheet of a colour is: its address says what is in it.
pub(crate) fn style_address(accent: Accent) -> String {
    let hash: String = Sha256::digest(accent.style()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("/looks/{}-{hash}.css", accent.to_string().trim_start_matches('#'))
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
