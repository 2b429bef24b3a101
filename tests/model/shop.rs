//! The shop's side of a seed: an application with a runtime of its own, so that a crash takes
//! everything with it that is under way.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use jiff::SignedDuration;
use saoma::{
    checkout::Checkout,
    clock::Clock,
    config::{Settings, Wanted},
    entropy::Entropy,
    startup::{Application, Surroundings, catalogue},
    storage::Database,
};
use tempfile::TempDir;
use tokio::{
    runtime::{Builder, Runtime},
    task::{JoinError, JoinHandle},
};
use tokio_util::sync::CancellationToken;

/// A folder that dies with the process; in memory where there is such a place, for a commit there
/// costs no wait. The engine and every one of its settings are those of a real shop.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a folder")
}

/// Empty books with products, to be copied.
static TEMPLATE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let dir = folder();
    let file = dir.path().join("saoma.db");
    let url = format!("sqlite://{}", file.display());
    Runtime::new().expect("a runtime").block_on(async {
        let db = Database::open(&url).await.expect("opens");
        catalogue::add_demo_products(&db).await.expect("writes");
        db.close().await;
    });
    std::fs::read(file).expect("a database")
});

/// Makes what is made once before anybody waits for it.
pub fn prepare() {
    LazyLock::force(&TEMPLATE);
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // What is reckoned from a damaged timestamp; anything else is told.
        if panic.payload_as_str().is_some_and(|text| text.starts_with("adding signed duration to timestamp")) {
            PANICS.fetch_add(1, Ordering::SeqCst);
        } else {
            tell(panic);
        }
    }));
}

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// How often a time was reckoned that there is not, in any shop.
pub fn count_panics() -> usize {
    PANICS.load(Ordering::SeqCst)
}

/// What a shop is started with, time and again.
pub struct Premises {
    pub database: PathBuf,
    variables: BTreeMap<String, String>,
    clock: Clock,
    entropy: Entropy,
}

impl Premises {
    pub fn new(dir: &Path, credentials: &Path, clock: &Clock, entropy: Entropy) -> Self {
        let database = dir.join("saoma.db");
        std::fs::write(&database, &*TEMPLATE).expect("writes");
        let pairs = dotenvy::from_path_iter(credentials).expect("is there");
        let mut variables: BTreeMap<String, String> = pairs.map(|pair| pair.expect("dotenv")).collect();
        let own = [
            // Callbacks are carried by the seed, not by the sandbox: nobody listens there.
            ("WXPAY_NOTIFY_DOMAIN", "http://127.0.0.1:9".to_owned()),
            ("LEPTOS_SITE_ADDR", "127.0.0.1:0".to_owned()),
            ("SAOMA_DATA_DIR", dir.display().to_string()),
            ("DATABASE_URL", format!("sqlite://{}", database.display())),
            ("SAOMA_ORDERS_PER_MINUTE", "0".to_owned()),
            ("SAOMA_REJECTED_CALLBACKS_PER_MINUTE", "0".to_owned()),
        ];
        variables.extend(own.map(|(name, value)| (name.to_owned(), value)));
        Self { database, variables, clock: clock.clone(), entropy }
    }

    pub async fn open(&self) -> Shop {
        let lookup = |variable: &str| self.variables.get(variable).cloned();
        let settings = Settings::from_lookup(Wanted::Live, &lookup).expect("usable");
        let surroundings = Surroundings {
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            platform_limit: Duration::from_secs(3),
            prepay_pause: SignedDuration::from_secs(3),
            heartbeat_every: Duration::from_millis(50),
            // The seed says when they look.
            jobs_every: None,
            ..Surroundings::system()
        };
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let handle = runtime.handle().clone();
        let building = tokio::task::spawn_blocking(move || handle.block_on(Application::build(settings, surroundings)));
        let application = building.await.expect("no panic").expect("starts");
        let origin = format!("http://{}", application.address());
        let checkout = application.state().checkout.clone();
        runtime.spawn(application.run(CancellationToken::new()));
        Shop { runtime: Some(runtime), checkout, origin }
    }
}

/// One life of a shop.
pub struct Shop {
    runtime: Option<Runtime>,
    pub checkout: Checkout,
    pub origin: String,
}

impl Shop {
    pub fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.runtime.as_ref().expect("alive").spawn(work)
    }

    /// Work under way is lost.
    pub async fn crash(mut self) -> Result<(), JoinError> {
        let runtime = self.runtime.take().expect("alive");
        tokio::task::spawn_blocking(move || {
            drop(self);
            runtime.shutdown_timeout(Duration::from_secs(5));
        })
        .await
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
