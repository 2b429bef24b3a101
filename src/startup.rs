//! Puts the application together: [`Application::build`], then [`Application::run`].

pub mod catalogue;
mod platform;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use jiff::SignedDuration;
use leptos::config::{Env, LeptosOptions};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::platform::Platform;
use crate::{
    checkout::{Checkout, CheckoutSettings},
    clock::Clock,
    config::{Mode, Problems, Settings},
    entropy::Entropy,
    gateway::{Gateway, SetupError},
    http::{self, AppState, Limits},
    metrics::Metrics,
    sandbox::SandboxError,
    storage::{Database, StorageError},
};

/// The site cannot start: the operator must act.
#[derive(Debug, thiserror::Error)]
pub enum StartupError {
    #[error(transparent)]
    Settings(#[from] Problems),
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error(
        "LEPTOS_SITE_ADDR: sandbox mode needs a loopback address or 0.0.0.0, not {0}: its callbacks come over loopback"
    )]
    SandboxAddress(SocketAddr),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("the sandbox: {0}")]
    Sandbox(#[from] SandboxError),
    #[error("the way to WeChat Pay: {0}")]
    Gateway(#[from] SetupError),
    #[error("serving has ended: {0}")]
    Serve(#[source] io::Error),
}

/// What a test replaces.
#[derive(Clone, Debug)]
pub struct Surroundings {
    pub clock: Clock,
    pub entropy: Entropy,
    pub query_gaps: Vec<SignedDuration>,
    pub prepay_pause: SignedDuration,
    /// Of one call to the platform.
    pub platform_limit: Duration,
}

impl Surroundings {
    pub fn system() -> Self {
        Self {
            clock: Clock::system(),
            entropy: Entropy::system(),
            query_gaps: CheckoutSettings::default_query_gaps(),
            prepay_pause: SignedDuration::from_secs(3),
            platform_limit: Duration::from_secs(10),
        }
    }
}

/// How long requests may take to end once the server stops: longer than one call to WeChat.
const LAST_WORDS: Duration = Duration::from_secs(12);
/// Certificates change every few years; an hour's delay is covered by asking on an unknown serial.
const CERTIFICATES_EVERY: Duration = Duration::from_secs(4 * 3600);
const PRUNE_EVERY: Duration = Duration::from_secs(60);

/// A server that is bound to its port and has opened its books.
#[derive(Debug)]
pub struct Application {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    state: AppState,
    platform: Platform,
    /// Certificates are how this merchant's callbacks are verified.
    wants_certificates: bool,
}

impl Application {
    /// # Errors
    /// The port is taken, the books or the sandbox cannot be opened.
    pub async fn build(settings: Settings, surroundings: Surroundings) -> Result<Self, StartupError> {
        let Surroundings { clock, entropy, query_gaps, prepay_pause, platform_limit } = surroundings;
        let wanted = settings.site_addr;
        let listen = |source| StartupError::Listen { address: wanted, source };
        let listener = TcpListener::bind(wanted).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let db = Database::open(&settings.database_url).await?;

        let (platform, live) = match settings.mode {
            Mode::Live(live) => (Platform::Outside, *live),
            Mode::Sandbox => Platform::inside(&settings.data_dir, address, &clock, &entropy).await?,
        };
        if crate::config::live::is_loopback(&live.domain) {
            tracing::warn!(domain = %live.domain, "no real money: the platform at {} is on this machine", live.domain);
            catalogue::add_demo_products(&db).await?;
        }
        let metrics = Metrics::default();
        let wants_certificates = live.public_key.is_none();
        let platform::Parts { merchant, keyring, api_v3_keys, mut gateway, origin, mchid, appid, notify_url } =
            platform::parts(live)?;
        gateway.total_limit = platform_limit;
        let gateway = Gateway::new(&gateway, merchant, clock.clone(), entropy.clone())?;
        let checkout = CheckoutSettings {
            mchid,
            appid,
            payee: settings.payee,
            notify_url,
            pay_time: SignedDuration::from_mins(settings.pay_minutes),
            query_gaps,
            prepay_pause,
        };
        let state = AppState {
            checkout: Checkout::new(db.clone(), gateway, checkout, metrics.clone(), clock.clone(), entropy.clone()),
            db,
            keyring,
            api_v3_keys,
            metrics,
            limits: Limits::new(settings.orders_per_minute, settings.rejected_callbacks_per_minute),
            clock,
            entropy,
            origin,
            trusted_proxies: settings.trusted_proxies.into(),
            sandbox: platform.is_inside(),
            leptos: leptos_options(&settings.site_root, address),
            stopping: CancellationToken::new(),
        };
        let router = http::router(state.clone(), platform.pages());
        Ok(Self { listener, address, router, state, platform, wants_certificates })
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where this process's own platform listens, in sandbox mode.
    pub const fn platform_address(&self) -> Option<SocketAddr> {
        self.platform.address()
    }

    pub const fn state(&self) -> &AppState {
        &self.state
    }

    /// Serves until `shutdown`, then lets running requests finish and closes the books.
    ///
    /// # Errors
    /// The listener broke.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), StartupError> {
        let Self { listener, address, router, state, platform, wants_certificates } = self;
        let platform = platform.serve();
        let background = tokio::spawn(background(state.clone(), wants_certificates));
        tracing::info!(%address, "Saoma listens on http://{address}");

        let stopping = state.stopping.clone();
        let serving = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(async move {
                shutdown.cancelled().await;
                stopping.cancel();
            });
        let stopping = state.stopping.clone();
        let served = tokio::select! {
            served = serving.into_future() => served,
            () = async { stopping.cancelled().await; tokio::time::sleep(LAST_WORDS).await } => {
                tracing::warn!("stopped with connections still open");
                Ok(())
            }
        };
        background.abort();
        state.checkout.finish(LAST_WORDS).await;
        platform.stop().await;
        state.db.close().await;
        served.map_err(StartupError::Serve)
    }
}

async fn background(state: AppState, wants_certificates: bool) {
    let prune = async {
        let mut ticks = tokio::time::interval(PRUNE_EVERY);
        loop {
            ticks.tick().await;
            state.limits.prune();
        }
    };
    let certificates = async {
        while wants_certificates {
            let pause = match state.checkout.gateway().refresh_certificates().await {
                Ok(count) => {
                    tracing::info!(count, "platform certificates loaded");
                    CERTIFICATES_EVERY
                }
                Err(error) => {
                    tracing::error!(%error, "platform certificates cannot be loaded");
                    PRUNE_EVERY
                }
            };
            tokio::time::sleep(pause).await;
        }
    };
    tokio::join!(prune, certificates, state.checkout.follow_other_instances());
}

/// The bundle's file names carry a hash when the build left `hash.txt` beside the program.
fn leptos_options(site_root: &str, address: SocketAddr) -> LeptosOptions {
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("hash.txt")));
    LeptosOptions::builder()
        .output_name("saoma")
        .site_root(Arc::from(site_root))
        .site_pkg_dir("pkg")
        .site_addr(address)
        .env(Env::PROD)
        .hash_files(beside.is_some_and(|file| file.exists()))
        .build()
}
