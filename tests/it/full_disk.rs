//! Books that cannot be written: nothing is acknowledged that is not stored, all that is there still shows, and
//! whoever wants something done reads why it cannot be. Once there is room again all goes on by itself.

use std::{fs, path::Path, process::Command, time::Duration};

use saoma::clock::Clock;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    callbacks::{assert_acknowledged, assert_refused},
    support::{Books, Browser, Forger, Placed, Process, database_url, folder, is_file, lay_keys, program, until},
};

/// Less than the log of the books is long by the time it matters, and more than any other file ever is.
const FULL: u32 = 64 * 1024;
const VARIABLES: [(&str, &str); 2] = [("SAOMA_ORDERS_PER_MINUTE", "0"), ("RUST_LOG", "error")];
const SENTENCE: &str = "账本暂时只能查看、不能写入";

fn forger(folder: &Path) -> Forger {
    lay_keys(&folder.join("data/sandbox"));
    Forger::read(&folder.join("data/sandbox"), Clock::system())
}

async fn orders<const N: usize>(process: &Process) -> [Placed; N] {
    let mut orders = Vec::with_capacity(N);
    for _ in 0..N {
        orders.push(process.order(1).await);
    }
    orders.try_into().expect("as many as were placed")
}

/// Two refusals are what it took to turn every later commit into a savepoint in a transaction without an end.
#[tokio::test]
async fn after_two_commits_on_a_full_disk_the_next_callback_is_stored_and_not_only_acknowledged() {
    if !is_file() {
        return;
    }
    let folder = folder();
    let forger = forger(folder.path());
    let mut process = Process::serve_after("trap '' XFSZ", folder.path(), &VARIABLES).await;
    let orders: [Placed; 8] = orders(&process).await;
    let callbacks: Vec<_> = orders.iter().map(|order| forger.payment(order)).collect();
    let books = Books::open(&database_url(&folder.path().join("data"))).await;

    process.limit_files(Some(FULL));
    for callback in &callbacks[..2] {
        assert_refused(&process.deliver(callback).await, 503);
    }
    assert_eq!(books.count("payments").await, 0);

    process.limit_files(None);
    let room_again = Instant::now();
    while process.deliver(&callbacks[2]).await.status != 200 {
        assert!(room_again.elapsed() < Duration::from_secs(5), "by itself, within seconds: {}", process.log());
    }
    println!("full disk: the first callback was stored {:?} after there was room again", room_again.elapsed());
    for (stored, callback) in (2..).zip(&callbacks[3..]) {
        // As another process sees it, which is what acknowledged means.
        assert_eq!(books.payments().await.len(), stored - 1);
        assert_acknowledged(&process.deliver(callback).await);
    }
    for callback in &callbacks[..2] {
        assert_acknowledged(&process.deliver(callback).await);
    }
    assert_eq!((books.count("payments").await, books.count("notifications").await), (8, 8));

    process.terminate();
    assert_eq!(process.ended().await.code(), Some(0), "{}", process.log());
    assert_eq!((books.count("payments").await, books.count("notifications").await), (8, 8));
    for order in &orders {
        assert_eq!(books.status(&order.order_no).await, "SUCCESS");
    }
}

/// Takes the right to write from everybody, or gives it back: with a limit for this process's files, or with
/// triggers that say what a server says that was made read-only.
async fn may_write(process: &Process, books: &Books, may: bool) {
    if is_file() {
        return process.limit_files(if may { None } else { Some(FULL) });
    }
    for table in ["orders", "attempts", "payments", "refunds", "notifications", "order_events"] {
        for when in ["INSERT", "UPDATE"] {
            let name = format!("no_{when}_{table}");
            let sql = if may {
                format!("DROP TRIGGER {name}")
            } else {
                format!(
                    "CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW SIGNAL SQLSTATE 'HY000' \
                     SET MYSQL_ERRNO = 1290, MESSAGE_TEXT = 'running with the --read-only option'"
                )
            };
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&books.pool).await.expect("a trigger");
        }
    }
}

/// What a form leads to, without JavaScript.
async fn after(browser: &Browser<'_>, path: &str, form: &[(&str, &str)]) -> String {
    let answer = browser.submit(path, form).await;
    let page = answer.header("location").unwrap_or_else(|| panic!("{path} leads nowhere: {answer:?}"));
    browser.get(page).await.shown()
}

