//! What the routes share.

use std::{ops::Deref, sync::Arc};

use axum::extract::FromRef;
use ipnet::IpNet;
use leptos::config::LeptosOptions;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{door::Crowd, looks::ShopLooks, notices::Notices, rate_limits::Limits, site::Site};
use crate::{
    backoffice::{Office, products::Shelf, staff::Staff},
    checkout::Checkout,
    clock::Clock,
    doctor::Checkup,
    entropy::Entropy,
    metrics::Metrics,
    readiness::Readiness,
    reconcile::Reconcile,
    storage::Database,
    wall::Wall,
    wechatpay::{ApiV3Keys, Keyring},
};

/// One content for all clones: every layer takes one for every request, and keeps it as long as that waits.
#[derive(Clone, Debug)]
pub struct AppState(Arc<Shared>);

/// Where `/admin` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminDoor {
    /// Where nobody's money is.
    Anywhere,
    /// At the public origin alone.
    OwnOrigin,
    /// That origin is not encrypted.
    Closed,
}

#[derive(Debug)]
pub struct Shared {
    pub checkout: Checkout,
    pub office: Office,
    pub staff: Staff,
    pub shelf: Shelf,
    pub looks: ShopLooks,
    pub admin: AdminDoor,
    pub reconcile: Reconcile,
    pub checkup: Checkup,
    pub db: Database,
    pub keyring: Keyring,
    pub api_v3_keys: Arc<ApiV3Keys>,
    pub metrics: Metrics,
    pub readiness: Readiness,
    /// Between the sandbox's messages and a shop with real money.
    pub wall: Wall,
    pub limits: Limits,
    pub notices: Notices,
    pub clock: Clock,
    pub entropy: Entropy,
    /// The address people reach this site by.
    pub origin: Url,
    pub trusted_proxies: Arc<[IpNet]>,
    /// Shows the banner and the way to the simulated phone.
    pub sandbox: bool,
    /// Its pages and controls answer other machines too.
    pub sandbox_open: bool,
    /// Opens `/metrics` to other machines, as a Bearer token.
    pub metrics_token: Option<SecretString>,
    pub site: Site,
    pub leptos: LeptosOptions,
    /// Long polls, which are answered early when their places are needed.
    pub crowd: Crowd,
    /// Long polls answer at once when the server stops.
    pub stopping: CancellationToken,
}

impl From<Shared> for AppState {
    fn from(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}
