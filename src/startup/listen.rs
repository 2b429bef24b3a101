//! Where a server listens, what is served there beside the pages, and until when it answers.

use std::{io, net::SocketAddr, path::Path, time::Duration};

use leptos::config::{Env, LeptosOptions};
use tokio::{net::TcpListener, task::JoinError};
use tokio_util::sync::CancellationToken;

use super::{error::StartupError, stop};
use crate::{
    config::TlsSettings,
    http::{
        AppState, Site,
        door::{Door, Entrance},
    },
};

pub(super) async fn listen(
    setting: &'static str,
    wanted: SocketAddr,
) -> Result<(TcpListener, SocketAddr), StartupError> {
    let failed = |source| StartupError::Listen { setting, address: wanted, source };
    let listener = TcpListener::bind(wanted).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

pub(super) async fn listen_for_redirects(
    tls: Option<&TlsSettings>,
) -> Result<Option<(TcpListener, SocketAddr)>, StartupError> {
    match tls.and_then(|tls| tls.redirect_addr) {
        Some(wanted) => listen("SAOMA_REDIRECT_ADDR", wanted).await.map(Some),
        None => Ok(None),
    }
}

/// Returns when nothing is written any more, and whoever asks `/readyz` has had the time to hear of it. Nobody
/// here can mend that: a new process can.
async fn cannot_write(state: &AppState) {
    const NOTICE: Duration = Duration::from_secs(5);
    state.db.writing_ended().await;
    state.readiness.report("stopping", Some("nothing can be stored any more: this server is about to stop".to_owned()));
    tokio::time::sleep(NOTICE).await;
}

/// Until `shutdown`, and until the requests that are running then are answered.
pub(super) async fn answer(
    door: Door,
    entrances: Vec<Entrance>,
    state: &AppState,
    shutdown: &CancellationToken,
) -> Result<(), StartupError> {
    let ended = |ended: Result<(), JoinError>| ended.map_err(|error| StartupError::Serve(io::Error::other(error)));
    let mut serving = tokio::spawn(door.serve(entrances, shutdown.clone()));
    let mut outcome = Ok(());
    tokio::select! {
        early = &mut serving => return ended(early),
        () = shutdown.cancelled() => {}
        () = cannot_write(state) => {
            outcome = Err(StartupError::WriterEnded);
            shutdown.cancel();
        }
    }
    state.stopping.cancel();
    if let Ok(served) = tokio::time::timeout(stop::REQUESTS, serving).await {
        return outcome.and(ended(served));
    }
    tracing::warn!("stopped with connections still open");
    outcome
}

/// For Leptos' router, which reads no file of it: see [`http::Site`].
pub(super) fn leptos_options(address: SocketAddr) -> LeptosOptions {
    LeptosOptions::builder().output_name("saoma").site_addr(address).env(Env::PROD).build()
}

/// What is served beside the pages: of the folder that somebody has named, else what is inside the program.
pub(super) fn site(root: Option<&Path>, inside: Site) -> Result<Site, StartupError> {
    if let Some(root) = root {
        return Ok(Site::read(root)?);
    }
    if inside.is_empty() {
        tracing::error!(
            "this program was built without its site: pages have no style and no scripts (they work all the same). \
             `make build` puts it inside; LEPTOS_SITE_ROOT names a folder instead"
        );
    }
    Ok(inside)
}
