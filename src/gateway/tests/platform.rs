//! A server that gives prepared answers and remembers what it was asked.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Body, extract::Request, response::Response};
use http::{HeaderMap, Method, Uri};
use tokio::net::TcpListener;
use url::Url;

use crate::wechatpay::fixtures::{now, sign};

/// A request as it arrived.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

#[derive(Debug)]
pub(crate) enum Answer {
    Reply(u16, HeaderMap, Vec<u8>),
    Silence,
}

/// A reply with the headers by which WeChat signs it at the moment of the test vectors.
pub(crate) fn signed(status: u16, body: &str) -> Answer {
    Answer::Reply(status, sign(body.as_bytes(), now()), body.as_bytes().to_vec())
}

/// An error reply: not signed.
pub(crate) fn rejected(status: u16, body: &str) -> Answer {
    let headers = HeaderMap::from_iter([(
        http::HeaderName::from_static("request-id"),
        http::HeaderValue::from_static("08F78BC3AF0610D302-268435461"),
    )]);
    Answer::Reply(status, headers, body.as_bytes().to_vec())
}

pub(crate) struct Platform {
    pub(crate) base: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
}

impl Platform {
    /// Answers in this order, then not at all.
    pub(crate) async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Mutex::new(answers.into_iter().collect::<VecDeque<_>>()));
        let (log, prepared) = (Arc::clone(&seen), Arc::clone(&answers));
        let router = Router::new().fallback(move |request: Request| {
            let (log, answers) = (Arc::clone(&log), Arc::clone(&prepared));
            async move {
                let (head, body) = request.into_parts();
                let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body").to_vec();
                log.lock().expect("a lock").push(Seen {
                    method: head.method,
                    uri: head.uri,
                    headers: head.headers,
                    body,
                });
                let answer = answers.lock().expect("a lock").pop_front().unwrap_or(Answer::Silence);
                reply(answer).await
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = base_of(&listener);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, seen, answers }
    }

    /// More answers, for what has to know the address first.
    pub(crate) fn prepare(&self, answers: impl IntoIterator<Item = Answer>) {
        self.answers.lock().expect("a lock").extend(answers);
    }

    /// What was asked since the last call.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().expect("a lock"))
    }
}

pub(crate) fn base_of(listener: &TcpListener) -> Url {
    Url::parse(&format!("http://{}", listener.local_addr().expect("an address"))).expect("a URL")
}

async fn reply(answer: Answer) -> Response {
    match answer {
        Answer::Silence => std::future::pending().await,
        Answer::Reply(status, headers, body) => {
            let mut response = Response::new(Body::from(body));
            *response.status_mut() = http::StatusCode::from_u16(status).expect("a status");
            *response.headers_mut() = headers;
            response
        }
    }
}
