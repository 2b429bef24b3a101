//! An application in this process.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    ops::Deref,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::SignedDuration;
use saoma::{
    clock::Clock,
    config::{Settings, Wanted},
    entropy::Entropy,
    http::{AppState, door::DoorLimits},
    sandbox::SandboxError,
    service_manager::ServiceManager,
    startup::{Application, StartupError, Surroundings, TlsPace},
    storage::books::PlatformKind,
};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Books, Forger, Outside, Shown, Site, database_url, folder, is_file, lay_keys, until};

/// What an application is started with.
pub struct Stage {
    variables: BTreeMap<String, String>,
    surroundings: Surroundings,
    folder: Arc<TempDir>,
    /// Where the platform's keys and controls are, when it is not inside.
    outside: Option<(PathBuf, Site)>,
    /// What its own HTTPS is believed by.
    roots: Option<String>,
}

/// A running application. Derefs to its [`Site`].
pub struct App {
    site: Site,
    /// Where http is sent on to https.
    pub redirect: Option<SocketAddr>,
    pub state: AppState,
    pub clock: Clock,
    pub forger: Forger,
    pub books: Books,
    /// Where the sandbox's controls are.
    pub platform: Site,
    pub folder: Arc<TempDir>,
    shutdown: CancellationToken,
    serving: Option<JoinHandle<Result<(), StartupError>>>,
}

impl Stage {
    /// In sandbox mode: no limits, no questions to the platform by itself, a repeated prepay soon.
    pub fn new() -> Self {
        static SEED: AtomicU64 = AtomicU64::new(1);
        let surroundings = Surroundings {
            entropy: Entropy::seeded(SEED.fetch_add(1, Ordering::Relaxed)),
            query_gaps: vec![SignedDuration::from_hours(24)],
            prepay_pause: SignedDuration::from_millis(100),
            jobs_every: None,
            ..Surroundings::system()
        };
        let stage =
            Self { variables: BTreeMap::new(), surroundings, folder: Arc::new(folder()), outside: None, roots: None };
        let data = stage.folder.path().join("data").display().to_string();
        stage
            .set("SAOMA_DATA_DIR", &data)
            .set("LEPTOS_SITE_ADDR", "127.0.0.1:0")
            .set("SAOMA_ORDERS_PER_MINUTE", "0")
            .set("SAOMA_CHECKS_PER_MINUTE", "0")
            .set("SAOMA_QUESTIONS_PER_SECOND", "0")
            .set("SAOMA_REJECTED_CALLBACKS_PER_MINUTE", "0")
            .with_key_on_a_server()
    }

    /// Books on a server want one, the same for every instance.
    fn with_key_on_a_server(self) -> Self {
        if is_file() { self } else { self.set("SAOMA_SECRET_KEY", &"5a".repeat(32)) }
    }

    #[must_use]
    pub fn set(mut self, variable: &str, value: &str) -> Self {
        self.variables.insert(variable.to_owned(), value.to_owned());
        self
    }

    #[must_use]
    pub fn without(mut self, variable: &str) -> Self {
        self.variables.remove(variable).expect("was set");
        self
    }

    #[must_use]
    pub fn clock(mut self, clock: &Clock) -> Self {
        self.surroundings.clock = clock.clone();
        self
    }

    /// Asks the platform about an order that a page waits for, this often.
    #[must_use]
    pub fn asking_every(mut self, gap: Duration) -> Self {
        self.surroundings.query_gaps = vec![gap.try_into().expect("in range")];
        self
    }

    /// Runs the background jobs, looking this often.
    #[must_use]
    pub fn jobs_every(mut self, tick: Duration) -> Self {
        self.surroundings.jobs_every = Some(tick);
        self
    }

    /// How much WeChat is asked in one comparison of a bill.
    #[must_use]
    pub fn bill_questions(mut self, most: usize) -> Self {
        self.surroundings.bill_questions = most;
        self
    }

    /// How long ago the last good sweep may be.
    #[must_use]
    pub fn sweeps_overdue(mut self, limit: Duration) -> Self {
        self.surroundings.sweeps_overdue = limit;
        self
    }

    /// What connections may take.
    #[must_use]
    pub fn door(mut self, limits: DoorLimits) -> Self {
        self.surroundings.door = limits;
        self
    }

    /// Its platform, which is on this machine, stands for WeChat Pay itself.
    #[must_use]
    pub fn with_real_money(mut self) -> Self {
        self.surroundings.platform = Some(PlatformKind::WechatPay);
        self
    }

    /// How often the instance proves that it can write.
    #[must_use]
    pub fn heartbeat_every(mut self, every: Duration) -> Self {
        self.surroundings.heartbeat_every = every;
        self
    }

    /// Whom it tells how it is.
    #[must_use]
    pub fn service_manager(mut self, manager: Option<ServiceManager>) -> Self {
        self.surroundings.service_manager = manager;
        self
    }

    /// How long one call to the platform may take.
    #[must_use]
    pub fn platform_limit(mut self, limit: Duration) -> Self {
        self.surroundings.platform_limit = limit;
        self
    }

