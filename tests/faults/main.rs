//! The books on a disk that fails while people pay: it is full, writes and syncs fail or are slow, opens fail,
//! and now and then the power is lost, which takes back what no successful sync followed. Shop or database
//! server are under a preload library of ours ([`control`], [`power`]); the sandbox, its ledger and all logs
//! are not. Whoever ends is started again, as a service is. A relay in front of the shop writes down what it
//! acknowledges: after each kill the books are read by somebody else, and all of it must be there. In the end
//! the sandbox's ledger is laid beside the books, as in the kill test, whose shoppers and audit these are.
//!
//! `make faults`, `make mysql-faults` run the big ones. `FAULTS`, `PAYMENTS`, `SHOPPERS`, `DEAF` change the size,
//! `FAULTS_SEED` repeats what was drawn, `FAULTS_ONLY="disk full"` lets nothing else happen, `FAULTS_IN` takes another folder (on a disk: a preload sees nothing of
//! what MariaDB does on tmpfs), `SAOMA_PROGRAM` another build.

#![expect(clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "figures, and answers of the program under test")]
#![expect(clippy::disallowed_methods, reason = "the size comes from the environment")]

mod books;
mod chance;
mod control;
mod mariadb;
mod plan;
mod power;
mod probe;
mod refund;
mod relay;
mod scene;
mod street;

#[path = "../kill/audit.rs"]
mod audit;
#[path = "../kill/between.rs"]
mod between;
#[path = "../kill/load.rs"]
mod load;
#[path = "../kill/process.rs"]
mod process;
#[path = "../kill/stage.rs"]
mod stage;

use std::{path::PathBuf, sync::Arc, sync::atomic::Ordering, time::Duration};

use saoma::storage::Database;
use tokio::{sync::mpsc, time::Instant};

use crate::{
    audit::{audit, standing},
    books::Books,
    chance::Chance,
    control::Fault,
    load::{Tickets, Town, give_back},
    process::random,
    scene::{Scene, Seen},
    stage::{SETTLE_LIMIT, assert_no_panic, report, row, size},
    street::Street,
};

/// In `make test`: each kind once.
const FAULTS: usize = 7;
const PAYMENTS: usize = 300;
const SHOPPERS: usize = 12;
/// From the end of a fault to the first acknowledgement, with a shopper who buys and pays in between.
const RECOVERY: Duration = Duration::from_secs(5);

fn folder() -> tempfile::TempDir {
    let place = std::env::var_os("FAULTS_IN").map_or_else(|| env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from);
    tempfile::tempdir_in(place).expect("a folder")
}

