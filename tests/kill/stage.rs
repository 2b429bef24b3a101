//! What the tests have in common: the sandbox, shops in live mode against it, the figures.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::atomic::Ordering,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    audit::Audit,
    load::Town,
    process::{Program, Running, credentials, free_port, saoma},
};

/// Of WeChat's gaps between two deliveries: 15 s become 150 ms.
const RETRY_SCALE: f64 = 0.01;
/// How long everything may take to settle once nobody pays any more.
pub const SETTLE_LIMIT: Duration = Duration::from_mins(3);

pub fn size(variable: &str, default: usize) -> usize {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a whole number"))
}

pub fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().expect("a client")
}

pub struct Sandbox {
    pub origin: String,
    pub dir: PathBuf,
    _running: Running,
}

impl Sandbox {
    pub async fn start(folder: &Path, client: &reqwest::Client) -> Self {
        let dir = folder.join("sandbox");
        let address = format!("127.0.0.1:{}", free_port());
        let options = ["sandbox", "--listen", &address, "--dir", &dir.display().to_string()];
        let program = Program {
            path: saoma(),
            arguments: options.map(str::to_owned).to_vec(),
            variables: BTreeMap::from([("RUST_LOG".to_owned(), "error".to_owned())]),
            log: folder.join("sandbox.log"),
        };
        let mut running = program.start();
        let origin = format!("http://{address}");
        running.until_it_answers(client, &format!("{origin}/_sandbox/health")).await;
        Self { origin, dir, _running: running }
    }
}

/// WeChat is told to call back at `notify`.
pub fn live_shop(folder: &Path, sandbox: &Sandbox, port: u16, notify: &str, database: &str) -> Program {
    let mut variables = credentials(&sandbox.dir);
    let own = [
        ("WXPAY_NOTIFY_DOMAIN", notify.to_owned()),
        ("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}")),
        ("SAOMA_DATA_DIR", folder.join(format!("shop-{port}")).display().to_string()),
        ("DATABASE_URL", database.to_owned()),
        ("SAOMA_SECRET_KEY", "00".repeat(32)),
        ("SAOMA_ORDERS_PER_MINUTE", "0".to_owned()),
        ("SAOMA_REJECTED_CALLBACKS_PER_MINUTE", "0".to_owned()),
        // What is lost here by the hundred is found as fast as it can be: the budget has tests of its own.
        ("SAOMA_QUESTIONS_PER_SECOND", "0".to_owned()),
        ("RUST_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| "error".to_owned())),
    ];
    variables.extend(own.map(|(name, value)| (name.to_owned(), value)));
    Program { path: saoma(), arguments: Vec::new(), variables, log: folder.join(format!("shop-{port}.log")) }
}

impl Town {
    /// Everything faster than WeChat, and no rule that only makes one wait.
    pub async fn hurry(&self) {
        self.set_faults(&json!({ "retry_scale": RETRY_SCALE, "refund_ms": 200, "refund_gap_seconds": 0 })).await;
    }

    pub async fn read_ledger(&self) -> Vec<Value> {
        let lines = self.client.get(format!("{}/_sandbox/ledger", self.sandbox)).send().await.expect("is there");
        let lines = lines.text().await.expect("text");
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// Notifications, and how often they were tried.
    pub async fn deliveries(&self) -> (usize, usize) {
        let (mut notifications, mut attempts, mut before) = (0, 0, String::new());
        loop {
            let page = self.client.get(format!("{}/_sandbox/deliveries?limit=1000{before}", self.sandbox)).send().await;
            let page: Value = page.expect("is there").json().await.expect("JSON");
            for delivery in page["deliveries"].as_array().expect("a list") {
                notifications += 1;
                attempts += delivery["attempts"].as_array().expect("a list").len();
            }
            match page["next"].as_u64() {
                Some(next) => before = format!("&before={next}"),
                None => return (notifications, attempts),
            }
        }
    }

    pub async fn report_load(&self, refunds: usize, commands_killed: usize) {
        let (notifications, attempts) = self.deliveries().await;
        row("refunds by the command line", refunds);
        row("  of those commands killed", commands_killed);
        row("orders tried in vain meanwhile", self.refused.load(Ordering::SeqCst));
        row("notifications", notifications);
        row("  delivered again", attempts.saturating_sub(notifications));
    }
}

/// No task of it has ended in a way that a restart would have covered up.
pub fn assert_no_panic(shop: &Program) {
    let log = fs::read_to_string(&shop.log).expect("a log");
    assert!(!log.contains("panicked at"), "{log}");
}

pub fn row<T: Copy + ToString>(what: &str, figure: T) {
    println!("  {what:<36} {:>10}", figure.to_string());
}

pub fn report(audit: &Audit) {
    for (source, count) in &audit.by_source {
        row(&format!("booked by {}", source.to_lowercase()), *count);
    }
    row("lost", audit.lost);
    row("double", audit.double);
    row("booked and never paid", audit.invented);
    row("booked with another amount", audit.other_amounts);
    row("on another order, or not paid", audit.wrong_orders);
    row("refunds that differ", audit.other_refunds);
    row("fen paid", audit.fen);
    row("fen given back", audit.fen_back);
}
