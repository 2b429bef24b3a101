//! `saoma` as operators run it.

use std::{
    fs,
    process::{Command, Output},
    time::Duration,
};

use serde_json::json;
use tokio::time::Instant;

use crate::support::{Placed, Process, Site, command, database_url, folder, free_port, lay_keys, program, until};

/// The program with nothing but these variables, until it ends by itself.
fn run(folder: &std::path::Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    command(folder, arguments).envs(variables.iter().copied()).output().expect("runs")
}

#[test]
fn a_partial_configuration_exits_with_2_and_names_everything_that_is_missing() {
    let folder = folder();
    let required = [
        "WXPAY_MCH_ID",
        "WXPAY_APPID",
        "WXPAY_MCH_SERIAL_NO",
        "WXPAY_PRIVATE_KEY",
        "WXPAY_API_V3_KEY",
        "WXPAY_NOTIFY_DOMAIN",
    ];
    for given in [
        &[][..],
        &[("WXPAY_MCH_ID", "1900007291")],
        &[("WXPAY_APPID", "wx2421b1c4370ec43b"), ("WXPAY_NOTIFY_DOMAIN", "https://shop.example.com")],
        &[("WXPAY_API_V3_KEY", "0123456789abcdefghijklmnopqrstuv")],
        &[("WXPAY_DOMAIN", "https://api.mch.weixin.qq.com")],
    ] {
        let output = run(folder.path(), &[], given);
        assert_eq!(output.status.code(), Some(2), "{given:?}");
        let told = String::from_utf8(output.stderr).expect("UTF-8");
        for variable in required {
            let missing = !given.iter().any(|(name, _)| *name == variable);
            assert_eq!(told.contains(&format!("{variable}: is missing")), missing, "{variable}: {told}");
        }
        assert!(told.contains("saoma serve --sandbox"), "{told}");
        assert!(!told.contains("0123456789abcdefghijklmnopqrstuv"), "{told}");
        assert!(!folder.path().join("data").exists(), "nothing is made before the settings are right");
    }
}

#[test]
fn wrong_settings_are_all_named_at_once_and_secrets_are_not_repeated() {
    let folder = folder();
    let given = [
        ("WXPAY_MCH_ID", "not a number"),
        ("WXPAY_APPID", "wx-!"),
        ("WXPAY_MCH_SERIAL_NO", "PUB_KEY_ID_0123"),
        ("WXPAY_PRIVATE_KEY_PATH", "/nowhere/key.pem"),
        ("WXPAY_API_V3_KEY", "too-short-secret"),
        ("WXPAY_PUBLIC_KEY_ID", "0123"),
        ("WXPAY_DOMAIN", "http://api.mch.weixin.qq.com"),
        ("WXPAY_NOTIFY_DOMAIN", "http://shop.example.com/path?x"),
        ("DATABASE_URL", "postgres://x"),
        ("SAOMA_PAY_MINUTES", "121"),
        ("SAOMA_ORDERS_PER_MINUTE", "-1"),
        ("SAOMA_REJECTED_CALLBACKS_PER_MINUTE", "many"),
        ("SAOMA_TRUSTED_PROXIES", "proxy"),
        ("LEPTOS_SITE_ADDR", "3000"),
    ];
    let output = run(folder.path(), &["serve"], &given);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).expect("UTF-8");
    for (variable, _) in given {
        assert!(told.contains(&format!("{variable}: ")), "{variable}: {told}");
    }
    assert!(!told.contains("too-short-secret"), "{told}");
}

#[tokio::test]
async fn a_taken_port_is_an_error_that_says_so() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound").to_string();
    let folder = folder();
    let output = run(folder.path(), &["serve", "--sandbox"], &[("LEPTOS_SITE_ADDR", &address)]);
    assert_eq!(output.status.code(), Some(1), "a service manager is to try again");
    let told = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(told.contains(&address), "{told}");
    let sandbox = run(folder.path(), &["sandbox", "--listen", &address, "--dir", "sandbox"], &[]);
    assert_eq!(sandbox.status.code(), Some(1));
}

