//! Callbacks gone wrong, knob by knob (`wechatpay-v3.md` §2.4, §6.3, §13).

use jiff::SignedDuration;
use saoma::clock::Clock;
use serde_json::{Value, json};

use crate::harness::{Platform, Received};

/// One paid order under these faults; retries follow at once.
async fn paid_under(faults: Value) -> Platform {
    let platform = Platform::start().await;
    platform.faults(json!({"retry_scale": 0})).await;
    platform.faults(faults).await;
    let code_url = platform.prepay("ORDER0001").await;
    platform.pay(&code_url).await;
    platform
}

fn verdicts(platform: &Platform, received: &[Received]) -> Vec<Result<(), &'static str>> {
    received.iter().map(|received| platform.client.verify(&received.headers, &received.body)).collect()
}

#[tokio::test]
async fn a_probe_is_followed_at_once_by_a_good_one() {
    let platform = paid_under(json!({"signtest_callbacks": 1, "retry_scale": 1})).await;
    let received = platform.receiver.wait_for(2).await;
    assert!(received[0].header("Wechatpay-Signature").starts_with("WECHATPAY/SIGNTEST/"));
    assert_eq!(platform.client.verify(&received[1].headers, &received[1].body), Ok(()));
    assert!(platform.client.verify(&received[0].headers, &received[0].body).is_err());
    let delivery = platform.delivery("ORDER0001", "accepted").await;
    assert_eq!(delivery["attempts"][0]["faults"], json!(["signtest_callbacks"]));
    assert_eq!(delivery["retries"], 0);
}

#[tokio::test]
async fn duplicates_follow_the_acceptance() {
    let platform = paid_under(json!({"duplicates": 3})).await;
    let delivery = platform.delivery("ORDER0001", "accepted").await;
    assert_eq!(delivery["attempts"].as_array().map(Vec::len), Some(4));
    assert_eq!(delivery["attempts"][3]["faults"], json!(["duplicate"]));
    assert_eq!(verdicts(&platform, &platform.receiver.received()), [Ok(()); 4]);
}

#[tokio::test]
async fn concurrent_duplicates_come_beside_the_first() {
    let platform = Platform::start().await;
    platform.faults(json!({"concurrent_duplicates": 7})).await;
    // None of the eight is answered before all are there.
    platform.receiver.answer(&[0; 8]);
    platform.faults(json!({"callback_timeout_ms": 1000, "retry_scale": 0})).await;
    let code_url = platform.prepay("ORDER0001").await;
    platform.pay(&code_url).await;
    assert_eq!(platform.receiver.wait_for(8).await.len(), 8);
    let delivery = platform.delivery("ORDER0001", "accepted").await;
    assert_eq!(delivery["attempts"].as_array().map(Vec::len), Some(9));
    assert_eq!(delivery["attempts"][7]["faults"], json!(["duplicate"]));
}

#[tokio::test]
async fn a_delay_holds_the_first_delivery_back() {
    let noon = "2026-11-23T12:00:00+08:00".parse().expect("a time");
    let platform = Platform::start_with(Clock::mock(noon)).await;
    platform.faults(json!({"delay_ms": 60_000})).await;
    let code_url = platform.prepay("ORDER0001").await;
    platform.pay(&code_url).await;
    let delivery = platform.delivery("ORDER0001", "pending").await;
    assert_eq!(delivery["next_try"], "2026-11-23T12:01:00.000+08:00");
    assert_eq!((platform.receiver.received().len(), &delivery["attempts"]), (0, &json!([])));
    assert_eq!(platform.state("ORDER0001").await, "SUCCESS");
    platform.clock.advance(SignedDuration::from_mins(1));
    platform.delivery("ORDER0001", "accepted").await;
}

#[tokio::test]
async fn what_is_dropped_climbs_the_ladder_unseen() {
    let platform = paid_under(json!({"drop": 3})).await;
    let delivery = platform.delivery("ORDER0001", "accepted").await;
    assert_eq!(platform.receiver.received().len(), 1);
    assert_eq!((&delivery["retries"], &delivery["attempts"][2]["result"]), (&json!(3), &json!("dropped")));

    let platform = paid_under(json!({"drop": "all"})).await;
    platform.delivery("ORDER0001", "given_up").await;
    assert_eq!(platform.receiver.received().len(), 0);
}

