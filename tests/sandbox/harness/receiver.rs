//! A shop's notify route that keeps what it gets and answers as it is told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
};
use serde_json::Value;
use tokio::net::TcpListener;

use super::Client;

#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    received: Vec<Received>,
    /// What to answer next; 204 when there is nothing left. 0 stands for no answer at all.
    answers: VecDeque<u16>,
}

#[derive(Clone)]
pub struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Receiver {
    pub async fn start() -> Self {
        let inner = Arc::<Mutex<Inner>>::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/notify", listener.local_addr().expect("bound"));
        let router = Router::new().fallback(receive).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, inner }
    }

    pub fn answer(&self, statuses: &[u16]) {
        self.inner.lock().expect("whole").answers.extend(statuses);
    }

    pub fn received(&self) -> Vec<Received> {
        self.inner.lock().expect("whole").received.clone()
    }

    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        for _ in 0..1000 {
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{} of {count} callbacks came", self.received().len());
    }
}

impl Received {
    pub fn envelope(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// Verified, opened: what the notification tells.
    pub fn open(&self, client: &Client) -> Value {
        assert_eq!(client.verify(&self.headers, &self.body), Ok(()));
        serde_json::from_slice(&client.open(&self.envelope()["resource"])).expect("JSON")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

async fn receive(State(inner): State<Arc<Mutex<Inner>>>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    let status = {
        let mut inner = inner.lock().expect("whole");
        inner.received.push(Received { path: uri.path().to_owned(), headers, body });
        inner.answers.pop_front().unwrap_or(204)
    };
    if status == 0 {
        std::future::pending::<()>().await;
    }
    StatusCode::from_u16(status).expect("a status")
}
