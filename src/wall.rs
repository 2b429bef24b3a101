//! The wall between play and money, for what comes over the wire: Saoma's sandbox says on every reply and
//! callback what it is, and a shop of WeChat Pay itself takes nothing that says so. Whoever stands under
//! WeChat's name with a sandbox (a proxy, a changed hosts file, keys that were taken over) pays no orders.
//!
//! The header is not signed, and a stranger may send it: what bears it is refused, and nothing else happens.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::{HeaderMap, HeaderName};
use tokio::time::{Instant, sleep_until};

use crate::{metrics::Metrics, readiness::Readiness};

/// What the sandbox puts on everything it says.
const SANDBOX: HeaderName = HeaderName::from_static("saoma-sandbox");
const TROUBLE: &str = "sandbox";
/// How long after the last such message this instance calls itself in trouble.
const REMEMBERED: Duration = Duration::from_mins(10);

/// Where a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// To a call of our own, verified or not: whom we call, we have chosen.
    Reply,
    /// That has verified. Any other is a forgery, whatever its headers say.
    Callback,
}

impl Channel {
    const fn code(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Callback => "callback",
        }
    }
}

/// Clones are one wall.
#[derive(Clone, Debug)]
pub struct Wall(Option<Arc<Guard>>);

#[derive(Debug)]
struct Guard {
    metrics: Metrics,
    readiness: Readiness,
    memory: Duration,
    /// Of the last refused message; `None` while there is no trouble.
    last: Mutex<Option<Instant>>,
}

impl Wall {
    /// Where no real money can be: nothing is refused.
    pub const fn open() -> Self {
        Self(None)
    }

    /// Around the books of a shop of WeChat Pay itself.
    pub fn around_money(metrics: Metrics, readiness: Readiness) -> Self {
        Self::remembering(REMEMBERED, metrics, readiness)
    }

    fn remembering(memory: Duration, metrics: Metrics, readiness: Readiness) -> Self {
        Self(Some(Arc::new(Guard { metrics, readiness, memory, last: Mutex::default() })))
    }

    /// Whether a message with these headers has to be refused; counts it, and says so loudly, once until it has
    /// been quiet for a while.
    pub fn refuses(&self, headers: &HeaderMap, channel: Channel) -> bool {
        let Some(guard) = self.0.as_ref().filter(|_| headers.contains_key(SANDBOX)) else { return false };
        guard.metrics.sandbox_message_refused(channel.code());
        let is_first = guard.last().replace(Instant::now()).is_none();
        if is_first {
            let trouble = format!(
                "a {} bears the mark of a Saoma sandbox, where WeChat Pay itself should speak: refused, nothing is \
                 booked. Look where WXPAY_DOMAIN leads from this machine, and whose keys it has",
                channel.code()
            );
            guard.readiness.report(TROUBLE, Some(trouble));
            tokio::spawn(Arc::clone(guard).until_quiet());
        }
        true
    }
}

impl Guard {
    fn last(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn until_quiet(self: Arc<Self>) {
        loop {
            let quiet_at = self.last().unwrap_or_else(Instant::now) + self.memory;
            sleep_until(quiet_at).await;
            let mut last = self.last();
            if last.is_none_or(|last| last.elapsed() >= self.memory) {
                *last = None;
                self.readiness.report(TROUBLE, None);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked() -> HeaderMap {
        HeaderMap::from_iter([(SANDBOX, http::HeaderValue::from_static("1"))])
    }

    #[tokio::test]
    async fn trouble_is_over_when_it_has_been_quiet_for_a_while() {
        let readiness = Readiness::default();
        let wall = Wall::remembering(Duration::from_millis(50), Metrics::default(), readiness.clone());
        assert!(!wall.refuses(&HeaderMap::new(), Channel::Reply));
        assert!(readiness.troubles().is_empty());
        for _ in 0..2 {
            assert!(wall.refuses(&marked(), Channel::Callback));
            assert_eq!(readiness.troubles().len(), 1);
            while !readiness.troubles().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }

    #[test]
    fn where_there_is_no_money_a_sandbox_may_speak() {
        assert!(!Wall::open().refuses(&marked(), Channel::Callback));
    }
}
