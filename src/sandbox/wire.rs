//! Connections: `HTTP/1.1` with the names of headers in WeChat's case, which some SDKs insist on. With TLS, the
//! same port takes TLS connections in WeChat's name, and is a proxy to itself under that name.

mod connection;
mod tunnel;

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::connection::Service;

/// After which there may be room for a connection again.
const PAUSE: Duration = Duration::from_millis(50);
/// The first byte of a TLS connection: a record of a handshake. No request begins with it.
const HANDSHAKE: u8 = 0x16;
/// How long a handshake may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a stop waits for answers under way: somebody may have sent half a request.
const LAST_ANSWERS: Duration = Duration::from_secs(4);

/// What answers on every connection.
#[derive(Clone)]
struct Line {
    router: Router,
    tls: Option<TlsAcceptor>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// Until `stop`, and until the last request has been answered, but for those that take too long.
pub(super) async fn serve(listener: TcpListener, router: Router, tls: Option<TlsAcceptor>, stop: CancellationToken) {
    let line = Line { router, tls, tasks: TaskTracker::new(), stop };
    while let Some(accepted) = line.stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, _)) => drop(line.tasks.spawn(line.clone().take(stream))),
            Err(error) => {
                tracing::debug!(%error, "sandbox: no connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    line.tasks.close();
    if tokio::time::timeout(LAST_ANSWERS, line.tasks.wait()).await.is_err() {
        tracing::warn!("sandbox: stopped, though {} connections had not come to their end", line.tasks.len());
    }
}

impl Line {
    async fn take(self, stream: TcpStream) {
        let Some(tls) = self.tls.clone() else {
            return connection::serve(stream, self.service()).await;
        };
        match self.stop.run_until_cancelled(begins_with_handshake(&stream)).await {
            Some(Ok(true)) => self.encrypted(tls, stream).await,
            Some(Ok(false)) => connection::serve(stream, self.service()).await,
            Some(Err(_)) | None => {}
        }
    }

    async fn encrypted<I>(self, tls: TlsAcceptor, stream: I)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let handshake = tokio::time::timeout(PATIENCE, tls.accept(stream));
        match self.stop.run_until_cancelled(handshake).await {
            // There is no tunnel in a tunnel.
            Some(Ok(Ok(stream))) => connection::serve(stream, Service { tunnel: None, ..self.service() }).await,
            // Whoever does not trust the CA says so here, and finds the reason in this log.
            Some(Ok(Err(error))) => tracing::warn!("sandbox: no TLS with a client: {error}"),
            Some(Err(_)) => tracing::warn!("sandbox: no TLS with a client: it said nothing"),
            None => {}
        }
    }

    async fn tunnelled(self, tls: TlsAcceptor, upgrade: OnUpgrade) {
        match self.stop.run_until_cancelled(upgrade).await {
            Some(Ok(stream)) => self.encrypted(tls, TokioIo::new(stream)).await,
            Some(Err(error)) => tracing::debug!(%error, "sandbox: no tunnel"),
            None => {}
        }
    }

    fn service(&self) -> Service {
        let line = self.clone();
        let tunnel = self.tls.clone().map(|tls| -> connection::Tunnel {
            Arc::new(move |upgrade| drop(line.tasks.spawn(line.clone().tunnelled(tls.clone(), upgrade))))
        });
        Service { router: self.router.clone(), tunnel, stop: self.stop.clone() }
    }
}

async fn begins_with_handshake(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    Ok(stream.peek(&mut first).await? == 1 && first == [HANDSHAKE])
}
