//! What holds on both engines.

use futures::future::join_all;
use jiff::Timestamp;

use super::{
    attempts::NewAttempt,
    notifications::Received,
    orders::NewOrder,
    testing::{books, place},
    *,
};
use crate::domain::{Fen, OrderToken, OutTradeNo, Product, ProductId, TradeType};

const NOW: Timestamp = Timestamp::constant(1_767_196_800, 0);

async fn add(books: &Database, id: i64, fail: bool) -> Result<bool, StorageError> {
    books
        .write(move |c| {
            Box::pin(async move {
                let sql = "INSERT INTO products (id, title, summary, price_fen) VALUES (?, 't', 's', 1)";
                let added = inserted(sqlx::query(sql).bind(id).execute(&mut *c).await)?;
                if fail {
                    sqlx::query("INSERT INTO nowhere VALUES (1)").execute(&mut *c).await?;
                }
                Ok(added)
            })
        })
        .await
}

async fn count(books: &Database, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&mut *books.read().await.expect("reads")).await.expect("counts")
}

fn product(title: &str) -> Product {
    Product { id: ProductId(1), title: title.to_owned(), summary: String::new(), price: Fen::new(100).expect("money") }
}

/// An order of a product with its attempt; its id.
async fn order(books: &Database, request: &[u8]) -> i64 {
    let request = request.to_vec();
    books
        .write(move |c| {
            let request = request.clone();
            Box::pin(async move {
                products::insert(c, &product("龙井")).await?;
                let order = NewOrder {
                    token: OrderToken::build(7),
                    shopper: "shopper".to_owned(),
                    live_key: "shopper:1".to_owned(),
                    product_id: ProductId(1),
                    title: "龙井 🍵".to_owned(),
                    total: Fen::new(100).expect("money"),
                    created: NOW,
                    expires: NOW,
                    check: NOW,
                };
                let id = orders::insert(c, &order).await?.expect("the first one");
                let out_trade_no = OutTradeNo::parse("1217752501201407033233368018").expect("legal");
                let (appid, trade_type) = ("wx2421b1c4370ec43b".to_owned(), TradeType::Native);
                let attempt = NewAttempt { out_trade_no, appid, trade_type, request, expires: NOW, check: NOW };
                attempts::insert(c, id, &attempt, NOW).await?;
                Ok(id)
            })
        })
        .await
        .expect("writes")
}

#[tokio::test]
async fn a_failing_job_leaves_its_neighbours_committed_and_nothing_of_itself() {
    let (_place, books) = books().await;
    let outcomes = join_all((1..=40).map(|id| add(&books, id, id % 5 == 0))).await;
    for (id, outcome) in (1..=40).zip(outcomes) {
        assert_eq!(outcome.is_ok(), id % 5 != 0, "job {id}");
    }
    assert_eq!(count(&books, "SELECT COUNT(*) FROM products").await, 32);
}

#[tokio::test]
async fn there_already_is_a_case_and_not_a_failure() {
    let (_place, books) = books().await;
    assert!(add(&books, 1, false).await.expect("writes"));
    assert!(!add(&books, 1, false).await.expect("writes"));
}

#[tokio::test]
async fn what_is_queued_when_the_books_close_is_committed() {
    let (place, books) = books().await;
    let queued: Vec<_> = (1..=100)
        .map(|id| {
            let books = books.clone();
            tokio::spawn(async move { add(&books, id, false).await })
        })
        .collect();
    tokio::task::yield_now().await;
    books.close().await;
    let mut accepted = 0;
    for job in queued {
        accepted += i64::from(job.await.expect("joins").is_ok());
    }
    let again = Database::open(&place.url).await.expect("opens again");
    assert_eq!(count(&again, "SELECT COUNT(*) FROM products").await, accepted);
    assert!(add(&books, 1000, false).await.is_err());
}

