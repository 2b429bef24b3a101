//! Books of another version, and no books at all: only the server makes and migrates them.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use sqlx::{
    AnyConnection, Connection, Executor, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

use crate::support::{Process, command, database_url, folder, is_file, lay_keys, password};

const COMMANDS: [&[&str]; 5] = [
    &["product", "list", "--sandbox"],
    &["product", "put", "--sandbox", "--id", "1", "--title", "a", "--price-fen", "1"],
    &["product", "withdraw", "--sandbox", "--id", "7"],
    &["order", "--sandbox", "show", "20261125000000NOBODY0HAS0THIS"],
    &["refund", "--sandbox", "20261125000000NOBODY0HAS0THIS"],
];

/// The exit code and everything it said.
fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = command(folder, arguments);
    command.env("DATABASE_URL", books(folder).0);
    let output = command.env("LEPTOS_SITE_ADDR", "127.0.0.1:0").output().expect("runs");
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8"))
}

/// Where a server in `folder` has its books; the file means nothing on a server.
fn books(folder: &Path) -> (String, PathBuf) {
    (database_url(&folder.join("data")), folder.join("data/saoma.db"))
}

async fn serve(folder: &Path) -> Process {
    Process::serve(folder, &[("SAOMA_ORDERS_PER_MINUTE", "0"), ("DATABASE_URL", &books(folder).0)]).await
}

async fn connect(url: &str) -> AnyConnection {
    sqlx::any::install_default_drivers();
    AnyConnection::connect(url).await.expect("opens")
}