#[tokio::test]
async fn wrong_contents_are_signed_well_and_counted() {
    for (knob, pointer, right) in [
        ("wrong_amount", "/amount/total", json!(100)),
        ("wrong_currency", "/amount/currency", json!("CNY")),
        ("wrong_mchid", "/mchid", json!(null)),
        ("wrong_appid", "/appid", json!(null)),
        ("wrong_out_trade_no", "/out_trade_no", json!("ORDER0001")),
        ("wrong_trade_state", "/trade_state", json!("SUCCESS")),
    ] {
        let platform = Platform::start().await;
        platform.faults(json!({knob: 1, "retry_scale": 0})).await;
        platform.receiver.answer(&[500]);
        let code_url = platform.prepay("ORDER0001").await;
        platform.pay(&code_url).await;
        let received = platform.receiver.wait_for(2).await;
        let mut truth = platform.query("ORDER0001").await.json();
        truth["attach"] = json!("");
        let (first, second) = (received[0].open(&platform.client), received[1].open(&platform.client));
        assert_ne!(first.pointer(pointer), truth.pointer(pointer), "{knob}");
        assert!(first.pointer(pointer).is_some());
        assert_eq!(second, truth, "{knob}");
        assert!(right.is_null() || second.pointer(pointer) == Some(&right));
        let delivery = platform.delivery("ORDER0001", "accepted").await;
        assert_eq!(delivery["attempts"][0]["faults"], json!([knob]));
    }
}

#[tokio::test]
async fn an_unknown_event_is_signed_well() {
    let platform = paid_under(json!({"wrong_event_type": 1, "duplicates": 1})).await;
    let received = platform.receiver.wait_for(2).await;
    let events: Vec<String> = received.iter().map(|r| r.envelope()["event_type"].to_string()).collect();
    assert_eq!(events, ["\"TRANSACTION.UNKNOWN\"", "\"TRANSACTION.SUCCESS\""]);
    assert_eq!(verdicts(&platform, &received), [Ok(()); 2]);
}

#[tokio::test]
async fn a_stale_timestamp_is_signed_and_old() {
    let platform = Platform::start().await;
    platform.faults(json!({"stale_timestamp": 1, "retry_scale": 0})).await;
    platform.receiver.answer(&[401]);
    let code_url = platform.prepay("ORDER0001").await;
    platform.pay(&code_url).await;
    let received = platform.receiver.wait_for(2).await;
    assert_eq!(verdicts(&platform, &received), [Err("stale"), Ok(())]);
    let age =
        platform.clock.now().as_second() - received[0].header("Wechatpay-Timestamp").parse::<i64>().expect("a number");
    assert!((600..700).contains(&age), "{age}");
}

#[tokio::test]
async fn an_altered_body_does_not_verify() {
    let platform = Platform::start().await;
    platform.faults(json!({"altered_body": 2, "retry_scale": 0})).await;
    platform.receiver.answer(&[401, 401]);
    let code_url = platform.prepay("ORDER0001").await;
    platform.pay(&code_url).await;
    let received = platform.receiver.wait_for(3).await;
    assert_eq!(verdicts(&platform, &received), [Err("mismatch"), Err("mismatch"), Ok(())]);
    assert_eq!(received[0].envelope()["event_type"], "TRANSACTION.SUCCESS");
}

#[tokio::test]
async fn the_share_of_the_public_key_can_be_set() {
    for (share, kinds) in [(0.0, 1), (0.5, 2), (1.0, 1)] {
        let platform = paid_under(json!({"public_key_share": share, "duplicates": 19})).await;
        let received = platform.receiver.wait_for(20).await;
        assert_eq!(verdicts(&platform, &received), [Ok(()); 20]);
        let mut serials: Vec<&str> = received.iter().map(|r| r.header("Wechatpay-Serial")).collect();
        serials.sort_unstable();
        serials.dedup();
        assert_eq!(serials.len(), kinds, "{share}");
    }
}

#[tokio::test]
async fn a_payment_can_be_told_before_the_prepay_is_answered() {
    let platform = Platform::start().await;
    platform.faults(json!({"pay_before_reply": 1})).await;
    let code_url = platform.prepay("ORDER0001").await;
    let received = platform.receiver.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].open(&platform.client)["out_trade_no"], "ORDER0001");
    platform.delivery("ORDER0001", "accepted").await;
    assert_eq!(platform.scan(&code_url, "pay").await.code(), "ORDER_PAID");
    platform.prepay("ORDER0002").await;
    assert_eq!(platform.state("ORDER0002").await, "NOTPAY");
}
