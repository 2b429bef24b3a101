//! `saoma bill` beside a running server; and killed in the middle of a comparison.

use std::{process::Command, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Books, Process, database_url, folder, lay_keys, program, system_user, until};

struct Shop {
    process: Process,
    folder: TempDir,
    database: String,
}

impl Shop {
    async fn open() -> Self {
        let folder = folder();
        lay_keys(&folder.path().join("data/sandbox"));
        let process = Process::serve(folder.path(), &[("SAOMA_ORDERS_PER_MINUTE", "0")]).await;
        process.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0, "bill_today": true})).await;
        let database = database_url(&folder.path().join("data"));
        Self { process, folder, database }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(["bill", "--sandbox"]).args(arguments).env_clear();
        command.env("DATABASE_URL", &self.database).env("NO_COLOR", "1").current_dir(self.folder.path());
        command
    }

    /// Exit code, standard output and standard error.
    fn bill(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = self.command(arguments).output().expect("runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let (_, out, error) = self.bill(arguments);
        serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{error}"))
    }
}

fn today() -> String {
    let now = saoma::clock::Clock::system().now();
    jiff::tz::offset(8).to_datetime(now).date().to_string()
}

#[tokio::test]
async fn the_commands_do_what_the_job_does() {
    let shop = Shop::open().await;
    let order = shop.process.order(2).await;
    shop.process.pay(&order.code_url).await;
    shop.process.until_status(&order.token, "SUCCESS").await;
    let day = today();

    let (code, out, error) = shop.bill(&["pull", "--date", &day]);
    // A command's own rule: what is not over comes tomorrow, but where nobody's money is.
    assert_eq!(code, Some(0), "{out}{error}");
    assert!(out.contains("TRADE") && out.contains("FUND_FLOW") && out.contains("PLAIN"), "{out}");
    let (code, out, error) = shop.bill(&["check", "--date", &day]);
    assert_eq!(code, Some(0), "{out}{error}");
    assert!(out.starts_with(&format!("{day}  AGREES")) && out.contains("settled "), "{out}");

    shop.process.faults(json!({"bill_unknown": 1})).await;
    let (code, out, error) = shop.bill(&["check", "--date", &day]);
    assert_eq!(code, Some(1), "{out}{error}");
    assert!(error.contains("1 difference is open"), "{error}");
    let shown = shop.json(&["show", "--date", &day, "--json"]);
    let difference = &shown["differences"][0];
    assert_eq!((&difference["kind"], &difference["state"]), (&json!("UNKNOWN_HERE"), &json!("OPEN")), "{shown}");
    assert_eq!(shown["day"]["totals"]["payments"]["count"], 2, "{shown}");
    let (_, out, _) = shop.bill(&["show", "--date", &day]);
    assert!(out.contains("\ncompared 20"), "of when the sums are: {out}");
    let listed = shop.json(&["list", "--date", &day, "--json"]);
    let of_today = listed.as_array().expect("a month").iter().find(|it| it["day"] == day.as_str()).expect("today");
    assert_eq!((&of_today["standing"], &of_today["open"]), (&json!("DIFFERS"), &json!(1)));

    let id = difference["id"].to_string();
    assert_eq!(shop.bill(&["explain", &id, "--why", " "]).0, Some(1), "a reason is needed");
    let explained = shop.json(&["explain", &id, "--why", "the till's", "--json"]);
    assert_eq!(
        (&explained["state"], &explained["who"]),
        (&json!("EXPLAINED"), &json!(format!("os:{}", system_user()))),
        "{explained}"
    );
    assert_eq!(shop.bill(&["check", "--date", &day]).0, Some(0), "what is explained may stay");

    let (code, sums, error) = shop.bill(&["export", "--date", &day]);
    assert!(code == Some(0) && sums.contains("合计") && !sums.contains("oSandbox"), "{sums}{error}");
    let file = shop.folder.path().join("rows.csv");
    let arguments = ["export", "--date", &day, "--rows", "--out", file.to_str().expect("a path")];
    assert_eq!(shop.bill(&arguments).0, Some(0));
    assert!(std::fs::read_to_string(&file).expect("is there").contains(&order.order_no));
    assert_eq!(shop.bill(&arguments).0, Some(1), "nobody's file is written over");
    let log = Books::open(&shop.database).await;
    let noted: Vec<(String, String, String, String)> =
        sqlx::query_as("SELECT who, what, subject, detail FROM audit_log WHERE what LIKE 'BILL%' ORDER BY id")
            .fetch_all(&log.pool)
            .await
            .expect("the log");
    let line = |what: &str, subject: String, detail: &str| {
        (format!("os:{}", system_user()), what.to_owned(), subject, detail.to_owned())
    };
    let of_day = || format!("bill:{day}");
    assert_eq!(
        noted,
        [
            line("BILL_CHECKED", of_day(), ""),
            line("BILL_CHECKED", of_day(), ""),
            line("BILL_DECIDED", format!("difference:{id}"), "EXPLAINED"),
            line("BILL_CHECKED", of_day(), ""),
            line("BILL_EXPORTED", of_day(), &format!("sums to {day}")),
            line("BILL_EXPORTED", of_day(), "rows"),
            line("BILL_EXPORTED", of_day(), "rows"),
        ]
    );
    let (code, _, error) = shop.bill(&["check", "--date", "2020-01-01"]);
    assert!(code == Some(1) && error.contains("three months"), "{error}");
    for verb in ["check", "pull", "show", "export"] {
        let (code, out, error) = shop.bill(&[verb, "--date", "2099-01-01"]);
        assert!(code == Some(1) && error.contains("that day is not over"), "{verb}: {out}{error}");
    }
    let (_, shown, _) = shop.bill(&["show", "--date", &day]);
    assert!(shown.contains(&format!("difference {id}  EXPLAINED")) && shown.contains("books    1 payment "), "{shown}");
    assert_eq!(shop.bill(&["check", "--date", "yesterday"]).0, Some(2));
}

