//! `kill -9` at random moments while people pay. A sandbox, a shop in live mode against it and
//! shoppers are processes and tasks of their own; the shop is killed and started again at once, its
//! callbacks are refused meanwhile and delivered again (of the last `DEAF` percent none arrives at all), some
//! of what was paid is given back by the command line, which is killed as well. In the end the
//! sandbox's ledger is laid beside the books, line by line.
//!
//! `make kill` runs the big one. `KILLS`, `PAYMENTS` and `SHOPPERS` change the size, `DATABASE_URL`
//! takes another database than a new SQLite file: an empty one (with `SAOMA_TEST_MYSQL` one is made). `SAOMA_PROGRAM` tries another build.
//! The same on a cluster, where database servers die as well, is [`cluster`]. Books that move to a server: [`moving`].
//! Books that are copied meanwhile and put back: [`putting_back`].

#![expect(clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "it prints its figures")]
#![expect(clippy::disallowed_methods, reason = "the size comes from the environment")]

mod audit;
mod between;
mod cluster;
mod load;
mod moving;
mod process;
mod putting_back;
mod stage;
mod street;

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use saoma::storage::Database;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use tokio::{sync::mpsc, time::Instant};

use crate::{
    audit::{audit, standing},
    load::{Tickets, Town, give_back},
    process::{Program, Running, random},
    stage::{SETTLE_LIMIT, assert_no_panic, report, row, size},
    street::Street,
};

/// In `make test`.
const KILLS: usize = 10;
const PAYMENTS: usize = 500;
const SHOPPERS: usize = 12;

/// From which of so many payments on no callback arrives: `DEAF` percent of them.
pub fn deaf_from(payments: usize) -> usize {
    payments - payments * size("DEAF", 0) / 100
}

/// `DATABASE_URL`, or a new database on the server in `SAOMA_TEST_MYSQL`, or a new file.
async fn database(folder: &Path) -> String {
    if let Ok(named) = std::env::var("DATABASE_URL") {
        return named;
    }
    let Ok(server) = std::env::var("SAOMA_TEST_MYSQL") else {
        return format!("sqlite://{}", folder.join("saoma.db").display());
    };
    sqlx::any::install_default_drivers();
    let name = format!("saoma_kill_{}", random(u64::MAX));
    let mut connection = AnyConnection::connect(&format!("{server}/")).await.expect("connects");
    let sql = format!("CREATE DATABASE {name} CHARACTER SET utf8mb4");
    connection.execute(AssertSqlSafe(sql)).await.expect("creates");
    format!("{server}/{name}")
}

/// Kills at random moments, evenly over the payments, until there are enough kills.
async fn kill(shop: &Program, mut running: Running, town: &Town, kills: usize, payments: usize) -> Running {
    let health = format!("{}/healthz", town.shops[0]);
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

#[tokio::test(flavor = "multi_thread")]
async fn no_kill_loses_or_doubles_a_payment_or_a_refund() {
    let (kills, payments, shoppers) = (size("KILLS", KILLS), size("PAYMENTS", PAYMENTS), size("SHOPPERS", SHOPPERS));
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let database = database(folder.path()).await;
    let street = Street::open(folder.path(), &database, deaf_from(payments)).await;
    let Street { town, shop, running, sandbox: _sandbox, .. } = street;

    let began = Instant::now();
    let (refunds, to_refund) = mpsc::unbounded_channel();
    let command = Program { log: folder.path().join("refund.log"), ..shop.clone() };
    let refunding = tokio::spawn(give_back(vec![command], to_refund));
    let tickets = Arc::new(Tickets::new(payments));
    let paying: Vec<_> =
        (0..shoppers).map(|_| tokio::spawn(town.clone().shop_and_pay(Arc::clone(&tickets), refunds.clone()))).collect();
    drop(refunds);
    let mut running = kill(&shop, running, &town, kills, payments).await;
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
    let audit = audit(&db, &town.read_ledger().await).await;
    db.close().await;

    println!("kill -9 while {shoppers} shoppers pay, {}", database.split(':').next().unwrap_or_default());
    row("payments", audit.payments);
    row("kills of the shop, and restarts", kills);
    town.report_load(refunds, commands_killed).await;
    report(&audit);
    row("seconds until all were paid", paid_in.as_secs());
    row("seconds until all had settled", settled_in.as_secs());
    running.assert_alive();
    assert_no_panic(&shop);
    assert!(audit.is_clean(), "{audit:?}");
    assert_eq!((audit.payments, audit.refunds), (payments, refunds));
}
