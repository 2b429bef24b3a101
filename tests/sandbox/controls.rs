//! `/_sandbox/…` for programs (design §2.5).

use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::Platform;

#[tokio::test]
async fn it_says_when_it_is_ready() {
    let platform = Platform::start().await;
    assert_eq!(platform.control("GET", "/_sandbox/health", &Value::Null).await.status, 200);
}

#[tokio::test]
async fn a_scan_that_leads_nowhere_says_why() {
    let platform = Platform::start().await;
    for unknown in ["weixin://wxpay/bizpayurl?pr=nobodyhasthis000", "https://example.com", ""] {
        let answer = platform.scan(unknown, "pay").await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "CODE_UNKNOWN"));
        assert!(!answer.json()["message"].as_str().expect("a message").is_empty());
    }
    let code_url = platform.prepay("ORDER0001").await;
    platform.pay(&code_url).await;
    let again = platform.scan(&code_url, "pay").await;
    assert_eq!((again.status, again.code().as_str()), (409, "ORDER_PAID"));
}

#[tokio::test]
async fn a_code_belongs_to_the_account_that_scanned_it_first() {
    let platform = Platform::start().await;
    let code_url = platform.prepay("ORDER0001").await;
    let scan = async |code_url: &str, openid: &str, action: &str| {
        let body = json!({"code_url": code_url, "openid": openid, "action": action});
        platform.control("POST", "/_sandbox/scan", &body).await
    };
    assert_eq!(scan(&code_url, "oFirst", "fail").await.status, 200);
    let second = scan(&code_url, "oSecond", "pay").await;
    assert_eq!((second.status, second.code().as_str()), (409, "OTHER_PAYER"));
    assert_eq!(scan(&code_url, "oFirst", "pay").await.status, 200);
    assert_eq!(platform.query("ORDER0001").await.json()["payer"], json!({"openid": "oFirst"}));
    // A fresh code is anybody's.
    let former = platform.prepay("ORDER0002").await;
    assert_eq!(scan(&former, "oFirst", "fail").await.status, 200);
    let fresh = platform.prepay("ORDER0002").await;
    assert_eq!(scan(&fresh, "oSecond", "pay").await.status, 200);
}

#[tokio::test]
async fn a_scan_that_is_no_scan_is_refused() {
    let platform = Platform::start().await;
    let code_url = platform.prepay("ORDER0001").await;
    for body in [
        json!({}),
        json!({"code_url": code_url}),
        json!({"code_url": code_url, "action": "steal"}),
        json!({"code_url": code_url, "action": "pay", "opneid": "o"}),
        json!({"code_url": code_url, "action": "pay", "openid": ""}),
        json!({"code_url": code_url, "action": "pay", "openid": "有空 格"}),
    ] {
        let answer = platform.control("POST", "/_sandbox/scan", &body).await;
        assert!((400..500).contains(&answer.status), "{body}");
        assert_eq!(answer.code(), "BAD_REQUEST", "{body}");
    }
    assert_eq!(platform.state("ORDER0001").await, "NOTPAY");
}

#[tokio::test]
async fn what_is_wrong_with_an_address_is_told_in_json_as_everything_else() {
    let platform = Platform::start().await;
    for (method, path) in [
        ("POST", "/_sandbox/deliveries/first/redeliver"),
        ("GET", "/_sandbox/deliveries?limit=all"),
        ("POST", "/_sandbox/deliveries/-1/redeliver"),
    ] {
        let answer = platform.control(method, path, &Value::Null).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "BAD_REQUEST"), "{method} {path}");
        assert!(!answer.json()["message"].as_str().expect("a message").is_empty());
    }
}

