//! Books that are copied while people pay, and put back after many more have paid and been refunded: by `saoma restore`,
//! by hand, and in an empty folder. WeChat repeats nothing that it got a 200 for: what the copy has forgotten must be
//! asked for, and nothing may go back twice. `make put-back` runs the big one: `ORDERS` and `REFUNDS` change the size.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use saoma::storage::Database;
use tokio::{sync::mpsc, time::Instant};

use crate::{
    audit::{Audit, audit},
    load::{Bought, CHEAP, DEAR, Town, give_back},
    process::Program,
    stage::{SETTLE_LIMIT, assert_no_panic, report, row, size},
    street::{Street, until_settled},
};

/// Paid after the copy was made, or while it is, in `make test`.
const ORDERS: usize = 60;
const REFUNDS: usize = 6;
const SHOPPERS: usize = 12;

/// How the copy comes to be the books.
#[derive(Clone, Copy, Debug)]
enum Way {
    Restore,
    ByHand,
    /// On another machine, say.
    EmptyFolder,
}

/// A shop with its books in a file.
struct Shop {
    program: Program,
    books: PathBuf,
    health: String,
}

impl Shop {
    fn url(&self) -> String {
        format!("sqlite://{}", self.books.display())
    }

    /// The same with its books and its data somewhere else.
    fn moved_to(self, folder: &Path) -> Self {
        let books = folder.join("saoma.db");
        let own = [
            ("DATABASE_URL", format!("sqlite://{}", books.display())),
            ("SAOMA_DATA_DIR", folder.join("data").display().to_string()),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value));
        let variables: BTreeMap<_, _> = self.program.variables.into_iter().chain(own).collect();
        Self { program: Program { variables, ..self.program }, books, ..self }
    }

    fn command(&self) -> Program {
        Program { log: self.program.log.with_extension("command.log"), ..self.program.clone() }
    }
}

/// All of them pay, a few at a time.
async fn pay_all(town: &Town, orders: Vec<Bought>) {
    let orders = Arc::new(tokio::sync::Mutex::new(orders));
    let shopper = || {
        let (town, orders) = (town.clone(), Arc::clone(&orders));
        tokio::spawn(async move {
            while let Some(order) = { orders.lock().await.pop() } {
                town.pay(&order).await;
                town.paid.fetch_add(1, Ordering::SeqCst);
            }
        })
    };
    for shopper in (0..SHOPPERS).map(|_| shopper()).collect::<Vec<_>>() {
        shopper.await.expect("no panic");
    }
}