#[tokio::test]
async fn killed_in_the_middle_it_finds_the_same_afterwards() {
    let shop = Shop::open().await;
    let books = Books::open(&shop.database).await;
    shop.process.faults(json!({"drop": "all"})).await;
    let mut lost = Vec::new();
    for _ in 0..30 {
        let order = shop.process.order(2).await;
        let body = json!({"out_trade_no": order.order_no});
        assert_eq!(shop.process.control(Method::POST, "/_sandbox/pay", &body).await.status, 200);
        lost.push(order.order_no);
    }
    shop.process.faults(json!({"bill_unknown": 300})).await;
    let day = today();
    for kill in 1..=3_i64 {
        let mut child = shop.command(&["check", "--date", &day]).spawn().expect("starts");
        let wanted = kill * 40;
        until("some differences", async || {
            let written: i64 =
                sqlx::query_scalar("SELECT COUNT(*) FROM bill_differences").fetch_one(&books.pool).await.ok()?;
            (written >= wanted || child.try_wait().expect("a child").is_some()).then_some(())
        })
        .await;
        child.kill().ok();
        child.wait().expect("ends");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let (code, out, error) = shop.bill(&["check", "--date", &day]);
    assert_eq!(code, Some(1), "{out}{error}");
    let count = async |condition: &str| -> i64 {
        let sql = format!("SELECT COUNT(*) FROM bill_differences WHERE {condition}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&books.pool).await.expect("a count")
    };
    assert_eq!(count("kind = 'UNKNOWN_HERE' AND state = 'OPEN' AND answer = 'NOT_EXIST'").await, 300);
    assert_eq!(count("1 = 1").await - count("kind = 'NOT_PAID_HERE' AND state = 'SETTLED'").await, 300);
    for number in &lost {
        assert_eq!(books.status(number).await, "SUCCESS", "{number}");
    }
    assert_eq!(books.count("payments").await, 30);
    let left: Vec<_> = std::fs::read_dir(shop.folder.path().join("data/sandbox/bills"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(left.len(), 2, "{left:?}");
}
