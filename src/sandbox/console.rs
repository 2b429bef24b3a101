//! Everything below `/_sandbox/`, for programs and for people.

mod control;
mod guard;
mod html;
mod panel;
mod phone;

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit, middleware};

use super::platform::Platform;

/// No control needs more than this.
const BODY_LIMIT: usize = 16 * 1024;

/// On the sandbox's own port, where nobody else looks who asks.
pub(super) fn guarded(platform: Arc<Platform>) -> Router {
    router(Arc::clone(&platform)).layer(middleware::from_fn_with_state(platform, guard::refuse_others))
}

pub(super) fn router(platform: Arc<Platform>) -> Router {
    control::router()
        .merge(phone::router())
        .merge(panel::router())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(platform)
}
