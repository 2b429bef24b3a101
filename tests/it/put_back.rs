//! A copy of the books, made while they are written, and put back: by `saoma restore`, and by hand. What came after it
//! is forgotten, and WeChat tells of it only when it is asked.

use std::{fs, path::Path, time::Duration};

use serde_json::Value;
use sqlx::Connection as _;

use crate::support::{
    Placed, Process, Stage, command, is_file,
    old_books::{ended, paid, run, serve, shop, sold_and_copied, stop, until_whole, write},
    until,
};

async fn refunds_there(process: &Process) -> usize {
    let ledger = process.get("/_sandbox/ledger").await;
    ledger.text().lines().filter(|line| serde_json::from_str::<Value>(line).expect("JSON")["type"] == "refund").count()
}

/// What happens after the copy of the books was made, and must be in them again in the end.
struct Forgotten {
    refunded: Placed,
    paid: Vec<Placed>,
}

/// Orders before the copy; `copy` makes it; then payments and a refund that it knows nothing of.
async fn live_on(folder: &Path, copy: impl AsyncFnOnce(&Process)) -> Forgotten {
    let process = serve(folder).await;
    let refunded = paid(&process).await;
    let mut waiting = Vec::new();
    for _ in 0..5 {
        waiting.push(process.order(1).await);
    }
    copy(&process).await;
    for order in &waiting {
        process.pay(&order.code_url).await;
        process.until_status(&order.token, "SUCCESS").await;
    }
    let (code, told, log) = run(folder, &["refund", "--sandbox", &refunded.order_no]);
    assert_eq!(code, 0, "{told}{log}");
    process.until_status(&refunded.token, "REFUND_SUCCESS").await;
    assert_eq!(refunds_there(&process).await, 1);
    stop(process).await;
    Forgotten { refunded, paid: waiting }
}

/// The same, from the moment on that old books lie there again.
async fn remember(folder: &Path, Forgotten { refunded, paid }: Forgotten) {
    let process = serve(folder).await;
    for order in &paid {
        process.until_status(&order.token, "SUCCESS").await;
    }
    until_whole(folder).await;
    let (code, told, log) = run(folder, &["refund", "--sandbox", &refunded.order_no]);
    assert_eq!((code, told.as_str()), (1, ""), "{log}");
    assert!(log.contains("given back in the merchant console"), "WeChat says that it has gone back: {log}");
    let (code, told, log) = run(folder, &["refund", "--sandbox", &paid[0].order_no]);
    assert_eq!(code, 0, "what has not gone back can be given back: {told}{log}");
    assert_eq!(refunds_there(&process).await, 2, "nothing twice");
    stop(process).await;
}

#[tokio::test]
async fn what_a_copy_has_forgotten_is_asked_for_before_anything_is_refunded() {
    if !is_file() {
        return;
    }
    let home = shop();
    let folder = home.path();
    let forgotten = live_on(folder, async |process| {
        let (code, told, log) = run(folder, &["backup", "--sandbox", "--to", "copy.db"]);
        assert_eq!(code, 0, "while the server runs: {told}{log}");
        assert!(told.contains("orders") && told.contains("payments"), "{told}");
        let (code, _, log) = run(folder, &["backup", "--sandbox", "--to", "copy.db"]);
        assert_eq!(code, 1, "nothing is written over: {log}");
        assert!(log.contains("backup: copy.db is there already") && !log.contains("cannot be read"), "{log}");
        let (code, _, log) = run(folder, &["restore", "--sandbox", "copy.db"]);
        assert_eq!(code, 1, "not while a server runs: {log}");
        assert!(log.contains("in use by another process"), "{log}");
        process.order(1).await;
    })
    .await;
    let (code, told, log) = run(folder, &["restore", "--sandbox", "copy.db"]);
    assert_eq!(code, 0, "{told}{log}");
    let (code, _, log) = run(folder, &["refund", "--sandbox", &forgotten.refunded.order_no]);
    assert_eq!(code, 1, "{log}");
    assert!(log.contains("a copy of") && log.contains("put back"), "nothing is refunded before: {log}");
    let (_, told, _) = run(folder, &["restore", "--sandbox", "--status"]);
    assert!(told.contains("6 left"), "{told}");
    remember(folder, forgotten).await;
    let aside: Vec<_> = fs::read_dir(folder.join("data")).expect("is there").flatten().collect();
    assert_eq!(aside.iter().filter(|it| it.file_name().to_string_lossy().contains(".until-")).count(), 1, "{aside:?}");
    assert!(!aside.iter().any(|it| it.file_name().to_string_lossy().contains("restoring")), "{aside:?}");
}

