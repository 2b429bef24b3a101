//! `saoma move`: the books of a shop go from a file to a server. Where the tests have no server (`make mysql-tests` has
//! one) there is nowhere to go.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use jiff::SignedDuration;
use saoma::clock::Clock;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::support::{
    Books, Desk, PASSWORD, Process, code_at, command, database_url, folder, free_port, is_file, lay_keys,
    old_books::{paid, quick_refunds, stop},
    password, program, system_user, until_within,
};

struct Shop {
    home: TempDir,
    /// Of the file.
    old: String,
    /// Of an empty database.
    new: String,
}

impl Shop {
    /// `None` where there is no server.
    fn open() -> Option<Self> {
        if is_file() {
            return None;
        }
        let home = folder();
        lay_keys(&home.path().join("data/sandbox"));
        let old = format!("sqlite://{}/data/saoma.db", home.path().display());
        let new = database_url(&home.path().join("data"));
        Some(Self { home, old, new })
    }

    /// With books that a server has had.
    async fn opened() -> Option<Self> {
        let shop = Self::open()?;
        stop(shop.serve(&shop.old).await).await;
        Some(shop)
    }

    fn folder(&self) -> &Path {
        self.home.path()
    }

    fn file(&self) -> PathBuf {
        self.folder().join("data/saoma.db")
    }

    fn key(&self) -> String {
        self.folder().join("data/secret.key").display().to_string()
    }

    async fn serve(&self, url: &str) -> Process {
        // The key lies beside the file; those who have their books on a server are told where.
        let key = if url == self.new { self.key() } else { String::new() };
        let variables = [
            ("DATABASE_URL", url),
            ("SAOMA_SECRET_KEY", ""),
            ("SAOMA_SECRET_KEY_PATH", &key),
            ("SAOMA_ORDERS_PER_MINUTE", "0"),
        ];
        let process = Process::serve(self.folder(), &variables).await;
        quick_refunds(&process).await;
        process
    }

    fn command(&self, url: &str, arguments: &[&str]) -> Command {
        let mut command = command(self.folder(), arguments);
        command.env("DATABASE_URL", url).env("SAOMA_SECRET_KEY", "").stdin(Stdio::null());
        command
    }

    /// Exit code, standard output, standard error.
    fn run(&self, url: &str, arguments: &[&str]) -> (i32, String, String) {
        let output = self.command(url, arguments).output().expect("runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let (told, log) = (text(output.stdout), text(output.stderr));
        let secret = password().expect("a password");
        assert!(!told.contains(&secret) && !log.contains(&secret), "the password is told: {told}{log}");
        (output.status.code().expect("an exit code"), told, log)
    }

    fn move_it(&self, more: &[&str]) -> (i32, String, String) {
        let arguments = [&["move", "--sandbox", "--to", self.new.as_str()], more].concat();
        self.run(&self.old, &arguments)
    }

    fn moved(&self, more: &[&str]) -> Value {
        let (code, told, log) = self.move_it(&[&["--json"], more].concat());
        assert_eq!(code, 0, "{told}{log}");
        serde_json::from_str(&told).expect("JSON")
    }

    /// A start that is refused, and what it says.
    async fn refused(&self, url: &str) -> String {
        let mut command = self.command(url, &["serve", "--sandbox"]);
        command.env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{}", free_port()));
        let log = self.folder().join("refused.log");
        let file = fs::File::create(&log).expect("a log");
        let both = file.try_clone().expect("a log");
        let mut child = command.stdout(file).stderr(both).spawn().expect("starts");
        let end = Instant::now() + Duration::from_secs(30);
        let ended = loop {
            match child.try_wait().expect("a child") {
                None if Instant::now() < end => tokio::time::sleep(Duration::from_millis(10)).await,
                ended => break ended,
            }
        };
        // One that is not refused would serve for ever.
        child.kill().expect("kills");
        let told = fs::read_to_string(&log).expect("a log");
        assert_eq!(ended.and_then(|status| status.code()), Some(2), "{told}");
        told
    }

    async fn write(&self, sql: &str) {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.file()).foreign_keys(false);
        let mut c = sqlx::SqliteConnection::connect_with(&options).await.expect("opens");
        c.execute(AssertSqlSafe(sql.to_owned())).await.expect("writes");
        c.close().await.expect("closes");
    }

