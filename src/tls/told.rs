//! What is said about the certificate: in the log, by `/readyz` and in `/metrics`.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp, Unit};

use super::{Pair, Tls};
use crate::{clock::Clock, metrics::Metrics, readiness::Readiness};

const WHAT: &str = "certificate";

/// Clones share what they have said.
#[derive(Clone, Debug)]
pub struct Told {
    readiness: Readiness,
    metrics: Metrics,
    clock: Clock,
    said: Arc<Mutex<Said>>,
}

#[derive(Clone, Debug, Default)]
struct Said {
    failure: Option<Failure>,
    /// How the certificate stands that ends then, and what the clock said when that was seen first: a sentence that
    /// told the minute would be news each minute.
    since: Option<(Standing, Option<Timestamp>, Timestamp)>,
}

/// What is wrong beside the certificate's time.
#[derive(Clone, Debug)]
struct Failure {
    words: String,
    /// The one that is shown is refused; else there is only none to come after it.
    keeps_out: bool,
}

/// How a certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    None,
    /// Not begun yet: whose clock is wrong?
    Ahead,
    Good,
    /// In the last twentieth of its life, which no renewal should ever let it reach.
    Late,
    Over,
}

impl Told {
    pub fn new(readiness: Readiness, metrics: Metrics, clock: Clock) -> Self {
        Self { readiness, metrics, clock, said: Arc::default() }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// It could not be renewed. Said loudly each time.
    pub(super) fn failed(&self, words: &str, tls: &Tls) {
        self.fails(Failure { words: words.to_owned(), keeps_out: false }, tls);
    }

    /// The one that is shown now is refused by everybody.
    pub(super) fn keeps_out(&self, words: &str, tls: &Tls) {
        self.fails(Failure { words: words.to_owned(), keeps_out: true }, tls);
    }

    fn fails(&self, failure: Failure, tls: &Tls) {
        self.metrics.certificate().failed();
        let words = failure.words.clone();
        self.said().failure = Some(failure);
        // A new trouble says itself.
        if !self.standing(tls) {
            tracing::error!("the certificate: {words}");
        }
    }

    /// Whatever was wrong is over.
    pub(super) fn mended(&self, tls: &Tls) {
        self.said().failure = None;
        self.standing(tls);
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says how the certificate stands now; whether that was said as a trouble, and is in the log.
    pub(super) fn standing(&self, tls: &Tls) -> bool {
        let (pair, now) = (tls.pair(), self.now());
        if let Some(pair) = &pair {
            self.metrics.certificate().ends(pair.ends());
        }
        let (is_trouble, told) = {
            let mut said = self.said();
            let (standing, ends) = (stand(pair.as_ref(), now), pair.as_ref().map(Pair::ends));
            let before = said.since.filter(|(before, of, _)| (*before, *of) == (standing, ends));
            let (.., seen) = *said.since.insert(before.unwrap_or((standing, ends, now)));
            tell(pair.as_ref(), said.failure.as_ref(), (standing, seen))
        };
        let (trouble, note) = if is_trouble { (Some(told), None) } else { (None, Some(told)) };
        let is_news = self.readiness.report(WHAT, trouble);
        self.readiness.note(WHAT, note);
        is_trouble && is_news
    }
}

fn stand(pair: Option<&Pair>, now: Timestamp) -> Standing {
    let Some(pair) = pair else { return Standing::None };
    if now < pair.begins() {
        Standing::Ahead
    } else if now >= pair.ends() {
        Standing::Over
    } else if pair.ends().duration_since(now) < pair.life() / 20 {
        Standing::Late
    } else {
        Standing::Good
    }
}

/// Whether it keeps people out now or soon, and the sentence. It stands so since `seen`.
fn tell(pair: Option<&Pair>, failure: Option<&Failure>, (standing, seen): (Standing, Timestamp)) -> (bool, String) {
    let ends = pair.map(|pair| minute(pair.ends())).unwrap_or_default();
    let mut told = match standing {
        Standing::None => "there is none yet: nobody can reach the shop by https".to_owned(),
        Standing::Ahead => {
            let begins = pair.map(|pair| minute(pair.begins())).unwrap_or_default();
            format!("begins at {begins}, and this machine's clock said {}: is it right?", minute(seen))
        }
        Standing::Good => format!("ends at {ends}"),
        Standing::Late => format!("ends at {ends}, and there is no newer one"),
        Standing::Over => format!("has ended at {ends} (this machine's clock said {})", minute(seen)),
    };
    if let Some(failure) = failure {
        // Writing into a text cannot fail.
        write!(told, "; {}", failure.words).ok();
    }
    (standing != Standing::Good || failure.is_some_and(|failure| failure.keeps_out), told)
}

/// To the minute, in UTC.
pub(super) fn minute(at: Timestamp) -> String {
    at.round(Unit::Minute).unwrap_or(at).strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// For people: `3 h`, `5 min`, `20 s`.
pub(super) fn span(length: SignedDuration) -> String {
    match length.as_secs() {
        seconds if seconds >= 7200 => format!("{} h", length.as_hours()),
        seconds if seconds >= 120 => format!("{} min", length.as_mins()),
        seconds => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests;
