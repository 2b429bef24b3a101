//! Puts the application together: [`Application::build`], then [`Application::run`].

mod background;
mod books;
pub mod catalogue;
mod checkup;
mod error;
mod examine;
mod found;
mod mark;
mod moving;
mod platform;
mod put_back;
mod secret_key;
mod staff;
mod stop;
mod surroundings;
mod tls;
mod watched;

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use futures::future::{BoxFuture, LocalBoxFuture};
use jiff::SignedDuration;
use leptos::config::{Env, LeptosOptions};
use tokio::{net::TcpListener, task::JoinError};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use self::{background::Background, platform::Platform};
pub use self::{
    books::open_books,
    error::StartupError,
    examine::examine,
    found::NotOurBooks,
    moving::{Moved, SecretPlace, Wish, move_books},
    put_back::{PutBack, Replacement, mark_by_hand, restore},
    surroundings::Surroundings,
    tls::TlsPace,
};
use crate::{
    backoffice::{self, Office, Setting, Shown, products::Shelf, staff::Staff},
    checkout::{Checkout, CheckoutSettings},
    clock::Clock,
    config::{LiveSettings, Mode, Settings, TlsSettings},
    entropy::Entropy,
    gateway::{EgressProxy, Gateway},
    http::{
        self, AppState, Limits, Notices, Shared, ShopLooks, Site,
        door::{Crowd, Door, Entrance},
        redirect,
    },
    metrics::Metrics,
    readiness::Readiness,
    reconcile::{Reconcile, ReconcileSettings},
    sandbox::SandboxError,
    service_manager::ServiceManager,
    storage::{self, Database, StorageError, books::PlatformKind, generation::Beside},
    wall::Wall,
    wechatpay::{ApiV3Keys, bill::Rate},
};

/// A server that is bound to its port and has opened its books.
#[derive(Debug)]
pub struct Application {
    door: Door,
    entrances: Vec<Entrance>,
    address: SocketAddr,
    redirect_address: Option<SocketAddr>,
    state: AppState,
    platform: Platform,
    background: Background,
    service_manager: Option<ServiceManager>,
}