#[tokio::test]
async fn an_old_file_that_is_put_there_by_hand_is_noticed() {
    if !is_file() {
        return;
    }
    let home = shop();
    let folder = home.path();
    let books = folder.join("data/saoma.db");
    // As `sqlite3 .backup` makes it: nothing in it says that it is a copy.
    let forgotten = live_on(folder, async |_| {
        let copy = folder.join("by-hand.db").display().to_string();
        write(&books, sqlx::query("VACUUM INTO ?").bind(copy)).await;
    })
    .await;
    for suffix in ["-wal", "-shm"] {
        fs::remove_file(format!("{}{suffix}", books.display())).ok();
    }
    fs::copy(folder.join("by-hand.db"), &books).expect("copies");
    let process = serve(folder).await;
    assert!(process.log().contains("these books are a copy, put back"), "{}", process.log());
    stop(process).await;
    remember(folder, forgotten).await;
    // Whole again, and the file beside them with them: nobody is told a second time.
    fs::remove_file(folder.join("serve.log")).expect("removes");
    let process = serve(folder).await;
    assert!(!process.log().contains("a copy, put back"), "{}", process.log());
    let (_, told, _) = run(folder, &["restore", "--sandbox", "--status"]);
    assert!(told.contains("nothing is open"), "{told}");
}

#[tokio::test]
async fn a_copy_that_is_put_there_with_everything_beside_it_is_noticed() {
    if !is_file() {
        return;
    }
    let home = shop();
    let folder = home.path();
    let process = serve(folder).await;
    let order = process.order(1).await;
    let (code, told, log) = run(folder, &["backup", "--sandbox"]);
    assert_eq!(code, 0, "{told}{log}");
    let copy = told.split("  ").next().expect("a path").to_owned();
    assert!(copy.starts_with("data/sandbox/backups/"), "apart from those of real money: {copy}");
    process.pay(&order.code_url).await;
    process.until_status(&order.token, "SUCCESS").await;
    stop(process).await;
    for suffix in ["-wal", "-shm", ".generation", ".lock"] {
        fs::remove_file(folder.join(format!("data/saoma.db{suffix}"))).ok();
    }
    fs::rename(folder.join(copy), folder.join("data/saoma.db")).expect("moves");
    let process = serve(folder).await;
    assert!(process.log().contains("these books are a copy, put back"), "{}", process.log());
    process.until_status(&order.token, "SUCCESS").await;
    until_whole(folder).await;
}

#[tokio::test]
async fn what_is_no_copy_of_these_books_is_not_put_back() {
    if !is_file() {
        return;
    }
    let home = shop();
    let folder = home.path();
    let order = sold_and_copied(folder).await;
    let before = fs::read(folder.join("data/saoma.db")).expect("is there");
    fs::write(folder.join("text"), "no books").expect("writes");
    let whole = fs::read(folder.join("copy.db")).expect("is there");
    fs::write(folder.join("half.db"), &whole[..whole.len() / 2]).expect("writes");
    for (file, why) in [("text", "no set of books"), ("half.db", "half.db is damaged"), ("nothing", "No such file")] {
        let (code, _, log) = run(folder, &["restore", "--sandbox", file]);
        assert_ne!(code, 0, "{file}: {log}");
        assert!(log.contains(why), "{file}: {log}");
        assert_eq!(fs::read(folder.join("data/saoma.db")).expect("is there"), before, "{file}");
    }
    // Of another merchant.
    write(&folder.join("copy.db"), sqlx::query("UPDATE books SET mchid = '1900000999'")).await;
    let (code, _, log) = run(folder, &["restore", "--sandbox", "copy.db"]);
    assert_eq!(code, 2, "{log}");
    assert!(log.contains("1900000999"), "{log}");
    let left: Vec<_> =
        fs::read_dir(folder.join("data")).expect("is there").flatten().map(|it| it.file_name()).collect();
    assert!(!left.iter().any(|it| it.to_string_lossy().contains("restoring")), "{left:?}");
    let (code, told, _) = run(folder, &["order", "--sandbox", "show", &order.order_no]);
    assert!(code == 0 && told.contains("SUCCESS"), "{told}");
}

