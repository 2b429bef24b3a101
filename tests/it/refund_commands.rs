//! `saoma refund` as operators give it: its number is on the screen before anybody is asked, and the same
//! command again is the same refund, whatever became of the first.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::support::{Books, Placed, Process, database_url, folder, lay_keys, program, until};

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
        process.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0})).await;
        let database = database_url(&folder.path().join("data"));
        Self { process, folder, database }
    }

    async fn paid(&self) -> Placed {
        let order = self.process.order(2).await;
        self.process.pay(&order.code_url).await;
        self.process.until_status(&order.token, "SUCCESS").await;
        order
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(["refund", "--sandbox"]).args(arguments).env_clear();
        command.env("DATABASE_URL", &self.database).env("NO_COLOR", "1").current_dir(self.folder.path());
        command.stdin(Stdio::null());
        command
    }

    /// Exit code, standard output and standard error.
    fn refund(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = self.command(arguments).output().expect("runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    /// The numbers of what the platform has given back.
    async fn given_back(&self) -> Vec<String> {
        let ledger = self.process.get("/_sandbox/ledger").await;
        let lines = ledger.text().lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let refunds = lines.filter(|line| line["type"] == "refund");
        refunds.map(|refund| refund["out_refund_no"].as_str().expect("a number").to_owned()).collect()
    }
}

fn number(told: &str) -> String {
    let line = told.lines().next().expect("a line");
    let number = line.strip_prefix("out_refund_no  ").unwrap_or_else(|| panic!("no number first: {told}"));
    number.split_whitespace().next().expect("a number").to_owned()
}

/// The first line of what a command writes, as soon as it is there.
fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("reads");
    line
}

fn end(child: &mut Child, signal: &str) {
    let ended = Command::new("/bin/kill").args([signal, &child.id().to_string()]).status();
    assert!(ended.expect("kill runs").success());
    child.wait().expect("is gone");
}

#[tokio::test]
async fn the_number_is_shown_before_anybody_is_asked_and_the_same_command_goes_on_with_it() {
    let shop = Shop::open().await;
    for signal in ["-HUP", "-KILL"] {
        let order = shop.paid().await;
        // The platform takes it and does not answer.
        shop.process.faults(json!({"timeout_after_commit": {"refund": 1}, "timeout_ms": 8000})).await;
        let mut running =
            shop.command(&[&order.order_no, "--amount-fen=4000"]).stdout(Stdio::piped()).spawn().expect("runs");
        let shown = number(&first_line(&mut running));
        assert!(running.try_wait().expect("a child").is_none(), "shown while it runs");
        until("accepted there", async || shop.given_back().await.contains(&shown).then_some(())).await;
        // The terminal is closed, and with it the number is gone.
        end(&mut running, signal);
        let (code, told, error) = shop.refund(&[&order.order_no, "--amount-fen=4000"]);
        assert_eq!((code, number(&told)), (Some(0), shown.clone()), "{told}{error}");
        assert!(told.contains("--another"), "{told}");
        assert_eq!(shop.given_back().await.iter().filter(|it| **it == shown).count(), 1);
    }
    assert_eq!(shop.given_back().await.len(), 2, "one for each order");
}

#[tokio::test]
async fn a_command_that_is_killed_anywhere_and_given_again_is_one_refund() {
    let shop = Shop::open().await;
    let orders = [shop.paid().await, shop.paid().await, shop.paid().await, shop.paid().await];
    for (place, order) in orders.iter().enumerate() {
        for round in 0..3_u64 {
            let mut running = shop.command(&[&order.order_no]).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
            let running = running.as_mut().expect("runs");
            let moment = 15 + 25 * round + 7 * u64::try_from(place).expect("small");
            tokio::time::sleep(Duration::from_millis(moment)).await;
            end(running, if round == 1 { "-HUP" } else { "-KILL" });
        }
        let (code, told, error) = shop.refund(&[&order.order_no]);
        assert_eq!(code, Some(0), "{told}{error}");
        shop.process.until_status(&order.token, "REFUND_SUCCESS").await;
    }
    assert_eq!(shop.given_back().await.len(), orders.len());
}