    async fn write_new(&self, sql: &str) {
        let books = Books::open(&self.new).await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&books.pool).await.expect("writes");
    }

    /// Tables on the server in which there is anything that no migration has put there.
    async fn filled(&self) -> Vec<String> {
        let books = Books::open(&self.new).await;
        let sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() \
                   AND table_name NOT LIKE '\\_%' ORDER BY table_name";
        let tables: Vec<String> = sqlx::query_scalar(sql).fetch_all(&books.pool).await.expect("reads");
        let mut filled = Vec::new();
        for table in tables {
            let rows = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
            let rows: i64 = sqlx::query_scalar(rows).fetch_one(&books.pool).await.expect("counts");
            if rows > i64::from(table == "generation") {
                filled.push(table);
            }
        }
        filled
    }
}

/// An account, by the link that a command prints on a terminal. Returns what its phone was told.
async fn enrol(shop: &Shop, desk: &Desk<'_>) -> String {
    let typed = format!("{} staff add anna --role manager --sandbox", program());
    let mut script = Command::new("/usr/bin/script");
    script.args(["-qec", &typed, "/dev/null"]).current_dir(shop.folder()).env_clear().env("PATH", "/usr/bin:/bin");
    let output = script.env("DATABASE_URL", &shop.old).output().expect("script runs");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let link = told.split_whitespace().find(|word| word.contains("/admin/link/"));
    let token = link.and_then(|link| link.rsplit('/').next()).unwrap_or_else(|| panic!("{output:?}"));
    desk.enrol(token, &Clock::system()).await
}

/// All values of a column, to the byte.
async fn bytes(url: &str, sql: &'static str) -> Vec<String> {
    let books = Books::open(url).await;
    sqlx::query_scalar(sql).fetch_all(&books.pool).await.expect("reads")
}

/// What is hard to carry: letters of four bytes, NULs, spaces at the end, every byte, and as much as fits.
async fn write_odd_rows(shop: &Shop) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(shop.file());
    let mut c = sqlx::SqliteConnection::connect_with(&options).await.expect("opens");
    let texts = ["😀".repeat(1000), "a\0b".to_owned(), "\0".to_owned(), "ends in spaces  ".to_owned(), String::new()];
    for (form, text) in (1..).zip(texts) {
        let sql = "INSERT INTO order_notes (order_id, at_ms, author, text, form) VALUES (1, 1, '扫码', ?, ?)";
        sqlx::query(sql).bind(text).bind(format!("form-{form}")).execute(&mut c).await.expect("writes");
    }
    for (name, length) in [("all", 256 * 1024), ("none", 0)] {
        let bytes: Vec<u8> = (0..=255).cycle().take(length).collect();
        let sql = "INSERT INTO pictures (name, bytes, kept_ms) VALUES (?, ?, ?)";
        sqlx::query(sql).bind(name).bind(bytes).bind(i64::MAX).execute(&mut c).await.expect("writes");
    }
    let sql = "INSERT INTO refused_deliveries (id, at_ms, reason, probe, about, address, headers, body, body_bytes) \
               VALUES (?, ?, 'r', 0, 'a', '', ?, x'', -1)";
    for (id, headers) in [(0, "h".repeat(65_535)), (-7, String::new())] {
        sqlx::query(sql).bind(id).bind(i64::MIN).bind(headers).execute(&mut c).await.expect("writes");
    }
    let day =
        "INSERT INTO bill_days (day, state, tries, run, totals) VALUES ('2026-11-25', 'AGREES', 1, 1, '{\"a\": 1}')";
    sqlx::query(day).execute(&mut c).await.expect("writes");
    // Somebody's row that is gone: its number is never given again.
    sqlx::query("INSERT INTO concerns (id, kind, order_id, detail, at_ms) VALUES (500, 'K', 1, '', 1)")
        .execute(&mut c)
        .await
        .expect("writes");
    sqlx::query("DELETE FROM concerns WHERE id = 500").execute(&mut c).await.expect("writes");
    c.close().await.expect("closes");
}

