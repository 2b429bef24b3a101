//! The platform's side of a seed: a sandbox of its own behind a line that every seed of a worker
//! shares. The truth about it is read from its journal, which it writes before it answers.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::Read as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::Response,
};
use saoma::{
    clock::Clock,
    entropy::Entropy,
    sandbox::{Sandbox, SandboxOptions},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use crate::forger::Forger;

/// Where the shop of a worker finds its platform, whichever it is at the moment.
#[derive(Clone)]
pub struct Line {
    pub address: SocketAddr,
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    end: Mutex<Option<End>>,
    under_way: AtomicUsize,
    served: AtomicUsize,
    /// How many of the next closes are confirmed and not done: the payer is quicker.
    hollow_closes: AtomicUsize,
    /// The numbers of such closes.
    hollow: Mutex<BTreeSet<String>>,
    /// Refunds are taken, called refused, and then unknown: by answers without a signature.
    denies_refunds: AtomicBool,
    has_denied: AtomicBool,
}

#[derive(Clone)]
struct End {
    router: Router,
    forger: Forger,
    clock: Clock,
}

/// Counts a request until its answer is ready or nobody waits for it any more.
struct UnderWay(Arc<Inner>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Line {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let inner = Arc::new(Inner::default());
        let router = Router::new().fallback(pass).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, inner }
    }

    fn lead_to(&self, end: End) {
        *self.inner.end.lock().expect("no panic") = Some(end);
        self.inner.hollow.lock().expect("no panic").clear();
        self.confirm_without_closing(0);
        self.deny_refunds(false);
        self.inner.has_denied.store(false, Ordering::SeqCst);
    }

    pub fn deny_refunds(&self, denies: bool) {
        self.inner.denies_refunds.store(denies, Ordering::SeqCst);
    }

    /// Whether a refund that was given up may be one that was made.
    pub fn has_denied_refunds(&self) -> bool {
        self.inner.has_denied.load(Ordering::SeqCst)
    }

    pub fn confirm_without_closing(&self, count: usize) {
        self.inner.hollow_closes.store(count, Ordering::SeqCst);
    }

    pub fn was_closed_hollowly(&self, out_trade_no: &str) -> bool {
        self.inner.hollow.lock().expect("no panic").contains(out_trade_no)
    }

    /// Until no request is under way any more.
    pub async fn calm(&self) {
        for _ in 0..2000 {
            let served = self.inner.served.load(Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(1)).await;
            let is_idle = self.inner.under_way.load(Ordering::SeqCst) == 0;
            if is_idle && self.inner.served.load(Ordering::SeqCst) == served {
                return;
            }
        }
        panic!("requests to the platform do not come to an end");
    }
}

async fn pass(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    inner.under_way.fetch_add(1, Ordering::SeqCst);
    inner.served.fetch_add(1, Ordering::SeqCst);
    let _counted = UnderWay(Arc::clone(&inner));
    let end = inner.end.lock().expect("no panic").clone().expect("a platform");
    let hollow = |count: usize| count.checked_sub(1);
    if let Some(number) = closed_number(request.uri().path())
        && inner.hollow_closes.fetch_update(Ordering::SeqCst, Ordering::SeqCst, hollow).is_ok()
    {
        inner.hollow.lock().expect("no panic").insert(number.to_owned());
        let signed = end.forger.sign("", end.clock.now());
        let answer = Response::builder().status(204);
        let answer = signed.into_iter().fold(answer, |answer, (name, value)| answer.header(name, value));
        return answer.body(Body::empty()).expect("a response");
    }
    let is_about_refund = request.uri().path().starts_with("/v3/refund/domestic/refunds");
    let is_question = request.method() == http::Method::GET;
    let Ok(answer) = end.router.oneshot(request).await;
    if is_about_refund && inner.denies_refunds.load(Ordering::SeqCst) {
        inner.has_denied.store(true, Ordering::SeqCst);
        return denial(is_question);
    }
    answer
}

/// An error as WeChat sends it, that somebody on the way has made up.
fn denial(is_question: bool) -> Response {
    let (status, code) = if is_question { (404, "RESOURCE_NOT_EXISTS") } else { (400, "INVALID_REQUEST") };
    let body = json!({ "code": code, "message": "invented" }).to_string();
    let answer = Response::builder().status(status).header("content-type", "application/json");
    answer.body(Body::from(body)).expect("a response")
}

