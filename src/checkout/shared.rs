//! What all use cases share.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::FutureExt as _;
use jiff::Timestamp;
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::task::TaskTracker;

use super::{
    memory::{Complaint, Inquiries, KeptKeys, LastSeen, LatestTime, LiveOrders, Refusal, Stumbles, SurplusWatch},
    payments::{Bookings, Told},
    settings::CheckoutSettings,
    snapshot::OrderSnapshot,
};
use crate::{
    clock::Clock, entropy::Entropy, gateway::Gateway, metrics::Metrics, readiness::Readiness, storage::Database,
    supervise::Supervisor,
};

/// The use cases with what they need. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Checkout(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) db: Database,
    pub(super) gateway: Gateway,
    pub(super) settings: CheckoutSettings,
    pub(super) bookings: Bookings,
    pub(super) live: LiveOrders,
    pub(super) last_seen: LastSeen<(Instant, OrderSnapshot)>,
    pub(super) inquiries: Inquiries,
    pub(super) surplus: SurplusWatch,
    pub(super) kept_keys: KeptKeys,
    pub(super) stumbles: Stumbles,
    pub(super) instance: Instance,
    pub(super) latest: LatestTime,
    pub(super) refusal: Refusal,
    pub(super) bad_products: Mutex<Complaint>,
    pub(super) metrics: Metrics,
    pub(super) readiness: Readiness,
    pub(super) clock: Clock,
    pub(super) entropy: Entropy,
    /// Questions and prepays that go on after their page has been answered.
    pub(super) tasks: TaskTracker,
}

/// This process among those that use the same books.
#[derive(Debug)]
pub(super) struct Instance {
    /// 32 hexadecimal digits.
    pub(super) id: String,
    pub(super) started: Timestamp,
    /// It stops: whatever of it still runs for a moment takes no job and no longer says that it lives.
    has_left: AtomicBool,
}

impl Instance {
    pub(super) fn leave(&self) {
        self.has_left.store(true, Ordering::SeqCst);
    }

    pub(super) fn has_left(&self) -> bool {
        self.has_left.load(Ordering::SeqCst)
    }
}

impl Checkout {
    pub fn new(
        db: Database,
        gateway: Gateway,
        settings: CheckoutSettings,
        metrics: Metrics,
        readiness: Readiness,
        clock: Clock,
        entropy: Entropy,
    ) -> Self {
        let live = LiveOrders::default();
        let supervisor = Supervisor::new(readiness.clone(), metrics.clone());
        let told = Told { live: live.clone(), metrics: metrics.clone(), clock: clock.clone() };
        Self(Arc::new(Inner {
            bookings: Bookings::start(db.clone(), supervisor, told),
            db,
            gateway,
            settings,
            live,
            last_seen: LastSeen::default(),
            inquiries: Inquiries::default(),
            surplus: SurplusWatch::default(),
            kept_keys: KeptKeys::default(),
            stumbles: Stumbles::default(),
            latest: LatestTime::default(),
            refusal: Refusal::default(),
            bad_products: Mutex::default(),
            instance: Instance {
                id: format!("{:032x}", entropy.u128()),
                started: clock.now(),
                has_left: AtomicBool::new(false),
            },
            metrics,
            readiness,
            clock,
            entropy,
            tasks: TaskTracker::new(),
        }))
    }

    /// This process among those that use the same books.
    pub fn instance(&self) -> &str {
        &self.0.instance.id
    }

    /// The time, for whoever plans by it. It is remembered: a clock that was ahead between two heartbeats is noticed all
    /// the same.
    pub(super) fn now(&self) -> Timestamp {
        let now = self.0.clock.now();
        self.0.latest.note(now);
        now
    }

    pub fn payee(&self) -> &str {
        &self.0.settings.payee
    }

    pub fn gateway(&self) -> &Gateway {
        &self.0.gateway
    }

    pub fn readiness(&self) -> &Readiness {
        &self.0.readiness
    }

    pub fn live(&self) -> &LiveOrders {
        &self.0.live
    }

    /// Runs something that should come to its end in a task of its own: whoever waits for it may go away,
    /// and a stop waits for it.
    pub fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.0.tasks.spawn(work.boxed())
    }

    /// Lets work that outlived its request come to its end, but not for longer than `limit`: what
    /// is cut off is repeated after the next start.
    pub async fn finish(&self, limit: Duration) {
        self.0.tasks.close();
        self.0.gateway.questions().close();
        if tokio::time::timeout(limit, self.0.tasks.wait()).await.is_err() {
            tracing::warn!(left = self.0.tasks.len(), "stopped with requests to WeChat Pay under way");
        }
    }
}
