//! The end of a server, in order and in good time: whoever manages it kills it after ten seconds.

use std::{future::Future, time::Duration};

use tokio::time::timeout;

use crate::http::AppState;

/// For requests under way. All of it together is less than 8 s; what is cut off is as after a kill, and goes on
/// after the next start.
pub(super) const REQUESTS: Duration = Duration::from_secs(3);
const TASKS: Duration = Duration::from_secs(2);
const SIGN_OFF: Duration = Duration::from_secs(1);
const PLATFORM: Duration = Duration::from_millis(500);
const BOOKS: Duration = Duration::from_secs(1);

/// After the last request and with the background at rest. `platform` is our own, which tasks may still need.
pub(super) async fn in_order(state: &AppState, platform: impl Future<Output = ()>) {
    state.checkout.finish(TASKS).await;
    match timeout(SIGN_OFF, state.checkout.sign_off()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "signing off"),
        Err(_) => tracing::warn!("signing off takes too long"),
    }
    if timeout(PLATFORM, platform).await.is_err() {
        tracing::warn!("the sandbox does not stop");
    }
    if timeout(BOOKS, state.db.close()).await.is_err() {
        tracing::warn!("the books take too long to close");
    }
}
