//! From the application to the end of a refund (`wechatpay-v3.md` §7).

use jiff::{SignedDuration, Timestamp};
use saoma::clock::Clock;
use serde_json::json;

use crate::harness::{Answer, Client, Platform, REFUNDS};

fn noon() -> Timestamp {
    "2026-11-23T12:00:00+08:00".parse().expect("a time")
}

#[tokio::test]
async fn a_refund_is_accepted_then_done() {
    let platform = Platform::start_with(Clock::mock(noon())).await;
    let transaction = platform.paid("ORDER0001").await;
    let accepted = platform.refund("ORDER0001", "REFUND1", 100).await.json();
    assert_eq!((&accepted["status"], accepted.get("success_time")), (&json!("PROCESSING"), None));
    assert_eq!((&accepted["transaction_id"], &accepted["out_trade_no"]), (&json!(transaction), &json!("ORDER0001")));
    assert_eq!(accepted["create_time"], "2026-11-23T12:00:00+08:00");
    assert_eq!(accepted["channel"], "ORIGINAL");
    assert_eq!(
        accepted["amount"],
        json!({
            "total": 100, "refund": 100, "payer_total": 100, "payer_refund": 100, "settlement_refund": 100,
            "settlement_total": 100, "discount_refund": 0, "currency": "CNY",
        })
    );
    let refund_id = accepted["refund_id"].as_str().expect("an id");
    assert!(refund_id.starts_with("50") && refund_id.len() <= 32);
    assert_eq!(platform.query_refund("REFUND1").await.json(), accepted);

    platform.clock.advance(SignedDuration::from_secs(1));
    let mut done = accepted.clone();
    done["status"] = json!("SUCCESS");
    done["success_time"] = json!("2026-11-23T12:00:01+08:00");
    assert_eq!(platform.query_refund("REFUND1").await.json(), done);
}

#[tokio::test]
async fn an_order_is_refund_from_the_first_part_on() {
    let platform = Platform::start().await;
    let transaction = platform.paid("ORDER0001").await;
    platform.faults(json!({"refund_outcome": "closed", "refund_ms": 0, "refund_gap_seconds": 0})).await;
    assert_eq!(platform.refund("ORDER0001", "REFUND1", 1).await.status, 200);
    assert_eq!(platform.refund_status("REFUND1").await, "CLOSED");
    // Also when the refund came to nothing, and by either number.
    let told = platform.query("ORDER0001").await.json();
    assert_eq!((&told["trade_state"], &told["trade_state_desc"]), (&json!("REFUND"), &json!("转入退款")));
    assert_eq!(told["amount"]["total"], 100);
    let mchid = &platform.client.mchid;
    let by_id = platform.client.get(&format!("/v3/pay/transactions/id/{transaction}?mchid={mchid}")).await;
    assert_eq!(by_id.json(), told);
    // It is as paid as before.
    assert_eq!(platform.close("ORDER0001").await.code(), "ORDERPAID");
    let again = platform.client.post("/v3/pay/transactions/native", &platform.order("ORDER0001")).await;
    assert_eq!(again.code(), "OUT_TRADE_NO_USED");
}

#[tokio::test]
async fn each_outcome_is_reached_and_stays() {
    let platform = Platform::start().await;
    platform.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0})).await;
    platform.paid("ORDER0001").await;
    for (outcome, status) in
        [("success", "SUCCESS"), ("processing", "PROCESSING"), ("closed", "CLOSED"), ("abnormal", "ABNORMAL")]
    {
        platform.faults(json!({"refund_outcome": outcome})).await;
        assert_eq!(platform.refund("ORDER0001", outcome, 10).await.json()["status"], "PROCESSING");
        assert_eq!(platform.refund_status(outcome).await, status);
        assert_eq!(platform.refund_status(outcome).await, status);
    }
    platform.faults(json!({"refund_outcome": "closed", "refund_outcome_count": 1})).await;
    platform.refund("ORDER0001", "ONE", 10).await;
    platform.refund("ORDER0001", "TWO", 10).await;
    assert_eq!((platform.refund_status("ONE").await, platform.refund_status("TWO").await), {
        ("CLOSED".to_owned(), "SUCCESS".to_owned())
    });
}