#[tokio::test]
async fn older_books_of_which_a_command_tells_are_marked_once() {
    if !is_file() {
        return;
    }
    let home = shop();
    let folder = home.path();
    let books = folder.join("data/saoma.db");
    let process = serve(folder).await;
    let copy = folder.join("by-hand.db").display().to_string();
    write(&books, sqlx::query("VACUUM INTO ?").bind(copy)).await;
    paid(&process).await;
    stop(process).await;
    for suffix in ["-wal", "-shm"] {
        fs::remove_file(format!("{}{suffix}", books.display())).ok();
    }
    fs::copy(folder.join("by-hand.db"), &books).expect("copies");
    let (code, told, log) = run(folder, &["restore", "--sandbox", "--by-hand", "--since", "2026-01-31T08:00:00+08:00"]);
    assert_eq!(code, 0, "{told}{log}");
    assert!(told.contains("a copy of 2026-01-31T08:00:00"), "who has put them there knows of when they are: {told}");
    stop(serve(folder).await).await;
    assert_eq!(marks(&books).await, ["COMMAND"], "a start finds nothing new");
    let (code, _, log) = run(folder, &["restore", "--sandbox", "--status", "--since", "2026-01-31T08:00:00+08:00"]);
    assert_eq!(code, 2, "nothing is marked: {log}");
}

/// How it was found out, each time.
async fn marks(file: &Path) -> Vec<String> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).read_only(true);
    let mut c = sqlx::SqliteConnection::connect_with(&options).await.expect("opens");
    sqlx::query_scalar("SELECT found_by FROM restorations ORDER BY id").fetch_all(&mut c).await.expect("reads")
}

/// How far the books have come.
async fn number(file: &Path) -> i64 {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).read_only(true);
    let mut c = sqlx::SqliteConnection::connect_with(&options).await.expect("opens");
    sqlx::query_scalar("SELECT number FROM generation").fetch_one(&mut c).await.expect("reads")
}

/// As a dump does that is read into the database which a server has open.
async fn exchange(file: &Path, copy: &Path) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).foreign_keys(false);
    let mut c = sqlx::SqliteConnection::connect_with(&options).await.expect("opens");
    sqlx::query("ATTACH ? AS copy").bind(copy.display().to_string()).execute(&mut c).await.expect("attaches");
    let sql = "SELECT name FROM copy.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
    let tables: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut c).await.expect("reads");
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut c).await.expect("begins");
    for table in tables {
        let sql = format!("DELETE FROM main.{table}; INSERT INTO main.{table} SELECT * FROM copy.{table}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut c).await.expect("exchanges");
    }
    sqlx::raw_sql("COMMIT").execute(&mut c).await.expect("commits");
    c.close().await.expect("closes");
}

#[tokio::test]
async fn books_that_are_exchanged_under_a_running_server_are_noticed() {
    if !is_file() {
        return;
    }
    let often = Duration::from_millis(50);
    let app = Stage::new().heartbeat_every(often).jobs_every(often).start().await;
    let (books, copy) = (app.folder.path().join("data/saoma.db"), app.folder.path().join("copy.db"));
    let order = app.order(1).await;
    write(&books, sqlx::query("VACUUM INTO ?").bind(copy.display().to_string())).await;
    app.pay(&order.code_url).await;
    app.until_status(&order.token, "SUCCESS").await;
    until("a beat since the copy", async || (number(&books).await > number(&copy).await).then_some(())).await;
    exchange(&books, &copy).await;
    until("a mark", async || (marks(&books).await == ["MEMORY"]).then_some(())).await;
    until("the payment", async || (app.books.status(&order.order_no).await == "SUCCESS").then_some(())).await;
    assert_eq!(app.books.count("payments").await, 1, "WeChat was asked about it");
}

