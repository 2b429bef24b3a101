//! A request that waits for news of an order: until there are some, its time is over, somebody needs its place, or the
//! server stops.

use std::time::Duration;

use super::{door::CountedFor, state::AppState};
use crate::{
    checkout::{CheckoutError, OrderSnapshot},
    domain::OrderToken,
};

/// Longest wait: below the idle limits of common proxies.
pub(crate) const MOST: Duration = Duration::from_secs(25);

/// What is waited for.
pub(crate) struct Wanted {
    pub token: OrderToken,
    /// The version that is known already.
    pub after: Option<i64>,
    pub wait: Duration,
}

/// How the order stands.
pub(crate) struct News {
    pub snapshot: OrderSnapshot,
    /// Somebody gets the place of whoever has waited; he is to ask again by another connection.
    pub is_pressed: bool,
}

/// # Errors
/// There is no such order, too many wait for it, or the books cannot be read.
pub(crate) async fn wait_for(state: &AppState, counted: CountedFor, wanted: Wanted) -> Result<News, CheckoutError> {
    let Wanted { token, after, wait } = wanted;
    let mut place = state.crowd.join(counted);
    let is_pressed = tokio::select! {
        snapshot = state.checkout.watch(&token, after, wait.min(MOST)) => {
            return Ok(News { snapshot: snapshot?, is_pressed: false });
        }
        () = place.pressed() => true,
        () = state.stopping.cancelled() => false,
    };
    // Boxed: of thousands who wait, few come here.
    let snapshot = Box::pin(state.checkout.load_snapshot(&token)).await?;
    Ok(News { snapshot, is_pressed })
}
