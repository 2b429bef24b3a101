//! Which of the platform's keys need not be kept again.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

/// Serials of keys that are in the books for certain.
#[derive(Debug, Default)]
pub(crate) struct KeptKeys(Mutex<HashSet<String>>);

impl KeptKeys {
    pub(crate) fn has(&self, serial: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(serial)
    }

    pub(crate) fn add(&self, serial: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(serial);
    }
}
