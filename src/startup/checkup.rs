//! The doctor of a server that runs.

use std::sync::Arc;

use url::Url;

use super::platform::Parts;
use crate::{
    checkout::Checkout,
    clock::Clock,
    doctor::{Checkup, Patient, gather::outside::Ways},
    entropy::Entropy,
    gateway::EgressProxy,
    storage::{Database, generation::Beside},
    wechatpay::ApiV3Keys,
};

/// What is asked about, taken from those to whom it belongs before they are put together.
pub(super) struct Prepared {
    patient: Patient,
    keys: Arc<ApiV3Keys>,
    origin: Url,
    notify_url: Url,
    proxy: Option<String>,
    beside: Beside,
}

pub(super) fn prepare(patient: Patient, parts: &Parts, proxy: Option<&EgressProxy>, beside: &Beside) -> Prepared {
    Prepared {
        patient,
        keys: Arc::clone(&parts.api_v3_keys),
        origin: parts.origin.clone(),
        notify_url: parts.notify_url.clone(),
        proxy: proxy.map(EgressProxy::place),
        beside: beside.clone(),
    }
}

impl Prepared {
    pub(super) fn begin(self, checkout: &Checkout, db: &Database, (clock, entropy): (&Clock, &Entropy)) -> Checkup {
        let Self { patient, keys, origin, notify_url, proxy, beside } = self;
        let (clock, entropy) = (clock.clone(), entropy.clone());
        let ways = Ways { gateway: checkout.gateway().clone(), keys, origin, notify_url, proxy, clock, entropy };
        Checkup::new(patient, ways, db.clone(), beside)
    }
}
