//! One connection, from its first byte to its end.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    response::{IntoResponse, Response},
};
use http::{Request, StatusCode, header::RETRY_AFTER};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{
    super::refusal::refuse,
    allowance::DoorLimits,
    flight::{Answer, Heard},
    guests::{Guest, Reason},
};
use crate::app::error::PublicError;

/// Longest head, and most that is read or written at once: what a stranger can make us keep.
const BUFFER_MOST: usize = 32 * 1024;
/// For the end of an answer that is still on its way when its connection has to go.
const LAST_BYTES: Duration = Duration::from_secs(1);

/// What answers on a connection.
#[derive(Clone)]
pub struct Service {
    pub router: Router,
    pub peer: SocketAddr,
    /// All that an extra guest may ask for.
    pub first: &'static [&'static str],
}

pub async fn serve<I>(stream: I, service: Service, guest: Arc<Guest>, limits: DoorLimits, stop: CancellationToken)
where
    I: AsyncRead + AsyncWrite + Send + 'static,
{
    // However this ends, also by a panic, the place is free again.
    let mut place = Place { guest: Arc::clone(&guest), reason: Reason::Broken };
    let stream = TokioIo::new(Heard::new(stream, Arc::clone(&guest), limits.stalled));
    let asked = Arc::clone(&guest);
    let answer = service_fn(move |request| answer(service.clone(), Arc::clone(&asked), request));
    let mut http = http1::Builder::new();
    // No timer of hyper's: its one for the head runs between requests as well, and the door has both.
    http.max_buf_size(BUFFER_MOST).keep_alive(!guest.is_extra()).header_read_timeout(None);
    let mut connection = pin!(http.serve_connection(stream, answer));
    let farewell = tokio::select! {
        ended = connection.as_mut() => {
            place.reason = ended_by(&guest, ended);
            return;
        }
        farewell = guest.farewell() => farewell,
        () = stop.cancelled() => {
            if !guest.stop() {
                // The request may finish, and is the last one.
                connection.as_mut().graceful_shutdown();
                place.reason = match connection.await {
                    Ok(()) => Reason::Stopping,
                    Err(_) => Reason::Broken,
                };
                return;
            }
            guest.farewell().await
        }
    };
    place.reason = farewell.reason;
    if farewell.gently {
        connection.as_mut().graceful_shutdown();
        // Broken or too slow: it is closed now.
        drop(timeout(LAST_BYTES, connection).await);
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

async fn answer(service: Service, guest: Arc<Guest>, request: Request<Incoming>) -> io::Result<Response<Answer>> {
    let gone = || io::Error::new(io::ErrorKind::ConnectionAborted, "sent away");
    let in_flight = guest.begin().ok_or_else(gone)?;
    let response = if guest.is_extra() && !service.first.contains(&request.uri().path()) {
        crowded(&request)
    } else {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(service.peer));
        match service.router.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    };
    Ok(response.map(|body| Answer::new(body, in_flight)))
}

/// For whoever is no callback while all places are taken.
fn crowded(request: &Request<Incoming>) -> Response {
    let message = "访问人数过多，请稍后再试";
    let (path, headers) = (request.uri().path(), request.headers());
    let response = refuse(StatusCode::SERVICE_UNAVAILABLE, &PublicError::Busy, message, path, headers);
    ([(RETRY_AFTER, "1")], response).into_response()
}