const ODD: [&str; 4] = [
    "SELECT HEX(text) FROM order_notes ORDER BY id",
    "SELECT HEX(bytes) FROM pictures ORDER BY name",
    "SELECT HEX(headers) FROM refused_deliveries ORDER BY id",
    "SELECT HEX(body) FROM notifications ORDER BY id",
];

#[tokio::test]
async fn a_shop_goes_on_with_its_books_on_a_server() {
    let Some(shop) = Shop::open() else { return };
    let process = shop.serve(&shop.old).await;
    let (refunded, kept, open) = (paid(&process).await, paid(&process).await, process.order(1).await);
    let (code, told, log) = shop.run(&shop.old, &["refund", "--sandbox", &refunded.order_no]);
    assert_eq!(code, 0, "{told}{log}");
    process.until_status(&refunded.token, "REFUND_SUCCESS").await;
    let desk = Desk::at(&process);
    let secret = enrol(&shop, &desk).await;
    let (was_in, jar) = (desk.get("/admin").await, desk.jar());
    assert_eq!(was_in.status, 200, "{}", was_in.shown());
    write_odd_rows(&shop).await;

    let (code, told, log) = shop.move_it(&[]);
    assert_eq!(code, 1, "not while a server runs: {told}{log}");
    assert!(log.contains("in use by another process"), "{log}");
    assert_eq!(shop.filled().await, [""; 0], "nothing has been written there");
    stop(process).await;

    let file = PathBuf::from(shop.old.trim_start_matches("sqlite://"));
    let copy = file.with_extension("copy");
    fs::copy(&file, &copy).expect("copies");
    let mut before = Vec::new();
    for sql in ODD {
        before.push(bytes(&shop.old, sql).await);
    }
    let moved = shop.moved(&[]);
    let rows = |table: &str| {
        let tables = moved["tables"].as_array().expect("a list");
        let found = tables.iter().find(|it| it["table"] == table).unwrap_or_else(|| panic!("{table}: {moved}"));
        assert_eq!(found["sha256"].as_str().map(str::len), Some(64), "{found}");
        found["rows"].as_u64().expect("a number")
    };
    let counted =
        ["orders", "attempts", "payments", "refunds", "order_notes", "pictures", "bill_days", "concerns"].map(rows);
    assert_eq!(counted, [3, 3, 2, 1, 5, 2, 1, 0]);
    assert_eq!(moved["secret_key"], shop.key(), "{moved}");
    for (sql, before) in ODD.into_iter().zip(before) {
        assert_eq!(bytes(&shop.new, sql).await, before, "{sql}");
    }

    let log = shop.refused(&shop.old).await;
    let place = moved["to"].as_str().expect("a place");
    assert!(log.contains(&format!("were moved to {place}")) && !place.contains('@'), "{log}");
    let (code, _, log) = shop.move_it(&[]);
    assert_eq!(code, 2, "once: {log}");

    let process = shop.serve(&shop.new).await;
    assert_eq!(process.look(&refunded.token).await["status"], "REFUND_SUCCESS");
    process.pay(&open.code_url).await;
    process.until_status(&open.token, "SUCCESS").await;
    let (code, told, log) = shop.run(&shop.new, &["refund", "--sandbox", &kept.order_no]);
    assert_eq!(code, 0, "{told}{log}");
    process.until_status(&kept.token, "REFUND_SUCCESS").await;
    paid(&process).await;

    // Somebody lays the old file in its old place once more: what the shop has given back since is not given twice.
    let gone = file.with_extension("gone");
    let lay = |from: &Path| {
        for end in ["-wal", "-shm"] {
            drop(fs::remove_file(format!("{}{end}", file.display())));
        }
        fs::copy(from, &file).expect("lays it there");
    };
    fs::copy(&file, &gone).expect("copies");
    lay(&copy);
    let (code, told, log) = shop.run(&shop.old, &["refund", "--sandbox", &kept.order_no]);
    assert!(code != 0 && log.contains("put back"), "{told}{log}");

    // The same by the command, which knows where the books are.
    lay(&gone);
    let copy = copy.display().to_string();
    let (code, told, log) = shop.run(&shop.old, &["restore", "--sandbox", &copy]);
    assert!(code == 2 && log.contains(&format!("were moved to {place}")), "{told}{log}");
    assert_eq!(fs::read(&file).expect("reads"), fs::read(&gone).expect("reads"), "nothing was changed");
    let (code, told, log) = shop.run(&shop.old, &["restore", "--sandbox", &copy, "--although-moved"]);
    assert!(code == 0 && told.contains(&format!("those were moved to {place}")), "{told}{log}");

    let desk = Desk::with_jar(&process, jar);
    assert_eq!(desk.get("/admin").await.status, 303, "sessions have ended");
    let desk = Desk::at(&process);
    let led = desk.post_to("/admin/login", &[("name", "anna"), ("password", PASSWORD)]).await;
    assert!(led.starts_with("/admin/factor"), "{led}");
    // The one of before is used up.
    let code = code_at(&secret, Clock::system().now() + SignedDuration::from_secs(30));
    assert_eq!(desk.post_to("/admin/factor", &[("code", &code)]).await, "/admin");

    let (code, told, log) = shop.run(&shop.new, &["status", "--sandbox"]);
    assert_eq!(code, 0, "the audit log is whole: {told}{log}");
    let books = Books::open(&shop.new).await;
    let who = "SELECT who FROM audit_log WHERE what = 'BOOKS_MOVED'";
    let who: Vec<String> = sqlx::query_scalar(who).fetch_all(&books.pool).await.expect("reads");
    assert_eq!(who, [format!("os:{}", system_user())]);
    shop.write_new("INSERT INTO concerns (kind, order_id, detail, at_ms) VALUES ('K', 1, '', 1)").await;
    let id: i64 = sqlx::query_scalar("SELECT id FROM concerns").fetch_one(&books.pool).await.expect("reads");
    assert_eq!(id, 501, "after the last that was ever given");
    let restored: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM restorations").fetch_one(&books.pool).await.expect("counts");
    assert_eq!(restored, 0, "they are no copy that was put back");
    stop(process).await;
}

