//! The budget of questions to WeChat, as `/metrics` shows it.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Asker {
    asker: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Promise {
    promise: &'static str,
}

/// Gauges and counters, set when somebody asks for them.
#[derive(Clone, Debug, Default)]
pub struct QuestionMetrics {
    limit: Gauge,
    used: Gauge,
    asked: Family<Asker, Counter<u64, AtomicU64>>,
    waiting: Family<Asker, Gauge>,
    oldest_wait: Family<Asker, Gauge>,
    promise: Family<Promise, Gauge>,
}

/// Of one kind of question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuestionLine {
    pub asker: &'static str,
    /// Since the start.
    pub asked: u64,
    pub waiting: i64,
    pub oldest_wait: Duration,
}

impl QuestionMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let it = Self::default();
        registry.register(
            "questions_limit",
            "Questions to WeChat Pay that this instance may ask in a second now, 0 for any number",
            it.limit.clone(),
        );
        registry.register("questions_used", "Questions asked within the last second", it.used.clone());
        registry.register("questions", "Questions asked, by who wanted to know", it.asked.clone());
        registry.register("questions_waiting", "Questions that are due and not asked yet", it.waiting.clone());
        registry.register_with_unit(
            "questions_oldest_wait",
            "For how long the first of those has been due",
            Unit::Seconds,
            it.oldest_wait.clone(),
        );
        registry.register(
            "questions_promise_holds",
            "1 while a payment whose callback is lost is found in time: within 10 s with a page, 60 s without",
            it.promise.clone(),
        );
        it
    }

    pub fn set_budget(&self, limit: u32, used: usize) {
        self.limit.set(limit.into());
        self.used.set(i64::try_from(used).unwrap_or(i64::MAX));
    }

    pub fn set_line(&self, line: &QuestionLine) {
        let label = Asker { asker: line.asker };
        self.asked.get_or_create(&label).inner().store(line.asked, Ordering::Relaxed);
        self.waiting.get_or_create(&label).set(line.waiting);
        let seconds = i64::try_from(line.oldest_wait.as_secs()).unwrap_or(i64::MAX);
        self.oldest_wait.get_or_create(&label).set(seconds);
    }

    pub fn set_promises(&self, page: bool, no_page: bool) {
        for (promise, holds) in [("page", page), ("no_page", no_page)] {
            self.promise.get_or_create(&Promise { promise }).set(holds.into());
        }
    }
}
