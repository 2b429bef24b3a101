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
//! | `wire` | connections, TLS and the tunnel to ourselves | `crypto`, the ground |
//!
//! The ground, known to all of them: `bill_terms`, `endpoint`, `error`, `failure`, `files`, `key_mode`,
//! `mark`, `wire_time`.

mod api;
mod bill_terms;
mod books;
mod callbacks;
mod console;
mod crypto;
mod endpoint;
mod error;
mod failure;
mod faults;
mod files;
mod key_mode;
mod mark;
mod platform;
mod wire;
mod wire_time;

use std::{
    fmt,
    fs::TryLockError,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::Router;
use futures::future::BoxFuture;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use url::{Host, Url};

use self::{
    books::ledger::Ledger,
    callbacks::{client, notifier},
    crypto::{credentials::Place, keys::Keys, tls},
    platform::Platform,
};
pub use self::{
    crypto::{
        authorization::{Authorization, AuthorizationError, parse as parse_authorization},
        credentials::SandboxCredentials,
    },
    failure::{CertificateError, SandboxError},
    key_mode::KeyMode,
};
use crate::{clock::Clock, entropy::Entropy};

/// A sandbox. Cheap to clone.
#[derive(Clone)]
pub struct Sandbox {
    platform: Arc<Platform>,
    credentials: Arc<SandboxCredentials>,
    tls: Option<TlsAcceptor>,
}

/// What a sandbox is to know of its surroundings.
#[derive(Clone, Debug)]
pub struct SandboxOptions {
    /// Where the platform listens.
    pub api_domain: Url,
    /// The shop's origin, for `credentials.env` only: callbacks go to each order's `notify_url`.
    pub notify_domain: Url,
    /// With which kind of key it signs.
    pub keys: KeyMode,
    /// Whether it answers in WeChat's name too, with a certificate of its own CA.
    pub tls: bool,
    /// Hosts beside this machine that callbacks may go to without TLS.
    pub plain_hosts: Vec<String>,
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
        Ok(Self {
            api_domain: origin(reachable(api))?,
            notify_domain: origin(LOCAL_SHOP)?,
            keys: KeyMode::default(),
            tls: false,
            plain_hosts: Vec::new(),
            clock,
            entropy,
        })
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
        let SandboxOptions { api_domain, notify_domain, keys, tls, plain_hosts, clock, entropy } = options;
        let place = Place { dir, domain: api_domain, notify_domain, keys, tls, plain_hosts };
        let keys = Keys::open(&place.dir, &clock, &entropy)?;
        let ledger = Ledger::open(&place.dir.join("journal.jsonl"))?;
        let tls = if tls { Some(tls::acceptor(&place.dir, &place.domain, clock.now(), &entropy)?) } else { None };
        let credentials = SandboxCredentials::build(&place, &keys);
        credentials.write(&place.dir)?;
        let client = client::build()?;
        let platform = Arc::new(Platform::new(place, keys, ledger, lock, client, clock, entropy));
        Ok(Self { platform, credentials: Arc::new(credentials), tls })
    }

    /// As they were when the sandbox was opened: a new `APIv3` key is in `credentials.env`.
    #[must_use]
    pub fn credentials(&self) -> &SandboxCredentials {
        &self.credentials
    }

    /// Only `/_sandbox/…`: a shop that is reached as `origin` serves these on its own port too.
    pub fn control_router(&self, origin: &Url) -> Router {
        console::guarded(Arc::clone(&self.platform), origin.clone()).layer(mark::layer())
    }

    /// The platform with its controls; [`Sandbox::serve`] serves it.
    pub fn router(&self) -> Router {
        let (platform, origin) = (Arc::clone(&self.platform), self.platform.place.domain.clone());
        let all = api::router(Arc::clone(&platform)).merge(console::guarded(platform, origin));
        all.layer(mark::layer()).layer(axum::middleware::from_fn_with_state(Arc::clone(&self.platform), api::tell_date))
    }

    /// Serves the platform and delivers notifications until `shutdown`.
    pub async fn serve(&self, listener: TcpListener, shutdown: CancellationToken) {
        let platform = &self.platform;
        let stopping = async {
            platform.stopping.run_until_cancelled(shutdown.cancelled()).await;
            platform.stopping.cancel();
        };
        let notifying = notifier::run(Arc::clone(platform), platform.stopping.clone());
        let answering = wire::serve(listener, self.router(), self.tls.clone(), platform.stopping.clone());
        tokio::join!(stopping, notifying, answering);
    }
}