    /// With the same database as another one.
    #[must_use]
    pub fn beside(self, app: &App) -> Self {
        self.set("DATABASE_URL", &database_url(&app.folder.path().join("data")))
    }

    /// In live mode against a platform of its own; `port` is where WeChat is told to call back.
    #[must_use]
    pub fn live(mut self, outside: &Outside, port: u16) -> Self {
        self.variables.extend(outside.credentials());
        self.outside = Some((outside.dir().to_owned(), outside.site.clone()));
        self.set("WXPAY_NOTIFY_DOMAIN", &format!("http://127.0.0.1:{port}"))
            .set("LEPTOS_SITE_ADDR", &format!("127.0.0.1:{port}"))
    }

    /// In live mode, with its own HTTPS as `https://localhost:PORT`.
    #[must_use]
    pub fn https(self, outside: &Outside, port: u16, shown: &Shown) -> Self {
        let mut stage = self.live(outside, port);
        stage.roots = Some(shown.pem.clone());
        stage
            .set("WXPAY_NOTIFY_DOMAIN", &format!("https://localhost:{port}"))
            .set("SAOMA_TLS", "files")
            .set("SAOMA_TLS_CERTIFICATE", &shown.certificate.display().to_string())
            .set("SAOMA_TLS_KEY", &shown.key.display().to_string())
            .set("SAOMA_REDIRECT_ADDR", "off")
    }

    /// How often certificates are looked after.
    #[must_use]
    pub fn tls(mut self, pace: TlsPace) -> Self {
        self.surroundings.tls = pace;
        self
    }

    /// In the folder of one that has been stopped.
    #[must_use]
    pub fn again_in(mut self, folder: &Arc<TempDir>) -> Self {
        let data = folder.path().join("data").display().to_string();
        self.folder = Arc::clone(folder);
        self.set("SAOMA_DATA_DIR", &data)
    }

    /// What a start says of a value that cannot be used.
    pub fn problems_with(&self, variable: &str, value: &str) -> String {
        let mut variables = self.variables.clone();
        variables.insert(variable.to_owned(), value.to_owned());
        let wanted = if self.outside.is_none() { Wanted::SANDBOX } else { Wanted::Live };
        Settings::from_lookup(wanted, &|name| variables.get(name).cloned()).expect_err("unusable").to_string()
    }

    pub fn settings(&self) -> Settings {
        let wanted = if self.outside.is_none() { Wanted::SANDBOX } else { Wanted::Live };
        Settings::from_lookup(wanted, &|name| self.variables.get(name).cloned()).expect("usable")
    }

    pub async fn start(self) -> App {
        let Self { mut variables, surroundings, folder, outside, roots } = self;
        let data = PathBuf::from(&variables["SAOMA_DATA_DIR"]);
        let database = variables.entry("DATABASE_URL".to_owned()).or_insert_with(|| database_url(&data)).clone();
        let clock = surroundings.clock.clone();
        let sandbox = match &outside {
            Some((dir, _)) => dir.clone(),
            None => data.join("sandbox"),
        };
        if outside.is_none() && !sandbox.exists() {
            lay_keys(&sandbox);
        }
        let wanted = if outside.is_none() { Wanted::SANDBOX } else { Wanted::Live };
        let settings = || Settings::from_lookup(wanted, &|variable| variables.get(variable).cloned()).expect("usable");
        let application = until("an application", async || {
            match Application::build(settings(), surroundings.clone()).await {
                Ok(application) => Some(application),
                // A process that another test is just starting has all our files open for a moment,
                // and with them the lock of the sandbox that was here before.
                Err(StartupError::Sandbox(SandboxError::InUse { .. })) => None,
                Err(error) => panic!("{error}"),
            }
        })
        .await;
        let address = application.address();
        let site =
            roots.map_or_else(|| Site::new(format!("http://{address}")), |roots| Site::https(address.port(), &roots));
        let redirect = application.redirect_address();
        let state = application.state().clone();
        let shutdown = CancellationToken::new();
        let serving = {
            let shutdown = shutdown.clone();
            tokio::spawn(application.run(shutdown))
        };
        App {
            platform: outside.map_or_else(|| site.clone(), |(_, platform)| platform),
            site,
            redirect,
            state,
            forger: Forger::read(&sandbox, clock.clone()),
            books: Books::open(&database).await,
            clock,
            folder,
            shutdown,
            serving: Some(serving),
        }
    }
}

impl App {
    /// With the system's clock.
    pub async fn start() -> Self {
        Stage::new().start().await
    }

    /// With a clock that stands still until the test moves it.
    pub async fn start_with_mock_clock() -> Self {
        Stage::new().clock(&mock_clock()).start().await
    }

    /// In an orderly way.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        self.serving.take().expect("serves").await.expect("no panic").expect("ends well");
    }

    /// By itself, and how.
    pub async fn ended(mut self) -> Result<(), StartupError> {
        self.serving.take().expect("serves").await.expect("no panic")
    }

    pub fn advance(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }
}

/// Starts on a whole second, about now: certificates are valid.
pub fn mock_clock() -> Clock {
    let second = Clock::system().now().as_second();
    Clock::mock(jiff::Timestamp::from_second(second).expect("in range"))
}

impl Deref for App {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}