fn closed_number(path: &str) -> Option<&str> {
    path.strip_prefix("/v3/pay/transactions/out-trade-no/")?.strip_suffix("/close")
}

/// The key files of a sandbox; making them takes longer than many seeds.
static KEYS: LazyLock<Vec<(PathBuf, Vec<u8>)>> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a folder");
    let options = SandboxOptions::new(SocketAddr::from(([127, 0, 0, 1], 9090))).expect("an address");
    drop(Sandbox::open(dir.path(), options).expect("a sandbox"));
    let files = ["account.json", "apiclient_key.pem", "apiclient_cert.pem", "pub_key.pem"];
    let platform = ["pub_key_private.pem", "cert_key.pem", "cert.pem"].map(|it| Path::new("platform").join(it));
    let files = files.map(PathBuf::from).into_iter().chain(platform);
    files.map(|file| (file.clone(), fs::read(dir.path().join(file)).expect("a key file"))).collect()
});

#[derive(Clone, Debug, Default)]
pub struct Order {
    pub total: i64,
    pub is_closed: bool,
    pub payment: Option<Payment>,
}

#[derive(Clone, Debug)]
pub struct Payment {
    pub out_trade_no: String,
    pub transaction_id: String,
    pub total: i64,
    pub success: String,
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_field_names, reason = "refund_id is WeChat's word")]
pub struct Refund {
    pub refund_id: String,
    pub out_refund_no: String,
    pub out_trade_no: String,
    pub transaction_id: String,
    pub amount: i64,
    pub total: i64,
    pub status: String,
    pub success: Option<String>,
    pub is_from_console: bool,
    /// It comes to an end by itself.
    pub is_ending: bool,
}

pub struct Platform {
    pub forger: Forger,
    pub orders: BTreeMap<String, Order>,
    /// In the order of payment.
    pub payments: Vec<Payment>,
    pub refunds: BTreeMap<String, Refund>,
    pub controls: Router,
    journal: File,
    unread: Vec<u8>,
}

impl Platform {
    /// A new one, at the end of the line, with everything it keeps in `dir`.
    pub fn open(dir: &Path, line: &Line, clock: &Clock, entropy: Entropy) -> Self {
        fs::create_dir_all(dir.join("platform")).expect("a folder");
        for (file, bytes) in KEYS.iter() {
            fs::write(dir.join(file), bytes).expect("writes");
        }
        let options = SandboxOptions::new(line.address).expect("an address");
        let options = SandboxOptions { clock: clock.clone(), entropy, ..options };
        let origin = options.api_domain.clone();
        let sandbox = Sandbox::open(dir, options).expect("a sandbox");
        let forger = Forger::read(dir);
        line.lead_to(End { router: sandbox.router(), forger: forger.clone(), clock: clock.clone() });
        Self {
            forger,
            orders: BTreeMap::new(),
            payments: Vec::new(),
            refunds: BTreeMap::new(),
            controls: sandbox.control_router(&origin),
            journal: File::open(dir.join("journal.jsonl")).expect("a journal"),
            unread: Vec::new(),
        }
    }

    /// A control of the sandbox.
    pub async fn control(&self, method: &str, path: &str, body: &Value) -> (u16, String) {
        control(self.controls.clone(), method, path, body).await
    }

    /// The lines of its ledger; refunds whose time has come have ended by then.
    pub async fn ledger(&self) -> Vec<Value> {
        let (_, lines) = self.control("GET", "/_sandbox/ledger", &Value::Null).await;
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// Takes in what has been written to the journal since.
    pub fn read(&mut self) {
        self.journal.read_to_end(&mut self.unread).expect("reads");
        let whole = self.unread.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let lines: Vec<u8> = self.unread.drain(..whole).collect();
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let changes: Vec<Value> = serde_json::from_slice(line).expect("JSON");
            for change in &changes {
                self.apply(change);
            }
        }
    }

