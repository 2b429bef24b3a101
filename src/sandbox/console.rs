//! Everything below `/_sandbox/`, for programs and for people.

mod control;
mod html;
mod panel;
mod phone;

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit};

use super::platform::Platform;

/// No control needs more than this.
const BODY_LIMIT: usize = 16 * 1024;

pub(super) fn router(platform: Arc<Platform>) -> Router {
    control::router()
        .merge(phone::router())
        .merge(panel::router())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(platform)
}
