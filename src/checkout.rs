//! The use cases: place an order, get its code, settle it, watch it, ask WeChat about it, end it, give
//! its money back; and the jobs that do so when nobody looks.
//!
//! The money rules (design §3.2) live here and are numbered in the comments. This is the only layer
//! that knows both the books ([`storage`](crate::storage)) and the platform
//! ([`gateway`](crate::gateway)). It knows nothing of HTTP routes and pages.
//!
//! Deliberately absent: a process-wide lock (the statements are guarded, so any number of instances
//! may run), and a way to call an order paid without WeChat's signature.

mod bookings;
mod care;
pub mod catalogue;
mod close;
mod grounds;
mod heartbeat;
mod history;
mod inbox;
mod inquire;
mod jobs;
mod keys;
mod lease;
mod limits;
pub mod live;
mod place;
mod plans;
mod prepay;
mod promise;
mod refund;
mod refund_care;
mod refund_elsewhere;
mod refund_order;
mod refund_statement;
mod removal;
mod set_back;
mod settle;
mod settle_refund;
mod snapshot;
mod surplus;
mod verdict;
mod visit;
mod watch;

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;
use url::Url;

use bookings::Bookings;
use care::Stumbles;
use heartbeat::LatestTime;
pub use history::OrderHistory;
pub use inbox::NotifyContext;
pub use inquire::Answer;
use keys::KeptKeys;
pub use live::LiveOrders;
use plans::Inquiries;
pub use refund_order::{RefundDraft, RefundError, RefundOf, RefundOrder};
pub use removal::Removed;
pub use snapshot::{CodeState, OrderSnapshot};
pub use verdict::{Mismatch, RefundVerdict, Verdict};

use crate::{
    clock::Clock,
    domain::{Product, ProductId},
    entropy::Entropy,
    gateway::Gateway,
    metrics::Metrics,
    readiness::Readiness,
    storage::{Database, StorageError, products},
    supervise::Supervisor,
    wechatpay::{Mchid, model::InvalidPrepay},
};

/// What a shop decides about its checkout.
#[derive(Clone, Debug)]
pub struct CheckoutSettings {
    pub mchid: Mchid,
    pub appid: String,
    /// Who is paid, as the pay page names it.
    pub payee: String,
    /// Where WeChat delivers payment notifications.
    pub notify_url: Url,
    /// Where it delivers refund notifications.
    pub refund_notify_url: Url,
    /// How long an order can be paid.
    pub pay_time: SignedDuration,
    /// After an order was placed, and then between one question to WeChat and the next, while a
    /// page waits for it; the last one repeats.
    pub query_gaps: Vec<SignedDuration>,
    /// How long nobody repeats a prepay that got no usable answer.
    pub prepay_pause: SignedDuration,
}

impl CheckoutSettings {
    /// 5, 10, 19, 28, 37 … seconds after the order was placed: a second for its turn, and a lost callback is
    /// found within ten (design §3.3).
    pub fn default_query_gaps() -> Vec<SignedDuration> {
        [5, 5, 9].map(SignedDuration::from_secs).to_vec()
    }
}

/// Why a use case did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    #[error("no such product")]
    NoSuchProduct,
    /// Withdrawn: orders that were placed before go on.
    #[error("the product is not on sale any more")]
    NotOnSale,
    #[error("no such order")]
    NoSuchOrder,
    /// The catalogue holds something WeChat cannot be told: staff must mend it.
    #[error("product {product}: {reason}")]
    UnfitProduct { product: ProductId, reason: InvalidPrepay },
    /// No usable answer from WeChat so far; the order waits and the request is repeated.
    #[error("WeChat Pay gave no usable answer yet")]
    PlatformUnreachable,
    /// WeChat said no to this order.
    #[error("WeChat Pay refused the order")]
    PlatformRefused,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The use cases with what they need. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Checkout(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Database,
    gateway: Gateway,
    settings: CheckoutSettings,
    bookings: Bookings,
    live: LiveOrders,
    inquiries: Inquiries,
    surplus: surplus::Watch,
    kept_keys: KeptKeys,
    stumbles: Stumbles,
    instance: Instance,
    latest: LatestTime,
    refusal: removal::Refusal,
    metrics: Metrics,
    readiness: Readiness,
    clock: Clock,
    entropy: Entropy,
    /// Questions and prepays that go on after their page has been answered.
    tasks: TaskTracker,
}

/// This process among those that use the same books.
#[derive(Debug)]
struct Instance {
    /// 32 hexadecimal digits.
    id: String,
    started: Timestamp,
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
        Self(Arc::new(Inner {
            bookings: Bookings::start(db.clone(), Supervisor::new(readiness.clone(), metrics.clone())),
            db,
            gateway,
            settings,
            live: LiveOrders::default(),
            inquiries: Inquiries::default(),
            surplus: surplus::Watch::default(),
            kept_keys: KeptKeys::default(),
            stumbles: Stumbles::default(),
            latest: LatestTime::default(),
            refusal: removal::Refusal::default(),
            instance: Instance { id: format!("{:032x}", entropy.u128()), started: clock.now() },
            metrics,
            readiness,
            clock,
            entropy,
            tasks: TaskTracker::new(),
        }))
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

    /// What is on sale.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn list_products(&self) -> Result<Vec<Product>, CheckoutError> {
        let all = catalogue::list(&self.0.db).await?;
        Ok(all.into_iter().filter(|entry| entry.withdrawn.is_none()).map(|entry| entry.product).collect())
    }

    /// A product that is on sale.
    ///
    /// # Errors
    /// There is none of this id, it was withdrawn, or the books cannot be read.
    pub async fn find_product(&self, id: ProductId) -> Result<Product, CheckoutError> {
        find_on_sale(&mut *self.0.db.read().await?, id).await
    }

    /// Runs something that should come to its end in a task of its own: whoever waits for it may go away,
    /// and a stop waits for it.
    pub fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.0.tasks.spawn(work)
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

async fn find_on_sale(c: &mut AnyConnection, id: ProductId) -> Result<Product, CheckoutError> {
    let entry = products::find(c, id).await?.ok_or(CheckoutError::NoSuchProduct)?;
    if entry.withdrawn.is_none() { Ok(entry.product) } else { Err(CheckoutError::NotOnSale) }
}
