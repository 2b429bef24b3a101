//! For those who operate the site.

use std::time::Duration;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::CONTENT_TYPE};
use tokio::time::timeout;

use super::state::AppState;
use crate::{
    backoffice::attention::Need,
    storage::{StorageError, orders},
};

/// Whoever asks whether this is ready does not wait for long.
const READY_LIMIT: Duration = Duration::from_secs(5);

/// The process is up.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// 200 when nothing keeps this instance from its work, else 503 with one line for each trouble. The database
/// is asked now; the rest is what background tasks have reported.
pub(crate) async fn ready(State(state): State<AppState>) -> Response {
    let mut troubles = state.readiness.troubles();
    if let Err(error) = pending(&state).await {
        tracing::error!(%error, "not ready");
        troubles.push(("database", "the database does not answer".to_owned()));
    }
    let status = if troubles.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut lines: Vec<_> = troubles.iter().map(|(what, trouble)| format!("{what}: {trouble}\n")).collect();
    if lines.is_empty() {
        lines.push("ready\n".to_owned());
    }
    lines.extend(state.readiness.notes().iter().map(|(what, note)| format!("{what}: {note}\n")));
    lines.extend(
        state.readiness.durable_write_age().map(|age| format!("last durable write: {} s ago\n", age.as_secs())),
    );
    (status, lines.concat()).into_response()
}

/// Prometheus text.
pub(crate) async fn metrics(State(state): State<AppState>) -> Response {
    // At the same time, so that all are waited for no longer than one: Prometheus gives up after 10 s.
    let (pending, stuck, (), upkeep, _) = tokio::join!(
        pending(&state),
        surplus_stuck(&state),
        measure_needs(&state),
        timeout(READY_LIMIT, state.checkout.upkeep()),
        timeout(READY_LIMIT, state.checkout.measure_questions()),
    );
    state.metrics.office().surplus_stuck(stuck);
    state.metrics.durable_write_age(state.readiness.durable_write_age());
    // The rest is told all the same; `/readyz` says what is wrong.
    if let Ok(Ok(upkeep)) = upkeep {
        state.metrics.upkeep(&upkeep);
    }
    match state.metrics.render(pending.unwrap_or(-1), state.checkout.live().waiting()) {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(CONTENT_TYPE, kind)], text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn measure_needs(state: &AppState) {
    let office = state.metrics.office();
    office.set_disk_free(state.office.room().map(|room| room.free));
    match timeout(READY_LIMIT, state.office.count_needs()).await {
        Ok(Ok(needs)) => needs.into_iter().for_each(|(need, count)| office.set_need(need.code(), count)),
        Ok(Err(_)) | Err(_) => Need::ALL.into_iter().for_each(|need| office.set_need(need.code(), -1)),
    }
}

async fn pending(state: &AppState) -> Result<i64, StorageError> {
    let count = async { orders::count_pending(&mut *state.db.read().await?).await };
    timeout(READY_LIMIT, count).await.unwrap_or(Err(StorageError::NoAnswer))
}

async fn surplus_stuck(state: &AppState) -> i64 {
    match timeout(READY_LIMIT, state.checkout.list_stuck_surplus()).await {
        Ok(Ok(stuck)) => i64::try_from(stuck.len()).unwrap_or(i64::MAX),
        Ok(Err(_)) | Err(_) => -1,
    }
}
