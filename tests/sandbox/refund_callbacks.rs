//! What is told of refunds, and when (`wechatpay-v3.md` §7.4, §13).

use serde_json::{Value, json};

use crate::harness::{Platform, REFUNDS, Received};

/// One paid order whose refunds end at once.
async fn paid() -> (Platform, String) {
    let platform = Platform::start().await;
    platform.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0, "retry_scale": 0})).await;
    let transaction = platform.paid("ORDER0001").await;
    (platform, transaction)
}

fn events(received: &[Received]) -> Vec<Value> {
    received.iter().map(|received| received.envelope()["event_type"].clone()).collect()
}

#[tokio::test]
async fn a_refund_is_told_sealed_and_signed() {
    let (platform, transaction) = paid().await;
    let reply = platform.refund("ORDER0001", "REFUND1", 30).await.json();
    let received = platform.receiver.wait_for(2).await;
    let envelope = received[1].envelope();
    assert_eq!((&envelope["event_type"], &envelope["summary"]), (&json!("REFUND.SUCCESS"), &json!("退款成功")));
    assert_eq!(envelope["resource"]["original_type"], "refund");
    assert!(["", "refund"].contains(&envelope["resource"]["associated_data"].as_str().expect("text")));
    let told = received[1].open(&platform.client);
    assert_eq!(
        told,
        json!({
            "mchid": platform.client.mchid,
            "transaction_id": transaction,
            "out_trade_no": "ORDER0001",
            "refund_id": reply["refund_id"],
            "out_refund_no": "REFUND1",
            "refund_status": "SUCCESS",
            "success_time": platform.query_refund("REFUND1").await.json()["success_time"],
            "user_received_account": reply["user_received_account"],
            "amount": {"total": 100, "refund": 30, "payer_total": 100, "payer_refund": 30},
        })
    );
    let delivery = platform.refund_delivery("REFUND1", "accepted").await;
    assert_eq!((&delivery["event_type"], &delivery["out_trade_no"]), (&json!("REFUND.SUCCESS"), &json!("ORDER0001")));
}

#[tokio::test]
async fn closed_and_abnormal_refunds_are_told_under_their_names() {
    let (platform, _) = paid().await;
    for (outcome, event) in [("closed", "REFUND.CLOSED"), ("abnormal", "REFUND.ABNORMAL")] {
        platform.faults(json!({"refund_outcome": outcome})).await;
        platform.refund("ORDER0001", outcome, 30).await;
        let delivery = platform.refund_delivery(outcome, "accepted").await;
        assert_eq!(delivery["event_type"], event);
        let received = platform.receiver.received();
        let told = received.last().expect("one").open(&platform.client);
        assert_eq!((&told["refund_status"], told.get("success_time")), (&json!(outcome.to_uppercase()), None));
    }
}

#[tokio::test]
async fn it_climbs_the_same_ladder_under_the_same_faults() {
    let (platform, _) = paid().await;
    platform.faults(json!({"drop": 1, "signtest_callbacks": 1, "duplicates": 1})).await;
    platform.receiver.answer(&[401, 500, 201]);
    platform.refund("ORDER0001", "REFUND1", 30).await;
    let delivery = platform.refund_delivery("REFUND1", "accepted").await;
    let attempts = delivery["attempts"].as_array().expect("a list");
    let told: Vec<_> = attempts.iter().map(|attempt| (attempt["status"].clone(), attempt["faults"].clone())).collect();
    assert_eq!(
        told,
        [
            (json!(401), json!(["signtest_callbacks"])),
            (json!(null), json!(["drop"])),
            (json!(500), json!([])),
            (json!(201), json!([])),
            (json!(204), json!([])),
            (json!(204), json!(["duplicate"])),
        ]
    );
}

