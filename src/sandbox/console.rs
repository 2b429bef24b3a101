//! Everything below `/_sandbox/`, for programs and for people.

mod control;
mod guard;
mod html;
mod language;
mod panel;
mod phone;

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit, middleware};
use url::Url;

use super::platform::Platform;

/// No control needs more than this.
const BODY_LIMIT: usize = 16 * 1024;

/// Where they are reached as `origin`.
pub(super) fn guarded(platform: Arc<Platform>, origin: Url) -> Router {
    control::router()
        .merge(phone::router())
        .merge(panel::router())
        .merge(language::router())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(Arc::new(origin), guard::refuse_others))
        .with_state(platform)
}
