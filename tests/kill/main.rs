//! `kill -9` at random moments while people pay. A sandbox, a shop in live mode against it and
//! shoppers are processes and tasks of their own; the shop is killed and started again at once, its
//! callbacks are refused meanwhile and delivered again (of the last `DEAF` percent none arrives at all), some
//! of what was paid is given back by the command line, which is killed as well. In the end the
//! sandbox's ledger is laid beside the books, line by line.
//!
//! `make kill` runs the big one. `KILLS`, `PAYMENTS` and `SHOPPERS` change the size, `DATABASE_URL`
//! takes another database than a new SQLite file: an empty one. `SAOMA_PROGRAM` tries another build.

#![expect(clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "it prints its figures")]
#![expect(clippy::disallowed_methods, reason = "the size comes from the environment")]

mod audit;
mod load;
mod process;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use saoma::storage::Database;
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::Instant};

use crate::{
    audit::{Audit, audit, standing},
    load::{Town, give_back},
    process::{Program, Running, credentials, free_port, random},
};

/// In `make test`.
const KILLS: usize = 10;
const PAYMENTS: usize = 500;
const SHOPPERS: usize = 12;
/// Of WeChat's gaps between two deliveries: 15 s become 150 ms.
const RETRY_SCALE: f64 = 0.01;
/// How long everything may take to settle once nobody pays any more.
const SETTLE_LIMIT: Duration = Duration::from_mins(3);

fn size(variable: &str, default: usize) -> usize {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a whole number"))
}

fn live_shop(folder: &Path, sandbox: &Path, port: u16, database: &str) -> Program {
    let mut variables = credentials(sandbox);
    let own = [
        ("WXPAY_NOTIFY_DOMAIN", format!("http://127.0.0.1:{port}")),
        ("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}")),
        ("SAOMA_DATA_DIR", folder.display().to_string()),
        ("DATABASE_URL", database.to_owned()),
        ("SAOMA_ORDERS_PER_MINUTE", "0".to_owned()),
        ("SAOMA_REJECTED_CALLBACKS_PER_MINUTE", "0".to_owned()),
        ("RUST_LOG", "error".to_owned()),
    ];
    variables.extend(own.map(|(name, value)| (name.to_owned(), value)));
    Program { arguments: Vec::new(), variables, log: folder.join("shop.log") }
}

/// Kills at random moments, evenly over the payments, until there are enough kills.
async fn kill(shop: &Program, mut running: Running, town: &Town, kills: usize, payments: usize) -> Running {
    let health = format!("{}/healthz", town.shop);
    for kill in 0..kills {
        let share = payments / kills;
        let moment = kill * share + usize::try_from(random(share as u64)).expect("small");
        while town.paid.load(Ordering::SeqCst) < moment {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(random(20_000))).await;
        running.kill();
        running = shop.start();
        running.until_it_answers(&town.client, &health).await;
    }
    running
}

