//! Puts the application together: [`Application::build`], then [`Application::run`].

mod background;
mod books;
pub mod catalogue;
mod checkup;
mod commands;
mod error;
mod examine;
mod found;
mod listen;
mod mark;
mod moving;
mod platform;
mod put_back;
mod rooms;
mod secret_key;
mod staff;
mod stop;
mod surroundings;
mod tls;
mod watched;

use std::{net::SocketAddr, path::Path, sync::Arc};

use futures::future::{BoxFuture, LocalBoxFuture};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use self::{
    background::Background,
    listen::{answer, leptos_options, listen, listen_for_redirects, site},
    platform::Platform,
    rooms::{BILLS, Shop, checkout, limits, of_office, reconcile, shelf, shown},
};
pub use self::{
    books::open_books,
    commands::{BillRoom, StaffRoom, open_checkout, open_office, open_reconcile, open_shelf, open_staff},
    error::StartupError,
    examine::examine,
    found::NotOurBooks,
    moving::{Moved, SecretPlace, Wish, move_books},
    put_back::{PutBack, Replacement, mark_by_hand, restore},
    surroundings::Surroundings,
    tls::TlsPace,
};
use crate::{
    backoffice::{self, Office},
    clock::Clock,
    config::{LiveSettings, Mode, Settings},
    entropy::Entropy,
    http::{
        self, AppState, Notices, Shared,
        door::{Crowd, Door, Entrance},
        redirect,
    },
    metrics::Metrics,
    readiness::Readiness,
    sandbox::SandboxError,
    service_manager::ServiceManager,
    storage::{self, Database, StorageError, books::PlatformKind},
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
        let (limits, shop) = (limits(&settings), Shop::of(&settings));
        let (listener, address) = listen("LEPTOS_SITE_ADDR", settings.site_addr).await?;
        let redirect = listen_for_redirects(settings.tls.as_ref()).await?;
        tracing::info!("the books: {}", settings.database_url.place());
        let (key_place, bills) = (secret_key::place(&settings), settings.own_dir().join(BILLS));
        let is_sandbox = matches!(settings.mode, Mode::Sandbox { .. });
        let sandbox_open = matches!(settings.mode, Mode::Sandbox { open: true });
        let (platform, live) = platform(settings.mode, &settings.data_dir, address, &clock, &entropy).await?;
        let mut ours = mark::of(&live);
        ours.platform = surroundings.platform.unwrap_or(ours.platform);
        let (url, data_dir) = (&settings.database_url, &settings.data_dir);
        mark::foresee(url, &url.place(), &ours).await?;
        let db = Database::open(url).await.map_err(|error| of_data_dir(data_dir, &url.place(), error))?;
        let beside = put_back::claim(&db, (url, data_dir), (&ours, is_sandbox), clock.now()).await?;
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
        let readiness = Readiness::default();
        let wall = platform::wall(ours.platform, &metrics, &readiness);
        let told = (readiness.clone(), metrics.clone(), clock.clone());
        let care = settings.tls.map(|tls| tls::begin(tls, &settings.data_dir, tls_pace, told)).transpose()?;
        let watched = (metrics.clone(), readiness.clone(), wall.clone());
        let checkout = checkout(db.clone(), parts, (shop, beside), watched, surroundings)?;
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