impl Application {
    /// # Errors
    /// The port is taken, the books or the sandbox cannot be opened.
    pub fn build(
        settings: Settings,
        surroundings: Surroundings,
    ) -> LocalBoxFuture<'static, Result<Self, StartupError>> {
        // Boxed, like `run`, so that the whole of it is compiled once, in the library, and not again in
        // the program and in every test and benchmark.
        Box::pin(async move {
            let facts = examine::before(&settings, &surroundings)?;
            let application = Self::put_together(settings, surroundings).await?;
            examine::after(facts, &application.state.db, &application.state.api_v3_keys).await?;
            Ok(application)
        })
    }

    async fn put_together(settings: Settings, surroundings: Surroundings) -> Result<Self, StartupError> {
        let (clock, entropy) = (surroundings.clock.clone(), surroundings.entropy.clone());
        let site = site(settings.site_root.as_deref(), surroundings.site.clone())?;
        let (jobs_every, heartbeat_every) = (surroundings.jobs_every, surroundings.heartbeat_every);
        let (sweeps_overdue, tls_pace) = (surroundings.sweeps_overdue, surroundings.tls);
        let bill_questions = surroundings.bill_questions;
        let (door_limits, service_manager) = (surroundings.door, surroundings.service_manager.clone());
        let (shown, patient) = (shown(&settings, &surroundings), examine::patient(&settings, &surroundings));
        let limits = limits(&settings);
        let (listener, address) = listen("LEPTOS_SITE_ADDR", settings.site_addr).await?;
        let redirect = listen_for_redirects(settings.tls.as_ref()).await?;
        tracing::info!("the books: {}", settings.database_url.place());
        let (key_place, bills) = (secret_key::place(&settings), settings.own_dir().join(BILLS));
        let sandbox_open = matches!(settings.mode, Mode::Sandbox { open: true });
        let (platform, live) = platform(settings.mode, &settings.data_dir, address, &clock, &entropy).await?;
        let mut ours = mark::of(&live);
        ours.platform = surroundings.platform.unwrap_or(ours.platform);
        let (url, data_dir) = (&settings.database_url, &settings.data_dir);
        mark::foresee(url, &url.place(), &ours).await?;
        let db = Database::open(url).await.map_err(|error| of_data_dir(data_dir, &url.place(), error))?;
        let beside = put_back::claim(&db, (url, data_dir), &ours, clock.now()).await?;
        let secret_key = secret_key::find(settings.secret_key, key_place)?;
        // Books and their copies, the keys of a sandbox: nothing in it is for others.
        storage::keep_private(&settings.data_dir);
        if ours.platform == PlatformKind::Loopback {
            tracing::warn!(domain = %live.domain, "no real money: the platform at {} is on this machine", live.domain);
            catalogue::add_demo_products(&db).await?;
        }
        let metrics = Metrics::default();
        let wants_certificates = live.public_key.is_none();
        let parts = platform::parts(live)?;
        let (keyring, api_v3_keys) = (parts.keyring.clone(), Arc::clone(&parts.api_v3_keys));
        let prepared = checkup::prepare(patient, &parts, settings.egress_proxy.as_ref(), &beside);
        let origin = settings.public_origin.unwrap_or_else(|| parts.origin.clone());
        let shop = Shop {
            payee: settings.payee,
            pay_minutes: settings.pay_minutes,
            questions_per_second: settings.questions_per_second,
            proxy: settings.egress_proxy,
            beside,
        };
        let readiness = Readiness::default();
        let wall = platform::wall(ours.platform, &metrics, &readiness);
        let told = (readiness.clone(), metrics.clone(), clock.clone());
        let care = settings.tls.map(|tls| tls::begin(tls, &settings.data_dir, tls_pace, told)).transpose()?;
        let watched = (metrics.clone(), readiness.clone(), wall.clone());
        let checkout = checkout(db.clone(), parts, shop, watched, surroundings)?;
        let office = backoffice::Surroundings {
            chain: checkout.instance().to_owned(),
            data_dir: settings.data_dir,
            shown,
            ..of_office(&clock, &entropy, &metrics, &api_v3_keys)
        };
        let staff = staff::of(&checkout, &db, secret_key, platform.is_inside(), &clock, &entropy);
        let told = (metrics.clone(), clock.clone());
        let reconcile = reconcile(&checkout, &db, (bills, settings.fee_rate, bill_questions), ours.platform, told);
        let (shelf, looks) = shelf(&checkout, &db, &clock, &entropy);
        let state = AppState::from(Shared {
            shelf,
            looks,
            checkup: prepared.begin(&checkout, &db, (&clock, &entropy)),
            reconcile,
            office: Office::new(checkout.clone(), db.clone(), office),
            checkout,
            staff,
            admin: staff::door(platform.is_inside(), ours.platform, &origin),
            db,
            keyring,
            api_v3_keys,
            metrics,
            readiness,
            wall,
            limits,
            notices: Notices::default(),
            metrics_token: settings.metrics_token,
            clock,
            entropy,
            origin,
            trusted_proxies: settings.trusted_proxies.into(),
            sandbox: platform.is_inside(),
            sandbox_open,
            site,
            leptos: leptos_options(address),
            crowd: Crowd::default(),
            stopping: CancellationToken::new(),
        });
        let router = http::router(state.clone(), platform.pages(&state.origin));
        let proxies = Arc::clone(&state.trusted_proxies);
        let door = Door::new(door_limits, proxies, http::CALLBACKS, state.crowd.clone(), state.metrics.clone());
        let tls = care.as_ref().map(|care| care.tls().clone());
        let mut entrances = vec![Entrance { listener, tls, router }];
        let redirect_address = redirect.as_ref().map(|(_, address)| *address);
        entrances.extend(redirect.map(|(listener, _)| Entrance {
            listener,
            tls: None,
            router: redirect::to_https(&state.origin),
        }));
        let background = Background { wants_certificates, jobs_every, sweeps_overdue, heartbeat_every, care };
        Ok(Self { door, entrances, address, redirect_address, state, platform, background, service_manager })
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where http is sent on to https.
    pub const fn redirect_address(&self) -> Option<SocketAddr> {
        self.redirect_address
    }

    pub const fn state(&self) -> &AppState {
        &self.state
    }

    /// Serves until `shutdown`, then lets running requests finish and closes the books.
    ///
    /// # Errors
    /// The listener broke.
    pub fn run(self, shutdown: CancellationToken) -> BoxFuture<'static, Result<(), StartupError>> {
        Box::pin(self.serve(shutdown))
    }

    async fn serve(self, shutdown: CancellationToken) -> Result<(), StartupError> {
        let Self { door, entrances, address, redirect_address, state, platform, background, service_manager } = self;
        let scheme = if background.care.is_some() { "https" } else { "http" };
        let platform = platform.serve();
        let background = AbortOnDropHandle::new(tokio::spawn(background.run(state.clone())));
        tracing::info!(%address, "Saoma listens on {scheme}://{address}");
        if let Some(address) = redirect_address {
            tracing::info!(%address, "http://{address} is sent on to {}", state.origin);
        }
        staff::offer_demo_accounts(&state, scheme, address).await;
        let watched = watched::start(service_manager, &state.readiness, &shutdown);

        let served = answer(door, entrances, &state, &shutdown).await;
        drop(background);
        stop::in_order(&state, platform.stop()).await;
        drop(watched);
        tracing::info!("stopped");
        served
    }
}

