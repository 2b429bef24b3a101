//! The use cases, put together of what they need: the same for a server and for a command.

use std::{path::PathBuf, sync::Arc};

use jiff::SignedDuration;

use super::{error::StartupError, platform, surroundings::Surroundings};
use crate::{
    backoffice::{self, Setting, Shown, products::Shelf},
    checkout::{Checkout, CheckoutSettings},
    clock::Clock,
    config::{Mode, Settings},
    entropy::Entropy,
    gateway::{EgressProxy, Gateway},
    http::{Limits, ShopLooks},
    metrics::Metrics,
    readiness::Readiness,
    reconcile::{Reconcile, ReconcileSettings},
    storage::{Database, books::PlatformKind, generation::Beside},
    wall::Wall,
    wechatpay::{ApiV3Keys, bill::Rate},
};

/// What a shop decides itself.
pub(super) struct Shop {
    payee: String,
    pay_minutes: i64,
    proxy: Option<EgressProxy>,
    questions_per_second: u32,
}

impl Shop {
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            payee: settings.payee.clone(),
            pay_minutes: settings.pay_minutes,
            proxy: settings.egress_proxy.clone(),
            questions_per_second: settings.questions_per_second,
        }
    }
}

pub(super) fn checkout(
    db: Database,
    parts: platform::Parts,
    (shop, beside): (Shop, Beside),
    (metrics, readiness, wall): (Metrics, Readiness, Wall),
    surroundings: Surroundings,
) -> Result<Checkout, StartupError> {
    let platform::Parts { merchant, mut gateway, mchid, appid, notify_url, refund_notify_url, .. } = parts;
    let Surroundings { clock, entropy, query_gaps, prepay_pause, platform_limit, .. } = surroundings;
    gateway.total_limit = platform_limit;
    gateway.proxy = shop.proxy;
    gateway.questions_per_second = shop.questions_per_second;
    gateway.wall = wall;
    let gateway = Gateway::new(&gateway, merchant, metrics.clone(), clock.clone(), entropy.clone())?;
    let settings = CheckoutSettings {
        mchid,
        appid,
        payee: shop.payee,
        notify_url,
        refund_notify_url,
        pay_time: SignedDuration::from_mins(shop.pay_minutes),
        query_gaps,
        prepay_pause,
        beside,
    };
    Ok(Checkout::new(db, gateway, settings, metrics, readiness, clock, entropy))
}

pub(super) fn shown(settings: &Settings, surroundings: &Surroundings) -> Shown {
    Shown {
        version: surroundings.version.to_owned(),
        mode: if matches!(settings.mode, Mode::Live(_)) { "live" } else { "sandbox" },
        books: settings.database_url.place(),
        settings: settings.shown().into_iter().map(|(name, value)| Setting { name, value }).collect(),
    }
}

/// Where bills lie in the folder for them.
pub(super) const BILLS: &str = "bills";

pub(super) fn reconcile(
    checkout: &Checkout,
    db: &Database,
    (folder, fee_rate, asked_most): (PathBuf, Option<Rate>, usize),
    platform: PlatformKind,
    (metrics, clock): (Metrics, Clock),
) -> Reconcile {
    // Where nobody's money is, today may have a bill too, or nobody trying it out would see one.
    let settings = ReconcileSettings { folder, fee_rate, bills_today: platform == PlatformKind::Loopback, asked_most };
    Reconcile::new(checkout.clone(), db.clone(), settings, metrics, clock)
}

/// What a server and a command have in common.
pub(super) fn of_office(
    clock: &Clock,
    entropy: &Entropy,
    metrics: &Metrics,
    api_v3_keys: &Arc<ApiV3Keys>,
) -> backoffice::Surroundings {
    backoffice::Surroundings {
        clock: clock.clone(),
        entropy: entropy.clone(),
        metrics: metrics.clone(),
        chain: String::new(),
        api_v3_keys: Arc::clone(api_v3_keys),
        data_dir: PathBuf::new(),
        shown: Shown::default(),
    }
}

pub(super) fn shelf(checkout: &Checkout, db: &Database, clock: &Clock, entropy: &Entropy) -> (Shelf, ShopLooks) {
    let shelf = Shelf::new(db.clone(), clock.clone(), entropy.clone(), checkout.instance().to_owned());
    (shelf.clone(), ShopLooks::new(shelf, checkout.payee().to_owned()))
}

pub(super) fn limits(settings: &Settings) -> Limits {
    Limits::new(settings.orders_per_minute, settings.checks_per_minute, settings.rejected_callbacks_per_minute)
}
