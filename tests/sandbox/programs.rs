//! What programs in containers and test suites of other languages need of a sandbox (design §2.5).

use std::{fs, process::Command, time::Duration};

use jiff::SignedDuration;
use saoma::{clock::Clock, sandbox::SandboxOptions};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::harness::{Folder, Platform};

#[tokio::test]
async fn an_order_is_paid_by_its_number() {
    let platform = Platform::start().await;
    let pay = async |body: Value| platform.control("POST", "/_sandbox/pay", &body).await;
    let unknown = pay(json!({"out_trade_no": "ORDER0001"})).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "ORDER_UNKNOWN"));
    platform.prepay("ORDER0001").await;
    platform.prepay("ORDER0001").await;
    let paid = pay(json!({"out_trade_no": "ORDER0001", "openid": "oSomebody"})).await;
    assert_eq!((paid.status, &paid.json()["trade_state"]), (200, &json!("SUCCESS")));
    let told = platform.receiver.wait_for(1).await[0].open(&platform.client);
    assert_eq!(
        (&told["payer"]["openid"], &told["transaction_id"]),
        (&json!("oSomebody"), &paid.json()["transaction_id"])
    );
    let again = pay(json!({"out_trade_no": "ORDER0001"})).await;
    assert_eq!((again.status, again.code().as_str()), (409, "ORDER_PAID"));
    for wrong in [json!({}), json!({"out_trade_no": "ORDER0001", "openid": ""}), json!({"out_trade_no": 1})] {
        assert_eq!(pay(wrong.clone()).await.code(), "BAD_REQUEST", "{wrong}");
    }
}

#[tokio::test]
async fn whoever_cannot_read_the_folder_asks_for_the_credentials() {
    let platform = Platform::start_as(|options| SandboxOptions { tls: true, ..options }).await;
    let told = platform.control("GET", "/_sandbox/credentials", &Value::Null).await.json();
    let file = |name: &str| fs::read_to_string(platform.dir.join(name)).expect("is there");
    for (name, path) in [
        ("WXPAY_PRIVATE_KEY", "apiclient_key.pem"),
        ("WXPAY_CERTIFICATE", "apiclient_cert.pem"),
        ("WXPAY_PUBLIC_KEY", "pub_key.pem"),
        ("WXPAY_PLATFORM_CERTIFICATE", "platform/cert.pem"),
        ("SANDBOX_CA", "ca.pem"),
    ] {
        assert_eq!(told[name], file(path), "{name}");
        let full = platform.dir.join(path);
        assert_eq!(told[format!("{name}_PATH")], full.to_str().expect("UTF-8"), "{name}");
    }
    for pair in dotenvy::from_path_iter(platform.dir.join("credentials.env")).expect("is there") {
        let (name, value) = pair.expect("dotenv");
        assert_eq!(told[&name], value, "{name}");
    }
    let changed = platform.control("POST", "/_sandbox/api-v3-key", &Value::Null).await.json();
    let told = platform.control("GET", "/_sandbox/credentials", &Value::Null).await.json();
    assert_eq!(told["WXPAY_API_V3_KEY"], changed["api_v3_key"]);
}

#[tokio::test]
async fn a_reset_forgets_all_but_the_keys() {
    let platform = Platform::start().await;
    platform.faults(json!({"refund_gap_seconds": 0, "refund_ms": 0})).await;
    platform.paid("ORDER0001").await;
    assert_eq!(platform.refund("ORDER0001", "REFUND1", 10).await.status, 200);
    platform.refund_delivery("REFUND1", "accepted").await;
    platform.faults(json!({"error_500": {"prepay": 7}, "retry_scale": 0.5})).await;
    let usual = platform.control("DELETE", "/_sandbox/faults", &Value::Null).await.json();
    platform.faults(json!({"drop": 3})).await;
    let numbers = platform.control("GET", "/_sandbox/deliveries", &Value::Null).await.json();
    let last = numbers["deliveries"][0]["number"].as_u64().expect("a number");

    assert_eq!(platform.control("POST", "/_sandbox/reset", &Value::Null).await.status, 200);
    let nothing = async |platform: &Platform| {
        assert_eq!(platform.query("ORDER0001").await.status, 404);
        assert_eq!(platform.query_refund("REFUND1").await.status, 404);
        let told = platform.control("GET", "/_sandbox/deliveries", &Value::Null).await.json();
        assert_eq!(told["deliveries"], json!([]));
        assert!(platform.control("GET", "/_sandbox/ledger", &Value::Null).await.body.is_empty());
        assert_eq!(platform.control("GET", "/_sandbox/faults", &Value::Null).await.json(), usual);
    };
    nothing(&platform).await;
    let platform = platform.restart().await;
    nothing(&platform).await;

    // The same numbers are new, and no callback of before is mistaken for one of now.
    platform.paid("ORDER0001").await;
    assert_eq!(platform.control("POST", "/_sandbox/reset", &Value::Null).await.status, 200);
    platform.paid("ORDER0001").await;
    let told = platform.control("GET", "/_sandbox/deliveries", &Value::Null).await.json();
    assert_eq!(told["deliveries"].as_array().map(Vec::len), Some(1));
    assert_eq!((&told["deliveries"][0]["number"], last), (&json!(2), 2), "after that of before the reset");
}

