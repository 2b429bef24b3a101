//! A sandbox on a free port, a client that signs, a receiver of callbacks.

mod client;
mod receiver;

use std::{
    fs,
    net::SocketAddr,
    ops::Deref,
    path::{Path, PathBuf},
    sync::LazyLock,
    time::Duration,
};

use saoma::{
    clock::Clock,
    entropy::Entropy,
    sandbox::{Sandbox, SandboxOptions},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use self::{
    client::{Answer, Client, Signing},
    receiver::{Received, Receiver},
};

pub const REFUNDS: &str = "/v3/refund/domestic/refunds";

/// Key pairs take a while to make, so all tests use copies of the same.
static KEYS: LazyLock<Folder> = LazyLock::new(|| {
    let dir = Folder::fresh();
    let options = SandboxOptions::new(SocketAddr::from(([127, 0, 0, 1], 9090))).expect("an address");
    drop(Sandbox::open(&dir, options).expect("opens"));
    fs::remove_file(dir.join("journal.jsonl")).expect("is there");
    dir
});

/// A folder that goes when it is no longer used.
pub struct Folder(PathBuf);

/// A running sandbox and what is needed to talk to it.
pub struct Platform {
    pub dir: Folder,
    pub clock: Clock,
    pub client: Client,
    pub receiver: Receiver,
    pub sandbox: Sandbox,
    shutdown: DropGuard,
    serving: JoinHandle<()>,
}

impl Platform {
    pub async fn start() -> Self {
        Self::start_with(Clock::system()).await
    }

    pub async fn start_with(clock: Clock) -> Self {
        let dir = Folder::fresh();
        copy(&KEYS, &dir);
        Self::start_in(dir, clock, Receiver::start().await).await
    }

    /// One that was started with other options than the usual ones.
    pub async fn start_as(change: impl FnOnce(SandboxOptions) -> SandboxOptions) -> Self {
        let dir = Folder::fresh();
        copy(&KEYS, &dir);
        Self::open(dir, Clock::system(), Receiver::start().await, change).await
    }

    pub async fn start_in(dir: Folder, clock: Clock, receiver: Receiver) -> Self {
        Self::open(dir, clock, receiver, |options| options).await
    }

    async fn open(
        dir: Folder,
        clock: Clock,
        receiver: Receiver,
        change: impl FnOnce(SandboxOptions) -> SandboxOptions,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let options = SandboxOptions::new(address).expect("an address");
        let options = change(SandboxOptions { clock: clock.clone(), entropy: Entropy::system(), ..options });
        let sandbox = Sandbox::open(&dir, options).expect("opens");
        let client = Client::new(&dir, clock.clone());
        let shutdown = CancellationToken::new();
        let serving = {
            let (sandbox, shutdown) = (sandbox.clone(), shutdown.clone());
            tokio::spawn(async move { sandbox.serve(listener, shutdown).await })
        };
        Self { dir, clock, client, receiver, sandbox, shutdown: shutdown.drop_guard(), serving }
    }

    /// Ends this one in an orderly way and starts another in the same folder.
    pub async fn restart(self) -> Self {
        self.restart_as(|options| options).await
    }

    pub async fn restart_as(self, change: impl FnOnce(SandboxOptions) -> SandboxOptions) -> Self {
        let (dir, clock, receiver) = self.stop().await;
        Self::open(dir, clock, receiver, change).await
    }

    /// Ends it in an orderly way.
    pub async fn stop(self) -> (Folder, Clock, Receiver) {
        let Self { dir, clock, client, receiver, sandbox, shutdown, serving } = self;
        drop(shutdown);
        serving.await.expect("ends");
        drop((sandbox, client));
        (dir, clock, receiver)
    }

    /// A prepay as a shop would send it, for one yuan.
    pub fn order(&self, out_trade_no: &str) -> Value {
        json!({
            "appid": self.client.appid,
            "mchid": self.client.mchid,
            "description": "深度解剖一颗葱",
            "out_trade_no": out_trade_no,
            "notify_url": self.receiver.url,
            "amount": { "total": 100, "currency": "CNY" },
        })
    }

    /// Places that order; the code.
    pub async fn prepay(&self, out_trade_no: &str) -> String {
        let answer = self.client.post("/v3/pay/transactions/native", &self.order(out_trade_no)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["code_url"].as_str().expect("a code").to_owned()
    }

    pub async fn query(&self, out_trade_no: &str) -> Answer {
        let mchid = &self.client.mchid;
        self.client.get(&format!("/v3/pay/transactions/out-trade-no/{out_trade_no}?mchid={mchid}")).await
    }

    pub async fn state(&self, out_trade_no: &str) -> String {
        let answer = self.query(out_trade_no).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["trade_state"].as_str().expect("a state").to_owned()
    }

    pub async fn close(&self, out_trade_no: &str) -> Answer {
        let path = format!("/v3/pay/transactions/out-trade-no/{out_trade_no}/close");
        self.client.post(&path, &json!({ "mchid": self.client.mchid })).await
    }

    pub async fn scan(&self, code_url: &str, action: &str) -> Answer {
        self.control("POST", "/_sandbox/scan", &json!({ "code_url": code_url, "action": action })).await
    }

    pub async fn pay(&self, code_url: &str) -> Value {
        let answer = self.scan(code_url, "pay").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// An order for one yuan, paid and told; its `transaction_id`.
    pub async fn paid(&self, out_trade_no: &str) -> String {
        let code_url = self.prepay(out_trade_no).await;
        let paid = self.pay(&code_url).await;
        self.delivery(out_trade_no, "accepted").await;
        paid["transaction_id"].as_str().expect("a number").to_owned()
    }

    /// A refund as a shop would ask for it, of an order for one yuan.
    pub fn refund_of(&self, out_trade_no: &str, out_refund_no: &str, fen: i64) -> Value {
        json!({
            "out_trade_no": out_trade_no,
            "out_refund_no": out_refund_no,
            "reason": "葱不新鲜",
            "notify_url": self.receiver.url,
            "amount": { "refund": fen, "total": 100, "currency": "CNY" },
        })
    }

    pub async fn refund(&self, out_trade_no: &str, out_refund_no: &str, fen: i64) -> Answer {
        self.client.post(REFUNDS, &self.refund_of(out_trade_no, out_refund_no, fen)).await
    }

    pub async fn query_refund(&self, out_refund_no: &str) -> Answer {
        self.client.get(&format!("{REFUNDS}/{out_refund_no}")).await
    }

    pub async fn refund_status(&self, out_refund_no: &str) -> String {
        let answer = self.query_refund(out_refund_no).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["status"].as_str().expect("a status").to_owned()
    }

    pub async fn move_refund(&self, out_refund_no: &str, status: &str) -> Answer {
        self.control("POST", &format!("/_sandbox/refunds/{out_refund_no}"), &json!({ "status": status })).await
    }

    pub async fn faults(&self, patch: Value) {
        let answer = self.control("PUT", "/_sandbox/faults", &patch).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    pub async fn control(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.client.control(method, path, body).await
    }

    /// A page for people, with what all of them have.
    pub async fn page(&self, path: &str) -> String {
        let answer = self.client.send(self.client.bare("GET", path, b"")).await;
        assert_eq!(answer.status, 200, "{path}");
        answer.as_page()
    }

    /// Sends a form as a browser does, and does not follow where it leads.
    pub async fn submit(&self, path: &str, fields: &[(String, String)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        let request = http.expect("a client").post(format!("{}{path}", self.client.base)).body(body);
        self.client.send(request.header("Content-Type", "application/x-www-form-urlencoded")).await
    }

    /// The only delivery there is for an order, once it is in `state`.
    pub async fn delivery(&self, out_trade_no: &str, state: &str) -> Value {
        self.delivery_when(out_trade_no, |delivery| delivery["state"] == state).await
    }

    pub async fn delivery_with_attempts(&self, out_trade_no: &str, count: usize) -> Value {
        self.delivery_when(out_trade_no, |d| d["attempts"].as_array().is_some_and(|a| a.len() == count)).await
    }

    /// The same by refund.
    pub async fn refund_delivery(&self, out_refund_no: &str, state: &str) -> Value {
        self.found(&format!("out_refund_no={out_refund_no}"), |delivery| delivery["state"] == state).await
    }

    async fn delivery_when(&self, out_trade_no: &str, ready: impl Fn(&Value) -> bool) -> Value {
        self.found(&format!("out_trade_no={out_trade_no}"), ready).await
    }

    async fn found(&self, filter: &str, ready: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/_sandbox/deliveries?{filter}");
        for _ in 0..500 {
            let answer = self.control("GET", &path, &Value::Null).await.json();
            if let [delivery] = answer["deliveries"].as_array().expect("a list").as_slice()
                && ready(delivery)
            {
                return delivery.clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the delivery for {filter} did not become what was expected");
    }
}

impl Folder {
    pub fn fresh() -> Self {
        let dir = std::env::temp_dir().join(format!("saoma-sandbox-{:032x}", Entropy::system().u128()));
        fs::create_dir_all(&dir).expect("a folder");
        Self(dir)
    }
}

impl Deref for Folder {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Left behind when it is still in use; it lies in the system's temporary folder.
        fs::remove_dir_all(&self.0).ok();
    }
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copies");
        }
    }
}
