//! One connection, from its first byte to its end.

use std::{
    future::Future,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use hyper::{
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{
    allowance::DoorLimits,
    answer::{Service, answer},
    flight::Heard,
    guests::{Guest, Reason},
    handshake::{Protocol, shake_hands},
};
use crate::tls::{Caller, Tls};

/// Longest head, and most that is read or written at once: what a stranger can make us keep.
const BUFFER_MOST: usize = 32 * 1024;
/// For the end of an answer that is still on its way when its connection has to go.
const LAST_BYTES: Duration = Duration::from_secs(1);

/// Of HTTP/2: what one connection may have us keep. A page needs a dozen streams at most.
const STREAMS: u32 = 32;
const HEADERS: u32 = 16 * 1024;
/// Of a body that nobody has read yet: as much as a callback may have (64 KiB), and of all of them.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;
/// Streams that were given up before we looked at them, or that we had to refuse; past that the connection ends.
const GIVEN_UP: usize = 20;

/// How a connection comes in, and with what limits.
pub(crate) struct Visit {
    pub guest: Arc<Guest>,
    pub limits: DoorLimits,
    pub stop: CancellationToken,
}

/// A connection without TLS, or with.
pub(crate) async fn serve(stream: TcpStream, tls: Option<Tls>, service: Service, visit: Visit) {
    // However this ends, also by a panic, the place is free again.
    let mut place = Place { guest: Arc::clone(&visit.guest), reason: Reason::Broken };
    place.reason = match tls {
        None => talk(stream, Protocol::Http1, service, visit).await,
        // Its time is that of the first head.
        Some(tls) => match greet(stream, &tls, service.peer, &visit).await {
            Ok((stream, protocol)) => talk(stream, protocol, service, visit).await,
            Err(reason) => reason,
        },
    };
}

async fn greet(
    stream: TcpStream,
    tls: &Tls,
    peer: SocketAddr,
    visit: &Visit,
) -> Result<(tokio_rustls::server::TlsStream<TcpStream>, Protocol), Reason> {
    let Visit { guest, stop, .. } = visit;
    let caller = Caller { is_this_machine: peer.ip().to_canonical().is_loopback(), one_by_one: guest.is_extra() };
    let shaken = tokio::select! {
        shaken = shake_hands(stream, tls, caller) => shaken,
        farewell = guest.farewell() => return Err(farewell.reason),
        () = stop.cancelled() => return Err(Reason::Stopping),
    };
    match shaken {
        Ok(Some(shaken)) => Ok(shaken),
        Ok(None) => Err(Reason::Done),
        Err(error) => {
            tracing::debug!(%error, "no handshake");
            Err(Reason::Handshake)
        }
    }
}

async fn talk<I>(stream: I, protocol: Protocol, service: Service, visit: Visit) -> Reason
where
    I: AsyncRead + AsyncWrite + Send + 'static,
{
    let Visit { guest, limits, stop } = visit;
    let stream = TokioIo::new(Heard::new(stream, Arc::clone(&guest), limits.stalled));
    let asked = Arc::clone(&guest);
    let answer = service_fn(move |request| answer(service.clone(), Arc::clone(&asked), request));
    match protocol {
        Protocol::Http1 => {
            let mut http = http1::Builder::new();
            // No timer of hyper's: its one for the head runs between requests as well, and the door has both.
            http.max_buf_size(BUFFER_MOST).keep_alive(!guest.is_extra()).header_read_timeout(None);
            let connection = pin!(http.serve_connection(stream, answer));
            attend(connection, http1::Connection::graceful_shutdown, &guest, &stop).await
        }
        Protocol::Http2 => {
            guest.takes_many();
            let mut http = http2::Builder::new(TokioExecutor::new());
            http.max_concurrent_streams(STREAMS)
                .max_header_list_size(HEADERS)
                .initial_stream_window_size(STREAM_WINDOW)
                .initial_connection_window_size(CONNECTION_WINDOW)
                .max_send_buf_size(BUFFER_MOST)
                .max_pending_accept_reset_streams(GIVEN_UP)
                .max_local_error_reset_streams(GIVEN_UP);
            let connection = pin!(http.serve_connection(stream, answer));
            attend(connection, http2::Connection::graceful_shutdown, &guest, &stop).await
        }
    }
}

/// Until it ends, or has to go.
async fn attend<C>(
    mut connection: Pin<&mut C>,
    see_off: fn(Pin<&mut C>),
    guest: &Guest,
    stop: &CancellationToken,
) -> Reason
where
    C: Future<Output = hyper::Result<()>>,
{
    let farewell = tokio::select! {
        ended = connection.as_mut() => return ended_by(guest, ended),
        farewell = guest.farewell() => farewell,
        () = stop.cancelled() => {
            if !guest.stop() {
                // The requests may finish, and are the last ones.
                see_off(connection.as_mut());
                return finish(connection, guest).await;
            }
            guest.farewell().await
        }
    };
    if farewell.gently {
        see_off(connection.as_mut());
        // Broken or too slow: it is closed now.
        drop(timeout(LAST_BYTES, connection).await);
    }
    farewell.reason
}

/// Whoever speaks HTTP/2 would have to confirm that there is nothing left to come, and may not.
async fn finish<C>(mut connection: Pin<&mut C>, guest: &Guest) -> Reason
where
    C: Future<Output = hyper::Result<()>>,
{
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = guest.rests() => timeout(LAST_BYTES, connection).await.ok(),
    };
    match ended {
        Some(Err(_)) => Reason::Broken,
        Some(Ok(())) | None => Reason::Stopping,
    }
}

/// A guest's place, given back when this goes.
struct Place {
    guest: Arc<Guest>,
    reason: Reason,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.guest.leave(self.reason);
    }
}

fn ended_by(guest: &Guest, ended: hyper::Result<()>) -> Reason {
    match ended {
        Ok(()) => Reason::Done,
        Err(error) => {
            // A request that came when its connection had just been sent away.
            let sent_away = guest.was_sent_away();
            tracing::debug!(%error, "a connection broke");
            sent_away.unwrap_or(Reason::Broken)
        }
    }
}
