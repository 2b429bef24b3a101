//! What `/metrics` tells, as Prometheus text. One registry per application, so that tests do not
//! count into each other.

mod bills;
mod certificate;
mod office;
mod questions;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::SignedDuration;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

use self::bills::BillMetrics;
pub(crate) use self::certificate::CertificateMetrics;
pub(crate) use self::{
    office::OfficeMetrics,
    questions::{QuestionLine, QuestionMetrics},
};
use crate::{domain::OrderStatus, telemetry};

type Count = Counter<u64, AtomicU64>;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Verdict {
    verdict: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    result: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Call {
    interface: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Cause {
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Channel {
    channel: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Task {
    task: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Job {
    job: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Of {
    of: &'static str,
}

/// Read from the books when somebody asks, so that every instance tells the same.
#[derive(Debug, Default)]
pub struct Upkeep {
    /// When each job last came to a good end, in seconds since 1970.
    pub last_good: Vec<(String, i64)>,
    /// How long the oldest one that is due has been waiting.
    pub oldest_due_order: SignedDuration,
    pub oldest_due_refund: SignedDuration,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Status {
    status: &'static str,
}

/// The counters. Clones count into the same ones.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    callbacks: Family<Verdict, Count>,
    callback_open: Histogram,
    callback_lag: Histogram,
    creations: Family<Outcome, Count>,
    prepays: Family<Outcome, Count>,
    wechat_calls: Family<Call, Count>,
    orders: Family<Status, Count>,
    sandbox_messages: Family<Channel, Count>,
    panics: Family<Task, Count>,
    last_good: Family<Job, Gauge>,
    oldest_due: Family<Of, Gauge>,
    durable_write_age: Gauge,
    lines_lost: Count,
    pending: Gauge,
    waiting: Gauge,
    connections: Gauge,
    connections_closed: Family<Cause, Count>,
    connections_refused: Count,
    questions: QuestionMetrics,
    certificate: CertificateMetrics,
    bills: BillMetrics,
    office: OfficeMetrics,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("saoma");
        let callbacks = Family::<Verdict, Count>::default();
        let callback_open = Histogram::new([10e-6, 20e-6, 50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 5e-3, 20e-3]);
        let callback_lag = Histogram::new([0.1, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 3600.0, 86400.0]);
        let creations = Family::<Outcome, Count>::default();
        let prepays = Family::<Outcome, Count>::default();
        let wechat_calls = Family::<Call, Count>::default();
        let orders = Family::<Status, Count>::default();
        let sandbox_messages = Family::<Channel, Count>::default();
        let panics = Family::<Task, Count>::default();
        let last_good = Family::<Job, Gauge>::default();
        let oldest_due = Family::<Of, Gauge>::default();
        let (durable_write_age, lines_lost, pending) = (Gauge::default(), Count::default(), Gauge::default());
        let waiting = Gauge::default();
        registry.register("callbacks", "Callbacks by verdict", callbacks.clone());
        registry.register_with_unit(
            "callback_open",
            "Time to verify, decrypt and read a callback",
            Unit::Seconds,
            callback_open.clone(),
        );
        registry.register_with_unit(
            "callback_lag",
            "From the payer's success_time to our commit",
            Unit::Seconds,
            callback_lag.clone(),
        );
        registry.register("order_creations", "Requests to place an order, by result", creations.clone());
        registry.register("prepays", "Prepay calls, by result", prepays.clone());
        registry.register("wechat_calls", "Calls to WeChat Pay, by interface and result", wechat_calls.clone());
        registry.register("orders", "Orders that entered a status, since start", orders.clone());
        registry.register(
            "sandbox_messages_refused",
            "Replies and callbacks of a Saoma sandbox where WeChat Pay itself should speak",
            sandbox_messages.clone(),
        );
        registry.register("orders_pending", "Orders that wait for their payer now", pending.clone());
        registry.register("pages_waiting", "Long polls under way now", waiting.clone());
        let (connections, connections_refused) = (Gauge::default(), Count::default());
        let connections_closed = Family::<Cause, Count>::default();
        registry.register("connections_open", "Connections from outside, open now", connections.clone());
        registry.register("connections_closed", "Connections that ended, by reason", connections_closed.clone());
        registry.register(
            "connections_refused",
            "Connections for which there was no room",
            connections_refused.clone(),
        );
        let (questions, certificate) =
            (QuestionMetrics::register(&mut registry), CertificateMetrics::register(&mut registry));
        let bills = BillMetrics::register(&mut registry);
        let office = OfficeMetrics::register(&mut registry);
        registry.register("panics", "Mistakes of ours, by the task that they ended", panics.clone());
        registry.register(
            "job_last_good_timestamp_seconds",
            "When a background job last came to a good end, on whichever instance",
            last_good.clone(),
        );
        registry.register(
            "oldest_due_seconds",
            "How long what should be looked after first has been due",
            oldest_due.clone(),
        );
        registry.register(
            "durable_write_age_seconds",
            "Since this instance last wrote a row and read it back; -1 for never",
            durable_write_age.clone(),
        );
        registry.register(
            "log_lines_lost",
            "Lines of the log that standard error did not take, in this process",
            lines_lost.clone(),
        );
        let registry = Arc::new(registry);
        Self {
            registry,
            callbacks,
            callback_open,
            callback_lag,
            creations,
            prepays,
            wechat_calls,
            orders,
            sandbox_messages,
            panics,
            last_good,
            oldest_due,
            durable_write_age,
            lines_lost,
            pending,
            waiting,
            connections,
            connections_closed,
            connections_refused,
            questions,
            certificate,
            bills,
            office,
        }
    }
}

impl Metrics {
    pub fn callback(&self, verdict: &'static str) {
        self.callbacks.get_or_create(&Verdict { verdict }).inc();
    }

    pub fn callback_opened(&self, took: Duration) {
        self.callback_open.observe(took.as_secs_f64());
    }

    pub fn callback_lag(&self, lag: SignedDuration) {
        self.callback_lag.observe(lag.as_secs_f64().max(0.0));
    }

    pub fn order_creation(&self, result: &'static str) {
        self.creations.get_or_create(&Outcome { result }).inc();
    }

    pub fn prepay(&self, result: &'static str) {
        self.prepays.get_or_create(&Outcome { result }).inc();
    }

    pub fn wechat_call(&self, interface: &'static str, result: &'static str) {
        self.wechat_calls.get_or_create(&Call { interface, result }).inc();
    }

    pub fn order_entered(&self, status: OrderStatus) {
        self.orders.get_or_create(&Status { status: status.code() }).inc();
    }

    pub fn connection_opened(&self) {
        self.connections.inc();
    }

    pub fn connection_closed(&self, reason: &'static str) {
        self.connections.dec();
        self.connections_closed.get_or_create(&Cause { reason }).inc();
    }

    pub fn connection_refused(&self) {
        self.connections_refused.inc();
    }

    pub const fn questions(&self) -> &QuestionMetrics {
        &self.questions
    }

    pub const fn certificate(&self) -> &CertificateMetrics {
        &self.certificate
    }

    pub const fn office(&self) -> &OfficeMetrics {
        &self.office
    }

    pub fn bills(&self, missing: i64, differing: i64, open: i64) {
        self.bills.tell(missing, differing, open);
    }

    pub fn sandbox_message_refused(&self, channel: &'static str) {
        self.sandbox_messages.get_or_create(&Channel { channel }).inc();
    }

    /// A mistake of ours ended this task, or the care of one order or refund.
    pub fn panicked(&self, task: &'static str) {
        self.panics.get_or_create(&Task { task }).inc();
    }

    pub fn upkeep(&self, upkeep: &Upkeep) {
        for (job, second) in &upkeep.last_good {
            self.last_good.get_or_create(&Job { job: job.clone() }).set(*second);
        }
        for (of, age) in [("orders", upkeep.oldest_due_order), ("refunds", upkeep.oldest_due_refund)] {
            self.oldest_due.get_or_create(&Of { of }).set(age.as_secs());
        }
    }

    pub fn durable_write_age(&self, age: Option<Duration>) {
        self.durable_write_age.set(age.map_or(-1, |age| i64::try_from(age.as_secs()).unwrap_or(i64::MAX)));
    }

    /// The text of `/metrics`; the two gauges are read when somebody asks.
    pub fn render(&self, pending: i64, waiting: usize) -> Result<String, fmt::Error> {
        self.pending.set(pending);
        self.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        self.lines_lost.inner().store(telemetry::lost_lines(), Ordering::Relaxed);
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}
