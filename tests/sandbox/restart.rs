//! What a restart finds again: keys, orders, payments, deliveries that are not done.

use std::{fs, io::Write as _};

use saoma::sandbox::{Sandbox, SandboxError, SandboxOptions};
use serde_json::{Value, json};

use crate::harness::{Folder, Platform};

#[tokio::test]
async fn keys_orders_and_payments_are_kept() {
    let platform = Platform::start().await;
    let paid = platform.prepay("ORDER0001").await;
    let transaction = platform.pay(&paid).await["transaction_id"].clone();
    platform.delivery("ORDER0001", "accepted").await;
    platform.prepay("ORDER0002").await;
    platform.close("ORDER0002").await;
    let superseded = platform.prepay("ORDER0003").await;
    let open = platform.prepay("ORDER0003").await;
    let told = platform.query("ORDER0001").await.json();
    let (mchid, serial) = (platform.client.mchid.clone(), platform.client.public_key_id.clone());

    // Twice: the second start reads what the first one has compacted.
    let platform = platform.restart().await.restart().await;
    assert_eq!((&platform.client.mchid, &platform.client.public_key_id), (&mchid, &serial));
    assert_eq!(platform.query("ORDER0001").await.json(), told);
    assert_eq!(told["transaction_id"], transaction);
    assert_eq!(platform.state("ORDER0002").await, "CLOSED");
    assert_eq!(platform.scan(&superseded, "pay").await.code(), "CODE_SUPERSEDED");
    platform.pay(&open).await;
    platform.delivery("ORDER0003", "accepted").await;
    assert_eq!(platform.delivery("ORDER0001", "accepted").await["number"], 1);
    assert_eq!(platform.receiver.received().len(), 2);
}

#[tokio::test]
async fn a_delivery_that_was_not_accepted_goes_on() {
    let platform = Platform::start().await;
    platform.faults(json!({"drop": "all", "delay_ms": 0})).await;
    let code_url = platform.prepay("ORDER0001").await;
    platform.pay(&code_url).await;
    let before = platform.delivery_with_attempts("ORDER0001", 1).await;
    assert_eq!(platform.receiver.received().len(), 0);
    let platform = platform.restart().await;
    let after = platform.delivery("ORDER0001", "pending").await;
    assert_eq!((&after["id"], &after["next_try"]), (&before["id"], &before["next_try"]));

    // One that was never tried, since it was delayed, is tried at once when its time has come.
    platform.faults(json!({"delay_ms": 400})).await;
    let code_url = platform.prepay("ORDER0002").await;
    platform.pay(&code_url).await;
    let platform = platform.restart().await;
    let received = platform.receiver.wait_for(1).await;
    assert_eq!(received[0].open(&platform.client)["out_trade_no"], "ORDER0002");
}

/// Somebody has cut something out of the journal, say.
#[tokio::test]
async fn a_callback_about_an_order_that_is_not_there_says_so() {
    let platform = Platform::start().await;
    platform.paid("ORDER0001").await;
    platform.delivery("ORDER0001", "accepted").await;
    let (dir, clock, receiver) = platform.stop().await;
    let journal = dir.join("journal.jsonl");
    let lines = fs::read_to_string(&journal).expect("a journal");
    let changes = lines.lines().flat_map(|line| serde_json::from_str::<Vec<Value>>(line).expect("a line"));
    let delivery: Vec<Value> = changes.filter(|change| change.get("delivery").is_some()).collect();
    assert_eq!(delivery.len(), 1);
    fs::write(&journal, format!("{}\n", Value::from(delivery))).expect("writes");
    let platform = Platform::start_in(dir, clock, receiver).await;
    let told = platform.delivery_with_attempts("ORDER0001", 1).await;
    let attempt = &told["attempts"][0];
    assert_eq!((&attempt["result"], &attempt["reason"]), (&json!("not_sent"), &json!("platform")), "{told}");
    assert!(attempt["answer"].as_str().is_some_and(|why| why.contains("ORDER_NOT_EXIST")), "{told}");
    assert_eq!(told["state"], "pending");
}