#[tokio::test]
async fn what_does_not_fit_is_named_before_the_first_row() {
    let Some(shop) = Shop::opened().await else { return };
    stop(shop.serve(&shop.old).await).await;
    let note = |id: i64, text: &str| {
        format!(
            "INSERT INTO order_notes (id, order_id, at_ms, author, text, form) VALUES ({id}, 1, 1, 'a', {text}, 'f{id}')"
        )
    };
    let order = "INSERT INTO orders (id, token, shopper, product_id, title, total_fen, status, version, created_ms, \
                 expires_ms, updated_ms) VALUES (1, 't', 's', 1, 't', 1, 'CLOSED', 1, 1, 1, 1)";
    shop.write(order).await;
    let too_long = format!("'{}'", "é".repeat(1001));
    let cases = [
        (
            note(17, &too_long),
            "DELETE FROM order_notes",
            "table order_notes, row 17, column text: 1001 characters, and 1000 fit",
        ),
        (
            note(18, "CAST(x'61ff' AS TEXT)"),
            "DELETE FROM order_notes",
            "row 18, column text: 2 bytes of text that are not UTF-8",
        ),
        (note(19, "x'6162'"), "DELETE FROM order_notes", "row 19, column text: BLOB, where text has to be"),
        (
            "UPDATE orders SET updated_ms = 'soon' WHERE id = 1".to_owned(),
            "UPDATE orders SET updated_ms = 1",
            "table orders, row 1, column updated_ms: TEXT, where a whole number has to be",
        ),
        (
            "INSERT INTO leases (name, holder, until_ms) VALUES ('a', '', 1), ('a ', '', 1)".to_owned(),
            "DELETE FROM leases WHERE name LIKE 'a%'",
            "table leases, row rowid",
        ),
        (
            "INSERT INTO order_events (id, order_id, at_ms, kind, source, detail) VALUES (9, 77, 1, 'K', 'S', '')"
                .to_owned(),
            "DELETE FROM order_events",
            "table order_events, row 9, column to orders: refers to a row that is not there",
        ),
        (
            "INSERT INTO refused_deliveries (id, at_ms, reason, probe, about, address, headers, body, body_bytes) \
             VALUES (3, 1, 'r', 0, 'a', '', '', zeroblob(65536), 1)"
                .to_owned(),
            "DELETE FROM refused_deliveries",
            "table refused_deliveries, row 3, column body: 65536 bytes, and 65535 fit",
        ),
        (
            "CREATE TABLE extra (id INTEGER PRIMARY KEY)".to_owned(),
            "DROP TABLE extra",
            "extra is in the old books only",
        ),
        (
            "ALTER TABLE order_notes ADD COLUMN mood VARCHAR(9)".to_owned(),
            "ALTER TABLE order_notes DROP COLUMN mood",
            "column mood of order_notes is in the old books only",
        ),
    ];
    for (sql, mend, told) in &cases {
        shop.write(sql).await;
        let (code, out, log) = shop.move_it(&[]);
        assert_eq!((code, out.as_str()), (1, ""), "{log}");
        assert!(log.contains(told), "{told} is not in {log}");
        assert_eq!(shop.filled().await, [""; 0], "{told}");
        shop.write(mend).await;
    }
    // A table that is new on both sides goes along by itself.
    for (url, sql) in [
        (&shop.old, "CREATE TABLE extra (id INTEGER PRIMARY KEY, t VARCHAR(9)); INSERT INTO extra VALUES (7, 'seven')"),
        (
            &shop.new,
            "CREATE TABLE extra (id BIGINT PRIMARY KEY, t VARCHAR(9) COLLATE utf8mb4_bin) CHARACTER SET utf8mb4",
        ),
    ] {
        if *url == shop.old { shop.write(sql).await } else { shop.write_new(sql).await }
    }
    shop.moved(&[]);
    assert_eq!(bytes(&shop.new, "SELECT t FROM extra WHERE id = 7").await, ["seven"]);
}

