//! Replies gone wrong, knob by knob (`wechatpay-v3.md` §2.4, §10.5, §13).

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::Platform;

const PREPAY: &str = "/v3/pay/transactions/native";

#[tokio::test]
async fn a_429_does_nothing() {
    let platform = Platform::start().await;
    platform.faults(json!({"error_429": {"prepay": 1}})).await;
    let limited = platform.client.post(PREPAY, &platform.order("ORDER0001")).await;
    assert_eq!((limited.status, limited.code().as_str()), (429, "FREQUENCY_LIMITED"));
    assert_eq!(platform.query("ORDER0001").await.status, 404);
    platform.prepay("ORDER0001").await;
}

#[tokio::test]
async fn a_500_comes_before_or_after_the_deed() {
    let platform = Platform::start().await;
    platform.faults(json!({"error_500": {"prepay": 1}, "error_500_after_commit": {"prepay": 1, "close": 1}})).await;
    let before = platform.client.post(PREPAY, &platform.order("ORDER0001")).await;
    assert_eq!((before.status, before.code().as_str()), (500, "SYSTEM_ERROR"));
    assert_eq!(platform.query("ORDER0001").await.status, 404);
    let after = platform.client.post(PREPAY, &platform.order("ORDER0001")).await;
    assert_eq!((after.status, after.code().as_str()), (500, "SYSTEM_ERROR"));
    assert_eq!(platform.state("ORDER0001").await, "NOTPAY");
    assert_eq!(platform.close("ORDER0001").await.status, 500);
    assert_eq!(platform.state("ORDER0001").await, "CLOSED");
}

#[tokio::test]
async fn an_answer_can_be_withheld_after_the_deed() {
    let platform = Platform::start().await;
    platform.faults(json!({"timeout_after_commit": {"prepay": 1}, "timeout_ms": 60_000})).await;
    let body = platform.order("ORDER0001").to_string();
    let request = platform.client.request("POST", PREPAY, body.as_bytes()).timeout(Duration::from_millis(300));
    assert!(request.send().await.expect_err("no answer").is_timeout());
    assert_eq!(platform.state("ORDER0001").await, "NOTPAY");
    platform.faults(json!({"timeout_after_commit": {"all": 1}, "timeout_ms": 1})).await;
    assert_eq!(platform.query("ORDER0001").await.status, 500);
}

#[tokio::test]
async fn one_number_for_all_interfaces() {
    let platform = Platform::start().await;
    platform.faults(json!({"error_429": 2})).await;
    assert_eq!(platform.client.get("/v3/certificates").await.status, 429);
    assert_eq!(platform.close("ORDER0001").await.status, 429);
    assert_eq!(platform.close("ORDER0001").await.status, 404);
    platform.faults(json!({"error_429": {"query": "all"}})).await;
    for _ in 0..5 {
        assert_eq!(platform.query("ORDER0001").await.status, 429);
    }
    assert_eq!(platform.close("ORDER0001").await.status, 404);
}

#[tokio::test]
async fn refused_requests_use_up_no_fault() {
    let platform = Platform::start().await;
    platform.faults(json!({"error_429": 1})).await;
    let unsigned = platform.client.send(platform.client.bare("POST", PREPAY, b"{}")).await;
    assert_eq!(unsigned.status, 401);
    assert_eq!(platform.query("ORDER0001").await.status, 429);
}

#[tokio::test]
async fn a_probed_reply_is_done_and_not_probed_again() {
    let platform = Platform::start().await;
    platform.faults(json!({"signtest_replies": 1})).await;
    let body = platform.order("ORDER0001").to_string();
    let send = async || platform.client.send(platform.client.request("POST", PREPAY, body.as_bytes())).await;
    let probed = send().await;
    assert_eq!(probed.status, 200);
    assert!(probed.headers["Wechatpay-Signature"].to_str().expect("ASCII").starts_with("WECHATPAY/SIGNTEST/"));
    assert!(platform.client.verify(&probed.headers, &probed.body).is_err());
    let good = send().await;
    assert_eq!(platform.client.verify(&good.headers, &good.body), Ok(()));
}

