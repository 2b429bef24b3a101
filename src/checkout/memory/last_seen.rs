//! What pages saw last that have just been answered and are about to ask again, as all do that wait: while its version
//! is still the latest, nobody has to read it again.

use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, PoisonError},
};

/// Of orders, by id. Whatever is not taken up soon is forgotten.
#[derive(Debug)]
pub(crate) struct LastSeen<S>(Mutex<Generations<S>>);

#[derive(Debug)]
struct Generations<S> {
    new: HashMap<i64, S>,
    old: HashMap<i64, S>,
}

impl<S> Default for LastSeen<S> {
    fn default() -> Self {
        Self(Mutex::new(Generations { new: HashMap::new(), old: HashMap::new() }))
    }
}

impl<S> LastSeen<S> {
    pub(crate) fn leave(&self, order_id: i64, seen: S) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).new.insert(order_id, seen);
    }

    pub(crate) fn take_up(&self, order_id: i64) -> Option<S> {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generations.new.remove(&order_id).or_else(|| generations.old.remove(&order_id))
    }

    /// Forgets what lay there at the last call already.
    pub(crate) fn age(&self) {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let forgotten = mem::take(&mut generations.new);
        generations.old = forgotten;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_taken_up_soon_is_forgotten() {
        let seen = LastSeen::default();
        seen.leave(1, "first");
        seen.leave(2, "second");
        seen.age();
        seen.leave(2, "newer");
        assert_eq!((seen.take_up(1), seen.take_up(1)), (Some("first"), None), "by one page");
        assert_eq!(seen.take_up(2), Some("newer"));
        seen.leave(3, "third");
        seen.age();
        seen.age();
        assert_eq!(seen.take_up(3), None);
    }
}