#[tokio::test]
async fn a_termination_during_a_long_poll_ends_well_and_soon() {
    for signal in ["-TERM", "-INT"] {
        let folder = folder();
        lay_keys(&folder.path().join("data/sandbox"));
        let mut process = Process::serve(folder.path(), &[]).await;
        let order = process.order(1).await;
        let watching = tokio::spawn({
            let (site, token) = (Site::new(process.origin.clone()), order.token.clone());
            async move { site.watch(&token, 2, 25).await }
        });
        until("the page waits", async || (process.metric("saoma_pages_waiting", "").await == 1).then_some(())).await;
        let started = Instant::now();
        process.signal(signal);
        let status = process.ended().await;
        let took = started.elapsed();
        assert_eq!(status.code(), Some(0), "{}", process.log());
        assert_eq!(watching.await.expect("no panic")["status"], "NOTPAY", "the page was answered");
        println!("{signal} during a long poll: exit 0 after {took:?}");
        assert!(took < Duration::from_secs(10), "{took:?}");
    }
}

#[tokio::test]
async fn an_env_file_is_read_and_the_environment_wins() {
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    fs::write(folder.path().join(".env"), "SAOMA_PAYEE=来自文件的店\nSAOMA_PAY_MINUTES=3\n").expect("writes");
    let process = Process::serve(folder.path(), &[("SAOMA_PAY_MINUTES", "7")]).await;
    assert!(process.get("/").await.shown().contains("来自文件的店"));
    let order = process.order(1).await;
    let left = process.look(&order.token).await["secondsLeft"].as_i64().expect("a number");
    assert!((390..=420).contains(&left), "{left}");
}

