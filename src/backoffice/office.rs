//! What the rooms of the back office share.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicI64},
};

use super::{gatherer::Gatherer, shown::Shown};
use crate::{
    checkout::Checkout,
    clock::Clock,
    entropy::Entropy,
    metrics::Metrics,
    storage::{Database, StorageError, order_list},
    wechatpay::ApiV3Keys,
};

/// The back office with what it needs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Office(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) checkout: Checkout,
    pub(super) db: Database,
    pub(super) surroundings: Surroundings,
    pub(super) refused: Gatherer,
    /// This instance, which gives up at its end what only one does at a time.
    pub(super) holder: String,
    /// The newest order that the sums have seen.
    pub(super) newest_order: AtomicI64,
    /// When the newest refund was accepted that they have seen.
    pub(super) last_accepted: AtomicI64,
    /// What the newest refunds came to when they were last added up.
    pub(super) refunds_mark: AtomicI64,
}

/// What it is put into.
#[derive(Clone, Debug)]
pub struct Surroundings {
    pub clock: Clock,
    pub entropy: Entropy,
    pub api_v3_keys: Arc<ApiV3Keys>,
    /// Where a full disk would hurt.
    pub data_dir: PathBuf,
    /// How this instance is set.
    pub shown: Shown,
    pub metrics: Metrics,
    /// Of the audit log, which this program writes.
    pub chain: String,
}

impl Office {
    pub fn new(checkout: Checkout, db: Database, surroundings: Surroundings) -> Self {
        let holder = checkout.instance().to_owned();
        Self(Arc::new(Inner {
            checkout,
            db,
            surroundings,
            refused: Gatherer::default(),
            holder,
            newest_order: AtomicI64::new(-1),
            last_accepted: AtomicI64::new(-1),
            refunds_mark: AtomicI64::new(-1),
        }))
    }

    pub fn checkout(&self) -> &Checkout {
        &self.0.checkout
    }

    /// Where deliveries that are not believed are kept.
    pub fn refused(&self) -> &Gatherer {
        &self.0.refused
    }

    /// The orders that a number belongs to, whatever it is the number of: of an order, a payment, a refund, ours or
    /// WeChat's, of a page, a notification or a request to WeChat.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn find_by_any_number(&self, number: &str) -> Result<Vec<i64>, StorageError> {
        order_list::find_by_any_number(&mut *self.0.db.read().await?, number).await
    }
}