#[tokio::test]
async fn a_job_whose_caller_went_away_is_carried_through() {
    let (_place, books) = books().await;
    {
        let adding = add(&books, 1, false);
        tokio::pin!(adding);
        // Begun, and no more than that.
        assert!(futures::poll!(&mut adding).is_pending());
    }
    while count(&books, "SELECT COUNT(*) FROM products").await == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn many_who_change_one_row_each_change_it_once() {
    let (_place, books) = books().await;
    add(&books, 1, false).await.expect("writes");
    let outcomes = join_all((0..60).map(|_| {
        books.write(|c| {
            Box::pin(async move {
                // A guard: no further than 51.
                let sql = "UPDATE products SET price_fen = price_fen + 1 WHERE id = 1 AND price_fen + 1 <= 51";
                Ok(sqlx::query(sql).execute(c).await?.rows_affected())
            })
        })
    }))
    .await;
    let changed: u64 = outcomes.into_iter().map(|it| it.expect("writes")).sum();
    assert_eq!((changed, count(&books, "SELECT price_fen FROM products").await), (50, 51));
}

#[tokio::test]
async fn an_update_that_changes_nothing_finds_its_row_all_the_same() {
    let (_place, books) = books().await;
    add(&books, 1, false).await.expect("writes");
    for (id, found) in [(1, true), (1, true), (2, false)] {
        let same = Product { id: ProductId(id), ..product("same") };
        let updated = books.write(move |c| {
            let same = same.clone();
            Box::pin(async move { products::update(c, &same).await })
        });
        assert_eq!(updated.await.expect("writes"), found, "{id}");
    }
}

#[tokio::test]
async fn bytes_every_script_and_absence_come_back_as_they_were() {
    let (_place, books) = books().await;
    let request: Vec<u8> = (0..=255).collect();
    let id = order(&books, &request).await;
    let mut c = books.read().await.expect("reads");
    let order = orders::find(&mut c, id).await.expect("reads").expect("is there");
    assert_eq!((order.title.as_str(), order.paid, order.created), ("龙井 🍵", None, NOW));
    let attempt = attempts::find_current(&mut c, id).await.expect("reads").expect("is there");
    assert_eq!(attempt.request, request);
    assert_eq!(attempt.state, attempts::AttemptState::Preparing { problem: None });
    assert_eq!(orders::count_pending(&mut c).await.expect("counts"), 1);
}

#[tokio::test]
async fn numbers_differ_by_every_letter_and_its_case() {
    let (_place, books) = books().await;
    for notify_id in ["EV-1", "ev-1", "ＥＶ-1", "EV-1", "év-1", "ev-1"] {
        let received = received(notify_id, 1);
        let recorded = books.write(move |c| {
            let received = received.clone();
            Box::pin(async move { notifications::record(c, &[(&received, "PAID")], Expect::Anything).await })
        });
        recorded.await.expect("writes");
    }
    assert_eq!(count(&books, "SELECT COUNT(*) FROM notifications").await, 4);
    assert_eq!(count(&books, "SELECT COUNT(*) FROM notifications WHERE notify_id = 'ev-1'").await, 1);
    assert_eq!(count(&books, "SELECT MAX(deliveries) FROM notifications").await, 2);
}

#[tokio::test]
async fn who_takes_a_notification_for_new_that_is_there_keeps_nothing() {
    let (_place, books) = books().await;
    let record = async |ids: &'static [&'static str], expect| {
        let recorded = books.write(move |c| {
            Box::pin(async move {
                let received: Vec<_> = ids.iter().map(|id| received(id, 1)).collect();
                notifications::record(c, &received.iter().map(|it| (it, "PAID")).collect::<Vec<_>>(), expect).await
            })
        });
        recorded.await
    };
    record(&["EV-1"], Expect::New).await.expect("it is");
    let refused = record(&["EV-2", "EV-1"], Expect::New).await;
    assert!(matches!(refused, Err(StorageError::ThereAlready { table: "notifications" })), "{refused:?}");
    assert_eq!(count(&books, "SELECT COUNT(*) FROM notifications").await, 1);
    record(&["EV-2", "EV-1"], Expect::Anything).await.expect("looks first");
    assert_eq!(count(&books, "SELECT deliveries FROM notifications WHERE notify_id = 'EV-1'").await, 2);
    assert_eq!(count(&books, "SELECT COUNT(*) FROM notifications").await, 2);
}

fn received(notify_id: &str, body: usize) -> Received {
    Received {
        notify_id: notify_id.to_owned(),
        event_type: "TRANSACTION.SUCCESS".to_owned(),
        out_trade_no: None,
        transaction_id: None,
        headers: "wechatpay-serial: x\n".repeat(100),
        signature: Some("s".repeat(2000).into()),
        body: vec![0xff; body],
        at: NOW,
    }
}

