//! What keeps this instance from doing its work, told by `/readyz`. Whoever notices a trouble reports it
//! under a name of its own and takes it back when it is over; nobody else has to know what can go wrong.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// The troubles of one instance. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    troubles: BTreeMap<&'static str, String>,
    /// Told beside them, and none.
    notes: BTreeMap<&'static str, String>,
    /// By a clock that nobody can set.
    written: Option<Instant>,
    /// Since when there should be durable writes, and how long one may be ago.
    expected: Option<(Instant, Duration)>,
    /// When each came round last, and how long it may take.
    rounds: BTreeMap<&'static str, (Instant, Duration)>,
}

impl Readiness {
    /// `what` is short and stable, as a key of a monitoring system; the trouble is a sentence for people,
    /// which anybody may read. `None`: it is over. Only a change is logged; whether this was one.
    pub fn report(&self, what: &'static str, trouble: Option<String>) -> bool {
        let mut state = self.state();
        if let Some(trouble) = trouble {
            let is_news = state.troubles.get(what) != Some(&trouble);
            if is_news {
                tracing::error!(trouble = what, "not ready: {what}: {trouble}");
                state.troubles.insert(what, trouble);
            }
            is_news
        } else {
            let is_over = state.troubles.remove(what).is_some();
            if is_over {
                tracing::info!(trouble = what, "over: {what}");
            }
            is_over
        }
    }

    /// All there are now, by name.
    pub fn troubles(&self) -> Vec<(&'static str, String)> {
        let state = self.state();
        let mut troubles: Vec<_> = state.troubles.iter().map(|(&what, trouble)| (what, trouble.clone())).collect();
        if let Some((since, limit)) = state.expected
            && state.written.unwrap_or(since).elapsed() > limit
        {
            troubles.push(("durable_write", "nothing has been written and read back for too long".to_owned()));
        }
        for (&what, (last, limit)) in &state.rounds {
            if last.elapsed() > *limit && !state.troubles.contains_key(what) {
                troubles.push((what, "this task does not get on".to_owned()));
            }
        }
        troubles
    }

    /// From now on the task `what` has to [come round](Self::note_round) at least every `limit`, whatever it meets
    /// with: one that hangs is a trouble, too.
    pub fn expect_rounds(&self, what: &'static str, limit: Duration) {
        self.state().rounds.insert(what, (Instant::now(), limit));
    }

    pub fn note_round(&self, what: &'static str) {
        if let Some((last, _)) = self.state().rounds.get_mut(what) {
            *last = Instant::now();
        }
    }

    /// A sentence that `/readyz` tells without being any less ready; anybody may read it.
    pub fn note(&self, what: &'static str, note: Option<String>) {
        let mut state = self.state();
        match note {
            Some(note) => drop(state.notes.insert(what, note)),
            None => drop(state.notes.remove(what)),
        }
    }

    pub fn notes(&self) -> Vec<(&'static str, String)> {
        self.state().notes.iter().map(|(&what, note)| (what, note.clone())).collect()
    }

    /// From now on a durable write that is longer ago than `limit` is a trouble.
    pub fn expect_durable_writes(&self, limit: Duration) {
        self.state().expected = Some((Instant::now(), limit));
    }

    /// A row was written, committed, and read back by another connection.
    pub fn note_durable_write(&self) {
        self.state().written = Some(Instant::now());
    }

    /// How long ago; `None` for never.
    pub fn durable_write_age(&self) -> Option<Duration> {
        self.state().written.map(|at| at.elapsed())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_lasts_until_it_is_taken_back() {
        let readiness = Readiness::default();
        readiness.report("a", Some("broken".to_owned()));
        readiness.report("b", Some("worn".to_owned()));
        readiness.clone().report("a", Some("still broken".to_owned()));
        assert_eq!(readiness.troubles(), [("a", "still broken".to_owned()), ("b", "worn".to_owned())]);
        readiness.report("a", None);
        readiness.report("a", None);
        assert_eq!(readiness.troubles(), [("b", "worn".to_owned())]);
    }

    #[test]
    fn the_age_of_the_last_durable_write() {
        let readiness = Readiness::default();
        assert_eq!(readiness.durable_write_age(), None);
        readiness.note_durable_write();
        assert!(readiness.durable_write_age().is_some_and(|age| age < Duration::from_mins(1)));
        readiness.expect_durable_writes(Duration::from_mins(1));
        assert!(readiness.troubles().is_empty());
        readiness.expect_durable_writes(Duration::ZERO);
        assert_eq!(readiness.troubles()[0].0, "durable_write");
    }

    #[test]
    fn a_task_that_does_not_come_round_is_a_trouble() {
        let readiness = Readiness::default();
        readiness.note_round("a");
        readiness.expect_rounds("a", Duration::from_mins(1));
        assert!(readiness.troubles().is_empty());
        readiness.expect_rounds("a", Duration::ZERO);
        readiness.expect_rounds("b", Duration::ZERO);
        readiness.report("a", Some("has ended".to_owned()));
        let troubles = readiness.troubles();
        assert_eq!(troubles.iter().map(|(what, _)| *what).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(troubles[0].1, "has ended", "told once");
    }
}
