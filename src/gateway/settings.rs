//! What a [`Gateway`](super::Gateway) is made of.

use std::{fmt, time::Duration};

use url::Url;

use crate::{
    wall::Wall,
    wechatpay::{ApiV3Keys, Keyring, PlatformSerial, Signer},
};

/// `http://[USER:PASSWORD@]HOST:PORT`: a proxy that is asked to connect us (`CONNECT`) and sees nothing but
/// the platform's name. Its password shows in no `Debug` and in no error.
#[derive(Clone)]
pub struct EgressProxy(Url);

impl EgressProxy {
    /// # Errors
    /// Not of that form; nothing of the text is repeated.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let is_proxy = |url: &Url| {
            let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
            url.scheme() == "http" && url.has_host() && bare
        };
        Url::parse(text).ok().filter(is_proxy).map(Self).ok_or(
            "must be http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, with what is neither a letter nor a digit in \
             the password written as %XX",
        )
    }

    /// Host and port, for people.
    pub fn place(&self) -> String {
        let port = self.0.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}{port}", self.0.host_str().unwrap_or_default())
    }

    pub(super) fn url(&self) -> Url {
        self.0.clone()
    }
}

impl fmt::Debug for EgressProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EgressProxy([redacted])")
    }
}

/// Where the platform is and how long we wait for it.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    /// An origin: https, or http on a loopback host.
    pub base: Url,
    /// Asked once, with the very same signed request, when `base` cannot be reached (§10.2).
    pub backup: Option<Url>,
    /// Every https call goes through it. Loopback is never behind a proxy.
    pub proxy: Option<EgressProxy>,
    /// To have a connection.
    pub connect_limit: Duration,
    /// For a whole call, the second attempt included.
    pub total_limit: Duration,
    /// How long an unused connection is kept: WeChat drops them after 8 s (§10.2).
    pub idle_limit: Duration,
    /// Longest reply that is read, in bytes.
    pub reply_most: usize,
    /// Shortest time between two requests for certificates that strangers can cause.
    pub refresh_gap: Duration,
    /// Queries, closes and requests for certificates, of all instances together; 0 for no limit.
    pub questions_per_second: u32,
    /// Refuses a sandbox's replies where there is real money.
    pub wall: Wall,
}

impl GatewaySettings {
    /// 3 s to connect, 10 s in all, 7 s idle, 1 MiB, one refresh a minute; no backup host, no limit of
    /// questions.
    pub const fn new(base: Url) -> Self {
        Self {
            base,
            backup: None,
            proxy: None,
            connect_limit: Duration::from_secs(3),
            total_limit: Duration::from_secs(10),
            idle_limit: Duration::from_secs(7),
            reply_most: 1024 * 1024,
            refresh_gap: Duration::from_mins(1),
            questions_per_second: 0,
            wall: Wall::open(),
        }
    }
}

/// Who we are to the platform, and what we know of it.
#[derive(Debug)]
pub struct Merchant {
    pub signer: Signer,
    /// `PUB_KEY_ID_…` in public-key mode: asks WeChat to sign its replies with that key (§2.3).
    pub public_key_id: Option<PlatformSerial>,
    /// Shared with the callback route; certificates are added here.
    pub keyring: Keyring,
    /// Opens certificates.
    pub api_v3_keys: std::sync::Arc<ApiV3Keys>,
}