#[tokio::test]
async fn the_longest_that_may_come_fits() {
    let (_place, books) = books().await;
    let id = order(&books, &[b'x'; 4096]).await;
    let kept = books.write(move |c| {
        Box::pin(async move {
            // What the callback route reads at most, and what the gateway lets a link be.
            let longest = Received { out_trade_no: Some("号".repeat(64)), ..received(&"通".repeat(64), 64 * 1024) };
            notifications::record(c, &[(&longest, "MISMATCH_TRANSACTION_ID")], Expect::Anything).await?;
            attempts::mark_open(c, id, &"x".repeat(1024), Some(&"r".repeat(128))).await
        })
    });
    assert!(kept.await.expect("writes"));
    let sql = "SELECT COUNT(*) FROM notifications WHERE LENGTH(body) = 65536";
    assert_eq!(count(&books, sql).await, 1);
}

#[tokio::test]
async fn the_database_is_the_last_to_say_no() {
    let (_place, books) = books().await;
    order(&books, b"{}").await;
    let payment = "INSERT INTO payments (transaction_id, order_id, attempt_id, kind, source, total_fen, success_ms, \
                   booked_ms) SELECT '42', order_id, id, 'FIRST', 'QUERY', 100, 1, 1 FROM attempts";
    let refund = "INSERT INTO refunds (out_refund_no, order_id, payment_id, amount_fen, reason, source, state, \
                  request, refund_id, created_ms, updated_ms) SELECT 'R1', order_id, id, 1, '', 'STAFF', 'REQUESTED', \
                  '{}', '50', 1, 1 FROM payments";
    let run = |sql: &'static str| books.write(move |c| Box::pin(async move { Ok(sqlx::query(sql).execute(c).await?) }));
    for sql in [payment, refund, "UPDATE payments SET refunding_fen = 100"] {
        assert_eq!(run(sql).await.expect(sql).rows_affected(), 1, "{sql}");
    }
    for (sql, kind) in [
        (payment, sqlx::error::ErrorKind::UniqueViolation),
        (refund, sqlx::error::ErrorKind::UniqueViolation),
        ("UPDATE payments SET refunding_fen = 101", sqlx::error::ErrorKind::CheckViolation),
        ("UPDATE payments SET refunding_fen = -1", sqlx::error::ErrorKind::CheckViolation),
        ("UPDATE refunds SET amount_fen = 0", sqlx::error::ErrorKind::CheckViolation),
        ("UPDATE products SET price_fen = 0", sqlx::error::ErrorKind::CheckViolation),
        ("UPDATE orders SET total_fen = 0", sqlx::error::ErrorKind::CheckViolation),
        ("UPDATE orders SET product_id = 99", sqlx::error::ErrorKind::ForeignKeyViolation),
        ("UPDATE attempts SET order_id = 99", sqlx::error::ErrorKind::ForeignKeyViolation),
        ("UPDATE payments SET attempt_id = 99", sqlx::error::ErrorKind::ForeignKeyViolation),
        ("UPDATE payments SET order_id = 99", sqlx::error::ErrorKind::ForeignKeyViolation),
        ("UPDATE refunds SET payment_id = 99", sqlx::error::ErrorKind::ForeignKeyViolation),
        ("UPDATE refunds SET order_id = 99", sqlx::error::ErrorKind::ForeignKeyViolation),
        ("DELETE FROM orders", sqlx::error::ErrorKind::ForeignKeyViolation),
        ("UPDATE orders SET token = NULL", sqlx::error::ErrorKind::NotNullViolation),
    ] {
        let error = run(sql).await.expect_err(sql);
        let StorageError::Database(error) = &error else { panic!("{error}") };
        assert_eq!(error.as_database_error().expect(sql).kind(), kind, "{sql}");
    }
}

