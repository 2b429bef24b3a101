//! When sessions were seen last, by this process.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;

/// Sessions remembered; more than any shop's staff has.
const SEEN_MOST: usize = 10_000;

/// When this process has seen a session last, in milliseconds: exact, and there also when nothing can be written.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<HashMap<i64, i64>>);

impl Seen {
    pub(super) fn note(&self, id: i64, now: Timestamp) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= SEEN_MOST {
            seen.clear();
        }
        seen.insert(id, now.as_millisecond());
    }

    pub(super) fn of(&self, id: i64) -> Option<Timestamp> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Timestamp::from_millisecond(*seen.get(&id)?).ok()
    }
}