#[tokio::test]
async fn a_429_may_come_after_the_deed() {
    let platform = Platform::start().await;
    platform.paid("ORDER0001").await;
    platform.faults(json!({"error_429_after_commit": {"refund": 1}, "refund_ms": 0})).await;
    let limited = platform.refund("ORDER0001", "REFUND1", 100).await;
    assert_eq!((limited.status, limited.code().as_str()), (429, "FREQUENCY_LIMITED"));
    assert_eq!(platform.refund_status("REFUND1").await, "SUCCESS");
}

#[tokio::test]
async fn a_202_is_signed_and_to_be_sent_again() {
    let platform = Platform::start().await;
    platform.faults(json!({"accepted_202": {"close": 1, "refund": 1}, "refund_ms": 0})).await;
    platform.prepay("ORDER0001").await;
    // The client verifies whatever is below 300.
    let paying = platform.close("ORDER0001").await;
    assert_eq!((paying.status, paying.code().as_str()), (202, "USER_PAYING"));
    assert_eq!(platform.state("ORDER0001").await, "NOTPAY");
    assert_eq!(platform.close("ORDER0001").await.status, 204);

    platform.paid("ORDER0002").await;
    assert_eq!(platform.refund("ORDER0002", "REFUND1", 100).await.status, 202);
    assert_eq!(platform.query_refund("REFUND1").await.status, 404);
    assert_eq!(platform.refund("ORDER0002", "REFUND1", 100).await.status, 200);

    platform.faults(json!({"accepted_202_after_commit": {"close": 1}})).await;
    platform.prepay("ORDER0003").await;
    assert_eq!(platform.close("ORDER0003").await.status, 202);
    assert_eq!(platform.state("ORDER0003").await, "CLOSED");
}

#[tokio::test]
async fn lives_can_be_shortened() {
    let platform = Platform::start().await;
    let code_url = platform.prepay("ORDER0001").await;
    platform.faults(json!({"code_life_seconds": 0})).await;
    assert_eq!(platform.scan(&code_url, "pay").await.code(), "CODE_EXPIRED");
    platform.faults(json!({"order_life_seconds": 0})).await;
    assert_eq!(platform.state("ORDER0001").await, "CLOSED");
}

#[tokio::test]
async fn knobs_are_off_at_start_merged_by_put_and_cleared_by_delete() {
    let platform = Platform::start().await;
    let start = platform.control("GET", "/_sandbox/faults", &Value::Null).await.json();
    let knobs = start.as_object().expect("an object");
    assert_eq!(knobs["retry_scale"], 1.0);
    assert_eq!(knobs["callback_timeout_ms"], 5000);
    assert_eq!(knobs["public_key_share"], 1.0);
    assert_eq!(
        knobs["error_429"],
        json!({
            "all": 0, "prepay": 0, "query": 0, "close": 0, "certificates": 0, "echo": 0,
            "refund": 0, "refund_query": 0, "abnormal": 0, "bill": 0, "bill_download": 0,
        })
    );
    platform.faults(json!({"drop": 3})).await;
    platform.faults(json!({"duplicates": 1})).await;
    let now = platform.control("GET", "/_sandbox/faults", &Value::Null).await.json();
    assert_eq!((&now["drop"], &now["duplicates"]), (&json!(3), &json!(1)));
    // What GET says, PUT takes.
    platform.faults(now.clone()).await;
    for wrong in [json!({"dorp": 1}), json!({"drop": 1, "retry_scale": "fast"}), json!({"error_429": {"refnud": 1}})] {
        let answer = platform.control("PUT", "/_sandbox/faults", &wrong).await;
        assert_eq!(answer.status, 400, "{wrong}");
        let message = answer.json()["message"].as_str().expect("a message").to_owned();
        assert!(wrong.as_object().expect("an object").keys().any(|knob| message.contains(knob)), "{message}");
    }
    assert_eq!(platform.control("PUT", "/_sandbox/faults", &json!([])).await.status, 422);
    assert_eq!(platform.control("GET", "/_sandbox/faults", &Value::Null).await.json(), now);
    assert_eq!(platform.control("DELETE", "/_sandbox/faults", &Value::Null).await.json(), start);
}