#[tokio::test]
async fn an_attempt_that_somebody_begins_to_prepay_is_not_taken_for_never_created() {
    let (_place, books) = books().await;
    let order_id = order(&books, b"{}").await;
    let never = async |seen: &attempts::Attempt| {
        let (id, not_before) = (seen.id, seen.not_before);
        books.write(move |c| Box::pin(attempts::mark_never_created(c, id, not_before))).await.expect("writes")
    };
    let claim = async |id: i64| {
        let until = NOW + jiff::SignedDuration::from_secs(25);
        books.write(move |c| Box::pin(attempts::claim_prepay(c, id, NOW, until))).await.expect("writes")
    };
    let read = async || {
        let mut c = books.read().await.expect("reads");
        attempts::find_current(&mut c, order_id).await.expect("reads").expect("is there")
    };
    let before = read().await;
    assert!(claim(before.id).await);
    assert!(!never(&before).await, "somebody is prepaying it");
    assert!(never(&read().await).await);
    assert!(!claim(before.id).await, "it is closed");
}

#[tokio::test]
async fn money_for_an_order_that_changed_meanwhile_is_decided_anew() {
    let (_place, books) = books().await;
    let id = order(&books, b"{}").await;
    let pay = async |version: i64| {
        let paid = orders::PaidOrder { id, version, paid: NOW, check: None };
        // Outside of the writer, which would try again by itself.
        let mut c = books.read().await.expect("a connection");
        orders::mark_paid(&mut c, &[paid], NOW).await
    };
    let raced = |result: Result<(), StorageError>| matches!(result, Err(StorageError::Raced { .. }));
    assert!(raced(pay(2).await), "another version");
    pay(1).await.expect("as it was read");
    assert!(raced(pay(2).await), "paid already, whatever its version");
    assert_eq!(count(&books, "SELECT COUNT(*) FROM orders WHERE status = 'SUCCESS' AND version = 2").await, 1);
}

#[tokio::test]
async fn of_payments_that_cannot_all_be_booked_nothing_is_kept() {
    let (_place, books) = books().await;
    let order_id = order(&books, b"{}").await;
    let book = async |transactions: &'static [&'static str], version: i64| {
        let booked = books.write(move |c| {
            Box::pin(async move {
                let attempt_id = attempts::find_current(c, order_id).await?.expect("is there").id;
                let payment = |transaction_id: &&'static str| payments::NewPayment {
                    transaction_id,
                    order_id,
                    attempt_id,
                    kind: payments::PaymentKind::First,
                    source: events::Source::Callback,
                    total: Fen::new(100).expect("money"),
                    success: NOW,
                    booked: NOW,
                    vouched_by: "serial",
                };
                let (kind, source, detail) = (events::EventKind::Paid, events::Source::Callback, "");
                let paid = paid::Paid {
                    payments: &transactions.iter().map(payment).collect::<Vec<_>>(),
                    attempts: &[attempt_id],
                    events: &[events::NewEvent { order_id, kind, source, detail }],
                    orders: &[orders::PaidOrder { id: order_id, version, paid: NOW, check: None }],
                };
                paid.write(c, NOW, Expect::New).await
            })
        });
        booked.await
    };
    let kept = async || {
        let sql = "SELECT (SELECT COUNT(*) FROM payments) * 100 + (SELECT COUNT(*) FROM order_events) * 10 + \
                   (SELECT COUNT(*) FROM orders WHERE status = 'SUCCESS') FROM products";
        count(&books, sql).await
    };
    let raced = book(&["4200000000000000000000000001"], 2).await;
    assert!(matches!(raced, Err(StorageError::Raced { table: "orders", .. })), "{raced:?}");
    assert_eq!(kept().await, 0, "of an order that has changed");
    book(&["4200000000000000000000000001"], 1).await.expect("as it was read");
    assert_eq!(kept().await, 111);
    let repeated = book(&["4200000000000000000000000002", "4200000000000000000000000001"], 2).await;
    assert!(matches!(repeated, Err(StorageError::ThereAlready { table: "payments" })), "{repeated:?}");
    assert_eq!(kept().await, 111, "with one that is there already");
}

#[tokio::test]
async fn a_second_start_finds_everything_migrated() {
    let place = place().await;
    for start in 0..3 {
        let books = Database::open(&place.url).await.expect("opens");
        assert_eq!(count(&books, "SELECT COUNT(*) FROM products").await, start);
        add(&books, start, false).await.expect("writes");
        books.close().await;
    }
}