fn seed() -> u64 {
    std::env::var("FAULTS_SEED").map_or_else(|_| random(1 << 32), |text| text.parse().expect("a whole number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_the_disk_loses_what_was_acknowledged() {
    let folder = folder();
    let books = Books::file(folder.path());
    pay_while_the_disk_fails(&folder, books).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB: make mysql-faults"]
async fn no_fault_of_the_disk_below_mariadb_loses_what_was_acknowledged() {
    let folder = folder();
    let books = Books::server(folder.path()).await;
    pay_while_the_disk_fails(&folder, books).await;
}

async fn pay_while_the_disk_fails(folder: &tempfile::TempDir, books: Books) {
    let (faults, payments, shoppers) = (size("FAULTS", FAULTS), size("PAYMENTS", PAYMENTS), size("SHOPPERS", SHOPPERS));
    let (seed, engine, url) = (seed(), books.engine(), books.url());
    println!("{engine} on a disk that fails, {shoppers} shoppers, FAULTS_SEED={seed}");
    let only = std::env::var("FAULTS_ONLY").ok();
    let plan = plan::draw(faults, only.as_deref(), &mut Chance::new(seed));
    let (street, running) = Street::open(folder.path(), &books).await;
    let Street { town, relay, .. } = &street;

    let began = Instant::now();
    let (refunds, to_refund) = mpsc::unbounded_channel();
    let refunding = tokio::spawn(give_back(vec![street.command.clone()], to_refund));
    // As many as it takes until the last fault is over, and then what is left; of the tail no callback arrives.
    let tail = payments * size("DEAF", 0) / 100;
    let tickets = Arc::new(Tickets::new(usize::MAX));
    let paying = send(town, &tickets, shoppers, &refunds);
    let mut scene = Scene { books, shop: &street.shop, running, town, relay, seen: Seen::default() };
    scene.play(&plan, payments - tail).await;
    tickets.end.store((payments - tail).max(tickets.next.load(Ordering::SeqCst)), Ordering::SeqCst);
    paying.await;
    let deaf = Town { deaf_from: 0, ..town.clone() };
    send(&deaf, &Arc::new(Tickets::new(tail)), shoppers, &refunds).await;
    drop(refunds);
    let paid_in = began.elapsed();
    let (refunds, commands_killed) = refunding.await.expect("no panic");

    let payments = town.paid.load(Ordering::SeqCst);
    let db = Database::open(&url).await.expect("opens");
    let end = Instant::now() + SETTLE_LIMIT;
    while standing(&db).await != (payments, 0) && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    db.close().await;
    let settled_in = began.elapsed();
    scene.end_all(None).await;
    let db = Database::open(&url).await.expect("opens");
    let audit = audit(&db, &town.read_ledger().await).await;
    db.close().await;

    row("payments", audit.payments);
    tell(&scene);
    town.report_load(refunds, commands_killed).await;
    report(&audit);
    row("seconds until all were paid", paid_in.as_secs());
    row("seconds until all had settled", settled_in.as_secs());
    let Scene { seen, books, .. } = scene;
    assert_no_panic(&street.shop);
    assert!(seen.missing.is_empty(), "acknowledged and missing: {:?}", seen.missing);
    assert!(seen.stuck.is_empty(), "did not recover by itself: {:?}", seen.stuck);
    assert!(seen.recovered.iter().all(|time| *time <= RECOVERY), "{:?}", seen.recovered.iter().max());
    assert!(
        faults < FAULTS || only.is_some() || Fault::ALL.iter().all(|fault| books.control.hits(*fault) > 0),
        "a fault hit nothing"
    );
    assert!(
        faults < 10 * FAULTS || only.is_some() || seen.taken_back.0 > 0,
        "no loss of power came between a write and its sync"
    );
    assert!(audit.is_clean(), "{audit:?}");
    assert_eq!((audit.payments, audit.refunds), (payments, refunds));
}

/// Shoppers, until there are no more tickets.
fn send(
    town: &Town,
    tickets: &Arc<Tickets>,
    shoppers: usize,
    refunds: &mpsc::UnboundedSender<String>,
) -> impl Future<Output = ()> {
    let paying: Vec<_> =
        (0..shoppers).map(|_| tokio::spawn(town.clone().shop_and_pay(Arc::clone(tickets), refunds.clone()))).collect();
    async {
        for shopper in paying {
            shopper.await.expect("no panic");
        }
    }
}

fn tell(scene: &Scene<'_>) {
    let (seen, control) = (&scene.seen, &scene.books.control);
    row("faults", seen.events.values().sum::<usize>());
    for (name, count) in &seen.events {
        row(&format!("  {name}"), *count);
    }
    for fault in Fault::ALL {
        row(&format!("calls hit by: {}", fault.name()), control.hits(fault));
    }
    row("power lost, alone or in a fault", seen.power_lost);
    row("  with some of it on the disk", seen.torn);
    row("  writes taken back", seen.taken_back.0);
    row("  names taken back", seen.taken_back.1);
    row("killed in a fault", seen.killed);
    row("shop ended by itself", seen.ended);
    row("server ended by itself", scene.books.ended());
    row("books read after a kill", seen.looks);
    row("acknowledged", scene.relay.acknowledged().len());
    row("acknowledged and missing", seen.missing.len());
    row("not recovered by itself", seen.stuck.values().sum::<usize>());
    let mut times: Vec<_> = seen.recovered.iter().map(Duration::as_millis).collect();
    times.sort_unstable();
    if let (Some(first), Some(last)) = (times.first(), times.last()) {
        row("ms to recover, least", *first);
        row("  half of all within", times[times.len() / 2]);
        row("  nine of ten within", times[times.len() * 9 / 10]);
        row("  all within", *last);
    }
}
