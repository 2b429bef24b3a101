//! The use cases of staff, for the server and for commands.

use std::net::{Ipv4Addr, SocketAddr};

use url::Url;

use super::StartupError;
use crate::{
    backoffice::staff::{Staff, Surroundings},
    checkout::Checkout,
    clock::Clock,
    entropy::Entropy,
    http::{AdminDoor, AppState},
    secret_key::SecretKey,
    storage::{Database, books::PlatformKind},
};

pub(super) fn of(
    checkout: &Checkout,
    db: &Database,
    key: Option<SecretKey>,
    is_demo: bool,
    clock: &Clock,
    entropy: &Entropy,
) -> Staff {
    let (clock, entropy) = (clock.clone(), entropy.clone());
    let chain = checkout.instance().to_owned();
    Staff::new(checkout.clone(), db.clone(), Surroundings { key, chain, is_demo, clock, entropy })
}

/// In sandbox mode: who may come in, for whoever tries it.
pub(super) async fn offer_demo_accounts(state: &AppState, scheme: &str, address: SocketAddr) {
    let accounts = state.staff.demo_accounts();
    if accounts.is_empty() {
        return;
    }
    if let Err(error) = state.staff.keep_demo_accounts().await {
        tracing::warn!(%error, "the demo accounts of staff");
        return;
    }
    for demo in accounts {
        tracing::info!("{scheme}://{address}/admin: {} / {}", demo.name, demo.password);
    }
}

/// Passwords of people who move money do not go unencrypted, nor to another name than the shop's.
pub(super) fn door(is_sandbox: bool, platform: PlatformKind, origin: &Url) -> AdminDoor {
    match (is_sandbox, platform, origin.scheme()) {
        (true, ..) => AdminDoor::Anywhere,
        (false, _, "https") | (false, PlatformKind::Loopback, _) => AdminDoor::OwnOrigin,
        (false, PlatformKind::WechatPay, _) => AdminDoor::Closed,
    }
}

/// Where a sandbox that listens here is reached.
pub(super) fn sandbox_origin(address: SocketAddr) -> Result<Url, StartupError> {
    // Where it listens everywhere, it is also here.
    let host = if address.ip().is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { address.ip() };
    Url::parse(&format!("http://{}", SocketAddr::new(host, address.port())))
        .map_err(|_| StartupError::SandboxAddress(address))
}
