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

/// What is wrong, for anybody who asks `/readyz`, and for the log, which may say where it lies.
#[derive(Clone, Debug)]
pub(super) struct Words {
    pub(super) public: String,
    pub(super) log: String,
}

impl Words {
    pub(super) fn map(self, tell: impl Fn(String) -> String) -> Self {
        Self { public: tell(self.public), log: tell(self.log) }
    }

    pub(super) fn and(self, other: Self) -> Self {
        let both = |one: String, other: String| format!("{one}; {other}");
        Self { public: both(self.public, other.public), log: both(self.log, other.log) }
    }
}

/// Where nothing of this machine is told.
impl From<String> for Words {
    fn from(told: String) -> Self {
        Self { public: told.clone(), log: told }
    }
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
    pub(super) fn failed(&self, words: Words, tls: &Tls) {
        self.fails(words, false, tls);
    }

    /// The one that is shown now is refused by everybody.
    pub(super) fn keeps_out(&self, words: Words, tls: &Tls) {
        self.fails(words, true, tls);
    }

    fn fails(&self, words: Words, keeps_out: bool, tls: &Tls) {
        self.metrics.certificate().failed();
        let Words { public, log } = words;
        let is_all = public == log;
        self.said().failure = Some(Failure { words: public, keeps_out });
        // A new trouble says itself, though not where it lies.
        if !self.standing(tls) || !is_all {
            tracing::error!("the certificate: {log}");
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

/// To the minute, in the zone of everything that people read here.
pub(super) fn minute(at: Timestamp) -> String {
    let at = at.round(Unit::Minute).unwrap_or(at).display_with_offset(jiff::tz::offset(8)).to_string();
    // `2026-04-01T08:00:00+08:00`
    at.replace('T', " ").replace(":00+08:00", " +08:00")
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