#[tokio::test]
async fn a_number_that_cannot_be_written_beside_the_books_is_told_of() {
    if !is_file() {
        return;
    }
    let app = Stage::new().heartbeat_every(Duration::from_millis(50)).start().await;
    let file = app.folder.path().join("data/saoma.db.generation");
    until("a number", async || file.is_file().then_some(())).await;
    fs::remove_file(&file).expect("removes");
    fs::create_dir(&file).expect("makes");
    let told =
        until("word of it", async || Some(app.get("/readyz").await).filter(|told| told.text().contains("generation:")));
    assert_eq!(told.await.status, 200, "it serves all the same");
    fs::remove_dir(&file).expect("removes");
    until("it is over", async || (!app.get("/readyz").await.text().contains("generation:")).then_some(())).await;
}

#[test]
fn books_on_a_server_are_backed_up_by_its_own_tool() {
    let home = shop();
    let mut command = command(home.path(), &["backup", "--sandbox"]);
    command.env("DATABASE_URL", "mysql://saoma:secret@127.0.0.1:3306/shop");
    let (code, told, log) = ended(command);
    assert_eq!((code, told.as_str()), (2, ""), "{log}");
    assert!(log.contains("mariadb-dump --single-transaction --quick -h 127.0.0.1 -P 3306 -u USER -p shop"), "{log}");
    assert!(!log.contains("secret"), "{log}");
}

#[tokio::test]
async fn the_command_says_what_is_left_and_ends_it_with_a_reason_alone() {
    if !is_file() {
        return;
    }
    let home = shop();
    let folder = home.path();
    let process = serve(folder).await;
    for _ in 0..3 {
        process.order(1).await;
    }
    let order = paid(&process).await;
    let (code, told, log) = run(folder, &["backup", "--sandbox", "--to", "copy.db"]);
    assert_eq!(code, 0, "{told}{log}");
    stop(process).await;
    fs::write(folder.join("cut.db"), "").expect("writes");
    let (code, told, log) = run(folder, &["restore", "--sandbox", "cut.db"]);
    assert!(code != 0 && log.contains("there are no books in it"), "{told}{log}");
    let (code, told, log) = run(folder, &["restore", "--sandbox", "copy.db"]);
    assert_eq!(code, 0, "{told}{log}");
    assert!(told.contains("4 attempts open, or made or paid since"), "{told}");
    let (_, told, _) = run(folder, &["restore", "--sandbox", "--status"]);
    assert!(told.contains(": 4 left"), "{told}");
    let (code, _, log) = run(folder, &["restore", "--sandbox", "--release"]);
    assert_eq!(code, 2, "{log}");
    assert!(log.contains("--reason"), "{log}");
    let (code, _, log) = run(folder, &["restore", "--sandbox", "--release", "--reason", " "]);
    assert!(code == 2 && log.contains("say what has been compared"), "{log}");
    let (code, told, log) = run(folder, &["restore", "--sandbox", "--release", "--reason", "compared by hand"]);
    assert!(code == 0 && told.contains("refunds are made again since"), "{told}{log}");
    let books = folder.join("data/saoma.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&books).read_only(true);
    let mut c = sqlx::SqliteConnection::connect_with(&options).await.expect("opens");
    let sql = "SELECT detail FROM audit_log WHERE what = 'BOOKS_RELEASED' AND who LIKE 'os:%'";
    let why: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut c).await.expect("reads");
    assert_eq!(why, ["compared by hand"]);
    c.close().await.expect("closes");
    let process = serve(folder).await;
    let (code, told, log) = run(folder, &["refund", "--sandbox", &order.order_no]);
    assert_eq!(code, 0, "{told}{log}");
    stop(process).await;
}

#[test]
fn without_books_there_is_nothing_to_back_up() {
    if !is_file() {
        return;
    }
    let home = shop();
    let (code, told, log) = run(home.path(), &["backup", "--sandbox", "--to", "copy.db"]);
    assert_eq!((code, told.as_str()), (2, ""), "as every command without books: {log}");
    assert!(log.contains("there are no books here yet"), "{log}");
    assert!(!home.path().join("copy.db").exists());
}