/// The sandbox inside this process, or whoever is outside; and the merchant there.
async fn platform(
    mode: Mode,
    data_dir: &Path,
    address: SocketAddr,
    clock: &Clock,
    entropy: &Entropy,
) -> Result<(Platform, LiveSettings), StartupError> {
    match mode {
        Mode::Live(live) => Ok((Platform::Outside, *live)),
        Mode::Sandbox { .. } => {
            let inside = Platform::inside(data_dir, address, clock, entropy).await;
            inside.map_err(|error| of_sandbox(data_dir, error))
        }
    }
}

async fn listen(setting: &'static str, wanted: SocketAddr) -> Result<(TcpListener, SocketAddr), StartupError> {
    let failed = |source| StartupError::Listen { setting, address: wanted, source };
    let listener = TcpListener::bind(wanted).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

async fn listen_for_redirects(tls: Option<&TlsSettings>) -> Result<Option<(TcpListener, SocketAddr)>, StartupError> {
    match tls.and_then(|tls| tls.redirect_addr) {
        Some(wanted) => listen("SAOMA_REDIRECT_ADDR", wanted).await.map(Some),
        None => Ok(None),
    }
}

/// Whoever is told that a file cannot be made wants to know which setting says that it is to be there.
fn of_data_dir(data_dir: &Path, place: &str, error: StorageError) -> StartupError {
    match error {
        StorageError::File { path, source } if is_below(&path, data_dir) => StartupError::DataDir { path, source },
        error => StartupError::of_books(place, error),
    }
}

fn is_below(path: &Path, folder: &Path) -> bool {
    let whole = |path| std::path::absolute(path).ok();
    whole(path).zip(whole(folder)).is_some_and(|(path, folder)| path.starts_with(folder))
}

fn of_sandbox(data_dir: &Path, error: StartupError) -> StartupError {
    match error {
        StartupError::Sandbox(SandboxError::File { path, source }) if is_below(&path, data_dir) => {
            StartupError::DataDir { path, source: Arc::new(source) }
        }
        error => error,
    }
}

/// Returns when nothing is written any more, and whoever asks `/readyz` has had the time to hear of it. Nobody
/// here can mend that: a new process can.
async fn cannot_write(state: &AppState) {
    const NOTICE: Duration = Duration::from_secs(5);
    state.db.writing_ended().await;
    state.readiness.report("stopping", Some("nothing can be stored any more: this server is about to stop".to_owned()));
    tokio::time::sleep(NOTICE).await;
}

/// Until `shutdown`, and until the requests that are running then are answered.
async fn answer(
    door: Door,
    entrances: Vec<Entrance>,
    state: &AppState,
    shutdown: &CancellationToken,
) -> Result<(), StartupError> {
    let ended = |ended: Result<(), JoinError>| ended.map_err(|error| StartupError::Serve(io::Error::other(error)));
    let mut serving = tokio::spawn(door.serve(entrances, shutdown.clone()));
    let mut outcome = Ok(());
    tokio::select! {
        early = &mut serving => return ended(early),
        () = shutdown.cancelled() => {}
        () = cannot_write(state) => {
            outcome = Err(StartupError::WriterEnded);
            shutdown.cancel();
        }
    }
    state.stopping.cancel();
    if let Ok(served) = tokio::time::timeout(stop::REQUESTS, serving).await {
        return outcome.and(ended(served));
    }
    tracing::warn!("stopped with connections still open");
    outcome
}

/// What a shop decides itself.
struct Shop {
    payee: String,
    pay_minutes: i64,
    proxy: Option<EgressProxy>,
    questions_per_second: u32,
    beside: Beside,
}

fn checkout(
    db: Database,
    parts: platform::Parts,
    shop: Shop,
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
        beside: shop.beside,
    };
    Ok(Checkout::new(db, gateway, settings, metrics, readiness, clock, entropy))
}