/// Books as the version before left them, with a product.
async fn of_version_2(folder: &Path) -> (String, PathBuf) {
    let (url, path) = books(folder);
    lay_keys(&folder.join("data/sandbox"));
    let steps = if is_file() {
        [
            include_str!("../../migrations/sqlite/0001_checkout.sql"),
            include_str!("../../migrations/sqlite/0002_life.sql"),
        ]
    } else {
        [include_str!("../../migrations/mysql/0001_checkout.sql"), include_str!("../../migrations/mysql/0002_life.sql")]
    };
    let step = |(version, sql): (i64, &'static str)| {
        Migration::new(version, "old".into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut connection = connect(&if is_file() { format!("{url}?mode=rwc") } else { url.clone() }).await;
    Migrator::with_migrations((1..).zip(steps).map(step).collect()).run(&mut connection).await.expect("migrates");
    let sql = "INSERT INTO products (id, title, summary, price_fen) VALUES (7, '旧货', '', 100)";
    connection.execute(sql).await.expect("writes");
    connection.close().await.expect("closes");
    (url, path)
}

async fn version(url: &str) -> i64 {
    let mut connection = connect(url).await;
    let sql = "SELECT MAX(version) FROM _sqlx_migrations";
    let version = sqlx::query_scalar(sql).fetch_one(&mut connection).await.expect("reads");
    connection.close().await.expect("closes");
    version
}

#[tokio::test]
async fn commands_make_no_books() {
    let folder = folder();
    for arguments in COMMANDS {
        let (code, told) = run(folder.path(), arguments);
        assert_eq!(code, Some(2), "{arguments:?} {told}");
        assert!(told.contains("books: ") && told.contains("there are no books here yet"), "{told}");
        let place =
            if is_file() { folder.path().join("data/saoma.db").display().to_string() } else { "mysql://".to_owned() };
        assert!(told.contains(&place) && password().is_none_or(|secret| !told.contains(&secret)), "{told}");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "{arguments:?} makes nothing");
    }
    // Nor of what somebody has only touched.
    if is_file() {
        let (_, path) = books(folder.path());
        fs::create_dir_all(path.parent().expect("a folder")).expect("makes");
        fs::write(&path, "").expect("writes");
        let (code, told) = run(folder.path(), COMMANDS[0]);
        assert!(code == Some(2) && told.contains("there are no books here yet"), "{told}");
        assert_eq!(fs::read(&path).expect("is there"), b"");
    }
}

#[tokio::test]
async fn commands_do_not_migrate_under_an_older_server() {
    let folder = folder();
    let (url, _) = of_version_2(folder.path()).await;
    for arguments in COMMANDS {
        let (code, told) = run(folder.path(), arguments);
        assert_eq!(code, Some(2), "{arguments:?} {told}");
        assert!(told.contains("of version 2") && told.contains("start `saoma serve` once"), "{told}");
        assert_eq!(version(&url).await, 2);
    }
}

#[tokio::test]
async fn the_server_migrates_after_a_copy_and_an_older_one_goes_on_writing_beside() {
    let folder = folder();
    let (url, path) = of_version_2(folder.path()).await;
    let mut server = serve(folder.path()).await;
    let newest = version(&url).await;
    assert!(newest >= 10);
    assert!(server.get("/").await.shown().contains("旧货"));
    if is_file() {
        let copies = copies(&path);
        assert_eq!(copies, [path.with_file_name(format!("saoma.db.before-{newest}"))]);
        let mode = fs::metadata(&copies[0]).expect("is there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{mode:o}");
        assert_eq!(version(&format!("sqlite://{}", copies[0].display())).await, 2);
        let mut copy = connect(&format!("sqlite://{}", copies[0].display())).await;
        let titles: Vec<String> =
            sqlx::query_scalar("SELECT title FROM products").fetch_all(&mut copy).await.expect("reads");
        assert_eq!(titles, ["旧货"]);
    }

    // What the version before says, in its own words.
    let mut older = connect(&url).await;
    for sql in [
        "INSERT INTO products (id, title, summary, price_fen) VALUES (8, '新货', '', 200)",
        "INSERT INTO orders (token, shopper, live_key, product_id, title, total_fen, status, version, created_ms, \
         expires_ms, updated_ms, check_ms) VALUES ('0123456789abcdef0123456789abcdef', 's', NULL, 8, '新货', 200, 'SUCCESS', 1, 1, 2, 1, NULL)",
        "INSERT INTO attempts (order_id, out_trade_no, state, request, prepay_until_ms, created_ms) \
         SELECT id, '20260101000000OLDONE', 'PAID', X'7B7D', 0, 1 FROM orders",
        "INSERT INTO payments (transaction_id, order_id, attempt_id, kind, source, total_fen, success_ms, booked_ms) \
         SELECT '4200000001', order_id, id, 'FIRST', 'CALLBACK', 200, 1, 1 FROM attempts",
        "INSERT INTO refunds (out_refund_no, order_id, payment_id, amount_fen, reason, source, state, request, \
         created_ms, updated_ms) SELECT 'R1', order_id, id, 100, 'r', 'COMMAND_LINE', 'SUCCESS', X'7B7D', 1, 1 FROM payments",
        "INSERT INTO notifications (notify_id, event_type, verdict, deliveries, headers, body, received_ms, last_ms) \
         VALUES ('n', 'TRANSACTION.SUCCESS', 'PAID', 1, '', X'7B7D', 1, 1)",
        "INSERT INTO order_events (order_id, at_ms, kind, source, detail) SELECT id, 1, 'PLACED', 'SHOPPER', '' FROM orders",
        "INSERT INTO leases (name, holder, until_ms) VALUES ('of an older one', 'h', 1)",
    ] {
        older.execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    older.close().await.expect("closes");
    assert!(server.get("/").await.shown().contains("新货"));
    let (code, told) = run(folder.path(), &["order", "--sandbox", "show", "20260101000000OLDONE"]);
    assert!(code == Some(0) && told.contains("4200000001") && told.contains("R1"), "{told}");
    server.terminate();
    assert_eq!(server.ended().await.code(), Some(0), "{}", server.log());

    // Nothing left to do: no other copy.
    let _again = serve(folder.path()).await;
    assert_eq!(copies(&path).len(), usize::from(is_file()));
}

#[tokio::test]
async fn new_books_are_not_copied() {
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    let _server = serve(folder.path()).await;
    assert!(copies(&books(folder.path()).1).is_empty());
}

fn copies(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path.parent().expect("a folder")).expect("a folder");
    entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|it| it.display().to_string().contains(".before-"))
        .collect()
}

