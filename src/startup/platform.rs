//! The platform we talk to: WeChat's, or the sandbox in this process. Both end as the same
//! [`LiveSettings`], so that nothing behind this file knows which of the two it is.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};

use axum::Router;
use secrecy::ExposeSecret;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::error::StartupError;
use crate::{
    clock::Clock,
    config::{LiveSettings, Problem, Problems, live},
    entropy::Entropy,
    gateway::{GatewaySettings, Merchant},
    http::{NATIVE_NOTIFY_PATH, REFUNDS_NOTIFY_PATH},
    metrics::Metrics,
    readiness::Readiness,
    sandbox::{Sandbox, SandboxCredentials, SandboxError, SandboxOptions},
    storage::books::PlatformKind,
    wall::Wall,
    wechatpay::{ApiV3Keys, Keyring, Mchid, PlatformKeys, Signer},
};

/// Where the platform is.
pub(crate) enum Platform {
    Outside,
    Inside { sandbox: Sandbox, listener: TcpListener },
}

impl Platform {
    /// Opens the sandbox on a loopback port of its own, so that every call crosses real HTTP.
    pub(crate) async fn inside(
        data_dir: &Path,
        site: SocketAddr,
        clock: &Clock,
        entropy: &Entropy,
    ) -> Result<(Self, LiveSettings), StartupError> {
        if !site.ip().is_loopback() && !site.ip().is_unspecified() {
            return Err(StartupError::SandboxAddress(site));
        }
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listen = |source| StartupError::Sandbox(SandboxError::Listen { address: wanted, source });
        let listener = TcpListener::bind(wanted).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let host = if site.ip().is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { site.ip() };
        let options = SandboxOptions {
            notify_domain: loopback(SocketAddr::new(host, site.port()))?,
            clock: clock.clone(),
            entropy: entropy.clone(),
            ..SandboxOptions::new(address)?
        };
        let sandbox = Sandbox::open(&data_dir.join("sandbox"), options)?;
        let live = read(sandbox.credentials())?;
        Ok((Self::Inside { sandbox, listener }, live))
    }

    pub(crate) const fn is_inside(&self) -> bool {
        matches!(self, Self::Inside { .. })
    }

    /// The sandbox's own pages and controls, for the site's port and origin.
    pub(crate) fn pages(&self, origin: &Url) -> Option<Router> {
        match self {
            Self::Outside => None,
            Self::Inside { sandbox, .. } => Some(sandbox.control_router(origin)),
        }
    }

    pub(crate) fn serve(self) -> Running {
        let stop = CancellationToken::new();
        let task = match self {
            Self::Outside => None,
            Self::Inside { sandbox, listener, .. } => {
                let stop = stop.clone();
                Some(tokio::spawn(async move { sandbox.serve(listener, stop).await }))
            }
        };
        Running { stop, task }
    }
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_inside() { "Platform::Inside" } else { "Platform::Outside" })
    }
}

/// The sandbox while it serves.
pub(crate) struct Running {
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        let Some(task) = self.task else { return };
        if let Err(error) = task.await {
            tracing::error!(%error, "the sandbox ended badly");
        }
    }
}

fn loopback(address: SocketAddr) -> Result<Url, StartupError> {
    Url::parse(&format!("http://{address}")).map_err(|_| SandboxError::Address { address }.into())
}

/// The credentials that a sandbox left in the data folder of this shop.
pub(crate) fn beside(data_dir: &Path) -> Result<LiveSettings, StartupError> {
    let path = data_dir.join("sandbox/credentials.env");
    let lines = dotenvy::from_path_iter(&path).map_err(|_| StartupError::NoSandbox { path: path.clone() })?;
    let variables: HashMap<String, String> = lines.filter_map(Result::ok).collect();
    Ok(live::from_lookup(&|variable| variables.get(variable).cloned())?)
}

/// The sandbox's credentials, read as if somebody had put them into the environment.
fn read(credentials: &SandboxCredentials) -> Result<LiveSettings, StartupError> {
    let lookup = |variable: &str| {
        Some(match variable {
            "WXPAY_MCH_ID" => credentials.mchid.clone(),
            "WXPAY_APPID" => credentials.appid.clone(),
            "WXPAY_MCH_SERIAL_NO" => credentials.serial_no.clone(),
            "WXPAY_PRIVATE_KEY" => credentials.private_key_pem.expose_secret().to_owned(),
            "WXPAY_API_V3_KEY" => credentials.api_v3_key.expose_secret().to_owned(),
            "WXPAY_PUBLIC_KEY_ID" => credentials.public_key_id.clone(),
            "WXPAY_PUBLIC_KEY" => credentials.public_key_pem.clone(),
            "WXPAY_DOMAIN" => credentials.domain.to_string(),
            "WXPAY_NOTIFY_DOMAIN" => credentials.notify_domain.to_string(),
            _ => return None,
        })
    };
    Ok(live::from_lookup(&lookup)?)
}

/// A merchant account, taken apart for those who need a piece of it.
pub(crate) struct Parts {
    pub merchant: Merchant,
    pub keyring: Keyring,
    pub api_v3_keys: Arc<ApiV3Keys>,
    pub gateway: GatewaySettings,
    pub origin: Url,
    pub mchid: Mchid,
    pub appid: String,
    pub notify_url: Url,
    pub refund_notify_url: Url,
}

pub(crate) fn parts(live: LiveSettings) -> Result<Parts, StartupError> {
    let keyring = Keyring::default();
    let mut public_key_id = None;
    if let Some((id, key)) = live.public_key {
        keyring.update(|keys: &PlatformKeys| keys.with_public_key(&id, key));
        public_key_id = Some(id);
    }
    let api_v3_keys = Arc::new(live.api_v3_keys);
    let join = |path| {
        live.notify_domain.join(path).map_err(|error| {
            let problem = Problem { variable: "WXPAY_NOTIFY_DOMAIN", what: error.to_string() };
            StartupError::Settings(Problems(vec![problem]))
        })
    };
    let (notify_url, refund_notify_url) = (join(NATIVE_NOTIFY_PATH)?, join(REFUNDS_NOTIFY_PATH)?);
    let signer = Signer::new(live.mchid.clone(), live.serial, live.private_key);
    let merchant = Merchant { signer, public_key_id, keyring: keyring.clone(), api_v3_keys: Arc::clone(&api_v3_keys) };
    let gateway = GatewaySettings { backup: live.backup, ..GatewaySettings::new(live.domain) };
    let (mchid, appid, origin) = (live.mchid, live.appid, live.notify_domain);
    Ok(Parts { merchant, keyring, api_v3_keys, gateway, origin, mchid, appid, notify_url, refund_notify_url })
}

pub(crate) fn wall(platform: PlatformKind, metrics: &Metrics, readiness: &Readiness) -> Wall {
    match platform {
        PlatformKind::WechatPay => Wall::around_money(metrics.clone(), readiness.clone()),
        PlatformKind::Loopback => Wall::open(),
    }
}