fn shown(settings: &Settings, surroundings: &Surroundings) -> Shown {
    Shown {
        version: surroundings.version.to_owned(),
        mode: if matches!(settings.mode, Mode::Live(_)) { "live" } else { "sandbox" },
        books: settings.database_url.place(),
        settings: settings.shown().into_iter().map(|(name, value)| Setting { name, value }).collect(),
    }
}

/// Where bills lie in the folder for them.
const BILLS: &str = "bills";

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

fn reconcile(
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
fn of_office(
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

/// All commands write one chain of the audit log.
const COMMANDS: &str = "commands";

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

/// The use cases without the site, for the command line; a server may be running beside. In sandbox
/// mode they talk to the platform of that server, which has left its credentials in the data folder.
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
    let beside = put_back::beside_of(&settings.database_url, &settings.data_dir);
    let (db, live) = open_books(settings.mode, &settings.database_url, &settings.data_dir).await?;
    let shop = Shop {
        payee: settings.payee,
        pay_minutes: settings.pay_minutes,
        questions_per_second: settings.questions_per_second,
        proxy: settings.egress_proxy,
        beside,
    };
    let (metrics, readiness) = (Metrics::default(), Readiness::default());
    let kind = mark::of(&live).platform;
    let wall = platform::wall(kind, &metrics, &readiness);
    let parts = platform::parts(live)?;
    let api_v3_keys = Arc::clone(&parts.api_v3_keys);
    let checkout = checkout(db.clone(), parts, shop, (metrics.clone(), readiness, wall), surroundings)?;
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

fn shelf(checkout: &Checkout, db: &Database, clock: &Clock, entropy: &Entropy) -> (Shelf, ShopLooks) {
    let shelf = Shelf::new(db.clone(), clock.clone(), entropy.clone(), checkout.instance().to_owned());
    (shelf.clone(), ShopLooks::new(shelf, checkout.payee().to_owned()))
}

fn limits(settings: &Settings) -> Limits {
    Limits::new(settings.orders_per_minute, settings.checks_per_minute, settings.rejected_callbacks_per_minute)
}

/// For Leptos' router, which reads no file of it: see [`http::Site`].
fn leptos_options(address: SocketAddr) -> LeptosOptions {
    LeptosOptions::builder().output_name("saoma").site_addr(address).env(Env::PROD).build()
}

/// What is served beside the pages: of the folder that somebody has named, else what is inside the program.
fn site(root: Option<&Path>, inside: Site) -> Result<Site, StartupError> {
    if let Some(root) = root {
        return Ok(Site::read(root)?);
    }
    if inside.is_empty() {
        tracing::error!(
            "this program was built without its site: pages have no style and no scripts (they work all the same). \
             `make build` puts it inside; LEPTOS_SITE_ROOT names a folder instead"
        );
    }
    Ok(inside)
}
