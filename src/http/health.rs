//! For those who operate the site.

use std::time::Duration;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::CONTENT_TYPE};
use tokio::time::timeout;

use super::AppState;
use crate::storage::{StorageError, orders};

/// Whoever asks whether this is ready does not wait for long.
const READY_LIMIT: Duration = Duration::from_secs(5);

/// The process is up.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// The database answers; its migrations ran before the first request could come.
pub async fn ready(State(state): State<AppState>) -> Response {
    match pending(&state).await {
        Ok(_) => (StatusCode::OK, "ready\n").into_response(),
        Err(error) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}

/// Prometheus text.
pub async fn metrics(State(state): State<AppState>) -> Response {
    let pending = pending(&state).await.unwrap_or(-1);
    match state.metrics.render(pending, state.checkout.live().waiting()) {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(CONTENT_TYPE, kind)], text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn pending(state: &AppState) -> Result<i64, StorageError> {
    let count = async { orders::count_pending(&mut *state.db.read().await?).await };
    timeout(READY_LIMIT, count).await.unwrap_or(Err(StorageError::NoAnswer))
}
