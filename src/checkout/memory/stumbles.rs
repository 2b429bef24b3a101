//! How often looking after one order or refund has gone wrong by its own fault.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::SignedDuration;

/// The first pause after a failure of its own, and the longest; each is twice the one before.
const PAUSES: (SignedDuration, SignedDuration) = (SignedDuration::from_secs(10), SignedDuration::from_hours(1));
/// Remembered at most; past it all begin anew.
const REMEMBERED: usize = 10_000;

/// What is looked after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    Order(i64),
    Refund(i64),
}

impl Subject {
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Order(_) => "order",
            Self::Refund(_) => "refund",
        }
    }

    pub(crate) const fn id(self) -> i64 {
        match self {
            Self::Order(id) | Self::Refund(id) => id,
        }
    }
}

/// How often each has failed by itself, in this process.
#[derive(Debug, Default)]
pub(crate) struct Stumbles(Mutex<HashMap<Subject, u32>>);

impl Stumbles {
    /// The pause after one more.
    pub(crate) fn note(&self, subject: Subject) -> SignedDuration {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= REMEMBERED {
            counts.clear();
        }
        let count = counts.entry(subject).or_insert(0);
        let pause = PAUSES.0.saturating_mul(1 << (*count).min(16));
        *count += 1;
        pause.min(PAUSES.1)
    }

    pub(crate) fn forget(&self, subject: Subject) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&subject);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_by_itself_is_tried_ever_more_rarely_until_it_succeeds() {
        let stumbles = Stumbles::default();
        let order = Subject::Order(1);
        let pauses: Vec<_> = (0..11).map(|_| stumbles.note(order).as_secs()).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
        assert_eq!(stumbles.note(Subject::Refund(1)).as_secs(), 10, "another one");
        stumbles.forget(order);
        assert_eq!(stumbles.note(order).as_secs(), 10);
    }
}
