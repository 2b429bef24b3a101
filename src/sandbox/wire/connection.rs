//! One connection, whatever it runs over.

use std::{convert::Infallible, pin::pin, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::Method,
    response::{IntoResponse, Response},
};
use futures::future::BoxFuture;
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::service_fn,
    upgrade::{self, OnUpgrade},
};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::tunnel;
use crate::sandbox::mark;

/// Takes over a connection that is to be a tunnel.
pub(super) type Tunnel = Arc<dyn Fn(OnUpgrade) + Send + Sync>;

#[derive(Clone)]
pub(super) struct Service {
    pub(super) router: Router,
    pub(super) tunnel: Option<Tunnel>,
    pub(super) stop: CancellationToken,
}

/// Boxed, since a connection may become a tunnel for another one.
pub(super) fn serve<I>(stream: I, service: Service) -> BoxFuture<'static, ()>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    Box::pin(async move {
        let stop = service.stop.clone();
        let answer = service_fn(move |request| answer(service.clone(), request));
        let mut http = http1::Builder::new();
        http.title_case_headers(true);
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), answer).with_upgrades());
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "sandbox: a connection broke");
        }
    })
}

async fn answer(service: Service, request: Request<Incoming>) -> Result<Response, Infallible> {
    if request.method() != Method::CONNECT {
        return service.router.oneshot(request.map(Body::new)).await;
    }
    let refusal = tunnel::refusal(request.uri(), service.tunnel.is_some());
    let mut response = refusal.map_or_else(|| Response::new(Body::empty()), IntoResponse::into_response);
    if let Some(tunnel) = service.tunnel.filter(|_| response.status().is_success()) {
        tunnel(upgrade::on(request));
    }
    response.headers_mut().insert(mark::HEADER, mark::VALUE);
    Ok(response)
}
