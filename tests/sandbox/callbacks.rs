//! Notifications as they should be (`wechatpay-v3.md` §6).

use std::{collections::HashSet, time::Duration};

use jiff::{SignedDuration, Timestamp};
use saoma::clock::Clock;
use serde_json::json;

use crate::harness::Platform;

#[tokio::test]
async fn a_payment_is_told_sealed_and_signed() {
    let platform = Platform::start().await;
    let code_url = platform.prepay("ORDER0001").await;
    let paid = platform.pay(&code_url).await;
    assert_eq!((&paid["out_trade_no"], &paid["trade_state"]), (&json!("ORDER0001"), &json!("SUCCESS")));
    assert_eq!(paid["transaction_id"].as_str().map(str::len), Some(28));

    let received = platform.receiver.wait_for(1).await;
    let told = received[0].open(&platform.client);
    // Nothing was attached: a query says nothing of it, a notification says so.
    let mut queried = platform.query("ORDER0001").await.json();
    assert_eq!((queried.get("attach"), &told["attach"]), (None, &json!("")));
    queried["attach"] = json!("");
    assert_eq!(told, queried);
    assert_eq!(told["transaction_id"], paid["transaction_id"]);
    assert_eq!(told["amount"], json!({"total": 100, "payer_total": 100, "currency": "CNY", "payer_currency": "CNY"}));
    let envelope = received[0].envelope();
    assert_eq!(envelope["event_type"], "TRANSACTION.SUCCESS");
    assert_eq!(envelope["resource_type"], "encrypt-resource");
    assert_eq!(envelope["summary"], "支付成功");
    assert_eq!(envelope["resource"]["original_type"], "transaction");
    assert_eq!(envelope["id"].as_str().map(str::len), Some(36));
    assert!(["", "transaction"].contains(&envelope["resource"]["associated_data"].as_str().expect("text")));

    let delivery = platform.delivery("ORDER0001", "accepted").await;
    assert_eq!(delivery["id"], envelope["id"]);
    assert_eq!(delivery["attempts"][0]["status"], 204);
    assert_eq!((&delivery["retries"], &delivery["next_try"]), (&json!(0), &json!(null)));
}

#[tokio::test]
async fn the_headers_are_those_of_real_traffic() {
    let platform = Platform::start().await;
    let code_url = platform.prepay("ORDER0001").await;
    platform.pay(&code_url).await;
    let received = platform.receiver.wait_for(1).await;
    for (name, value) in [
        ("User-Agent", "Mozilla/4.0"),
        ("Accept", "*/*"),
        ("Content-Type", "application/json"),
        ("Cache-Control", "no-cache"),
        ("Pragma", "no-cache"),
        ("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048"),
        ("Wechatpay-Serial", platform.client.public_key_id.as_str()),
        ("Request-ID", ""),
    ] {
        assert_eq!(received[0].header(name), value, "{name}");
    }
}

#[tokio::test]
async fn a_failed_payment_is_not_told() {
    let platform = Platform::start().await;
    let code_url = platform.prepay("ORDER0001").await;
    let failed = platform.scan(&code_url, "fail").await.json();
    assert_eq!(failed, json!({"out_trade_no": "ORDER0001", "transaction_id": null, "trade_state": "NOTPAY"}));
    assert_eq!(platform.state("ORDER0001").await, "NOTPAY");
    platform.pay(&code_url).await;
    platform.delivery("ORDER0001", "accepted").await;
    assert_eq!(platform.receiver.received().len(), 1);
}

#[tokio::test]
async fn only_200_and_204_are_acknowledgements_and_every_attempt_is_signed_anew() {
    let platform = Platform::start().await;
    platform.faults(json!({"retry_scale": 0.0002})).await;
    platform.receiver.answer(&[500, 404, 201, 202, 302, 200]);
    let code_url = platform.prepay("ORDER0001").await;
    platform.pay(&code_url).await;
    let delivery = platform.delivery("ORDER0001", "accepted").await;
    let statuses: Vec<_> =
        delivery["attempts"].as_array().expect("a list").iter().map(|a| a["status"].as_u64()).collect();
    assert_eq!(statuses, [500, 404, 201, 202, 302, 200].map(Some));
    let received = platform.receiver.received();
    assert_eq!(received.len(), 6);
    let told: HashSet<String> = received.iter().map(|received| received.open(&platform.client).to_string()).collect();
    assert_eq!(told.len(), 1);
    let distinct = |name: &str| received.iter().map(|r| r.header(name).to_owned()).collect::<HashSet<_>>().len();
    assert_eq!((distinct("Wechatpay-Nonce"), distinct("Wechatpay-Signature")), (6, 6));
    let ids: HashSet<String> = received.iter().map(|received| received.envelope()["id"].to_string()).collect();
    assert_eq!(ids.len(), 1);
    let ciphertexts: HashSet<_> = received.iter().map(|r| r.envelope()["resource"]["ciphertext"].to_string()).collect();
    assert_eq!(ciphertexts.len(), 6);
}

