//! An abnormal refund on a running server: by command, by page, and with the server killed in the middle. At
//! `RUST_LOG=debug` no log has a card's number or its holder's name.

use std::{
    io::Write as _,
    process::{Output, Stdio},
};

use serde_json::{Value, json};

use crate::support::{self, Books, Desk, Placed, Process, database_url, folder, lay_keys, until};

const ACCOUNT: &str = "6225880123456783";
const NAME: &str = "欧阳测试";

fn has_secret(text: &str) -> bool {
    [ACCOUNT, NAME, "6225 8801", "%E6%AC%A7%E9%98%B3"].iter().any(|secret| text.contains(secret))
}

struct Shop {
    process: Process,
    folder: tempfile::TempDir,
    books: Books,
}

impl Shop {
    async fn open() -> Self {
        let folder = folder();
        lay_keys(&folder.path().join("data/sandbox"));
        let process = Process::serve(folder.path(), &Self::VARIABLES).await;
        let books = Books::open(&database_url(&folder.path().join("data"))).await;
        Self { process, folder, books }
    }

    const VARIABLES: [(&str, &str); 2] = [("SAOMA_ORDERS_PER_MINUTE", "0"), ("RUST_LOG", "debug")];

    async fn stuck(&self) -> (Placed, String) {
        self.process.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0, "refund_outcome": "abnormal"})).await;
        let order = self.process.order(2).await;
        self.process.pay(&order.code_url).await;
        self.process.until_status(&order.token, "SUCCESS").await;
        let told = self.saoma(&["refund", "--sandbox", &order.order_no], "");
        assert!(told.status.success(), "{told:?}");
        self.process.until_status(&order.token, "REFUND_ABNORMAL").await;
        self.process.faults(json!({"refund_outcome": "success"})).await;
        let told = String::from_utf8(told.stdout).expect("UTF-8");
        let number = told.strip_prefix("out_refund_no  ").and_then(|it| it.split_whitespace().next());
        (order, number.expect("a number").to_owned())
    }

    fn saoma(&self, arguments: &[&str], typed: &str) -> Output {
        let mut command = support::command(self.folder.path(), arguments);
        command
            .env("DATABASE_URL", database_url(&self.folder.path().join("data")))
            .env("RUST_LOG", "debug")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("runs");
        // Who asks nothing may be gone before it is written.
        drop(child.stdin.take().expect("piped").write_all(typed.as_bytes()));
        child.wait_with_output().expect("ends")
    }

    /// One of the sandbox's accounts comes in, and gives the second factor once more.
    async fn desk(&self) -> Desk<'_> {
        let desk = Desk::at(&self.process);
        let login = desk.get("/admin/login").await;
        let offer = login.text().split("<form").find(|form| form.contains("\"demo-operator\"")).expect("an offer");
        let password = support::hidden(offer, "password");
        desk.post_to("/admin/login", &[("name", "demo-operator"), ("password", &password)]).await;
        for page in ["/admin/factor", "/admin/confirm"] {
            let code = desk.demo_code(page).await;
            desk.post_to(page, &[("code", &code)]).await;
        }
        desk
    }

    async fn texts(&self, sql: &'static str) -> Vec<String> {
        sqlx::query_scalar(sql).fetch_all(&self.books.pool).await.expect("reads")
    }

    /// How the platform has its last refund.
    async fn status_at_wechat(&self) -> String {
        let ledger = self.process.get("/_sandbox/ledger").await;
        let lines = ledger.text().lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let mut refunds = lines.filter(|line| line["type"] == "refund");
        let last = refunds.next_back().expect("one");
        last["status"].as_str().expect("a status").to_owned()
    }
}