#[tokio::test]
async fn refunds_are_kept_and_end_after_a_restart() {
    let platform = Platform::start().await;
    platform.faults(json!({"refund_gap_seconds": 0, "refund_ms": 0})).await;
    platform.paid("ORDER0001").await;
    platform.refund("ORDER0001", "DONE", 30).await;
    platform.refund_delivery("DONE", "accepted").await;
    platform.faults(json!({"refund_ms": 2000})).await;
    platform.refund("ORDER0001", "COMING", 30).await;
    platform.faults(json!({"refund_outcome": "processing"})).await;
    platform.refund("ORDER0001", "STAYING", 30).await;
    let told = platform.query_refund("DONE").await.json();

    // Twice: the second start reads what the first one has compacted.
    let platform = platform.restart().await.restart().await;
    assert_eq!(platform.state("ORDER0001").await, "REFUND");
    assert_eq!(platform.query_refund("DONE").await.json(), told);
    assert_eq!(platform.refund("ORDER0001", "COMING", 30).await.status, 200, "the same again is the same");
    platform.faults(json!({"refund_gap_seconds": 0})).await;
    assert_eq!(platform.refund("ORDER0001", "MORE", 11).await.code(), "INVALID_REQUEST");
    platform.refund_delivery("COMING", "accepted").await;
    assert_eq!(platform.refund_status("COMING").await, "SUCCESS");
    assert_eq!(platform.refund_status("STAYING").await, "PROCESSING");
    assert_eq!(platform.move_refund("STAYING", "CLOSED").await.status, 200);
    platform.refund_delivery("STAYING", "accepted").await;
}

#[tokio::test]
async fn a_held_notification_is_still_held_after_a_restart() {
    let platform = Platform::start().await;
    platform.faults(json!({"out_of_order": 1})).await;
    let code_url = platform.prepay("ORDER0001").await;
    platform.pay(&code_url).await;
    let platform = platform.restart().await.restart().await;
    let held = platform.delivery("ORDER0001", "pending").await;
    assert_eq!((&held["next_try"], &held["attempts"]), (&json!(null), &json!([])));
    platform.faults(json!({"refund_ms": 0})).await;
    platform.refund("ORDER0001", "REFUND1", 100).await;
    let events: Vec<String> =
        platform.receiver.wait_for(2).await.iter().map(|r| r.envelope()["event_type"].to_string()).collect();
    assert_eq!(events, ["\"REFUND.SUCCESS\"", "\"TRANSACTION.SUCCESS\""]);
}

#[tokio::test]
async fn a_line_cut_short_by_a_crash_is_forgotten_and_the_rest_is_kept() {
    let platform = Platform::start().await;
    let code_url = platform.prepay("ORDER0001").await;
    platform.pay(&code_url).await;
    let dir = Folder::fresh();
    // What a kill leaves: no orderly end, half a line.
    crate::harness::copy(&platform.dir, &dir);
    let mut journal = fs::File::options().append(true).open(dir.join("journal.jsonl")).expect("is there");
    journal.write_all(br#"[{"closed":{"out_trade_no":"ORDER0001","at_m"#).expect("writes");
    let crashed = Platform::start_in(dir, platform.clock.clone(), platform.receiver.clone()).await;
    assert_eq!(crashed.state("ORDER0001").await, "SUCCESS");
    crashed.delivery("ORDER0001", "accepted").await;
    crashed.prepay("ORDER0002").await;
    let crashed = crashed.restart().await;
    assert_eq!(crashed.state("ORDER0002").await, "NOTPAY");
}

#[tokio::test]
async fn a_journal_of_something_else_is_not_overwritten() {
    let platform = Platform::start().await;
    platform.prepay("ORDER0001").await;
    let dir = Folder::fresh();
    crate::harness::copy(&platform.dir, &dir);
    let text = fs::read_to_string(dir.join("journal.jsonl")).expect("is there");
    fs::write(dir.join("journal.jsonl"), format!("{text}{{}}\n{text}")).expect("writes");
    let options = SandboxOptions::new(([127, 0, 0, 1], 9090).into()).expect("an address");
    let error = Sandbox::open(&dir, options).expect_err("refused");
    assert!(matches!(error, SandboxError::Journal { line: 2, .. }), "{error:?}");
    assert!(fs::read_to_string(dir.join("journal.jsonl")).expect("is there").contains("{}"));
}

#[tokio::test]
async fn one_folder_serves_one_sandbox() {
    let platform = Platform::start().await;
    let options = SandboxOptions::new(([127, 0, 0, 1], 9090).into()).expect("an address");
    assert!(matches!(Sandbox::open(&platform.dir, options), Err(SandboxError::InUse { .. })));
}
