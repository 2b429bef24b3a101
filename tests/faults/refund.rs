//! The sync of a COMMIT fails, and nobody knows whether the row is there. On SQLite it is: the process that
//! asked no longer sees it, and after a kill and a restart it stands in the books. On MariaDB the server ends
//! itself, and finds it in its log. It was a refund's intent, staff ask again without having seen a
//! number, and the money goes back once.

use std::{sync::Arc, time::Duration};

use saoma::storage::Database;
use tokio::{sync::mpsc, time::Instant};

use crate::{
    audit::{audit, standing},
    books::Books,
    control::{ALWAYS, Fault},
    load::Tickets,
    power::Unsynced,
    process::Program,
    stage::SETTLE_LIMIT,
    street::Street,
};

const FEN: i64 = 4000;
const LOOK: Duration = Duration::from_millis(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_whose_commit_is_unknown_is_made_once() {
    for unsynced in [None, Some(Unsynced::Gone)] {
        let folder = super::folder();
        let books = Books::file(folder.path());
        refund_while_syncs_fail(folder.path(), books, unsynced).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB: make mysql-faults"]
async fn a_refund_whose_commit_is_unknown_is_made_once_on_mariadb() {
    for unsynced in [None, Some(Unsynced::Gone)] {
        let folder = super::folder();
        let books = Books::server(folder.path()).await;
        refund_while_syncs_fail(folder.path(), books, unsynced).await;
    }
}

async fn refund_while_syncs_fail(folder: &std::path::Path, mut books: Books, unsynced: Option<Unsynced>) {
    let (street, mut running) = Street::open(folder, &books).await;
    let (refunds, mut dear) = mpsc::unbounded_channel();
    street.town.clone().shop_and_pay(Arc::new(Tickets::new(1)), refunds).await;
    let order_no = dear.recv().await.expect("the first one is dear");
    while street.relay.acknowledged().is_empty() {
        tokio::time::sleep(LOOK).await;
    }
    let arguments = ["refund".to_owned(), order_no, format!("--amount-fen={FEN}")];
    let refund = Program { arguments: arguments.to_vec(), ..street.command.clone() };

    // Alone, so that the only COMMIT is that of the intent, and what it leaves behind is not written over.
    running.kill();
    books.control.set(Fault::SyncError, ALWAYS, 0);
    assert!(!ended_well(&refund).await, "a refund is acknowledged whose intent is not on the disk");
    assert!(books.control.hits(Fault::SyncError) > 0);
    assert_eq!(refunds_at_wechat(&street).await, 0, "asked for before the intent is on the disk");
    books.control.off();
    books.kill_server();
    {
        let dark = books.control.kill_all();
        if let Some(unsynced) = unsynced {
            dark.take_back(unsynced);
        }
    }
    while books.look_after().await.is_none() {
        tokio::time::sleep(LOOK).await;
    }
    let written = books.read().await.len() - 1;
    println!("{}: COMMIT failed, {written} refunds in the books after the restart ({unsynced:?})", books.engine());

    let _running = street.start_shop().await;
    let end = Instant::now() + SETTLE_LIMIT;
    while !ended_well(&refund).await {
        assert!(Instant::now() < end, "never succeeds");
        tokio::time::sleep(LOOK).await;
    }
    let db = Database::open(&books.url()).await.expect("opens");
    while standing(&db).await != (1, 0) {
        assert!(Instant::now() < end, "never ends");
        tokio::time::sleep(LOOK).await;
    }
    let audit = audit(&db, &street.town.read_ledger().await).await;
    db.close().await;
    assert!(audit.is_clean(), "{audit:?}");
    assert_eq!((audit.refunds, audit.fen_back), (1, FEN), "{written} of them there after the restart");
}

async fn ended_well(command: &Program) -> bool {
    let mut running = command.start();
    loop {
        if let Some(well) = running.ended() {
            return well;
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn refunds_at_wechat(street: &Street) -> usize {
    street.town.read_ledger().await.iter().filter(|line| line["type"] == "refund").count()
}