/// So many that they are not carried in an instant.
const MANY: i64 = 40_000;

async fn fill(shop: &Shop) {
    let orders = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY}) \
         INSERT INTO orders (token, shopper, product_id, title, total_fen, status, version, created_ms, expires_ms, \
         updated_ms) SELECT 'token' || i, 's', 1, 'title', 1, 'CLOSED', 1, i, i, i FROM n"
    );
    shop.write(&orders).await;
}

/// Begins to move, and is killed once some orders are there, and not all.
async fn killed_in_the_middle(shop: &Shop, more: &[&str]) {
    let mut command = shop.command(&shop.old, &[&["move", "--sandbox", "--to", shop.new.as_str()], more].concat());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
    let books = Books::open(&shop.new).await;
    let there = async || {
        let count = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM orders WHERE EXISTS (SELECT 1 FROM moves)");
        count.fetch_one(&books.pool).await.unwrap_or(0)
    };
    until_within(Duration::from_mins(2), "some orders on the server", async || {
        assert!(child.try_wait().expect("a child").is_none(), "it has ended before");
        (there().await > 0).then_some(())
    })
    .await;
    child.kill().expect("kills");
    child.wait().expect("is gone");
    assert!((1..MANY).contains(&there().await), "{}", there().await);
}

#[tokio::test]
async fn a_move_that_is_killed_leaves_the_old_books_and_half_of_it_opens_for_nobody() {
    let Some(shop) = Shop::opened().await else { return };
    fill(&shop).await;
    killed_in_the_middle(&shop, &[]).await;
    let log = shop.refused(&shop.new).await;
    assert!(log.contains("half of a move from") && log.contains("saoma.db"), "{log}");
    let (code, _, log) = shop.run(&shop.new, &["status", "--sandbox"]);
    assert_eq!(code, 2, "no command opens it: {log}");
    let (code, _, log) = shop.move_it(&[]);
    assert_eq!(code, 1, "{log}");
    assert!(log.contains("--again"), "{log}");
    killed_in_the_middle(&shop, &["--again"]).await;

    // The shop goes on meanwhile.
    let process = shop.serve(&shop.old).await;
    let order = paid(&process).await;
    stop(process).await;
    let moved = shop.moved(&["--again"]);
    let orders = moved["tables"].as_array().expect("a list").iter().find(|it| it["table"] == "orders");
    assert_eq!(orders.expect("orders")["rows"], MANY + 1, "each once");
    shop.refused(&shop.old).await;

    // As if it had been killed after the old books were let go, and before the new ones could be opened.
    shop.write_new("UPDATE moves SET state = 'WHOLE'; DELETE FROM audit_log WHERE what = 'BOOKS_MOVED'").await;
    assert!(shop.refused(&shop.old).await.contains("were moved to"));
    assert!(shop.refused(&shop.new).await.contains("half of a move"));
    let moved = shop.moved(&[]);
    assert_eq!(moved["rows"], 0, "only the end was missing: {moved}");
    let process = shop.serve(&shop.new).await;
    assert_eq!(process.look(&order.token).await["status"], "SUCCESS");
    stop(process).await;

    // And before they were let go: then they are the shop's.
    for name in bytes(&shop.old, "SELECT name FROM sqlite_master WHERE type = 'trigger'").await {
        shop.write(&format!("DROP TRIGGER \"{name}\"")).await;
    }
    shop.write("UPDATE generation SET moved_to = NULL; UPDATE moves SET state = 'LEAVING' WHERE state = 'LEFT'").await;
    shop.write_new("UPDATE moves SET state = 'WHOLE'").await;
    assert!(shop.refused(&shop.new).await.contains("half of a move"));
    stop(shop.serve(&shop.old).await).await;
    let (code, _, log) = shop.move_it(&[]);
    assert!(code == 1 && log.contains("--again"), "{log}");
    shop.moved(&["--again"]);
}