/// The WeChat Pay sandbox alone, for this or any other `APIv3` client
#[derive(Clone, Debug, clap::Args)]
pub struct SandboxCommand {
    /// Port 0 takes any that is free; the address is printed, and in credentials.env
    #[arg(long, default_value = "127.0.0.1:9090")]
    pub listen: SocketAddr,
    /// Keeps keys, orders and credentials.env
    #[arg(long)]
    pub dir: PathBuf,
    /// What signs callbacks, and replies to requests that name no key
    #[arg(long, value_enum, default_value_t)]
    pub keys: KeyMode,
    /// Answers for api.mch.weixin.qq.com and api2 too, by a certificate of DIR/ca.pem, directly and as an HTTPS proxy
    #[arg(long)]
    pub tls: bool,
    /// The address that clients reach it by, when that is not the one it listens on
    #[arg(long, value_name = "URL", value_parser = public_url)]
    pub public_url: Option<Url>,
    /// A host (a container, say) that callbacks may go to over http, as if it were this machine; may be repeated
    #[arg(long, value_name = "HOST", value_parser = plain_host)]
    pub allow_http_notify: Vec<String>,
}

impl SandboxCommand {
    pub fn new(listen: SocketAddr, dir: impl Into<PathBuf>) -> Self {
        let (keys, tls, public_url, allow_http_notify) = (KeyMode::default(), false, None, Vec::new());
        Self { listen, dir: dir.into(), keys, tls, public_url, allow_http_notify }
    }
}

fn public_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if matches!(url.scheme(), "http" | "https") && bare {
        Ok(url)
    } else {
        Err("http://HOST[:PORT] or https://HOST[:PORT], and nothing behind it".to_owned())
    }
}

/// As an address has it.
fn plain_host(text: &str) -> Result<String, String> {
    let host = if text.is_empty() { Err(url::ParseError::EmptyHost) } else { Host::parse(text) };
    host.map(|host| host.to_string()).map_err(|_| "a name or an address, without scheme, port or path".to_owned())
}

/// `saoma sandbox`: everything until `shutdown`. The first line of `out` names the address.
///
/// # Errors
/// When the address or the folder cannot be used.
pub fn run(
    command: SandboxCommand,
    shutdown: CancellationToken,
    out: &mut (dyn io::Write + Send),
) -> BoxFuture<'_, Result<(), SandboxError>> {
    // Boxed, so that the whole of it is compiled here and not again in the program.
    Box::pin(run_until(command, shutdown, out))
}

async fn run_until(
    command: SandboxCommand,
    shutdown: CancellationToken,
    out: &mut (dyn io::Write + Send),
) -> Result<(), SandboxError> {
    let SandboxCommand { listen, dir, keys, tls, public_url, allow_http_notify } = command;
    let refused = |source| SandboxError::Listen { address: listen, source };
    let listener = TcpListener::bind(listen).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let usual = SandboxOptions::new(address)?;
    let api_domain = public_url.unwrap_or_else(|| usual.api_domain.clone());
    let sandbox =
        Sandbox::open(&dir, SandboxOptions { api_domain, keys, tls, plain_hosts: allow_http_notify, ..usual })?;
    let told = told(address, sandbox.credentials());
    // Whoever does not read it finds the same in the log and in credentials.env.
    if let Err(error) = writeln!(out, "{told}").and_then(|()| out.flush()) {
        tracing::debug!(%error, "nobody reads the standard output");
    }
    tracing::info!("{told}");
    sandbox.serve(listener, shutdown).await;
    Ok(())
}

/// Names the address it listens on, and the one that clients were told, when that is another.
fn told(address: SocketAddr, credentials: &SandboxCredentials) -> String {
    let phone = format!("phone at {}_sandbox/", credentials.domain);
    format!("sandbox on http://{address}, for {credentials}, {phone}")
}

/// The address that a client on this machine calls when the platform listens on all of them.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() { SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()) } else { address }
}

fn origin(address: SocketAddr) -> Result<Url, SandboxError> {
    Url::parse(&format!("http://{address}")).map_err(|_| SandboxError::Address { address })
}