#[tokio::test]
async fn products_can_be_put_on_sale_from_the_command_line() {
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    let process = Process::serve(folder.path(), &[]).await;
    let put = ["product", "put", "--sandbox", "--id", "7", "--title", "测试商品", "--price-fen", "250"];
    let database = database_url(&folder.path().join("data"));
    let variables = [("DATABASE_URL", database.as_str())];
    assert_eq!(run(folder.path(), &put, &variables).status.code(), Some(0), "beside a running server");
    let listed = run(folder.path(), &["product", "list", "--sandbox"], &variables);
    assert!(String::from_utf8(listed.stdout).expect("UTF-8").contains("7\t2.50\t测试商品"));
    assert!(process.get("/").await.shown().contains("测试商品"));
    let answer = process.try_order(7).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    for wrong in [["--id", "0"], ["--price-fen", "0"], ["--price-fen", "-1"], ["--price-fen", "1.5"]] {
        let mut arguments = vec!["product", "put", "--title", "x"];
        let other = if wrong[0] == "--id" { ["--price-fen", "1"] } else { ["--id", "8"] };
        arguments.extend(wrong.iter().chain(&other));
        assert_eq!(run(folder.path(), &arguments, &[]).status.code(), Some(2), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_an_error_without_its_password() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound");
    let folder = folder();
    let url = format!("mysql://saoma:very-secret@{nobody}/saoma");
    for arguments in [&["serve", "--sandbox"][..], &["product", "--sandbox", "list"]] {
        let variables = [("DATABASE_URL", url.as_str()), ("RUST_LOG", "debug"), ("LEPTOS_SITE_ADDR", "127.0.0.1:0")];
        let output = run(folder.path(), arguments, &variables);
        assert_eq!(output.status.code(), Some(1));
        let told = [output.stderr, output.stdout].concat();
        let told = String::from_utf8(told).expect("UTF-8");
        assert!(told.contains("database: ") && !told.contains("very-secret"), "{told}");
    }
}

/// From the list of products to the receipt, as a browser without JavaScript does it.
async fn purchase(site: &Site, platform: &Site) -> Placed {
    let browser = site.browser();
    assert!(browser.get("/").await.shown().contains("西湖龙井"));
    assert_eq!(browser.get("/products/2").await.status, 200);
    let answer = browser.submit("/api/ui/place_order", &[("product_id", "2")]).await;
    assert_eq!(answer.status, 302, "{answer:?}");
    let path = answer.header("location").expect("a page").to_owned();
    let page = browser.get(&path).await;
    assert!(page.shown().contains("请使用微信扫一扫") && page.shown().contains("128.00"));
    // What the code on the page holds.
    let order = browser.order(2).await;
    assert_eq!(path, format!("/pay/{}", order.token));
    let (told, transaction) = tokio::join!(site.watch(&order.token, 2, 25), platform.pay(&order.code_url));
    assert_eq!(told["status"], "SUCCESS");
    assert!(browser.get(&path).await.shown().contains("支付成功"));
    assert!(browser.get(&format!("{path}/receipt")).await.shown().contains(&transaction));
    assert!(browser.get("/orders").await.text().contains(&path));
    assert_eq!(site.order_status(&order.order_no).await.0, 0);
    platform.until_delivery(&order.order_no, "accepted").await;
    order
}

#[tokio::test]
async fn the_sandbox_alone_and_a_live_server_with_its_credentials_make_a_whole_purchase() {
    let folder = folder();
    let sandbox_folder = folder.path().join("a sandbox");
    fs::create_dir(&sandbox_folder).expect("a folder");
    // Made by itself, not from ready-made keys.
    let sandbox = Process::sandbox(&sandbox_folder).await;
    let credentials = sandbox_folder.join("credentials.env");
    let live = Process::serve_live(folder.path(), free_port(), &credentials, None, &[]).await;
    purchase(&live, &sandbox).await;
    for path in ["/_sandbox/", "/_sandbox/health", "/_sandbox/faults", "/_sandbox/deliveries", "/_sandbox/ledger"] {
        assert_eq!(live.get(path).await.status, 404, "{path}");
    }
    assert!(live.log().contains("no real money"), "a platform on this machine is named: {}", live.log());

    // A second start with the same folder keeps keys and orders.
    let before = fs::read_to_string(&credentials).expect("is there");
    let order = live.order(1).await;
    sandbox.terminate();
    let mut sandbox = sandbox;
    assert_eq!(sandbox.ended().await.code(), Some(0));
    let sandbox = Process::sandbox_at(&sandbox_folder, sandbox.port()).await;
    assert_eq!(fs::read_to_string(&credentials).expect("is there"), before);
    sandbox.pay(&order.code_url).await;
    live.until_status(&order.token, "SUCCESS").await;
}

#[tokio::test]
async fn with_platform_certificates_a_live_server_makes_a_whole_purchase() {
    let folder = folder();
    let sandbox_folder = folder.path().join("sandbox");
    lay_keys(&sandbox_folder);
    let sandbox = Process::sandbox(&sandbox_folder).await;
    // Old merchants have no public key: neither in their settings, nor does WeChat use one.
    let credentials = fs::read_to_string(sandbox_folder.join("credentials.env")).expect("is there");
    let old: Vec<_> = credentials.lines().filter(|line| !line.starts_with("WXPAY_PUBLIC_KEY")).collect();
    assert_eq!(credentials.lines().count(), old.len() + 2);
    fs::write(folder.path().join("old.env"), old.join("\n")).expect("writes");
    sandbox.faults(json!({"public_key_share": 0, "public_key_share_replies": 0})).await;
    let live = Process::serve_live(folder.path(), free_port(), &folder.path().join("old.env"), None, &[]).await;
    purchase(&live, &sandbox).await;
    assert_eq!(live.callbacks("PAID").await, 1);
}

#[tokio::test]
async fn what_a_start_takes() {
    /// From the start of the process to its first answer.
    async fn start(folder: &std::path::Path, variables: &[(&str, &str)]) -> (Process, Duration) {
        let port = free_port();
        let mut command = Command::new(program());
        let mode = if variables.is_empty() { &["serve", "--sandbox"][..] } else { &["serve"] };
        command.args(mode).envs(variables.iter().copied()).env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}"));
        let started = Instant::now();
        let process = Process::spawn(command, folder, port, "serve.log");
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(started.elapsed() < Duration::from_secs(30), "{}", process.log());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(process.get("/healthz").await.status, 200);
        (process, started.elapsed())
    }
    let folder = folder();
    let (mut process, first) = start(folder.path(), &[]).await;
    process.kill();
    let (mut process, second) = start(folder.path(), &[]).await;
    let idle = process.resident();
    process.get("/").await;
    let after_a_page = process.resident();
    process.kill();

    let credentials = dotenvy::from_path_iter(folder.path().join("data/sandbox/credentials.env")).expect("is there");
    let pairs: Vec<(String, String)> = credentials.map(|pair| pair.expect("dotenv")).collect();
    let mut live: Vec<(&str, &str)> = pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let database = database_url(&folder.path().join("live"));
    live.push(("DATABASE_URL", &database));
    let (mut process, live_start) = start(folder.path(), &live).await;
    let live_idle = process.resident();
    process.kill();
    println!("start to first answer: sandbox mode {first:?} with three RSA keys to make, {second:?} without");
    println!("start to first answer: live mode, empty database {live_start:?} (budget 200 ms)");
    println!(
        "VmRSS: sandbox mode idle {idle} KiB, after a page {after_a_page} KiB; live mode idle {live_idle} KiB (budget 40 MB)"
    );
}

#[tokio::test]
async fn orders_are_shown_asked_about_and_given_back_from_the_command_line() {
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    let process = Process::serve(folder.path(), &[("SAOMA_ORDERS_PER_MINUTE", "0")]).await;
    process.faults(json!({"drop": "all", "refund_ms": 0, "refund_gap_seconds": 0})).await;
    let order = process.order(2).await;
    process.pay(&order.code_url).await;
    let database = database_url(&folder.path().join("data"));
    let command = |arguments: &[&str]| {
        let arguments = [arguments, &["--sandbox"]].concat();
        let output = run(folder.path(), &arguments, &[("DATABASE_URL", &database)]);
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (output.status.success(), text(output.stdout), text(output.stderr))
    };

    let (shown, told, _) = command(&["order", "show", &order.order_no]);
    assert!(shown && told.contains("NOTPAY") && told.contains(&order.order_no) && told.contains("PLACED"), "{told}");
    let (asked, told, _) = command(&["order", "query", &order.order_no]);
    assert!(asked && told.contains("SUCCESS") && told.contains("PAID") && told.contains("COMMAND_LINE"), "{told}");

    process.faults(json!({"drop": 0})).await;
    let part = ["refund", &order.order_no, "--amount-fen=2800", "--reason=缺货", "--out-refund-no=R20261125"];
    for _ in 0..2 {
        let (given, told, error) = command(&part);
        assert!(given && told.starts_with("out_refund_no  R20261125"), "{told}{error}");
    }
    let (given, _, error) = command(&["refund", &order.order_no, "--amount-fen=10001"]);
    assert!(!given && error.contains("100.00"), "{error}");
    let (given, _, error) = command(&["refund", &order.order_no, "--amount-fen=-1"]);
    assert!(!given && error.contains("amount-fen"), "{error}");
    let (shown, _, error) = command(&["order", "show", "20261125000000NOBODY0HAS0THIS"]);
    assert!(!shown && error.contains("order 20261125000000NOBODY0HAS0THIS: no such order"), "{error}");
    let (given, _, error) = command(&["refund", "--transaction-id", "4200000000202611250000000000"]);
    assert!(!given && error.contains("refund of 4200000000202611250000000000: no payment"), "{error}");

    process.until_status(&order.token, "REFUND_PARTIAL").await;
    let ledger = process.get("/_sandbox/ledger").await;
    assert_eq!(ledger.text().matches("\"type\":\"refund\"").count(), 1, "said twice, given once");
}

/// How nice a process is: its 19th field, behind a name that may hold anything. It can still be read when it has ended.
#[cfg(target_os = "linux")]
async fn niceness(process: &mut std::process::Child) -> i32 {
    let stat = format!("/proc/{}/stat", process.id());
    let fields = until("it ends", async || {
        let stat = fs::read_to_string(&stat).expect("is there");
        let rest = stat.rsplit_once(") ").expect("a name").1.to_owned();
        rest.starts_with('Z').then_some(rest)
    });
    fields.await.split(' ').nth(16).expect("a number").parse().expect("a number")
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_command_leaves_the_processors_to_the_server() {
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    let server = Process::serve(folder.path(), &[]).await;
    let stat = fs::read_to_string(format!("/proc/{}/stat", server.id())).expect("is there");
    let own = stat.rsplit_once(") ").expect("a name").1.split(' ').nth(16).expect("a number").to_owned();
    let own: i32 = own.parse().expect("a number");
    for arguments in [
        &["backup", "--sandbox", "--to", "copy.db"][..],
        &["order", "export", "--sandbox", "--from", "2000-01-01"],
        &["bill", "list", "--sandbox"],
    ] {
        let mut started = command(folder.path(), arguments);
        started.env("DATABASE_URL", database_url(&folder.path().join("data")));
        started.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut started = started.spawn().expect("starts");
        let nice = niceness(&mut started).await;
        // Of books on a server it makes no backup, and is as nice.
        started.wait().expect("ended");
        assert_eq!(nice, (own + 10).min(19), "{arguments:?}");
    }
}
