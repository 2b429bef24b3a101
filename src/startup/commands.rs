//! The use cases without the site, for the command line; a server may be running beside.

use std::sync::Arc;

use super::{
    books::open_books,
    error::StartupError,
    mark, platform, put_back,
    rooms::{BILLS, Shop, checkout, of_office, reconcile, shown},
    secret_key, staff,
    surroundings::Surroundings,
};
use crate::{
    backoffice::{self, Office, products::Shelf, staff::Staff},
    checkout::Checkout,
    config::{Mode, Settings},
    metrics::Metrics,
    readiness::Readiness,
    reconcile::Reconcile,
    storage::{Database, books::PlatformKind},
    wechatpay::ApiV3Keys,
};

/// All commands write one chain of the audit log.
pub(super) const COMMANDS: &str = "commands";

/// Reconciliation for a command, who writes down what is done with it, and its books to be closed after it.
#[derive(Debug)]
pub struct BillRoom {
    pub reconcile: Reconcile,
    pub staff: Staff,
    pub db: Database,
}

/// Reconciliation without the site, for the command line. See [`open_checkout`].
///
/// # Errors
/// The books cannot be opened, or there is no platform to talk to.
pub async fn open_reconcile(settings: Settings, surroundings: Surroundings) -> Result<BillRoom, StartupError> {
    let (clock, entropy) = (surroundings.clock.clone(), surroundings.entropy.clone());
    let (asked_most, is_demo) = (surroundings.bill_questions, matches!(settings.mode, Mode::Sandbox { .. }));
    let (fee_rate, folder) = (settings.fee_rate, settings.own_dir().join(BILLS));
    let opened = open(settings, surroundings).await?;
    let told = (opened.metrics, clock.clone());
    let reconcile = reconcile(&opened.checkout, &opened.db, (folder, fee_rate, asked_most), opened.platform, told);
    // It writes down what is done, and lets nobody in.
    let surroundings =
        backoffice::staff::Surroundings { key: None, chain: COMMANDS.to_owned(), is_demo, clock, entropy };
    let staff = Staff::new(opened.checkout, opened.db.clone(), surroundings);
    Ok(BillRoom { reconcile, staff, db: opened.db })
}

/// The back office without the site, for the command line. See [`open_checkout`].
///
/// # Errors
/// The books cannot be opened, or there is no platform to talk to.
pub async fn open_office(settings: Settings, surroundings: Surroundings) -> Result<(Office, Database), StartupError> {
    let shown = shown(&settings, &surroundings);
    let (clock, entropy, data_dir) =
        (surroundings.clock.clone(), surroundings.entropy.clone(), settings.data_dir.clone());
    let opened = open(settings, surroundings).await?;
    let office = backoffice::Surroundings {
        chain: COMMANDS.to_owned(),
        data_dir,
        shown,
        ..of_office(&clock, &entropy, &opened.metrics, &opened.api_v3_keys)
    };
    Ok((Office::new(opened.checkout, opened.db.clone(), office), opened.db))
}

/// What shoppers' pages stand on. In sandbox mode it talks to the platform of the server that runs beside, which has left
/// its credentials in the data folder.
///
/// # Errors
/// The books cannot be opened, or there is no platform to talk to.
pub async fn open_checkout(
    settings: Settings,
    surroundings: Surroundings,
) -> Result<(Checkout, Database), StartupError> {
    let opened = open(settings, surroundings).await?;
    Ok((opened.checkout, opened.db))
}

struct Opened {
    checkout: Checkout,
    db: Database,
    metrics: Metrics,
    api_v3_keys: Arc<ApiV3Keys>,
    platform: PlatformKind,
}

async fn open(settings: Settings, surroundings: Surroundings) -> Result<Opened, StartupError> {
    let (shop, beside) = (Shop::of(&settings), put_back::beside_of(&settings.database_url, &settings.data_dir));
    let (db, live) = open_books(settings.mode, &settings.database_url, &settings.data_dir).await?;
    let (metrics, readiness) = (Metrics::default(), Readiness::default());
    let kind = mark::of(&live).platform;
    let wall = platform::wall(kind, &metrics, &readiness);
    let parts = platform::parts(live)?;
    let api_v3_keys = Arc::clone(&parts.api_v3_keys);
    let checkout = checkout(db.clone(), parts, (shop, beside), (metrics.clone(), readiness, wall), surroundings)?;
    Ok(Opened { checkout, db, metrics, api_v3_keys, platform: kind })
}

/// The use cases of staff for a command, its books to be closed after it, and the origin that links begin with.
#[derive(Debug)]
pub struct StaffRoom {
    pub staff: Staff,
    pub db: Database,
    pub origin: String,
}

/// # Errors
/// As [`open_checkout`], or the secret key cannot be read.
pub async fn open_staff(settings: Settings, surroundings: Surroundings) -> Result<StaffRoom, StartupError> {
    let (clock, entropy) = (surroundings.clock.clone(), surroundings.entropy.clone());
    let (given, place) = (settings.secret_key.clone(), secret_key::place(&settings));
    let (own_origin, is_demo) = (settings.public_origin.clone(), matches!(settings.mode, Mode::Sandbox { .. }));
    let origin = match (&own_origin, &settings.mode) {
        (Some(origin), _) => origin.clone(),
        (None, Mode::Live(live)) => live.notify_domain.clone(),
        (None, Mode::Sandbox { .. }) => staff::sandbox_origin(settings.site_addr)?,
    };
    let (checkout, db) = open_checkout(settings, surroundings).await?;
    let key = secret_key::find(given, place)?;
    let chain = COMMANDS.to_owned();
    let surroundings = backoffice::staff::Surroundings { key, chain, is_demo, clock, entropy };
    let staff = Staff::new(checkout, db.clone(), surroundings);
    Ok(StaffRoom { staff, db, origin: origin.origin().ascii_serialization() })
}

/// The products for a command, which needs no way to WeChat.
///
/// # Errors
/// The books cannot be opened, or are another's.
pub async fn open_shelf(settings: Settings, surroundings: &Surroundings) -> Result<(Shelf, Database), StartupError> {
    let (db, _) = open_books(settings.mode, &settings.database_url, &settings.data_dir).await?;
    let (clock, entropy) = (surroundings.clock.clone(), surroundings.entropy.clone());
    Ok((Shelf::new(db.clone(), clock, entropy, COMMANDS.to_owned()), db))
}
