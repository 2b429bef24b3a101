//! Talking to a site, as a program and as a browser.

use std::sync::Mutex;

use reqwest::{
    Method, RequestBuilder,
    header::{ACCEPT, CONTENT_TYPE, COOKIE, HeaderMap, SET_COOKIE},
    redirect,
};
use serde_json::{Value, json};

use super::{Callback, NATIVE_NOTIFY, forger::REFUNDS_NOTIFY, shown::shown, until};

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// A site under its address. Keeps no cookies and follows no redirect.
#[derive(Clone)]
pub struct Site {
    pub origin: String,
    http: reqwest::Client,
}

/// An order as the order route of the original system tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub order_no: String,
    pub code_url: String,
    pub pay_url: String,
    /// Of its page.
    pub token: String,
    /// Fen.
    pub total: i64,
}

/// One shopper's browser: keeps its cookie.
pub struct Browser<'a> {
    pub site: &'a Site,
    cookie: Mutex<Option<String>>,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    /// What somebody sees of a page without JavaScript.
    pub fn shown(&self) -> String {
        shown(self.text())
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }
}

impl Site {
    pub fn new(origin: impl Into<String>) -> Self {
        let http = reqwest::Client::builder().no_proxy().redirect(redirect::Policy::none());
        Self::with_client(origin, http.build().expect("a client"))
    }

    pub fn with_client(origin: impl Into<String>, http: reqwest::Client) -> Self {
        Self { origin: origin.into(), http }
    }

    /// `https://localhost:PORT`, believed because of `roots` (PEM) alone.
    pub fn https(port: u16, roots: &str) -> Self {
        let roots = reqwest::Certificate::from_pem_bundle(roots.as_bytes()).expect("PEM");
        let http = reqwest::Client::builder().no_proxy().redirect(redirect::Policy::none()).tls_certs_only(roots);
        Self { origin: format!("https://localhost:{port}"), http: http.build().expect("a client") }
    }

    /// The same, whoever vouches for it.
    pub fn https_unchecked(port: u16) -> Self {
        let http = reqwest::Client::builder().no_proxy().redirect(redirect::Policy::none());
        let http = http.tls_danger_accept_invalid_certs(true).build().expect("a client");
        Self { origin: format!("https://localhost:{port}"), http }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.request_at(method, &format!("{}{path}", self.origin))
    }

    /// Of another origin than its own.
    pub fn request_at(&self, method: Method, url: &str) -> RequestBuilder {
        self.http.request(method, url)
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        Self::try_send(request).await.expect("an answer")
    }