#[tokio::test]
async fn the_command_reads_the_card_from_its_input_and_says_it_nowhere() {
    let shop = Shop::open().await;
    let (order, number) = shop.stuck().await;
    let to_user = ["refund", "abnormal", &number, "--sandbox", "--to", "user", "--bank", "CMB_DEBIT"];
    let typed = format!("6225 8801-2345 6783\n{NAME}\n");
    for (arguments, typed, exit) in [
        (&to_user[..6], typed.as_str(), 2),
        (&["refund", "abnormal", &number, "--sandbox", "--to", "user", "--bank", "HXB_DEBIT"], &typed, 2),
        (&["refund", "abnormal", &number, "--sandbox", "--to", "merchant", "--account", "1"], "", 2),
        (&to_user, "6225\n", 1),
        (&to_user, "6225 8801 2345 6784\n欧阳测试\n", 1),
        (&to_user, "6225 8801 2345 6783\n \u{3000}\u{200b}\n", 1),
        (&to_user, "", 1),
        (&["refund", "abnormal", "NOSUCH", "--sandbox", "--to", "merchant"], "", 1),
    ] {
        let refused = shop.saoma(arguments, typed);
        assert_eq!(refused.status.code(), Some(exit), "{arguments:?}: {refused:?}");
        assert!(!has_secret(&format!("{refused:?}")), "{refused:?}");
    }
    // So that it has not arrived before the command looks.
    shop.process.faults(json!({"refund_ms": 1_000})).await;
    let sent = shop.saoma(&to_user, &typed);
    let told = String::from_utf8_lossy(&sent.stdout).into_owned();
    assert!(sent.status.success() && told.contains(&number) && told.contains("PROCESSING"), "{sent:?}");
    let again = shop.saoma(&to_user, &typed);
    let why = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(again.status.code() == Some(1) && why.contains("only a refund that is ABNORMAL"), "{again:?}");
    shop.process.until_status(&order.token, "REFUND_SUCCESS").await;
    for text in [&sent.stdout, &sent.stderr, &again.stdout, &again.stderr] {
        assert!(!has_secret(&String::from_utf8_lossy(text)), "{text:?}");
    }
    assert!(!has_secret(&shop.process.log()));
    let entries =
        shop.texts("SELECT result FROM audit_log WHERE what = 'ABNORMAL_SENT' AND who LIKE 'os:%' ORDER BY id");
    assert_eq!(entries.await, ["ASKED", "DONE"]);
}

#[tokio::test]
async fn killed_between_asking_and_the_answer_it_is_known_that_it_was_asked() {
    let mut shop = Shop::open().await;
    let (order, _) = shop.stuck().await;
    let ids = shop.texts("SELECT '/admin/orders/' || order_id || '/abnormal/' || id FROM refunds");
    let path = ids.await.pop().expect("one");
    let desk = shop.desk().await;
    let typed = [("to", "user"), ("bank", "CMB_DEBIT"), ("account", ACCOUNT), ("name", NAME)];
    let check = desk.post(&format!("{path}/check"), &typed).await;
    assert_eq!(check.status, 200, "{}", check.text());
    let [account, name, serial] = ["account", "name", "serial"].map(|it| support::hidden(check.text(), it));
    let sealed =
        [("to", "user"), ("bank", "CMB_DEBIT"), ("account", &*account), ("name", &*name), ("serial", &*serial)];
    let withheld = json!({"timeout_after_commit": {"abnormal": 1}, "timeout_ms": 60_000, "refund_ms": 3_600_000});
    shop.process.faults(withheld).await;
    let csrf = desk.csrf().await;
    let fields: Vec<_> = sealed.into_iter().chain([("csrf", &*csrf)]).collect();
    let pressed = tokio::spawn(desk.bear(desk.form(&path, &fields)).send());
    until("heard at WeChat", async || (shop.status_at_wechat().await == "PROCESSING").then_some(())).await;
    let jar = desk.jar();
    drop(desk);
    let log = shop.process.log();
    shop.process.kill();
    assert!(pressed.await.expect("no panic").is_err(), "no answer");
    shop.process = Process::serve(shop.folder.path(), &Shop::VARIABLES).await;
    let kind = "SELECT kind FROM order_events WHERE kind LIKE 'REFUND_ABNORMAL%' ORDER BY id";
    assert_eq!(shop.texts(kind).await, ["REFUND_ABNORMAL", "REFUND_ABNORMAL_ASKED"], "written before it was asked");
    assert_eq!(shop.process.look(&order.token).await["status"], "REFUND_ABNORMAL");
    let desk = Desk::with_jar(&shop.process, jar);
    let led = desk.post_to(&path, &sealed).await;
    assert!(!led.contains("said="), "its query tells, and nothing is sent again: {led}");
    assert_eq!(shop.texts(kind).await.len(), 2);
    assert_eq!(shop.process.look(&order.token).await["status"], "REFUND_PROCESSING");
    drop(desk);
    assert!(log.len() > 1_000 && !has_secret(&log) && !has_secret(&shop.process.log()));
}
