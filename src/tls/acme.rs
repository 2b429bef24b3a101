//! A certificate from an ACME server (RFC 8555), renewed when a third of its life is left.
//!
//! The protocol is `instant-acme`'s. When to order, how long to wait after a failure, what is kept and what is
//! said of it is ours: Let's Encrypt takes five failures an hour for a name and then nothing for a while, and a
//! server that says nothing must not end the renewals.

mod client;
mod error;
mod order;
mod reason;
mod store;

use std::{path::PathBuf, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

pub use self::error::AcmeError;
use self::{client::AcmeClient, reason::Refusal, store::Store};
use super::{Pair, Tls, Told, told};

/// Who makes the certificate, for which names.
#[derive(Clone, Debug)]
pub struct Acme {
    /// The server's directory.
    pub directory: String,
    /// A CA of its own, in PEM, that its https hangs from.
    pub ca: Option<Vec<u8>>,
    /// `mailto:…`
    pub contact: Option<String>,
    pub names: Vec<String>,
    /// Account and certificates are kept in here.
    pub folder: PathBuf,
    pub pace: AcmePace,
}

/// What a test hurries.
#[derive(Clone, Copy, Debug)]
pub struct AcmePace {
    /// How often it is looked whether it is time.
    pub look_every: Duration,
    /// Of one order as a whole.
    pub order_limit: Duration,
    /// After the first failure; each pause is five times the one before, up to the longest.
    pub first_pause: SignedDuration,
    pub longest_pause: SignedDuration,
}

impl Default for AcmePace {
    fn default() -> Self {
        Self {
            look_every: Duration::from_secs(20),
            order_limit: Duration::from_mins(5),
            first_pause: SignedDuration::from_mins(1),
            longest_pause: SignedDuration::from_hours(4),
        }
    }
}

const SLOWER: i32 = 5;

impl Acme {
    /// Shows the certificate that was kept, if it is for these names.
    pub(super) fn recall(&self, tls: &Tls, told: &Told) -> Result<(), AcmeError> {
        // Neither is needed now; whatever is wrong with them should be known at the start.
        AcmeClient::new(self.ca.as_deref())?;
        let store = self.store();
        store.make().map_err(|source| AcmeError::Store { path: store.folder().to_owned(), source })?;
        if let Some(pair) = store.pair().filter(|pair| self.fits(pair)) {
            tracing::info!(ends = told::minute(pair.ends()), "the certificate that was kept is shown");
            tls.show(pair);
        }
        told.standing(tls);
        Ok(())
    }

    fn store(&self) -> Store {
        Store::of(&self.folder, &self.directory)
    }

    fn fits(&self, pair: &Pair) -> bool {
        self.names.iter().all(|name| pair.is_for(name))
    }

    /// Orders and orders again, for ever.
    pub(super) async fn renew(&self, tls: &Tls, told: &Told) {
        let mut failures = Failures::default();
        loop {
            told.standing(tls);
            let now = told.now();
            if is_due(tls.pair().as_ref(), now) && failures.may_try(now) {
                self.try_once(tls, told, &mut failures).await;
            }
            tokio::time::sleep(self.pace.look_every).await;
        }
    }

    async fn try_once(&self, tls: &Tls, told: &Told, failures: &mut Failures) {
        tracing::info!(names = ?self.names, directory = self.directory, "a certificate is ordered");
        let ordered = timeout(self.pace.order_limit, self.order(tls)).await;
        let refusal = match ordered {
            Ok(Ok(pair)) => {
                tracing::info!(ends = told::minute(pair.ends()), "a new certificate is shown");
                tls.show(pair);
                *failures = Failures::default();
                told.mended(tls);
                return;
            }
            Ok(Err(refusal)) => refusal,
            Err(_) => Refusal::silent(&self.directory),
        };
        let pause = failures.note(told.now(), self.pace, refusal.wait());
        let again = told::span(pause);
        let words = refusal.in_words(&self.names, told.now());
        told.failed(words.map(|words| format!("{words}; it is tried again in {again}")), tls);
    }
}

/// A third of its life is left, or there is none. Before it begins nothing is due: another one would not begin any
/// sooner by a clock that is behind.
fn is_due(pair: Option<&Pair>, now: Timestamp) -> bool {
    pair.is_none_or(|pair| pair.ends().duration_since(now) < pair.life() / 3)
}

/// In a row.
#[derive(Debug, Default)]
struct Failures {
    pause: Option<SignedDuration>,
    last: Option<Timestamp>,
}

impl Failures {
    fn may_try(&self, now: Timestamp) -> bool {
        let (Some(last), Some(pause)) = (self.last, self.pause) else { return true };
        // A clock that was set back must not stop the renewals.
        let since = now.duration_since(last);
        since >= pause || since.is_negative()
    }

    /// How long it is left alone now; `told` is what the server wants.
    fn note(&mut self, now: Timestamp, pace: AcmePace, told: Option<SignedDuration>) -> SignedDuration {
        let next = self.pause.map_or(pace.first_pause, |before| before.saturating_mul(SLOWER).min(pace.longest_pause));
        let pause = told.map_or(next, |told| told.max(next));
        self.last = Some(now);
        self.pause = Some(pause);
        pause
    }
}

#[cfg(test)]
mod tests;
