//! An ACME server that has been asked too often: it takes an order and then says no more than that.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Json, Router,
    body::Body,
    response::{IntoResponse, Response},
    routing::{get, head, post},
};
use http::StatusCode;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use super::Shown;

/// How long it wants to be left alone.
pub const WAIT_HOURS: u64 = 30;

pub struct LimitedAcme {
    pub directory: String,
    accounts: Arc<AtomicUsize>,
}

impl LimitedAcme {
    /// Believed as `shown`, which is for `localhost`.
    pub async fn start(shown: &Shown) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
        let origin = format!("https://localhost:{}", listener.local_addr().expect("an address").port());
        let accounts = Arc::<AtomicUsize>::default();
        let routes = routes(&origin, &accounts);
        let acceptor = shown.acceptor();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, routes) = (acceptor.clone(), routes.clone());
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let answer = service_fn(|request: http::Request<_>| routes.clone().oneshot(request.map(Body::new)));
                    http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await.ok();
                });
            }
        });
        Self { directory: format!("{origin}/dir"), accounts }
    }

    /// How many it has made.
    pub fn accounts(&self) -> usize {
        self.accounts.load(Ordering::Relaxed)
    }
}

fn routes(origin: &str, accounts: &Arc<AtomicUsize>) -> Router {
    let at = |path: &str| format!("{origin}{path}");
    let directory = json!({ "newNonce": at("/nonce"), "newAccount": at("/account"), "newOrder": at("/order") });
    let order = json!({
        "status": "pending", "identifiers": [], "authorizations": [at("/proof")], "finalize": at("/finalize"),
    });
    let limited = json!({
        "type": "urn:ietf:params:acme:error:rateLimited", "detail": "too many proofs have failed", "status": 429,
    });
    let (account_at, order_at, accounts) = (at("/account/1"), at("/order/1"), Arc::clone(accounts));
    let account = move || {
        accounts.fetch_add(1, Ordering::Relaxed);
        let made = created(&account_at, json!({ "status": "valid" }));
        async { made }
    };
    let order = move || {
        let made = created(&order_at, order.clone());
        async { made }
    };
    let proof = move || {
        let wait = (WAIT_HOURS * 3600).to_string();
        let answer = (StatusCode::TOO_MANY_REQUESTS, [("retry-after", wait)], Json(limited.clone()));
        let answer = with_nonce(answer);
        async { answer }
    };
    Router::new()
        .route("/dir", get(move || async { Json(directory) }))
        .route("/nonce", head(|| async { with_nonce(()) }))
        .route("/account", post(account))
        .route("/order", post(order))
        .route("/proof", post(proof))
}

fn created(at: &str, told: Value) -> Response {
    with_nonce((StatusCode::CREATED, [("location", at.to_owned())], Json(told)))
}

fn with_nonce(answer: impl IntoResponse) -> Response {
    ([("replay-nonce", "bm9uY2U")], answer).into_response()
}