#[tokio::test]
async fn the_same_number_is_one_refund() {
    let platform = Platform::start().await;
    platform.faults(json!({"refund_ms": 0})).await;
    platform.paid("ORDER0001").await;
    let asked = platform.refund_of("ORDER0001", "REFUND1", 60);
    // Many at once, and all of them the same: none is too soon after another.
    let answers = (0..20).map(|_| platform.client.post(REFUNDS, &asked));
    let answers: Vec<Answer> = futures::future::join_all(answers).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert!(answers.iter().all(|answer| answer.json()["refund_id"] == answers[0].json()["refund_id"]));
    platform.refund_delivery("REFUND1", "accepted").await;
    assert_eq!(platform.client.post(REFUNDS, &asked).await.json()["status"], "SUCCESS");

    for (pointer, value) in
        [("/amount/refund", json!(59)), ("/reason", json!("另一个")), ("/notify_url", json!("https://example.com/x"))]
    {
        let mut other = asked.clone();
        *other.pointer_mut(pointer).expect("is there") = value;
        let answer = platform.client.post(REFUNDS, &other).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "INVALID_REQUEST"), "{pointer}");
        let id = answer.headers["Request-ID"].to_str().expect("ASCII");
        assert!(id.ends_with("-268498688"), "{id}");
    }
}

#[tokio::test]
async fn a_refund_names_its_order_by_either_number_or_both() {
    let platform = Platform::start().await;
    platform.faults(json!({"refund_gap_seconds": 0})).await;
    let transaction = platform.paid("ORDER0001").await;
    let other = platform.paid("ORDER0002").await;
    let ask = async |out_refund_no: &str, transaction: Option<&str>, order: Option<&str>| {
        let mut asked = platform.refund_of("ORDER0001", out_refund_no, 1);
        let body = asked.as_object_mut().expect("an object");
        body.remove("out_trade_no");
        body.extend(transaction.map(|number| ("transaction_id".to_owned(), json!(number))));
        body.extend(order.map(|number| ("out_trade_no".to_owned(), json!(number))));
        let answer = platform.client.post(REFUNDS, &asked).await;
        (answer.status, answer.json()["code"].as_str().unwrap_or_default().to_owned())
    };
    let ok = (200, String::new());
    assert_eq!(ask("A", Some(&transaction), None).await, ok);
    assert_eq!(ask("B", None, Some("ORDER0001")).await, ok);
    assert_eq!(ask("C", Some(&transaction), Some("ORDER0001")).await, ok);
    assert_eq!(ask("D", Some(&other), Some("ORDER0001")).await, (400, "INVALID_REQUEST".to_owned()));
    assert_eq!(ask("D", Some(&other), Some("NOBODY01")).await, (404, "RESOURCE_NOT_EXISTS".to_owned()));
    assert_eq!(ask("D", None, None).await, (400, "PARAM_ERROR".to_owned()));
    assert_eq!(platform.query_refund("D").await.status, 404);
}

#[tokio::test]
async fn an_odd_number_survives_the_path() {
    let platform = Platform::start().await;
    platform.paid("ORDER0001").await;
    assert_eq!(platform.refund("ORDER0001", "A|b*@_-1", 1).await.status, 200);
    assert_eq!(platform.query_refund("A%7Cb*@_-1").await.json()["out_refund_no"], "A|b*@_-1");
    let unknown = platform.query_refund("A").await;
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "RESOURCE_NOT_EXISTS"));
    assert_eq!(platform.query_refund("A?mchid=1").await.code(), "PARAM_ERROR");
}

