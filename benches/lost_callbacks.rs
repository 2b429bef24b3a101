//! No callback arrives at all, and a hundred orders are paid: how long each of them is not in the books. Half
//! have their page open, the others nobody looks at; each is paid some seconds after it was placed. A
//! server process of its own in sandbox mode, with the clock of the machine, so this takes a minute and a
//! half. `cargo bench --bench lost_callbacks`; `ORDERS` changes the size.

#![expect(clippy::print_stdout, reason = "a benchmark prints its plot")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads its own size from the environment")]

use std::{
    error::Error,
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use saoma::{clock::Clock, storage::Database};
use serde_json::{Value, json};
use sqlx::Row as _;
use tokio::time::{Instant, sleep};

type Failure = Box<dyn Error + Send + Sync>;

/// Milliseconds.
const OPEN_BUDGET: i64 = 10_000;
const CLOSED_BUDGET: i64 = 60_000;
/// Orders come, and are paid, within so many seconds.
const SPREAD: u64 = 25;
const LIMIT: Duration = Duration::from_mins(3);
/// Of a bar, in milliseconds.
const BAR: i64 = 5_000;

/// Ends the server however the benchmark ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

struct Town {
    client: reqwest::Client,
    site: String,
    clock: Clock,
}

/// A payment, and when the payer had confirmed it.
struct Paid {
    transaction_id: String,
    at_ms: i64,
    has_page: bool,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let orders: u64 = std::env::var("ORDERS").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let database = format!("sqlite://{}/saoma.db", folder.path().display());
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let server = Command::new(env!("CARGO_BIN_EXE_saoma"))
        .args(["serve", "--sandbox"])
        .env("SAOMA_DATA_DIR", folder.path())
        .env("DATABASE_URL", &database)
        .env("SAOMA_SECRET_KEY", "00".repeat(32))
        .env("LEPTOS_SITE_ADDR", address.to_string())
        .env("SAOMA_ORDERS_PER_MINUTE", "0")
        .env("RUST_LOG", "error")
        .stderr(Stdio::inherit())
        .spawn()?;
    let _server = Server(server);
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?;
    let town = Arc::new(Town { client, site: format!("http://{address}"), clock: Clock::system() });
    let end = Instant::now() + Duration::from_secs(30);
    while town.client.get(format!("{}/readyz", town.site)).send().await.is_err() {
        if Instant::now() >= end {
            return Err("the server does not answer".into());
        }
        sleep(Duration::from_millis(20)).await;
    }
    let lost = town.client.put(format!("{}/_sandbox/faults", town.site)).json(&json!({"drop": "all"})).send().await?;
    lost.error_for_status()?;

    let shoppers: Vec<_> = (0..orders).map(|index| tokio::spawn(Arc::clone(&town).shop(index, orders))).collect();
    let mut paid = Vec::new();
    for shopper in shoppers {
        paid.push(shopper.await??);
    }
    let waited = wait_for_books(&database, &paid).await?;
    report(&waited);
    Ok(())
}

impl Town {
    async fn shop(self: Arc<Self>, index: u64, orders: u64) -> Result<Paid, Failure> {
        sleep(Duration::from_millis(index * SPREAD * 500 / orders)).await;
        let placed = self.client.post(format!("{}/api/wx-pay/native/native/1", self.site)).send().await?;
        let placed: Value = placed.json().await?;
        let text = |name: &str| placed["data"][name].as_str().ok_or_else(|| format!("no order: {placed}"));
        let (code_url, pay_url) = (text("codeUrl")?, text("payUrl")?);
        let has_page = index.is_multiple_of(2);
        if has_page {
            let token = pay_url.rsplit('/').next().unwrap_or_default().to_owned();
            tokio::spawn(Arc::clone(&self).keep_page_open(token));
        }
        // From at once to half a minute later, in no order.
        sleep(Duration::from_millis(index * 7 % orders * SPREAD * 1000 / orders)).await;
        let scan = json!({"code_url": code_url, "action": "pay"});
        let answer = self.client.post(format!("{}/_sandbox/scan", self.site)).json(&scan).send().await?;
        let answer: Value = answer.json().await?;
        let transaction_id = answer["transaction_id"].as_str().ok_or_else(|| format!("not paid: {answer}"))?.to_owned();
        Ok(Paid { transaction_id, at_ms: self.clock.now().as_millisecond(), has_page })
    }

    /// As the page itself does: asks, and is answered when something has changed or after 25 s.
    async fn keep_page_open(self: Arc<Self>, token: String) {
        let mut version = 0;
        loop {
            let look =
                self.client.get(format!("{}/api/orders/{token}?after={version}&wait=25", self.site)).send().await;
            let Ok(look) = look else { return };
            let Ok(order) = look.json::<Value>().await else { return };
            if order["status"] != "NOTPAY" {
                return;
            }
            version = order["version"].as_i64().unwrap_or_default();
        }
    }
}

/// How long each was not booked, in milliseconds: those with their page open, the others.
async fn wait_for_books(database: &str, paid: &[Paid]) -> Result<[Vec<i64>; 2], Failure> {
    let db = Database::open(database).await?;
    let end = Instant::now() + LIMIT;
    let booked = loop {
        let mut c = db.read().await?;
        let rows = sqlx::query("SELECT transaction_id, booked_ms, source FROM payments").fetch_all(&mut *c).await?;
        drop(c);
        if rows.len() >= paid.len() || Instant::now() >= end {
            break rows;
        }
        sleep(Duration::from_millis(200)).await;
    };
    let mut waited = [Vec::new(), Vec::new()];
    for paid in paid {
        let row = booked.iter().find(|row| row.get::<&str, _>("transaction_id") == paid.transaction_id);
        let row = row.ok_or("a payment is not in the books")?;
        if row.get::<&str, _>("source") == "CALLBACK" {
            return Err("a callback has arrived".into());
        }
        waited[usize::from(!paid.has_page)].push(row.get::<i64, _>("booked_ms") - paid.at_ms);
    }
    db.close().await;
    Ok(waited)
}

fn report(waited: &[Vec<i64>; 2]) {
    let total = waited.iter().map(Vec::len).sum::<usize>();
    println!("all callbacks lost, {total} orders paid, {total} booked; seconds from payment to books");
    let mut kept = true;
    for (what, budget, waited) in [("page open", OPEN_BUDGET, &waited[0]), ("nobody looks", CLOSED_BUDGET, &waited[1])]
    {
        let mut waited = waited.clone();
        waited.sort_unstable();
        let at = |percent: usize| {
            waited.get((waited.len() * percent / 100).min(waited.len().saturating_sub(1))).copied().unwrap_or_default()
        };
        kept &= at(100) <= budget;
        println!(
            "  {what}: median {}, 90 % {}, longest {}   budget ≤ {}",
            seconds(at(50)),
            seconds(at(90)),
            seconds(at(100)),
            seconds(budget)
        );
        for bar in 0..=at(100) / BAR {
            let within = waited.iter().filter(|it| **it / BAR == bar).count();
            println!("    {:>2}–{:<2} {:>3} {}", bar * BAR / 1000, (bar + 1) * BAR / 1000, within, "█".repeat(within));
        }
    }
    println!("budget: {}", if kept { "kept" } else { "EXCEEDED" });
}

fn seconds(ms: i64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}