#[tokio::test]
async fn of_starts_at_the_same_moment_one_migrates_and_the_copy_is_of_before() {
    let place = place().await;
    if place.url.starts_with("mysql:") {
        return; // `all_that_start_at_once_on_an_empty_database_find_it_migrated`
    }
    Database::open(&place.url).await.expect("makes the folder").close().await;
    let path = place.url.trim_start_matches("sqlite://");
    std::fs::remove_file(path).expect("is there");
    std::fs::write(path, "").expect("writes");
    let before = schema::migrator(&[
        (1, "checkout", include_str!("../../migrations/sqlite/0001_checkout.sql")),
        (2, "life", include_str!("../../migrations/sqlite/0002_life.sql")),
    ]);
    let mut c = sqlite::connect(&place.url).await.expect("opens");
    before.run(&mut c).await.expect("migrates");
    let opened = join_all((0..6).map(|_| Database::open(&place.url))).await;
    for books in opened {
        books.expect("opens").close().await;
    }
    let newest = "SELECT MAX(version) FROM _sqlx_migrations";
    let ours = schema::newest(&sqlite::migrations());
    assert_eq!(sqlx::query_scalar::<_, i64>(newest).fetch_one(&mut c).await.expect("reads"), ours);
    let mut copy = sqlite::connect(&format!("{}.before-{ours}", place.url)).await.expect("opens");
    assert_eq!(sqlx::query_scalar::<_, i64>(newest).fetch_one(&mut copy).await.expect("reads"), 2);
}

#[tokio::test]
async fn no_password_shows() {
    let nobody = "mysql://saoma:very-secret@127.0.0.1:1/saoma";
    let error = Database::open(nobody).await.expect_err("nobody listens there");
    assert!(!format!("{error} {error:?}").contains("very-secret"), "{error:?}");
    let (place, books) = books().await;
    let shown = format!("{books:?}");
    let password =
        place.url.split_once('@').and_then(|(user, _)| user.rsplit_once(':')).map_or("very-secret", |it| it.1);
    assert!(!shown.contains(password), "{shown}");
}

#[tokio::test]
async fn an_instance_beats_is_counted_and_goes() {
    let (_place, books) = books().await;
    let beat = async |instance: &'static str, second: i64| {
        let at = NOW + jiff::SignedDuration::from_secs(second);
        books.write(move |c| Box::pin(heartbeats::beat(c, instance, NOW, at))).await.expect("writes")
    };
    assert_eq!(beat("a", 0).await, 1);
    assert_eq!(beat("a", 5).await, 2);
    assert_eq!(beat("b", 9).await, 1);
    let since = async |second| {
        let at = NOW + jiff::SignedDuration::from_secs(second);
        heartbeats::count_live(&mut books.read().await.expect("reads"), at).await.expect("counts")
    };
    assert_eq!((since(5).await, since(6).await, since(10).await), (2, 1, 0));
    let all = heartbeats::list(&mut books.read().await.expect("reads")).await.expect("reads");
    let told = all.iter().map(|it| (it.instance.as_str(), it.beats, it.wall.duration_since(NOW).as_secs()));
    assert_eq!(told.collect::<Vec<_>>(), [("a", 2, 5), ("b", 1, 9)]);
    let silent = NOW + jiff::SignedDuration::from_secs(6);
    books.write(move |c| Box::pin(heartbeats::remove_silent(c, silent))).await.expect("writes");
    assert_eq!(since(0).await, 1);
    books.write(|c| Box::pin(heartbeats::stop(c, "b", NOW))).await.expect("writes");
    assert_eq!(since(0).await, 0);
}

#[tokio::test]
async fn a_sum_of_versions_tells_that_one_has_changed() {
    let (_place, books) = books().await;
    let id = order(&books, b"{}").await;
    let sum =
        async || orders::sum_versions(&mut books.read().await.expect("reads"), &[id, id + 1]).await.expect("a sum");
    assert_eq!(sum().await, (1, 1));
    books.write(move |c| Box::pin(orders::touch(c, id, NOW))).await.expect("touched");
    assert_eq!(sum().await, (1, 2));
    let none = orders::sum_versions(&mut books.read().await.expect("reads"), &[id + 1]).await;
    assert_eq!(none.expect("a sum"), (0, 0));
}