    pub async fn try_send(request: RequestBuilder) -> reqwest::Result<Answer> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, body: response.bytes().await?.to_vec() })
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str) -> Answer {
        self.send(self.request(Method::POST, path)).await
    }

    pub fn browser(&self) -> Browser<'_> {
        Browser { site: self, cookie: Mutex::default() }
    }

    /// A new order of an anonymous caller.
    pub async fn order(&self, product: i64) -> Placed {
        let answer = self.try_order(product).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        Placed::read(&answer, product)
    }

    pub async fn try_order(&self, product: i64) -> Answer {
        self.post(&format!("/api/wx-pay/native/native/{product}")).await
    }

    /// `code` and `message` of the original system's status route.
    pub async fn order_status(&self, order_no: &str) -> (i64, String) {
        let answer = self.get(&format!("/api/order-info/query-order-status/{order_no}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let json = answer.json();
        (json["code"].as_i64().expect("a number"), json["message"].as_str().expect("a text").to_owned())
    }

    /// One look at an order; what is due for it is then done.
    pub async fn look(&self, token: &str) -> Value {
        let answer = self.get(&format!("/api/orders/{token}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// A page that waits until the order has passed `after`.
    pub async fn watch(&self, token: &str, after: i64, wait: u32) -> Value {
        let answer = self.get(&format!("/api/orders/{token}?after={after}&wait={wait}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// Looks until the order has this status.
    pub async fn until_status(&self, token: &str, status: &str) -> Value {
        until(&format!("status {status}"), async || {
            Some(self.look(token).await).filter(|order| order["status"] == status)
        })
        .await
    }

    pub async fn deliver(&self, callback: &Callback) -> Answer {
        self.deliver_to(NATIVE_NOTIFY, callback).await
    }

    /// One about a refund.
    pub async fn deliver_refund(&self, callback: &Callback) -> Answer {
        self.deliver_to(REFUNDS_NOTIFY, callback).await
    }

    async fn deliver_to(&self, path: &str, callback: &Callback) -> Answer {
        let request = self.request(Method::POST, path).headers(callback.headers.clone());
        self.send(request.body(callback.body.clone())).await
    }

    /// The counter `saoma_…` with this `label="value"`, 0 when it has never counted.
    pub async fn metric(&self, name: &str, label: &str) -> u64 {
        let answer = self.get("/metrics").await;
        assert_eq!(answer.status, 200);
        let wanted = if label.is_empty() { format!("{name} ") } else { format!("{name}{{{label}}} ") };
        let line = answer.text().lines().find_map(|line| line.strip_prefix(&wanted).map(str::to_owned));
        line.map_or(0, |value| value.parse().expect("a whole number"))
    }

    /// Callbacks counted under `verdict`.
    pub async fn callbacks(&self, verdict: &str) -> u64 {
        self.metric("saoma_callbacks_total", &format!("verdict=\"{verdict}\"")).await
    }

    // The sandbox's controls, wherever they are.

    pub async fn control(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = self.request(method, path).header(CONTENT_TYPE, "application/json");
        self.send(request.body(body.to_string())).await
    }

    pub async fn faults(&self, knobs: Value) {
        let answer = self.control(Method::PUT, "/_sandbox/faults", &knobs).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    pub async fn scan(&self, code_url: &str) -> Answer {
        let body = json!({ "code_url": code_url, "action": "pay" });
        self.control(Method::POST, "/_sandbox/scan", &body).await
    }

    /// Pays at the phone; the transaction id.
    pub async fn pay(&self, code_url: &str) -> String {
        let answer = self.scan(code_url).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["transaction_id"].as_str().expect("a transaction").to_owned()
    }

    /// Notifications about an order, with their attempts.
    pub async fn deliveries(&self, order_no: &str) -> Vec<Value> {
        let answer = self.get(&format!("/_sandbox/deliveries?out_trade_no={order_no}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["deliveries"].as_array().expect("a list").clone()
    }

    /// The delivery of an order once it has this state.
    pub async fn until_delivery(&self, order_no: &str, state: &str) -> Value {
        until(&format!("a delivery that is {state}"), async || {
            let found = self.deliveries(order_no).await;
            found.first().filter(|delivery| delivery["state"] == state).cloned()
        })
        .await
    }
}

impl Placed {
    pub fn read(answer: &Answer, product: i64) -> Self {
        let json = answer.json();
        assert_eq!((json["code"].as_i64(), json["message"].as_str()), (Some(0), Some("成功")), "{json}");
        let text = |name: &str| json["data"][name].as_str().expect("a text").to_owned();
        let pay_url = text("payUrl");
        let token = pay_url.rsplit_once("/pay/").expect("the address of a pay page").1.to_owned();
        // The demo products.
        let total = match product {
            1 => 1,
            2 => 12_800,
            3 => 6_800,
            4 => 99_900,
            _ => panic!("product {product} is none of the demo"),
        };
        Self { order_no: text("orderNo"), code_url: text("codeUrl"), pay_url, token, total }
    }
}

impl Browser<'_> {
    pub fn cookie(&self) -> Option<String> {
        self.cookie.lock().expect("no panic").clone()
    }

    pub async fn send(&self, mut request: RequestBuilder) -> Answer {
        if let Some(cookie) = self.cookie() {
            request = request.header(COOKIE, cookie);
        }
        let answer = self.site.send(request).await;
        if let Some(baked) = answer.headers.get(SET_COOKIE) {
            let pair = baked.to_str().expect("text").split(';').next().expect("a pair").to_owned();
            *self.cookie.lock().expect("no panic") = Some(pair);
        }
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        self.send(self.site.request(Method::GET, path).header(ACCEPT, accept)).await
    }

    /// A form, sent without JavaScript from one of the site's own pages.
    pub async fn submit(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = self.form(path, form).header(ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8");
        self.send(request.header("origin", &self.site.origin).header("sec-fetch-site", "same-origin")).await
    }

    /// The same as the page's program sends it.
    pub async fn call(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = self.form(path, form).header(ACCEPT, "application/json");
        self.send(request.header("origin", &self.site.origin).header("sec-fetch-site", "same-origin")).await
    }

    fn form(&self, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.site.request(Method::POST, path);
        request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)
    }

    pub async fn try_order(&self, product: i64) -> Answer {
        self.send(self.site.request(Method::POST, &format!("/api/wx-pay/native/native/{product}"))).await
    }

    pub async fn order(&self, product: i64) -> Placed {
        let answer = self.try_order(product).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        Placed::read(&answer, product)
    }
}