#[tokio::test]
async fn after_fifteen_retries_it_is_given_up() {
    let platform = Platform::start().await;
    platform.faults(json!({"retry_scale": 0})).await;
    platform.receiver.answer(&[500; 16]);
    let code_url = platform.prepay("ORDER0001").await;
    platform.pay(&code_url).await;
    let delivery = platform.delivery("ORDER0001", "given_up").await;
    assert_eq!(delivery["attempts"].as_array().map(Vec::len), Some(16));
    assert_eq!((&delivery["retries"], &delivery["next_try"]), (&json!(15), &json!(null)));
    assert_eq!(platform.state("ORDER0001").await, "SUCCESS");
}

#[tokio::test]
async fn the_ladder_follows_the_clock() {
    let noon: Timestamp = "2026-11-23T12:00:00+08:00".parse().expect("a time");
    let platform = Platform::start_with(Clock::mock(noon)).await;
    platform.receiver.answer(&[500, 500, 500]);
    let code_url = platform.prepay("ORDER0001").await;
    platform.pay(&code_url).await;
    platform.receiver.wait_for(1).await;
    // The first two gaps are 15 s, the third 30 s.
    for (count, gap, at) in [(1, 15, "12:00:15"), (2, 15, "12:00:30"), (3, 30, "12:01:00")] {
        let delivery = platform.delivery_with_attempts("ORDER0001", count).await;
        assert_eq!(delivery["next_try"], format!("2026-11-23T{at}.000+08:00"));
        assert_eq!(platform.receiver.received().len(), count);
        platform.clock.advance(SignedDuration::from_secs(gap));
        platform.receiver.wait_for(count + 1).await;
    }
    platform.delivery("ORDER0001", "accepted").await;
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_in_time_has_refused() {
    let platform = Platform::start().await;
    platform.faults(json!({"callback_timeout_ms": 50, "retry_scale": 0})).await;
    platform.receiver.answer(&[0]);
    let code_url = platform.prepay("ORDER0001").await;
    platform.pay(&code_url).await;
    let delivery = platform.delivery("ORDER0001", "accepted").await;
    assert_eq!(delivery["attempts"][0]["result"], "timeout");
    assert_eq!(delivery["attempts"][0]["acknowledged"], false);
    assert_eq!(delivery["attempts"][1]["status"], 204);
}

#[tokio::test]
async fn a_receiver_that_hangs_holds_up_nobody() {
    let platform = Platform::start().await;
    platform.receiver.answer(&[0]);
    let slow = platform.prepay("ORDER0001").await;
    platform.pay(&slow).await;
    platform.receiver.wait_for(1).await;
    let code_url = platform.prepay("ORDER0002").await;
    let paid = tokio::time::timeout(Duration::from_secs(3), platform.pay(&code_url)).await;
    assert_eq!(paid.expect("at once")["trade_state"], "SUCCESS");
    platform.delivery("ORDER0002", "accepted").await;
}

#[tokio::test]
async fn an_unreachable_receiver_is_tried_again() {
    let platform = Platform::start().await;
    platform.faults(json!({"retry_scale": 0})).await;
    let mut order = platform.order("ORDER0001");
    // Port 1: nobody listens there.
    order["notify_url"] = json!("http://127.0.0.1:1/notify");
    let answer = platform.client.post("/v3/pay/transactions/native", &order).await;
    platform.pay(answer.json()["code_url"].as_str().expect("a code")).await;
    let delivery = platform.delivery("ORDER0001", "given_up").await;
    assert_eq!(delivery["attempts"][15]["result"], "unreachable");
}

#[tokio::test]
async fn keys_come_in_any_order() {
    let platform = Platform::start().await;
    platform.faults(json!({"duplicates": 15})).await;
    let code_url = platform.prepay("ORDER0001").await;
    platform.pay(&code_url).await;
    let received = platform.receiver.wait_for(16).await;
    let first_keys: HashSet<String> =
        received.iter().map(|received| String::from_utf8_lossy(&received.body).chars().take(12).collect()).collect();
    assert!(first_keys.len() > 1, "{first_keys:?}");
    let associated: HashSet<String> =
        received.iter().map(|received| received.envelope()["resource"]["associated_data"].to_string()).collect();
    assert_eq!(associated.len(), 2, "{associated:?}");
}