    fn apply(&mut self, change: &Value) {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let number = |value: &Value| value.as_i64().expect("a number");
        let Some((kind, it)) = change.as_object().and_then(|change| change.iter().next()) else { return };
        match kind.as_str() {
            "order" => {
                let order = Order { total: number(&it["total"]), ..Order::default() };
                self.orders.insert(text(&it["out_trade_no"]), order);
            }
            "closed" => {
                if let Some(order) = self.orders.get_mut(&text(&it["out_trade_no"])) {
                    order.is_closed = true;
                }
            }
            "paid" => {
                let out_trade_no = text(&it["out_trade_no"]);
                let order = self.orders.get_mut(&out_trade_no).expect("an order");
                let payment = Payment {
                    out_trade_no,
                    transaction_id: text(&it["payment"]["transaction_id"]),
                    total: order.total,
                    success: second(&it["payment"]["success_ms"]),
                };
                order.payment = Some(payment.clone());
                self.payments.push(payment);
            }
            "refund" => {
                let refund = Refund {
                    refund_id: text(&it["refund_id"]),
                    out_refund_no: text(&it["out_refund_no"]),
                    out_trade_no: text(&it["out_trade_no"]),
                    transaction_id: text(&it["transaction_id"]),
                    amount: number(&it["amount"]),
                    total: number(&it["total"]),
                    status: text(&it["status"]),
                    success: None,
                    is_from_console: it["source"] == "console",
                    is_ending: it["ending"].is_object(),
                };
                self.refunds.insert(refund.out_refund_no.clone(), refund);
            }
            "refund_ended" => {
                if let Some(refund) = self.refunds.get_mut(&text(&it["out_refund_no"])) {
                    refund.status = text(&it["ending"]["status"]);
                    refund.success = (refund.status == "SUCCESS").then(|| second(&it["ending"]["at_ms"]));
                    refund.is_ending = false;
                }
            }
            _ => {}
        }
    }

    pub fn payment(&self, transaction_id: &str) -> Option<&Payment> {
        self.payments.iter().find(|payment| payment.transaction_id == transaction_id)
    }

    /// What a notification of this payment says.
    pub fn told_payment(&self, payment: &Payment) -> Value {
        json!({
            "appid": self.forger.appid,
            "mchid": self.forger.mchid,
            "out_trade_no": payment.out_trade_no,
            "transaction_id": payment.transaction_id,
            "trade_type": "NATIVE",
            "trade_state": "SUCCESS",
            "trade_state_desc": "支付成功",
            "bank_type": "OTHERS",
            "success_time": payment.success,
            "payer": {"openid": "oModelPayer0000000000000001"},
            "amount": {
                "total": payment.total, "payer_total": payment.total, "currency": "CNY", "payer_currency": "CNY",
            },
        })
    }

    /// What a notification of this refund's end says.
    pub fn told_refund(&self, refund: &Refund) -> Value {
        let mut told = json!({
            "mchid": self.forger.mchid,
            "transaction_id": refund.transaction_id,
            "out_trade_no": refund.out_trade_no,
            "refund_id": refund.refund_id,
            "out_refund_no": refund.out_refund_no,
            "refund_status": refund.status,
            "user_received_account": "支付用户零钱",
            "amount": {
                "total": refund.total, "refund": refund.amount, "payer_total": refund.total,
                "payer_refund": refund.amount,
            },
        });
        if let Some(success) = &refund.success {
            told["success_time"] = json!(success);
        }
        told
    }
}

/// A control of a sandbox: status and body of its answer.
pub async fn control(controls: Router, method: &str, path: &str, body: &Value) -> (u16, String) {
    let request = Request::builder().method(method).uri(path).header("host", "127.0.0.1");
    let request = request.header("content-type", "application/json");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let Ok(answer) = controls.oneshot(request.body(Body::from(body)).expect("a request")).await;
    let status = answer.status().as_u16();
    let body = to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
    (status, String::from_utf8(body.to_vec()).expect("UTF-8"))
}

fn second(millis: &Value) -> String {
    let at = jiff::Timestamp::from_millisecond(millis.as_i64().expect("a number")).expect("in range");
    jiff::Timestamp::from_second(at.as_second()).expect("in range").to_string()
}
