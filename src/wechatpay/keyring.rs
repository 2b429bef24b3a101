//! The keys we trust now, shared by those who verify and the one who refreshes.

use std::sync::{Arc, PoisonError, RwLock};

use super::verifier::PlatformKeys;

/// Clones share one content. Readers take a snapshot and verify with it, so that nobody holds the
/// lock for longer than it takes to copy a pointer.
#[derive(Clone, Debug, Default)]
pub struct Keyring(Arc<RwLock<PlatformKeys>>);

impl Keyring {
    pub fn new(keys: PlatformKeys) -> Self {
        Self(Arc::new(RwLock::new(keys)))
    }

    /// The keys of this moment.
    pub fn snapshot(&self) -> PlatformKeys {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the content by what `change` makes of it.
    pub fn update(&self, change: impl FnOnce(&PlatformKeys) -> PlatformKeys) {
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *keys = change(&keys);
    }
}