#[tokio::test]
async fn wrong_contents_are_signed_well_and_counted() {
    let (platform, _) = paid().await;
    for (index, (knob, pointer)) in [
        ("wrong_amount", "/amount/refund"),
        ("wrong_mchid", "/mchid"),
        ("wrong_out_trade_no", "/out_trade_no"),
        ("wrong_out_refund_no", "/out_refund_no"),
        ("wrong_trade_state", "/refund_status"),
    ]
    .into_iter()
    .enumerate()
    {
        let number = format!("REFUND{index}");
        let before = platform.receiver.received().len();
        platform.faults(json!({knob: 1})).await;
        platform.receiver.answer(&[500]);
        platform.refund("ORDER0001", &number, 7).await;
        let received = platform.receiver.wait_for(before + 2).await;
        let (mut first, second) =
            (received[before].open(&platform.client), received[before + 1].open(&platform.client));
        assert_ne!(first.pointer(pointer), second.pointer(pointer), "{knob}");
        *first.pointer_mut(pointer).expect("is there") = second.pointer(pointer).expect("is there").clone();
        assert_eq!(first, second, "{knob}: and nothing else");
        let delivery = platform.refund_delivery(&number, "accepted").await;
        assert_eq!(delivery["attempts"][0]["faults"], json!([knob]));
    }
}

#[tokio::test]
async fn without_a_url_nothing_is_told_or_a_v2_notice() {
    let (platform, _) = paid().await;
    let mut asked = platform.refund_of("ORDER0001", "SILENT", 30);
    asked.as_object_mut().expect("an object").remove("notify_url");
    assert_eq!(platform.client.post(REFUNDS, &asked).await.status, 200);
    assert_eq!(platform.refund_status("SILENT").await, "SUCCESS");
    let none = platform.control("GET", "/_sandbox/deliveries?out_refund_no=SILENT", &Value::Null).await.json();
    assert_eq!(none["deliveries"], json!([]));

    platform.faults(json!({"refund_v2_notice": true})).await;
    asked["out_refund_no"] = json!("IN_XML");
    assert_eq!(platform.client.post(REFUNDS, &asked).await.status, 200);
    let delivery = platform.refund_delivery("IN_XML", "accepted").await;
    assert_eq!((&delivery["event_type"], &delivery["attempts"][0]["serial"]), (&json!(null), &json!("")));
    assert!(platform.receiver.received()[1].body.starts_with(b"<xml>"));
}

#[tokio::test]
async fn a_refund_can_be_told_before_its_reply() {
    let (platform, _) = paid().await;
    platform.faults(json!({"refund_notify_before_reply": 1, "refund_ms": 60_000})).await;
    let reply = platform.refund("ORDER0001", "REFUND1", 30).await.json();
    let received = platform.receiver.received();
    assert_eq!(received.len(), 2, "it is there when the reply is");
    assert_eq!(received[1].open(&platform.client)["refund_status"], "SUCCESS");
    assert_eq!(reply["status"], "PROCESSING", "the reply is of the moment before");
    assert_eq!(platform.refund_status("REFUND1").await, "SUCCESS");
    platform.refund("ORDER0001", "REFUND2", 30).await;
    assert_eq!(platform.refund_status("REFUND2").await, "PROCESSING");
}

#[tokio::test]
async fn a_payment_can_be_told_after_its_refund() {
    let platform = Platform::start().await;
    platform.faults(json!({"refund_ms": 0, "out_of_order": 1})).await;
    let code_url = platform.prepay("ORDER0001").await;
    platform.pay(&code_url).await;
    let held = platform.delivery("ORDER0001", "pending").await;
    assert_eq!((&held["next_try"], &held["attempts"]), (&json!(null), &json!([])));
    // Only the next one is held.
    platform.paid("ORDER0002").await;
    assert_eq!(platform.receiver.received().len(), 1);
    platform.refund("ORDER0001", "REFUND1", 30).await;
    let received = platform.receiver.wait_for(3).await;
    assert_eq!(events(&received[1..]), ["REFUND.SUCCESS", "TRANSACTION.SUCCESS"]);
    // It tells what it would have told.
    assert_eq!(received[2].open(&platform.client)["trade_state"], "SUCCESS");
}

#[tokio::test]
async fn nothing_at_all_is_told_when_all_is_dropped() {
    let platform = Platform::start().await;
    platform.faults(json!({"drop": "all", "retry_scale": 0, "refund_ms": 0})).await;
    let code_url = platform.prepay("ORDER0001").await;
    platform.pay(&code_url).await;
    platform.delivery("ORDER0001", "given_up").await;
    platform.refund("ORDER0001", "REFUND1", 30).await;
    platform.refund_delivery("REFUND1", "given_up").await;
    assert_eq!(platform.receiver.received().len(), 0);
    assert_eq!((platform.state("ORDER0001").await, platform.refund_status("REFUND1").await), {
        ("REFUND".to_owned(), "SUCCESS".to_owned())
    });
}