#[tokio::test]
async fn an_abnormal_refund_goes_to_a_card_on_application() {
    let platform = Platform::start().await;
    platform.faults(json!({"refund_outcome": "abnormal", "refund_ms": 0})).await;
    platform.paid("ORDER0001").await;
    let refund = platform.refund("ORDER0001", "REFUND1", 100).await.json();
    let path = format!("{REFUNDS}/{}/apply-abnormal-refund", refund["refund_id"].as_str().expect("an id"));
    let secret = |text: &str| Client::encrypt(&platform.dir.join("pub_key.pem"), text);
    let asked = json!({
        "out_refund_no": "REFUND1", "type": "USER_BANK_CARD", "bank_type": "CMB_DEBIT", "bank_account": secret("6225880000000403"),
        "real_name": secret("葱"),
    });
    let without = |name: &str| {
        let mut asked = asked.clone();
        asked.as_object_mut().expect("an object").remove(name);
        asked
    };
    let with = |name: &str, value: &str| {
        let mut asked = asked.clone();
        asked[name] = json!(value);
        asked
    };
    for (body, field) in [
        (without("out_refund_no"), "/out_refund_no"),
        (without("type"), "/type"),
        (without("bank_type"), "/bank_type"),
        (without("bank_account"), "/bank_account"),
        (without("real_name"), "/real_name"),
        (with("type", "FRIENDS_BANK_CARD"), "/type"),
        (with("bank_type", "CMB_CREDIT"), "/bank_type"),
        (with("bank_account", "6225880000000403"), "/bank_account"),
    ] {
        let answer = platform.client.post(&path, &body).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "PARAM_ERROR"), "{field}");
        assert_eq!(answer.json()["detail"]["field"], field);
    }
    let other = platform.client.post(&path, &with("out_refund_no", "OTHER")).await;
    assert_eq!(other.code(), "INVALID_REQUEST");
    let unknown = platform.client.post(&format!("{REFUNDS}/5030/apply-abnormal-refund"), &asked).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "RESOURCE_NOT_EXISTS"));
    assert_eq!(platform.refund_status("REFUND1").await, "ABNORMAL");

    let resumed = platform.client.post(&path, &asked).await.json();
    assert_eq!((&resumed["status"], &resumed["channel"]), (&json!("PROCESSING"), &json!("OTHER_BANKCARD")));
    assert_eq!(platform.refund_status("REFUND1").await, "SUCCESS");
    // Once more is the same application; to another card it is too late.
    assert_eq!(platform.client.post(&path, &asked).await.json()["status"], "SUCCESS");
    let merchant = json!({"out_refund_no": "REFUND1", "type": "MERCHANT_BANK_CARD"});
    assert_eq!(platform.client.post(&path, &merchant).await.code(), "INVALID_REQUEST");
    let received = platform.receiver.wait_for(3).await;
    let statuses: Vec<String> =
        received[1..].iter().map(|r| r.open(&platform.client)["refund_status"].to_string()).collect();
    assert_eq!(statuses, ["\"ABNORMAL\"", "\"SUCCESS\""]);
}

#[tokio::test]
async fn the_application_names_the_key_of_its_secrets() {
    let platform = Platform::start().await;
    let client = &platform.client;
    let path = format!("{REFUNDS}/5030/apply-abnormal-refund");
    let body = br#"{"out_refund_no":"A","type":"MERCHANT_BANK_CARD"}"#;
    for (serial, message) in [
        (None, "HTTP header缺少微信支付平台证书序列号(Wechatpay-Serial)"),
        (Some(""), "HTTP header缺少微信支付平台证书序列号(Wechatpay-Serial)"),
        // Here it is a mistake: nobody but the merchant could read what is encrypted with its own key.
        (Some(client.serial_no.as_str()), "平台证书序列号Wechatpay-Serial错误"),
    ] {
        let authorization = client.authorization(&client.signing(), "POST", &path, body);
        let mut request = client.bare("POST", &path, body).header("Authorization", authorization);
        for (name, value) in [("User-Agent", "t"), ("Accept", "*/*"), ("Content-Type", "application/json")] {
            request = request.header(name, value);
        }
        if let Some(serial) = serial {
            request = request.header("Wechatpay-Serial", serial);
        }
        let answer = client.send(request).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "PARAM_ERROR"), "{serial:?}");
        assert_eq!(answer.json()["message"], message, "{serial:?}");
    }
}