#[tokio::test]
async fn deliveries_come_page_by_page_newest_first() {
    let platform = Platform::start().await;
    for number in 1..=5 {
        let order = format!("ORDER000{number}");
        let code_url = platform.prepay(&order).await;
        platform.pay(&code_url).await;
        platform.delivery(&order, "accepted").await;
    }
    let mut seen = Vec::new();
    let mut path = "/_sandbox/deliveries?limit=2".to_owned();
    loop {
        let page = platform.control("GET", &path, &Value::Null).await.json();
        seen.extend(page["deliveries"].as_array().expect("a list").iter().map(|d| d["out_trade_no"].clone()));
        let Some(next) = page["next"].as_u64() else {
            break;
        };
        path = format!("/_sandbox/deliveries?limit=2&before={next}");
    }
    assert_eq!(seen, [5, 4, 3, 2, 1].map(|number| json!(format!("ORDER000{number}"))));
    let all = platform.control("GET", "/_sandbox/deliveries", &Value::Null).await;
    assert!(!String::from_utf8_lossy(&all.body).contains("oSandbox"), "no openid is shown");
}

#[tokio::test]
async fn the_ledger_has_a_line_per_payment() {
    let platform = Platform::start().await;
    let mut transactions = Vec::new();
    for number in 1..=3 {
        let code_url = platform.prepay(&format!("ORDER000{number}")).await;
        transactions.push(platform.pay(&code_url).await["transaction_id"].clone());
    }
    platform.prepay("ORDER0004").await;
    let ledger = platform.control("GET", "/_sandbox/ledger", &Value::Null).await;
    assert_eq!(ledger.headers["Content-Type"], "application/x-ndjson");
    let lines: Vec<Value> = ledger
        .body
        .split(|b| *b == b'\n')
        .filter(|l| !l.is_empty())
        .map(|l| serde_json::from_slice(l).expect("JSON"))
        .collect();
    assert_eq!(lines.iter().map(|line| line["transaction_id"].clone()).collect::<Vec<_>>(), transactions);
    assert_eq!(
        (&lines[0]["out_trade_no"], &lines[0]["total"], &lines[0]["currency"]),
        (&json!("ORDER0001"), &json!(100), &json!("CNY"))
    );
    assert_eq!(lines[0]["success_time"], platform.query("ORDER0001").await.json()["success_time"]);
    assert_eq!(lines[0]["type"], "payment");
}

#[tokio::test]
async fn the_ledger_has_a_line_per_refund_after_the_payments() {
    let platform = Platform::start().await;
    platform.faults(json!({"refund_gap_seconds": 0, "refund_ms": 0})).await;
    let transaction = platform.paid("ORDER0001").await;
    platform.paid("ORDER0002").await;
    let made = platform.refund("ORDER0001", "REFUND1", 30).await.json();
    let console = json!({"out_trade_no": "ORDER0001", "notice": "none"});
    let console = platform.control("POST", "/_sandbox/refund", &console).await.json();
    let ledger = platform.control("GET", "/_sandbox/ledger", &Value::Null).await;
    let lines = String::from_utf8(ledger.body).expect("UTF-8");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let types: Vec<&str> = lines.iter().map(|line| line["type"].as_str().expect("a type")).collect();
    assert_eq!(types, ["payment", "payment", "refund", "refund"]);
    let time = &platform.query_refund("REFUND1").await.json()["success_time"];
    assert_eq!(
        lines[2],
        json!({
            "type": "refund", "refund_id": made["refund_id"], "out_refund_no": "REFUND1",
            "out_trade_no": "ORDER0001", "transaction_id": transaction, "amount": 30, "currency": "CNY",
            "status": "SUCCESS", "source": "api", "create_time": made["create_time"], "success_time": time,
        })
    );
    assert_eq!((&lines[3]["source"], &lines[3]["amount"]), (&json!("console"), &json!(70)));
    assert_eq!(lines[3]["out_refund_no"], console["out_refund_no"]);
}

#[tokio::test]
async fn the_controls_can_be_served_elsewhere_and_the_platform_is_not_with_them() {
    let platform = Platform::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    let origin = base.parse().expect("an address");
    let router = platform.sandbox.control_router(&origin);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let code_url = platform.prepay("ORDER0001").await;
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let scan = json!({"code_url": code_url, "action": "pay"});
    let answer = http.post(format!("{base}/_sandbox/scan")).json(&scan).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    assert_eq!(platform.state("ORDER0001").await, "SUCCESS");
    let page = http.get(format!("{base}/_sandbox/")).send().await.expect("an answer");
    assert_eq!(page.status(), 200);
    let other = http.get(format!("{base}/v3/certificates")).send().await.expect("an answer");
    assert_eq!(other.status(), 404);
}