#[tokio::test]
async fn newer_books_are_used_when_they_say_so_and_refused_when_not() {
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    let (url, path) = books(folder.path());
    let mut server = serve(folder.path()).await;
    server.terminate();
    assert_eq!(server.ended().await.code(), Some(0));
    // What a program of tomorrow does.
    let mut newer = connect(&url).await;
    for sql in [
        "ALTER TABLE orders ADD COLUMN later_ms BIGINT",
        "ALTER TABLE payments ADD COLUMN later VARCHAR(16) NOT NULL DEFAULT ''",
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (999, 'later; compatible', TRUE, '', 1)",
    ] {
        newer.execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    let mut server = serve(folder.path()).await;
    let order = server.order(2).await;
    server.pay(&order.code_url).await;
    server.until_status(&order.token, "SUCCESS").await;
    let (code, told) = run(folder.path(), &["order", "--sandbox", "show", &order.order_no]);
    assert!(code == Some(0) && told.contains("SUCCESS"), "{told}");
    assert!(copies(&path).is_empty(), "nothing was migrated");
    server.terminate();
    assert_eq!(server.ended().await.code(), Some(0), "{}", server.log());

    for description in ["'later'", "'later; incompatible'"] {
        let sql = format!("UPDATE _sqlx_migrations SET description = {description} WHERE version = 999");
        newer.execute(sqlx::AssertSqlSafe(sql)).await.expect("writes");
        for arguments in [&["serve", "--sandbox"][..], COMMANDS[0], COMMANDS[3]] {
            let (code, told) = run(folder.path(), arguments);
            assert_eq!(code, Some(2), "{arguments:?} {told}");
            assert!(told.contains("this program is older than the books"), "{told}");
        }
    }
}

/// Everything about a file that a start could change.
fn state(path: &Path) -> (Vec<u8>, u32) {
    (fs::read(path).expect("is there"), fs::metadata(path).expect("is there").permissions().mode() & 0o7777)
}

#[tokio::test]
async fn a_start_that_is_refused_for_its_mark_has_not_migrated() {
    let folder = folder();
    let (url, path) = of_version_2(folder.path()).await;
    // An attempt of a shop of WeChat Pay itself.
    let mut older = connect(&url).await;
    let request = r#"{"mchid":"1900007291","appid":"wx2421b1c4370ec43b","notify_url":"https://shop.example.com/x"}"#;
    for sql in [
        "INSERT INTO orders (token, shopper, live_key, product_id, title, total_fen, status, version, created_ms, \
         expires_ms, updated_ms, check_ms) VALUES ('0123456789abcdef0123456789abcdef', 's', NULL, 7, '旧货', 100, 'SUCCESS', 1, 1, 2, 1, NULL)"
            .to_owned(),
        format!(
            "INSERT INTO attempts (order_id, out_trade_no, state, request, prepay_until_ms, created_ms) \
             SELECT id, '20260101000000OLDONE', 'PAID', X'{}', 0, 1 FROM orders",
            request.bytes().map(|byte| format!("{byte:02X}")).collect::<String>()
        ),
    ] {
        older.execute(sqlx::AssertSqlSafe(sql)).await.expect("writes");
    }
    older.close().await.expect("closes");
    let before = is_file().then(|| state(&path));
    let (code, told) = run(folder.path(), &["serve", "--sandbox"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("1 attempts of merchant 1900007291 at WeChat Pay itself"), "{told}");
    assert_eq!(version(&url).await, 2);
    assert!(copies(&path).is_empty(), "nor copied");
    if is_file() {
        assert_eq!(Some(state(&path)), before);
    }
}

#[tokio::test]
async fn what_is_no_set_of_books_is_refused_and_not_touched() {
    if !is_file() {
        return;
    }
    let home = folder();
    lay_keys(&home.path().join("data/sandbox"));
    let text = home.path().join("passwd");
    fs::write(&text, "root:x:0:0:root:/root:/bin/bash\n".repeat(40)).expect("writes");
    let foreign = home.path().join("foreign.db");
    let mut connection = connect(&format!("sqlite://{}?mode=rwc", foreign.display())).await;
    connection.execute("CREATE TABLE bookmarks (url TEXT)").await.expect("writes");
    connection.close().await.expect("closes");
    let others = home.path().join("others.db");
    let mut connection = connect(&format!("sqlite://{}?mode=rwc", others.display())).await;
    let theirs =
        Migration::new(1, "theirs".into(), MigrationType::Simple, "CREATE TABLE t (x INT)".into_sql_str(), false);
    Migrator::with_migrations(vec![theirs]).run(&mut connection).await.expect("migrates");
    connection.close().await.expect("closes");
    for path in [&text, &foreign, &others] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("sets");
        let before = state(path);
        for arguments in [&["serve", "--sandbox"][..], COMMANDS[0]] {
            let mut command = command(home.path(), arguments);
            command.env("DATABASE_URL", format!("sqlite://{}", path.display())).env("LEPTOS_SITE_ADDR", "127.0.0.1:0");
            let output = command.output().expect("runs");
            let told = String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8");
            assert_eq!(output.status.code(), Some(2), "{path:?} {arguments:?} {told}");
            assert_eq!(state(path), before, "{path:?} {arguments:?}");
        }
    }
}
