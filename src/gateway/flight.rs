//! The request for certificates that is under way, and when the last one began.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::future::{BoxFuture, Shared};
use jiff::Timestamp;

use super::error::GatewayError;

/// A request under way, for all who wait for it.
pub(super) type Flight = Shared<BoxFuture<'static, Result<usize, GatewayError>>>;

#[derive(Clone, Default)]
pub(super) struct Refresh(Arc<Mutex<State>>);

#[derive(Default)]
pub(super) struct State {
    /// When the last request began.
    pub(super) last: Option<Timestamp>,
    pub(super) flight: Option<Flight>,
}

impl Refresh {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refresh")
    }
}