async fn read_ledger(town: &Town) -> Vec<Value> {
    let lines = town.client.get(format!("{}/_sandbox/ledger", town.sandbox)).send().await.expect("is there");
    let lines = lines.text().await.expect("text");
    lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Notifications, and how often they were tried.
async fn deliveries(town: &Town) -> (usize, usize) {
    let (mut notifications, mut attempts, mut before) = (0, 0, String::new());
    loop {
        let page = town.client.get(format!("{}/_sandbox/deliveries?limit=1000{before}", town.sandbox)).send().await;
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

#[tokio::test(flavor = "multi_thread")]
async fn no_kill_loses_or_doubles_a_payment_or_a_refund() {
    let (kills, payments, shoppers) = (size("KILLS", KILLS), size("PAYMENTS", PAYMENTS), size("SHOPPERS", SHOPPERS));
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let database = std::env::var("DATABASE_URL")
        .unwrap_or_else(|_| format!("sqlite://{}", folder.path().join("saoma.db").display()));
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().expect("a client");

    let dir = folder.path().join("sandbox");
    let address = format!("127.0.0.1:{}", free_port());
    let platform = Program {
        arguments: ["sandbox", "--listen", &address, "--dir", &dir.display().to_string()].map(str::to_owned).to_vec(),
        variables: BTreeMap::from([("RUST_LOG".to_owned(), "error".to_owned())]),
        log: folder.path().join("sandbox.log"),
    };
    let mut sandbox = platform.start();
    let origin = format!("http://{address}");
    sandbox.until_it_answers(&client, &format!("{origin}/_sandbox/health")).await;
    let port = free_port();
    let town = Town {
        client: client.clone(),
        shop: format!("http://127.0.0.1:{port}"),
        sandbox: origin,
        deaf_from: payments - payments * size("DEAF", 0) / 100,
        paid: Arc::default(),
        refused: Arc::default(),
    };
    town.set_faults(&json!({ "retry_scale": RETRY_SCALE, "refund_ms": 200, "refund_gap_seconds": 0 })).await;
    let shop = live_shop(folder.path(), &dir, port, &database);
    let mut running = shop.start();
    running.until_it_answers(&client, &format!("{}/healthz", town.shop)).await;

    let began = Instant::now();
    let (refunds, to_refund) = mpsc::unbounded_channel();
    let refunding =
        tokio::spawn(give_back(Program { log: folder.path().join("refund.log"), ..shop.clone() }, to_refund));
    let tickets = Arc::new(AtomicUsize::new(0));
    let paying: Vec<_> = (0..shoppers)
        .map(|_| tokio::spawn(town.clone().shop_and_pay(Arc::clone(&tickets), payments, refunds.clone())))
        .collect();
    drop(refunds);
    let running = kill(&shop, running, &town, kills, payments).await;
    for shopper in paying {
        shopper.await.expect("no panic");
    }
    let paid_in = began.elapsed();
    let (refunds, commands_killed) = refunding.await.expect("no panic");

    let db = Database::open(&database).await.expect("opens");
    let end = Instant::now() + SETTLE_LIMIT;
    while standing(&db).await != (payments, 0) && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let settled_in = began.elapsed();
    let (notifications, attempts) = deliveries(&town).await;
    let audit = audit(&db, &read_ledger(&town).await).await;
    db.close().await;
    drop(running);

    println!("kill -9 while {shoppers} shoppers pay, {}", database.split(':').next().unwrap_or_default());
    let row = |what: &str, figure: String| println!("  {what:<36} {figure:>10}");
    row("payments", audit.payments.to_string());
    row("kills of the shop, and restarts", kills.to_string());
    row("refunds by the command line", refunds.to_string());
    row("  of those commands killed", commands_killed.to_string());
    row("orders tried in vain meanwhile", town.refused.load(Ordering::SeqCst).to_string());
    row("notifications", notifications.to_string());
    row("  delivered again", (attempts - notifications).to_string());
    for (source, count) in &audit.by_source {
        row(&format!("booked by {}", source.to_lowercase()), count.to_string());
    }
    report(&audit);
    row("seconds until all were paid", paid_in.as_secs().to_string());
    row("seconds until all had settled", settled_in.as_secs().to_string());
    assert!(audit.is_clean(), "{audit:?}");
    assert_eq!((audit.payments, audit.refunds), (payments, refunds));
}

fn report(audit: &Audit) {
    let row = |what: &str, count: i64| println!("  {what:<36} {count:>10}");
    let count = |count: usize| i64::try_from(count).expect("a count");
    row("lost", count(audit.lost));
    row("double", count(audit.double));
    row("booked and never paid", count(audit.invented));
    row("booked with another amount", count(audit.other_amounts));
    row("on another order, or not paid", count(audit.wrong_orders));
    row("refunds that differ", count(audit.other_refunds));
    row("fen paid", audit.fen);
    row("fen given back", audit.fen_back);
}