#[tokio::test]
async fn two_commands_at_once_are_one_refund_and_another_one_is_asked_for_by_name() {
    let shop = Shop::open().await;
    let order = shop.paid().await;
    let part = [order.order_no.as_str(), "--amount-fen=4000"];
    let mut running: Vec<_> = (0..4)
        .map(|_| shop.command(&part).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("runs"))
        .collect();
    let outputs: Vec<_> = running.drain(..).map(|child| child.wait_with_output().expect("ends")).collect();
    let given = shop.given_back().await;
    assert_eq!(given.len(), 1, "{given:?}");
    for output in outputs {
        let told = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(output.status.success() && told.contains(&given[0]), "{told}");
    }
    let (code, told, _) = shop.refund(&[&order.order_no, "--amount-fen=4000", "--another"]);
    assert_eq!(code, Some(0), "{told}");
    assert_ne!(number(&told), given[0]);
    assert_eq!(shop.given_back().await.len(), 2);
    // Another amount is another refund; and by WeChat's number it is the same payment.
    let books = Books::open(&shop.database).await;
    let transaction = books.payments().await.remove(0).transaction_id;
    let (code, told, error) = shop.refund(&["--transaction-id", &transaction, "--amount-fen=4800"]);
    assert_eq!(code, Some(0), "{told}{error}");
    shop.process.until_status(&order.token, "REFUND_SUCCESS").await;
    let (code, _, error) = shop.refund(&["--transaction-id", &transaction, "--amount-fen=1"]);
    assert!(code == Some(1) && error.contains("0.00"), "{error}");
    for wrong in
        [&[][..], &[&order.order_no, "--transaction-id", "1"], &[&order.order_no, "--another", "--out-refund-no=1"]]
    {
        assert_eq!(shop.refund(wrong).0, Some(2), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_number_that_cannot_be_shown_is_asked_for_by_nobody() {
    let shop = Shop::open().await;
    let order = shop.paid().await;
    let full = shop.command(&[&order.order_no]).stdout(File::create("/dev/full").expect("Linux")).output();
    let full = full.expect("runs");
    let told = String::from_utf8(full.stderr).expect("UTF-8");
    assert!(full.status.code() == Some(1) && told.contains("cannot write"), "{told}");
    // Its reader is gone.
    let mut piped = Command::new("/bin/sh");
    piped.args(["-c", r#"exec 3>&1; { "$@"; echo "$?" >&3; } | exec true"#, "sh", program()]);
    piped.args(["refund", "--sandbox", &order.order_no]).env_clear().env("DATABASE_URL", &shop.database);
    let piped = piped.env("PATH", "/usr/bin:/bin").current_dir(shop.folder.path()).output().expect("runs");
    let told = String::from_utf8(piped.stderr).expect("UTF-8");
    assert_eq!(String::from_utf8(piped.stdout).expect("UTF-8").trim(), "1", "{told}");
    let books = Books::open(&shop.database).await;
    assert_eq!((books.count("refunds").await, shop.given_back().await.len()), (0, 0));
}

#[tokio::test]
async fn books_that_do_not_take_it_leave_an_error_with_the_number() {
    let shop = Shop::open().await;
    let order = shop.paid().await;
    let books = Books::open(&shop.database).await;
    let held = books.hold().await;
    let started = Instant::now();
    let (code, told, error) = shop.refund(&[&order.order_no]);
    println!("books held by somebody else: {:?}", started.elapsed());
    held.let_go().await;
    assert!(code == Some(1) && error.contains(&format!("refund {}", number(&told))), "{told}{error}");
    let (code, told, error) = shop.refund(&[&order.order_no]);
    assert_eq!(code, Some(0), "{told}{error}");
    assert_eq!(shop.given_back().await, [number(&told)]);
}

#[tokio::test]
async fn a_refund_that_has_failed_is_an_error_with_its_number() {
    let shop = Shop::open().await;
    let order = shop.paid().await;
    shop.process.faults(json!({"refund_outcome": "closed"})).await;
    let (_, told, _) = shop.refund(&[&order.order_no]);
    let shown = number(&told);
    let books = Books::open(&shop.database).await;
    until("closed", async || (books.refunds().await[0].state == "CLOSED").then_some(())).await;
    let (code, told, error) = shop.refund(&[&order.order_no]);
    assert_eq!((code, number(&told)), (Some(1), shown.clone()), "{told}");
    assert!(error.contains(&format!("refund {shown} has failed: CLOSED")), "{error}");
    shop.process.faults(json!({"refund_outcome": "success"})).await;
    let (code, told, error) = shop.refund(&[&order.order_no, "--another"]);
    assert_eq!(code, Some(0), "{told}{error}");
    shop.process.until_status(&order.token, "REFUND_SUCCESS").await;
}

#[tokio::test]
async fn what_wechat_refuses_is_explained_where_it_is_shown() {
    let shop = Shop::open().await;
    let order = shop.paid().await;
    shop.process.faults(json!({"refund_refused": 1, "refund_refusal": "NOT_ENOUGH"})).await;
    let (code, told, log) = shop.refund(&[&order.order_no]);
    assert_eq!(code, Some(0), "it goes on by itself: {told}{log}");
    let id = told.split("Request-ID ").nth(1).and_then(|it| it.split_whitespace().next()).expect("a Request-ID");
    for words in ["NOT_ENOUGH", "商户可用余额不足", "商户平台管理员", "balance is too low", "merchant console"]
    {
        assert!(told.contains(words), "no {words:?} in {told}");
    }
    assert!(log.contains("balance is too low") && log.contains(id), "the log explains it, too: {log}");
    let mut command = Command::new(program());
    command.args(["order", "show", "--sandbox", &order.order_no]).env_clear().current_dir(shop.folder.path());
    let shown = command.env("DATABASE_URL", &shop.database).stdin(Stdio::null()).output().expect("runs");
    let shown = String::from_utf8(shown.stdout).expect("UTF-8");
    assert!(shown.contains("商户可用余额不足") && shown.contains(id), "{shown}");
}

#[tokio::test]
async fn with_standard_output_closed_nothing_is_asked_and_it_is_said() {
    let shop = Shop::open().await;
    let order = shop.paid().await;
    let closed = |arguments: &[&str], redirection: &str| {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("exec \"$@\" {redirection}"), "sh", program()]).args(arguments).env_clear();
        command.env("DATABASE_URL", &shop.database).env("NO_COLOR", "1").current_dir(shop.folder.path());
        let output = command.stdin(Stdio::null()).output().expect("runs");
        (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
    };
    let refund: &[&str] = &["refund", "--sandbox", &order.order_no, "--amount-fen", "100"];
    for arguments in [refund, &["product", "list", "--sandbox"], &["order", "--sandbox", "show", &order.order_no]] {
        let (code, told) = closed(arguments, ">&-");
        assert!(code == Some(1) && told.contains("standard output is closed"), "{arguments:?} {code:?} {told}");
    }
    assert!(shop.given_back().await.is_empty());
    let books = Books::open(&shop.database).await;
    assert_eq!(books.count("refunds").await, 0);
    // Thrown away on purpose is another thing.
    let (code, told) = closed(&["product", "list", "--sandbox"], ">/dev/null");
    assert_eq!(code, Some(0), "{told}");
}