/// `saoma refund` under the same limit.
fn refund(folder: &Path, order: &Placed) -> (Option<i32>, String) {
    let mut command = Command::new("/bin/sh");
    let limited = format!("{}exec \"$@\"", if is_file() { "ulimit -f 64; " } else { "" });
    command.args(["-c", &limited, "sh", program(), "refund", "--sandbox", &order.order_no]).current_dir(folder);
    command.env_clear().env("NO_COLOR", "1").env("RUST_LOG", "off");
    command.env("DATABASE_URL", database_url(&folder.join("data")));
    let output = command.output().expect("runs");
    (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
}

#[tokio::test]
async fn with_books_that_can_only_be_read_all_is_shown_and_every_action_says_why_it_cannot_be_done() {
    let folder = folder();
    let forger = forger(folder.path());
    let process = Process::serve(folder.path(), &VARIABLES).await;
    let books = Books::open(&database_url(&folder.path().join("data"))).await;
    let (browser, other) = (process.browser(), process.browser());
    let paid = browser.order(2).await;
    process.pay(&paid.code_url).await;
    process.until_status(&paid.token, "SUCCESS").await;
    let [stranger]: [Placed; 1] = orders(&process).await;
    let open = browser.order(3).await;
    let unheard = other.order(1).await;
    process.faults(json!({"drop": "all"})).await;

    may_write(&process, &books, false).await;
    process.pay(&unheard.code_url).await;
    for (path, words) in [
        ("/".to_owned(), "西湖龙井"),
        ("/products/2".to_owned(), "西湖龙井"),
        (format!("/pay/{}", paid.token), "支付成功"),
        (format!("/pay/{}/receipt", paid.token), "收据"),
        (format!("/pay/{}", open.token), "请使用微信扫一扫"),
        ("/orders".to_owned(), "西湖龙井"),
    ] {
        let page = browser.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.shown().contains(words), "{path}: {}", page.shown());
    }
    assert_eq!(process.look(&paid.token).await["status"], "SUCCESS");
    assert_eq!(process.order_status(&paid.order_no).await.0, 0);

    let token = [("token", open.token.as_str())];
    for (path, form) in
        [("/api/ui/place_order", [("product_id", "4")]), ("/api/ui/cancel_order", token), ("/api/ui/renew_code", token)]
    {
        let page = after(&browser, path, &form).await;
        assert!(page.contains(SENTENCE), "{path}: {page}");
        let called = browser.call(path, &form).await;
        assert_eq!((called.status, called.text()), (503, "\"ReadOnly\""), "{path}");
    }
    // Paid, and nobody has told so yet: asking would book it.
    let page = after(&other, "/api/ui/check_payment", &[("token", &unheard.token)]).await;
    assert!(page.contains(SENTENCE), "{page}");
    let refused = process.try_order(4).await;
    assert_eq!((refused.status, refused.json()["code"].as_i64()), (503, Some(503)));
    assert!(refused.json()["message"].as_str().expect("a text").contains(SENTENCE), "{refused:?}");
    assert_refused(&process.deliver(&forger.payment(&stranger)).await, 503);
    let (code, told) = refund(folder.path(), &paid);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("the books can be read but not written"), "{told}");
    assert_eq!((books.count("orders").await, books.count("refunds").await, books.count("payments").await), (4, 0, 1));

    may_write(&process, &books, true).await;
    assert_acknowledged(&process.deliver(&forger.payment(&stranger)).await);
    process.until_status(&unheard.token, "SUCCESS").await;
    let page = after(&browser, "/api/ui/cancel_order", &token).await;
    assert!(!page.contains(SENTENCE), "{page}");
    process.until_status(&open.token, "CLOSED").await;
    assert_eq!(browser.try_order(4).await.status, 200);
}

/// Whoever deletes, moves or replaces the file leaves the open one behind, which goes on taking what is written
/// until this process ends.
#[tokio::test]
async fn books_that_are_no_longer_in_their_place_acknowledge_nothing() {
    if !is_file() {
        return;
    }
    let folder = folder();
    let forger = forger(folder.path());
    let process = Process::serve(folder.path(), &VARIABLES).await;
    let [first, second, third]: [Placed; 3] = orders(&process).await;
    assert_acknowledged(&process.deliver(&forger.payment(&first)).await);
    let (data, aside) = (folder.path().join("data"), folder.path().join("aside"));
    for (name, order) in [("saoma.db", &second), ("saoma.db-wal", &third)] {
        let (file, callback) = (data.join(name), forger.payment(order));
        fs::rename(&file, &aside).expect("moves");
        assert_refused(&process.deliver(&callback).await, 503);
        fs::copy(&aside, &file).expect("copies");
        assert_refused(&process.deliver(&callback).await, 503);
        until("readiness says so", async || (process.get("/readyz").await.status == 503).then_some(())).await;
        fs::rename(&aside, &file).expect("moves");
        assert_acknowledged(&process.deliver(&callback).await);
    }
    assert_eq!(Books::open(&database_url(&data)).await.count("payments").await, 3);
}

#[tokio::test]
async fn jobs_that_cannot_write_say_so_once_a_minute_and_not_at_every_tick() {
    if !is_file() {
        return;
    }
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    let process = Process::serve_after("trap '' XFSZ", folder.path(), &VARIABLES).await;
    let _orders: [Placed; 8] = orders(&process).await;
    until("green", async || (process.get("/readyz").await.status == 200).then_some(())).await;
    process.limit_files(Some(FULL));
    let errors = || process.log().lines().filter(|line| line.contains("background job orders")).count();
    let started = Instant::now();
    until("a word about it", async || (errors() > 0).then_some(())).await;
    // Some forty ticks.
    while started.elapsed() < Duration::from_secs(12) {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(errors(), 1, "{}", process.log());
}
