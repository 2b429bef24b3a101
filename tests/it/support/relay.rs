//! Stands between a site and its platform: writes down what passes, holds it, changes it. Changed
//! replies are signed again, so that only their content is a lie.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::HeaderMap,
    response::Response,
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore},
};

use super::Forger;

#[derive(Clone)]
pub struct Relay {
    pub origin: String,
    inner: Arc<Inner>,
}

/// One exchange.
#[derive(Clone, Debug)]
pub struct Passed {
    pub path: String,
    pub request_headers: HeaderMap,
    pub request: Bytes,
    pub status: u16,
    pub reply_headers: HeaderMap,
}

/// Requests that wait in front of the target.
pub struct Held {
    arrived: Arc<Semaphore>,
    released: Arc<Notify>,
}

/// Given the path and the reply, answers whether it has changed anything.
type Lie = Box<dyn Fn(&str, &mut Value) -> bool + Send + Sync>;
/// The end of a path, whom to tell that a request for it is there, and who lets it go on.
type Hold = (String, Arc<Semaphore>, Arc<Notify>);

struct Inner {
    target: String,
    http: reqwest::Client,
    passed: Mutex<Vec<Passed>>,
    holds: Mutex<Vec<Hold>>,
    lie: Mutex<Option<(Arc<Forger>, Lie)>>,
    hidden: Mutex<Option<&'static str>>,
}

impl Relay {
    pub async fn start(target: &str) -> Self {
        Self::start_at(target, 0).await
    }

    pub async fn start_at(target: &str, port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("bound"));
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let inner = Arc::new(Inner {
            target: target.to_owned(),
            http: http.build().expect("a client"),
            passed: Mutex::default(),
            holds: Mutex::default(),
            lie: Mutex::default(),
            hidden: Mutex::default(),
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { origin, inner }
    }

    pub fn passed(&self) -> Vec<Passed> {
        self.inner.passed.lock().expect("no panic").clone()
    }

    /// Holds the next request whose path ends in `path`.
    pub fn hold(&self, path: impl Into<String>) -> Held {
        let (arrived, released) = (Arc::new(Semaphore::new(0)), Arc::new(Notify::new()));
        let hold = (path.into(), Arc::clone(&arrived), Arc::clone(&released));
        self.inner.holds.lock().expect("no panic").push(hold);
        Held { arrived, released }
    }

    /// Changes replies with a body by `lie`, which is given their path and answers whether it has
    /// changed anything; then `forger` signs them anew.
    pub fn lie(&self, forger: Arc<Forger>, lie: impl Fn(&str, &mut Value) -> bool + Send + Sync + 'static) {
        *self.inner.lie.lock().expect("no panic") = Some((forger, Box::new(lie)));
    }

    /// Takes this header off every reply, or lets all of them through again.
    pub fn hide(&self, header: Option<&'static str>) {
        *self.inner.hidden.lock().expect("no panic") = header;
    }

    pub fn tell_the_truth(&self) {
        *self.inner.lie.lock().expect("no panic") = None;
    }
}

impl Held {
    pub async fn arrived(&self) {
        self.arrived.acquire().await.expect("open").forget();
    }

    pub fn release(&self) {
        self.released.notify_one();
    }
}

async fn pass(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("a request");
    let path = head.uri.path().to_owned();
    let hold = {
        let mut holds = inner.holds.lock().expect("no panic");
        let place = holds.iter().position(|(held, ..)| path.ends_with(held.as_str()));
        place.map(|place| holds.remove(place))
    };
    if let Some((_, arrived, released)) = hold {
        arrived.add_permits(1);
        released.notified().await;
    }
    let url = format!("{}{}", inner.target, head.uri);
    let mut headers = head.headers.clone();
    headers.remove("host");
    headers.remove("content-length");
    let sent = inner.http.request(head.method.clone(), url).headers(headers).body(body.clone()).send().await;
    let Ok(reply) = sent else {
        return Response::builder().status(502).body(Body::empty()).expect("a response");
    };
    let status = reply.status();
    let mut reply_headers = reply.headers().clone();
    let mut reply = reply.bytes().await.expect("a reply");
    reply_headers.remove("content-length");
    reply_headers.remove("transfer-encoding");
    if let Some(hidden) = *inner.hidden.lock().expect("no panic") {
        reply_headers.remove(hidden);
    }
    if let Some((forger, lie)) = &*inner.lie.lock().expect("no panic")
        && let Ok(mut told) = serde_json::from_slice::<Value>(&reply)
        && lie(&path, &mut told)
    {
        let signed = forger.signed(told.to_string());
        reply = signed.body.into();
        reply_headers.extend(signed.headers);
    }
    inner.passed.lock().expect("no panic").push(Passed {
        path,
        request_headers: head.headers,
        request: body,
        status: status.as_u16(),
        reply_headers: reply_headers.clone(),
    });
    let mut response = Response::new(Body::from(reply));
    *response.status_mut() = status;
    *response.headers_mut() = reply_headers;
    response
}
