//! A WeChat Pay platform without money: `APIv3` as `wechatpay-v3.md` describes it, for trying a
//! shop and for testing one. WeChat itself has no sandbox for `APIv3`.
//!
//! It shares no code with the shop's side of the wire: it knows nothing of `crate::wechatpay`,
//! `gateway`, `checkout`, `storage` or `domain`, and it signs with `rsa` and seals with aws-lc-rs
//! where the shop verifies with aws-lc-rs and opens with `aes-gcm`. A mistake in one side cannot
//! hide in the other.
//!
//! | room | holds | knows |
//! | --- | --- | --- |
//! | `console` | `/_sandbox/…`, for programs and for people | `callbacks` and below |
//! | `api` | the interfaces of `/v3`: gate, faults, work, reply | `callbacks` and below |
//! | `callbacks` | paying, ends of refunds, notifications and their way to the shop | `platform` and below |
//! | `platform` | the state that all of them share | `books` and below |
//! | `books` | orders, refunds, deliveries, their rules, and the file that they survive in | `crypto`, the ground |
//! | `crypto` | keys, certificates, credentials, signing and sealing | the ground |
//! | `faults` | bad behaviour on demand | the ground |
//!
//! The ground, known to all of them: `endpoint`, `error`, `failure`, `files`, `mark`, `wire_time`.

mod api;
mod books;
mod callbacks;
mod console;
mod crypto;
mod endpoint;
mod error;
mod failure;
mod faults;
mod files;
mod mark;
mod platform;
mod wire_time;

use std::{
    fmt,
    fs::TryLockError,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};

use axum::Router;
use futures::future::BoxFuture;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use self::{
    books::ledger::Ledger,
    callbacks::notifier,
    crypto::{credentials::Place, keys::Keys},
    platform::Platform,
};
pub use self::{
    crypto::{
        authorization::{Authorization, AuthorizationError, parse as parse_authorization},
        credentials::SandboxCredentials,
    },
    failure::{CertificateError, SandboxError},
};
use crate::{clock::Clock, entropy::Entropy};

/// A sandbox. Cheap to clone.
#[derive(Clone)]
pub struct Sandbox {
    platform: Arc<Platform>,
    credentials: Arc<SandboxCredentials>,
}

/// What a sandbox is to know of its surroundings.
#[derive(Clone, Debug)]
pub struct SandboxOptions {
    /// Where the platform listens.
    pub api_domain: Url,
    /// The shop's origin, for `credentials.env` only: callbacks go to each order's `notify_url`.
    pub notify_domain: Url,
    pub clock: Clock,
    pub entropy: Entropy,
}

impl SandboxOptions {
    /// The system's clock and randomness, and the shop where `make run` puts it.
    ///
    /// # Errors
    /// Never for an address that something listens on.
    pub fn new(api: SocketAddr) -> Result<Self, SandboxError> {
        let clock = Clock::system();
        let entropy = Entropy::system();
        Ok(Self { api_domain: origin(reachable(api))?, notify_domain: origin(LOCAL_SHOP)?, clock, entropy })
    }
}

/// Where the shop listens unless told otherwise (design §2.2).
const LOCAL_SHOP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3000);

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("credentials", &self.credentials).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Opens the sandbox in `dir`: makes keys and `credentials.env` at first start, later finds
    /// keys, orders, payments and undelivered notifications again.
    ///
    /// # Errors
    /// When the folder cannot be used, is in use, or holds what is not ours.
    pub fn open(dir: &Path, options: SandboxOptions) -> Result<Self, SandboxError> {
        files::make_folder(dir)?;
        let dir = std::path::absolute(dir).map_err(|source| files::broken(dir, source))?;
        let lock_path = dir.join("lock");
        let lock = files::creating(0o600).write(true).open(&lock_path).map_err(|e| files::broken(&lock_path, e))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => SandboxError::InUse { path: dir.clone() },
            TryLockError::Error(source) => files::broken(&lock_path, source),
        })?;
        let SandboxOptions { api_domain, notify_domain, clock, entropy } = options;
        let keys = Keys::open(&dir, &clock, &entropy)?;
        let ledger = Ledger::open(&dir.join("journal.jsonl"))?;
        let place = Place { dir, domain: api_domain, notify_domain };
        let credentials = SandboxCredentials::build(&place, &keys);
        credentials.write(&place.dir)?;
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
        let platform = Arc::new(Platform::new(place, keys, ledger, lock, client, clock, entropy));
        Ok(Self { platform, credentials: Arc::new(credentials) })
    }

    /// As they were when the sandbox was opened: a new `APIv3` key is in `credentials.env`.
    #[must_use]
    pub fn credentials(&self) -> &SandboxCredentials {
        &self.credentials
    }

    /// Only `/_sandbox/…`: the shop serves these on its own port too.
    pub fn control_router(&self) -> Router {
        console::router(Arc::clone(&self.platform)).layer(mark::layer())
    }

    /// The platform with its controls; [`Sandbox::serve`] serves it.
    pub fn router(&self) -> Router {
        let all = api::router(Arc::clone(&self.platform)).merge(console::router(Arc::clone(&self.platform)));
        all.layer(mark::layer())
    }

    /// Serves the platform and delivers notifications until `shutdown`.
    ///
    /// # Errors
    /// When the listener breaks.
    pub async fn serve(&self, listener: TcpListener, shutdown: CancellationToken) -> Result<(), SandboxError> {
        let platform = &self.platform;
        let stopping = async {
            platform.stopping.run_until_cancelled(shutdown.cancelled()).await;
            platform.stopping.cancel();
        };
        let notifying = notifier::run(Arc::clone(platform), platform.stopping.clone());
        let answering = async {
            let until = platform.stopping.clone().cancelled_owned();
            let result = axum::serve(listener, self.router()).with_graceful_shutdown(until).await;
            platform.stopping.cancel();
            result
        };
        let ((), (), result) = tokio::join!(stopping, notifying, answering);
        result.map_err(|source| SandboxError::Serve { source })
    }
}

/// `saoma sandbox --listen ADDR --dir DIR`: everything until `shutdown`.
///
/// # Errors
/// When the address or the folder cannot be used.
pub fn run(listen: SocketAddr, dir: &Path, shutdown: CancellationToken) -> BoxFuture<'_, Result<(), SandboxError>> {
    // Boxed, so that the whole of it is compiled here and not again in the program.
    Box::pin(run_until(listen, dir, shutdown))
}

async fn run_until(listen: SocketAddr, dir: &Path, shutdown: CancellationToken) -> Result<(), SandboxError> {
    let refused = |source| SandboxError::Listen { address: listen, source };
    let listener = TcpListener::bind(listen).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let sandbox = Sandbox::open(dir, SandboxOptions::new(address)?)?;
    tracing::info!("sandbox for {}, phone at {}_sandbox/", sandbox.credentials(), sandbox.credentials().domain);
    sandbox.serve(listener, shutdown).await
}

/// The address that a client on this machine calls when the platform listens on all of them.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() { SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()) } else { address }
}

fn origin(address: SocketAddr) -> Result<Url, SandboxError> {
    Url::parse(&format!("http://{address}")).map_err(|_| SandboxError::Address { address })
}
