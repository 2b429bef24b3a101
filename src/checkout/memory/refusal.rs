//! What is said once about the removal of what is old.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether it has been said that nothing is removed for now.
#[derive(Debug, Default)]
pub(crate) struct Refusal(AtomicBool);

impl Refusal {
    /// Said once, until the time is known again.
    pub(crate) fn say(&self) {
        if !self.0.swap(true, Ordering::SeqCst) {
            tracing::warn!("nothing is removed for its age until an answer of WeChat confirms what time it is");
        }
    }

    pub(crate) fn is_over(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}