#[tokio::test]
async fn a_server_that_nobody_has_stopped_sells_nothing_more() {
    let Some(shop) = Shop::opened().await else { return };
    let process = shop.serve(&shop.old).await;
    let order = process.order(1).await;
    // Somebody clears up beside the books.
    fs::remove_file(shop.folder().join("data/saoma.db.lock")).expect("removes");
    shop.moved(&[]);
    let placed = process.browser().try_order(2).await;
    assert_eq!(placed.status, 503, "{placed:?}");
    process.pay(&order.code_url).await;
    until_within(Duration::from_mins(1), "word of it", async || {
        (process.get("/readyz").await.status == 503).then_some(())
    })
    .await;
    assert_eq!(bytes(&shop.old, "SELECT status FROM orders").await, ["NOTPAY"], "nothing is acknowledged there");
    stop(process).await;
}

#[tokio::test]
async fn what_is_not_empty_is_left_alone() {
    let Some(shop) = Shop::opened().await else { return };
    // Somebody else's tables.
    shop.write_new("CREATE TABLE guests (id INT PRIMARY KEY); INSERT INTO guests VALUES (1)").await;
    for more in [&[][..], &["--again"]] {
        let (code, _, log) = shop.move_it(more);
        assert!(code == 1 && log.contains("not empty") && log.contains("guests"), "{log}");
    }
    let tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()";
    assert_eq!(bytes(&shop.new, tables).await, ["guests"], "not even migrated");
    shop.write_new("DROP TABLE guests").await;
    // A shop of its own.
    stop(shop.serve(&shop.new).await).await;
    let (code, _, log) = shop.move_it(&["--again"]);
    assert!(code == 1 && log.contains("not empty"), "{log}");
    // Half of other books.
    let other = Shop::opened().await.expect("a server");
    fill(&other).await;
    killed_in_the_middle(&other, &[]).await;
    let arguments = ["move", "--sandbox", "--again", "--to", other.new.as_str()];
    let (code, _, log) = shop.run(&shop.old, &arguments);
    assert!(code == 1 && log.contains("half of a move of other books"), "{log}");
    stop(shop.serve(&shop.old).await).await;
}

#[tokio::test]
async fn the_address_is_read_from_standard_input_and_has_to_be_a_server() {
    let Some(shop) = Shop::opened().await else { return };
    let (code, _, log) = shop.run(&shop.old, &["move", "--sandbox", "--to", &shop.old]);
    assert!(code == 2 && log.contains("mysql://USER:PASSWORD"), "{log}");
    let input = shop.folder().join("address");
    fs::write(&input, format!("{}\n", shop.new)).expect("writes");
    let mut command = shop.command(&shop.old, &["move", "--sandbox", "--to", "-"]);
    let output = command.stdin(fs::File::open(&input).expect("opens")).output().expect("runs");
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(told.contains("counted and hashed") && told.contains("SAOMA_SECRET_KEY_PATH="), "{told}");
    let log = shop.run(&shop.new, &["move", "--sandbox", "--to", &shop.new]).2;
    assert!(log.contains("on a server already"), "{log}");
}
