//! Books that people have filled go from a file to a server; beside the sandbox's ledger they are the same afterwards,
//! and the shop goes on with them. `make move` runs the big one: `ORDERS` and `SHOPPERS` change the size.

use std::{collections::BTreeMap, fs, sync::Arc};

use saoma::storage::Database;
use serde_json::Value;
use tokio::{sync::mpsc, time::Instant};

use crate::{
    audit::audit,
    database,
    load::{Tickets, Town, give_back},
    process::Program,
    stage::{assert_no_panic, report, row, size},
    street::{Street, until_settled},
};

/// Paid after the move.
const AFTER: usize = 50;

async fn pay(town: &Town, command: Program, payments: usize) -> usize {
    let (refunds, to_refund) = mpsc::unbounded_channel();
    let refunding = tokio::spawn(give_back(vec![command], to_refund));
    let tickets = Arc::new(Tickets::new(payments));
    let shopper = || tokio::spawn(town.clone().shop_and_pay(Arc::clone(&tickets), refunds.clone()));
    let paying: Vec<_> = (0..size("SHOPPERS", 12)).map(|_| shopper()).collect();
    drop(refunds);
    for shopper in paying {
        shopper.await.expect("no panic");
    }
    refunding.await.expect("no panic").0
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a server to move to: `make move`"]
async fn books_that_were_moved_agree_with_the_ledger() {
    let payments = size("ORDERS", 2000);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let old = format!("sqlite://{}", folder.path().join("saoma.db").display());
    let new = database(folder.path()).await;
    assert!(new.starts_with("mysql:"), "SAOMA_TEST_MYSQL names no server");
    let street = Street::open(folder.path(), &old, usize::MAX).await;
    let Street { town, shop, mut running, health, sandbox: _sandbox } = street;
    let refunding = Program { log: folder.path().join("refund.log"), ..shop.clone() };
    let refunds = pay(&town, refunding.clone(), payments).await;
    until_settled(&old, payments).await;
    // With a log that nobody has brought into the file.
    running.kill();

    let bytes = fs::metadata(folder.path().join("saoma.db")).expect("is there").len();
    let began = Instant::now();
    let moving = Program { log: folder.path().join("move.log"), ..shop.clone() };
    let (ended, told) = moving.run(&["move", "--json", "--to", &new]).await;
    let moved_in = began.elapsed();
    assert!(ended, "{told}");
    let rows = told.find('{').and_then(|from| serde_json::from_str::<Value>(&told[from..]).ok());
    let rows = rows.and_then(|told| told["rows"].as_u64()).unwrap_or_else(|| panic!("no JSON: {told}"));

    let db = Database::open(&new).await.expect("opens");
    let moved = audit(&db, &town.read_ledger().await).await;
    println!("books that people have filled go from SQLite to a server");
    row("payments", moved.payments);
    row("refunds", moved.refunds);
    row("rows", rows);
    row("megabytes of the file", bytes >> 20);
    row("seconds of the move", moved_in.as_secs());
    report(&moved);
    assert!(moved.is_clean(), "{moved:?}");
    assert_eq!((moved.payments, moved.refunds), (payments, refunds));

    let with = |program: Program| {
        let variables: BTreeMap<_, _> =
            program.variables.into_iter().chain([("DATABASE_URL".to_owned(), new.clone())]).collect();
        Program { variables, ..program }
    };
    let shop = with(shop);
    let mut running = shop.start();
    running.until_it_answers(&town.client, &health).await;
    let more = pay(&town, with(refunding), AFTER).await;
    until_settled(&new, payments + AFTER).await;
    let after = audit(&db, &town.read_ledger().await).await;
    db.close().await;
    row("payments with what was paid since", after.payments);
    running.assert_alive();
    assert_no_panic(&shop);
    assert!(after.is_clean(), "{after:?}");
    assert_eq!((after.payments, after.refunds), (payments + AFTER, refunds + more));
}
