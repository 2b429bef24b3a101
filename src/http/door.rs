//! The front door: takes connections and ends them. `axum::serve` sets no time to anything, so that half a
//! header, a body that trickles or a connection that says nothing stays for ever, and as many of them as
//! the process may open files shut out WeChat's callbacks.
//!
//! Who may stay ([`DoorLimits`]):
//! - A connection without a request in flight goes after a while, and the one that has been without the
//!   longest goes first when another one comes past the limit. A request in flight is never cut off here,
//!   however long its answer takes; how long its body may take is up to the routes (`http::body`).
//! - When nobody can go, those who only wait for news are answered early ([`Crowd`]), and a few more are taken in,
//!   who have to be quick with all of their request and get an answer from the callback routes only. As long as it is
//!   not whole, one of these goes for the next.
//! - One address has a limit of its own. Proxies that were named share it out among their customers
//!   themselves, and this machine's own address (`127.0.0.1`, `::1`) is a proxy even when nobody named it.
//!
//! HTTP/1.1, and with TLS HTTP/2 as well, where a connection counts as one however much it asks for:
//! - A handshake is a part of the first head: it takes the same time with it, and a place.
//! - Many requests of a connection may be in flight, but all connections together, and those of one address, have no
//!   more of them than there may be connections. Past that callbacks only are answered, as everywhere.
//! - One that gives up request after request goes, and so does one that does not take what it has asked for.
//! - Who comes past the limit speaks HTTP/1.1.

mod allowance;
mod answer;
mod connection;
mod crowd;
mod descriptors;
mod flight;
mod guests;
mod handshake;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use futures::future::join_all;
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::{
    allowance::{DoorLimits, First},
    crowd::{CountedFor, Crowd},
};
use self::{answer::Service, connection::Visit, guests::Guests};
use crate::{metrics::Metrics, tls::Tls};

/// A pause after which a descriptor may be free again.
const NO_DESCRIPTOR_PAUSE: Duration = Duration::from_millis(20);

/// One address that the door listens on.
#[derive(Debug)]
pub struct Entrance {
    pub listener: TcpListener,
    pub tls: Option<Tls>,
    pub router: Router,
}

#[derive(Debug)]
pub struct Door {
    guests: Guests,
    limits: DoorLimits,
    metrics: Metrics,
    first: First,
}

impl Door {
    /// Raises the limit on open files as far as it is allowed.
    pub fn new(
        limits: DoorLimits,
        trusted_proxies: Arc<[IpNet]>,
        first: First,
        crowd: Crowd,
        metrics: Metrics,
    ) -> Self {
        let allowed = descriptors::connections_allowed(limits.extra);
        let limits = DoorLimits { connections: limits.connections.min(allowed), ..limits };
        let guests = Guests::new(limits, trusted_proxies, crowd, metrics.clone());
        Self { guests, limits, metrics, first }
    }

    /// Until `stop`; then nobody is taken in any more, connections without a request are closed, and this
    /// returns when the last request has been answered. All entrances share the places.
    pub async fn serve(self, entrances: Vec<Entrance>, stop: CancellationToken) {
        tracing::debug!(connections = self.limits.connections, "the door is open");
        let connections = TaskTracker::new();
        join_all(entrances.into_iter().map(|entrance| self.watch(entrance, &stop, &connections))).await;
        connections.close();
        connections.wait().await;
    }

    async fn watch(&self, entrance: Entrance, stop: &CancellationToken, connections: &TaskTracker) {
        loop {
            let accepted = tokio::select! {
                accepted = entrance.listener.accept() => accepted,
                // Whoever connects now should go to another instance.
                () = stop.cancelled() => return,
            };
            match accepted {
                Ok((stream, peer)) => self.take_in(stream, peer, &entrance, stop, connections),
                Err(error) => self.none_came(&error).await,
            }
        }
    }

    fn take_in(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        entrance: &Entrance,
        stop: &CancellationToken,
        connections: &TaskTracker,
    ) {
        let Some(guest) = self.guests.admit(peer.ip().to_canonical()) else {
            self.metrics.connection_refused();
            return;
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection was gone at once");
        }
        let service = Service { router: entrance.router.clone(), peer, first: self.first };
        let visit = Visit { guest, limits: self.limits, stop: stop.clone() };
        connections.spawn(connection::serve(stream, entrance.tls.clone(), service, visit));
    }

    /// An error of `accept` is one of a connection that has broken already, or there are no descriptors
    /// left: neither ends the door, and the second must not make it spin.
    async fn none_came(&self, error: &std::io::Error) {
        use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
        if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
            return;
        }
        self.metrics.connection_refused();
        if self.guests.may_complain() {
            tracing::error!(%error, "a connection cannot be taken: raise LimitNOFILE");
        }
        self.guests.make_room();
        tokio::time::sleep(NO_DESCRIPTOR_PAUSE).await;
    }
}