#[tokio::test]
async fn a_callback_is_delivered_again_whatever_has_become_of_it() {
    let platform = Platform::start().await;
    platform.paid("ORDER0001").await;
    let number = platform.delivery("ORDER0001", "accepted").await["number"].clone();
    let redeliver = async |number: &Value| {
        platform.control("POST", &format!("/_sandbox/deliveries/{number}/redeliver"), &Value::Null).await
    };
    let again = redeliver(&number).await;
    assert_eq!((again.status, &again.json()["state"]), (200, &json!("pending")));
    let received = platform.receiver.wait_for(2).await;
    assert_eq!(received[0].envelope()["id"], received[1].envelope()["id"]);
    assert_eq!(received[0].open(&platform.client), received[1].open(&platform.client));
    platform.delivery_with_attempts("ORDER0001", 2).await;
    let unknown = redeliver(&json!(4711)).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "DELIVERY_UNKNOWN"));

    // By hand, too.
    let html = platform.page("/_sandbox/records").await;
    assert!(html.contains(&format!(r#"name="number" value="{number}""#)), "{html}");
    let fields = [("number".to_owned(), number.to_string())];
    assert_eq!(platform.submit("/_sandbox/records/redeliver", &fields).await.status, 303);
    platform.receiver.wait_for(3).await;
    let fields = [("number".to_owned(), "4711".to_owned())];
    assert_eq!(platform.submit("/_sandbox/records/redeliver", &fields).await.status, 409);
}

#[tokio::test]
async fn one_that_was_given_up_is_delivered_again() {
    let noon = "2026-11-23T12:00:00+08:00".parse().expect("a time");
    let platform = Platform::start_with(Clock::mock(noon)).await;
    platform.faults(json!({"retry_scale": 0})).await;
    platform.receiver.answer(&[500; 16]);
    let code_url = platform.prepay("ORDER0001").await;
    platform.pay(&code_url).await;
    let given_up = platform.delivery("ORDER0001", "given_up").await;
    platform.clock.advance(SignedDuration::from_secs(1));
    let path = format!("/_sandbox/deliveries/{}/redeliver", given_up["number"]);
    assert_eq!(platform.control("POST", &path, &Value::Null).await.status, 200);
    let delivery = platform.delivery("ORDER0001", "accepted").await;
    assert_eq!(delivery["attempts"].as_array().map(Vec::len), Some(17));
}

/// The first attempt of a callback to this address.
async fn first_attempt(platform: &Platform, out_trade_no: &str, notify_url: &str) -> Value {
    let mut order = platform.order(out_trade_no);
    order["notify_url"] = json!(notify_url);
    let placed = platform.client.post("/v3/pay/transactions/native", &order).await;
    assert_eq!(placed.status, 200, "{placed:?}");
    platform.pay(placed.json()["code_url"].as_str().expect("a code")).await;
    platform.delivery_with_attempts(out_trade_no, 1).await["attempts"][0].clone()
}

/// A page that is open in a developer's browser, and a name of its own that leads here.
#[tokio::test]
async fn the_controls_answer_no_page_of_others() {
    let platform = Platform::start().await;
    let client = &platform.client;
    platform.paid("GUARD0001").await;
    let own = client.base.clone();
    let sent = async |method: &str, path: &str, headers: &[(&str, &str)]| {
        let bare = client.bare(method, path, b"");
        let request = headers.iter().fold(bare, |request, (name, value)| request.header(*name, *value));
        client.send(request).await.status
    };
    for headers in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        &[("origin", "http://127.0.0.1:1")],
        &[("sec-fetch-site", "cross-site")],
        &[("origin", &own), ("sec-fetch-site", "same-site")],
        &[("host", "evil.example")],
        &[("host", "evil.example"), ("origin", "http://evil.example")],
    ] {
        assert_eq!(sent("POST", "/_sandbox/reset", headers).await, 403, "{headers:?}");
    }
    assert_eq!(sent("GET", "/_sandbox/credentials", &[("host", "evil.example:9090")]).await, 403);
    assert_eq!(platform.state("GUARD0001").await, "SUCCESS", "it has forgotten nothing");
    // A link to it is nothing bad, its own forms are not, and programs name no page.
    assert_eq!(sent("GET", "/_sandbox/ledger", &[("sec-fetch-site", "cross-site")]).await, 200);
    assert_eq!(sent("POST", "/_sandbox/reset", &[("origin", &own), ("sec-fetch-site", "same-origin")]).await, 200);
    assert_eq!(sent("POST", "/_sandbox/reset", &[("origin", &own)]).await, 200);
    assert_eq!(sent("POST", "/_sandbox/reset", &[("host", "sandbox:9090")]).await, 200);
}

#[tokio::test]
async fn a_callback_that_fails_says_why() {
    let platform = Platform::start().await;
    platform.faults(json!({"callback_timeout_ms": 300})).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let closed = listener.local_addr().expect("bound");
    drop(listener);
    // One that answers in plain text where TLS is expected, one that hangs up, one that says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let plain = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((mut line, _)) = listener.accept().await {
            line.read_exact(&mut [0; 16]).await.ok();
            line.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await.ok();
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let rude = listener.local_addr().expect("bound");
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let slow = silent.local_addr().expect("bound");
    let trusting = Platform::start_as(|options| SandboxOptions { tls: true, ..options }).await;
    let stranger = trusting.client.base.replace("http://127.0.0.1", "https://localhost");

    for (number, (url, reason)) in [
        ("https://nobody.invalid/notify".to_owned(), "name"),
        (format!("http://{closed}/notify"), "refused"),
        (format!("https://{plain}/notify"), "tls"),
        (format!("{stranger}/notify"), "tls"),
        (format!("http://{rude}/notify"), "connection"),
        (format!("http://{slow}/notify"), "time"),
        (format!("http://{plain}/notify"), "status"),
    ]
    .into_iter()
    .enumerate()
    {
        let attempt = first_attempt(&platform, &format!("ORDER{number:04}"), &url).await;
        assert_eq!((&attempt["reason"], &attempt["acknowledged"]), (&json!(reason), &json!(false)), "{url}: {attempt}");
    }
    platform.paid("ORDERGOOD1").await;
    let good = platform.delivery("ORDERGOOD1", "accepted").await;
    assert_eq!(good["attempts"][0]["reason"], Value::Null);
    let html = platform.page("/_sandbox/records").await;
    for told in ["域名无法解析", "连接被拒绝", "TLS 失败", "连接中断", "超时", "应答 400"] {
        assert!(html.contains(told), "{told}");
    }
    drop(silent);
}

#[tokio::test]
async fn callbacks_go_without_tls_to_hosts_that_were_allowed_alone() {
    let hosts = vec!["shop.invalid".to_owned()];
    let platform = Platform::start_as(|options| SandboxOptions { plain_hosts: hosts, ..options }).await;
    for (url, status) in [
        ("http://shop.invalid:3000/notify", 200),
        ("http://SHOP.invalid/notify", 200),
        ("http://other.invalid/notify", 400),
        ("http://shop.invalid/notify?x=1", 400),
    ] {
        let mut order = platform.order(&format!("ORDER{:04}", url.len()));
        order["notify_url"] = json!(url);
        assert_eq!(platform.client.post("/v3/pay/transactions/native", &order).await.status, status, "{url}");
    }
    let attempt = first_attempt(&platform, "ORDER0001", "http://shop.invalid:3000/notify").await;
    assert_eq!(attempt["reason"], "name", "it is asked for all the same");
}

/// A program, told to stop when the test is over.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[tokio::test]
async fn the_program_takes_any_port_and_says_which() {
    use std::io::{BufRead as _, BufReader};
    let dir = Folder::fresh();
    let mut command = Command::new(env!("CARGO_BIN_EXE_saoma"));
    command.args(["sandbox", "--listen", "127.0.0.1:0", "--keys", "certificate", "--tls", "--dir"]).arg(&*dir);
    command.args(["--public-url", "http://sandbox.test:9090", "--allow-http-notify", "shop"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null());
    let mut running = Running(command.spawn().expect("starts"));
    let mut line = String::new();
    let output = running.0.stdout.take().expect("is taken");
    BufReader::new(output).read_line(&mut line).expect("reads");
    let told = fs::read_to_string(dir.join("credentials.env")).expect("is there by then");
    for part in ["WXPAY_DOMAIN=http://sandbox.test:9090\n", "SANDBOX_HTTPS_PROXY=http://sandbox.test:9090\n"] {
        assert!(told.contains(part), "{told}");
    }
    assert!(!told.contains("WXPAY_PUBLIC_KEY"), "{told}");
    let address = line.split_whitespace().find_map(|word| word.strip_prefix("http://127.0.0.1:")).expect("an address");
    let port: u16 = address.trim_end_matches(|c: char| !c.is_ascii_digit()).parse().expect("a port");
    let answer = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().expect("a client");
    let answer = answer.get(format!("http://127.0.0.1:{port}/_sandbox/health")).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
}

#[test]
fn an_address_with_something_behind_it_is_no_public_url() {
    let dir = Folder::fresh();
    for wrong in ["sandbox:9090", "ftp://sandbox", "http://sandbox/v3", "http://sandbox?x", "http://me@sandbox"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_saoma"));
        let output = command.args(["sandbox", "--public-url", wrong, "--dir"]).arg(&*dir).output().expect("runs");
        assert_eq!(output.status.code(), Some(2), "{wrong}");
    }
    // Nothing would ever come from there, and nobody be told why.
    for wrong in ["http://shop", "shop:3000", "shop/notify", "", "a b", "[::1"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_saoma"));
        let output = command.args(["sandbox", "--allow-http-notify", wrong, "--dir"]).arg(&*dir).output();
        assert_eq!(output.expect("runs").status.code(), Some(2), "{wrong}");
    }
}