/// Copies the books while others pay; how many of them did.
async fn copy_under_load(shop: &Shop, town: &Town, orders: Vec<Bought>, copy: &Path) -> usize {
    let before = town.paid.load(Ordering::SeqCst);
    let (paying, command) = (town.clone(), shop.command());
    let paying = tokio::spawn(async move { pay_all(&paying, orders).await });
    while town.paid.load(Ordering::SeqCst) == before {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let (well, told) = command.run(&["backup", "--to", &copy.display().to_string()]).await;
    let meanwhile = town.paid.load(Ordering::SeqCst) - before;
    assert!(well, "{told}");
    paying.await.expect("no panic");
    meanwhile
}

async fn put_back(shop: Shop, way: Way, folder: &Path, copy: &Path) -> Shop {
    let shop = if matches!(way, Way::EmptyFolder) { shop.moved_to(&folder.join("elsewhere")) } else { shop };
    if matches!(way, Way::ByHand) {
        for suffix in ["-wal", "-shm"] {
            fs::remove_file(format!("{}{suffix}", shop.books.display())).ok();
        }
        fs::copy(copy, &shop.books).expect("copies");
        return shop;
    }
    fs::create_dir_all(shop.books.parent().expect("a folder")).expect("makes");
    let (well, told) = shop.command().run(&["restore", &copy.display().to_string()]).await;
    assert!(well, "{told}");
    shop
}

/// Until everything has been asked about.
async fn until_whole(shop: &Shop) {
    let end = Instant::now() + SETTLE_LIMIT;
    loop {
        let (well, told) = shop.command().run(&["restore", "--status"]).await;
        assert!(well, "{told}");
        if told.contains("nothing is open") {
            return;
        }
        assert!(Instant::now() < end, "{told}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Whoever gives all of them back once more is told why not.
async fn refuse_all(shop: &Shop, orders: &[String], because: &str) {
    for order in orders {
        let (well, told) = shop.command().run(&["refund", order]).await;
        assert!(!well && told.contains(because), "{order}: {told}");
    }
}

async fn lay_beside_the_ledger(shop: &Shop, town: &Town) -> Audit {
    let db = Database::attach(&shop.url()).await.expect("opens");
    let audit = audit(&db, &town.read_ledger().await).await;
    db.close().await;
    audit
}

async fn nothing_is_lost_and_nothing_goes_back_twice(way: Way) {
    let (orders, refunds) = (size("ORDERS", ORDERS), size("REFUNDS", REFUNDS));
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let books = folder.path().join("saoma.db");
    let street = Street::open(folder.path(), &format!("sqlite://{}", books.display()), usize::MAX).await;
    let Street { town, shop: program, mut running, health, sandbox: _sandbox } = street;
    let shop = Shop { program, books, health };

    let mut paid_before = Vec::new();
    for _ in 0..refunds {
        paid_before.push(town.buy(DEAR).await.order_no);
    }
    let mut placed = Vec::new();
    for _ in 0..2 * orders {
        placed.push(town.place(CHEAP).await.expect("is placed"));
    }
    let copy = folder.path().join("copy.db");
    let while_copied = copy_under_load(&shop, &town, placed.split_off(orders), &copy).await;
    pay_all(&town, placed).await;
    let (give, to_give) = mpsc::unbounded_channel();
    for order in &paid_before {
        give.send(order.clone()).expect("somebody refunds");
    }
    drop(give);
    let (given, _) = give_back(vec![shop.command()], to_give).await;
    let payments = refunds + 2 * orders;
    until_settled(&shop.url(), payments).await;
    let before = lay_beside_the_ledger(&shop, &town).await;
    assert!(before.is_clean(), "{before:?}");
    assert_eq!((before.payments, before.refunds), (payments, given));
    running.kill();

    let shop = put_back(shop, way, folder.path(), &copy).await;
    let forgotten = lay_beside_the_ledger(&shop, &town).await.lost;
    assert!(forgotten >= orders, "{forgotten}");
    let began = Instant::now();
    let mut running = shop.program.start();
    running.until_it_answers(&town.client, &shop.health).await;
    until_whole(&shop).await;
    let whole_in = began.elapsed();
    refuse_all(&shop, &paid_before, "given back in the merchant console").await;
    let after = lay_beside_the_ledger(&shop, &town).await;

    println!("books that were copied under load and put back: {way:?}");
    row("payments", after.payments);
    row("  of those while the copy was made", while_copied);
    row("  of those the copy has forgotten", forgotten);
    row("refunds it has forgotten", given);
    row("milliseconds until all was asked for", whole_in.as_millis());
    report(&after);
    running.assert_alive();
    assert_no_panic(&shop.program);
    assert_eq!((after.payments, after.refunds), (payments, given), "nothing went back twice");
    // WeChat tells of a refund by its number, which only its bill knows: until then the payment says that some went back.
    assert!(Audit { other_refunds: 0, ..after.clone() }.is_clean(), "{after:?}");
    assert_eq!(after.other_refunds, given);
}

#[tokio::test(flavor = "multi_thread")]
async fn restored_books_have_every_payment_again() {
    nothing_is_lost_and_nothing_goes_back_twice(Way::Restore).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn books_that_were_put_back_by_hand_have_every_payment_again() {
    nothing_is_lost_and_nothing_goes_back_twice(Way::ByHand).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn books_restored_in_an_empty_folder_have_every_payment() {
    nothing_is_lost_and_nothing_goes_back_twice(Way::EmptyFolder).await;
}
