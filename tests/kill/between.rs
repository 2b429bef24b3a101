//! A server of ours where WeChat calls back, between it and the shops.

use std::{future::Future, time::Duration};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode, Uri, header},
};
use tokio::net::TcpListener;

/// A notification on its way.
#[derive(Clone)]
pub struct Callback {
    uri: Uri,
    headers: HeaderMap,
    pub body: Bytes,
}

impl Callback {
    /// What the shop says to it; `None` if it says nothing in time.
    pub async fn pass_on(&self, client: &reqwest::Client, shop: &str, limit: Duration) -> Option<StatusCode> {
        let request = client.post(format!("{shop}{}", self.uri)).headers(self.headers.clone()).body(self.body.clone());
        request.timeout(limit).send().await.ok().map(|answer| answer.status())
    }
}

/// Answers what arrives at `port` (at a free one for 0) as `answer` has it. Where WeChat finds it.
pub async fn stand<F>(port: u16, answer: impl Fn(Callback) -> F + Clone + Send + Sync + 'static) -> String
where
    F: Future<Output = StatusCode> + Send + 'static,
{
    let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
    let origin = format!("http://{}", listener.local_addr().expect("bound"));
    let router = Router::new().fallback(move |uri: Uri, mut headers: HeaderMap, body: Bytes| {
        headers.remove(header::HOST);
        answer(Callback { uri, headers, body })
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    origin
}
