//! The merchant console: refunds that the shop never asked for, and refunds moved on by hand
//! (`wechatpay-v3.md` §7.3, §7.4).

use serde_json::{Value, json};

use crate::harness::{Answer, Platform};

async fn make(platform: &Platform, body: &Value) -> Answer {
    platform.control("POST", "/_sandbox/refund", body).await
}

/// One paid order whose refunds end at once.
async fn paid() -> Platform {
    let platform = Platform::start().await;
    platform.faults(json!({"refund_ms": 0, "retry_scale": 0})).await;
    platform.paid("ORDER0001").await;
    platform
}

#[tokio::test]
async fn a_console_refund_is_told_in_xml_at_the_refund_url() {
    let platform = paid().await;
    platform.receiver.answer(&[400, 500]);
    let made = make(&platform, &json!({"out_trade_no": "ORDER0001", "amount": 30})).await.json();
    assert_eq!(made["status"], "PROCESSING");
    let number = made["out_refund_no"].as_str().expect("a number");
    // It is repeated as any other until somebody takes it.
    let delivery = platform.refund_delivery(number, "accepted").await;
    assert_eq!(delivery["attempts"].as_array().map(Vec::len), Some(3));
    let notice = &platform.receiver.received()[1];
    assert_eq!((notice.path.as_str(), notice.header("Content-Type")), ("/refunds/notify", "text/xml"));
    assert!(!notice.headers.keys().any(|name| name.as_str().starts_with("wechatpay-")));
    let text = String::from_utf8(notice.body.to_vec()).expect("UTF-8");
    for part in ["<xml>", "<return_code>SUCCESS</return_code>", &platform.client.mchid, "<req_info><![CDATA["] {
        assert!(text.contains(part), "{part}");
    }
    // The shop finds it by query: by the console's number, and in the state of the order.
    let found = platform.query_refund(number).await.json();
    assert_eq!((&found["refund_id"], &found["amount"]["refund"]), (&made["refund_id"], &json!(30)));
    assert_eq!(platform.state("ORDER0001").await, "REFUND");
}

#[tokio::test]
async fn it_can_be_told_as_of_now_or_not_at_all() {
    let platform = paid().await;
    let made = make(&platform, &json!({"out_trade_no": "ORDER0001", "amount": 30, "notice": "v3"})).await.json();
    let number = made["out_refund_no"].as_str().expect("a number");
    platform.refund_delivery(number, "accepted").await;
    let notice = &platform.receiver.received()[1];
    assert_eq!(notice.path, "/refunds/notify");
    assert_eq!(notice.open(&platform.client)["out_refund_no"], number);

    let made = make(&platform, &json!({"out_trade_no": "ORDER0001", "notice": "none"})).await.json();
    let number = made["out_refund_no"].as_str().expect("a number");
    assert_eq!(platform.refund_status(number).await, "SUCCESS");
    let rest = platform.query_refund(number).await.json();
    assert_eq!(rest["amount"]["refund"], 70, "all that is left when no amount is named");
    let path = format!("/_sandbox/deliveries?out_refund_no={number}");
    assert_eq!(platform.control("GET", &path, &Value::Null).await.json()["deliveries"], json!([]));
}

#[tokio::test]
async fn the_refund_url_is_that_of_a_shop_like_ours() {
    let platform = Platform::start().await;
    platform.faults(json!({"refund_ms": 0})).await;
    let mut order = platform.order("ORDER0001");
    let origin = platform.receiver.url.trim_end_matches("/notify").to_owned();
    order["notify_url"] = json!(format!("{origin}/api/wx-pay/native/notify"));
    let answer = platform.client.post("/v3/pay/transactions/native", &order).await.json();
    platform.pay(answer["code_url"].as_str().expect("a code")).await;
    platform.delivery("ORDER0001", "accepted").await;
    make(&platform, &json!({"out_trade_no": "ORDER0001"})).await;
    assert_eq!(platform.receiver.wait_for(2).await[1].path, "/api/wx-pay/refunds/notify");
}

#[tokio::test]
async fn the_console_keeps_the_rules_of_money() {
    let platform = paid().await;
    platform.prepay("ORDER0002").await;
    for (body, status, code) in [
        (json!({"out_trade_no": "NOBODY01"}), 404, "RESOURCE_NOT_EXISTS"),
        (json!({"out_trade_no": "ORDER0002"}), 404, "RESOURCE_NOT_EXISTS"),
        (json!({"out_trade_no": "ORDER0001", "amount": 101}), 400, "INVALID_REQUEST"),
        (json!({"out_trade_no": "ORDER0001", "amount": 0}), 400, "BAD_REQUEST"),
        (json!({"out_trade_no": "ORDER0001", "amount": -1}), 400, "BAD_REQUEST"),
        (json!({"out_trade_no": "ORDER0001", "amount": 1.5}), 422, "BAD_REQUEST"),
        (json!({"out_trade_no": "ORDER0001", "notice": "letter"}), 422, "BAD_REQUEST"),
        (json!({"out_trade_no": "ORDER0001", "fen": 1}), 422, "BAD_REQUEST"),
        (json!({}), 422, "BAD_REQUEST"),
    ] {
        let answer = make(&platform, &body).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{body}");
    }
    assert_eq!(make(&platform, &json!({"out_trade_no": "ORDER0001", "amount": 60})).await.status, 200);
    // The interface knows what the console has taken.
    platform.faults(json!({"refund_gap_seconds": 0})).await;
    assert_eq!(platform.refund("ORDER0001", "REFUND1", 41).await.code(), "INVALID_REQUEST");
    assert_eq!(platform.refund("ORDER0001", "REFUND1", 40).await.status, 200);
    assert_eq!(make(&platform, &json!({"out_trade_no": "ORDER0001"})).await.code(), "INVALID_REQUEST");
}

#[tokio::test]
async fn a_console_refund_ends_as_the_knobs_say() {
    let platform = paid().await;
    platform.faults(json!({"refund_outcome": "abnormal"})).await;
    let made = make(&platform, &json!({"out_trade_no": "ORDER0001"})).await.json();
    let number = made["out_refund_no"].as_str().expect("a number");
    assert_eq!(platform.refund_status(number).await, "ABNORMAL");
}

#[tokio::test]
async fn a_refund_is_moved_on_by_hand_and_told() {
    let platform = paid().await;
    platform.faults(json!({"refund_outcome": "processing", "refund_gap_seconds": 0})).await;
    platform.refund("ORDER0001", "FIRST", 10).await;
    platform.refund("ORDER0001", "SECOND", 10).await;
    let moved = platform.move_refund("FIRST", "SUCCESS").await;
    assert_eq!((moved.status, &moved.json()["status"]), (200, &json!("SUCCESS")));
    let delivery = platform.refund_delivery("FIRST", "accepted").await;
    assert_eq!(delivery["event_type"], "REFUND.SUCCESS");
    assert_eq!(platform.move_refund("SECOND", "ABNORMAL").await.status, 200);
    assert_eq!(platform.move_refund("SECOND", "SUCCESS").await.status, 200);
    for (number, to, status, code) in [
        ("FIRST", "CLOSED", 409, "REFUND_FINAL"),
        ("FIRST", "SUCCESS", 409, "REFUND_FINAL"),
        ("SECOND", "PROCESSING", 409, "REFUND_FINAL"),
        ("NOBODY", "SUCCESS", 404, "REFUND_UNKNOWN"),
        ("FIRST", "GONE", 422, "BAD_REQUEST"),
    ] {
        let answer = platform.move_refund(number, to).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{number} {to}");
    }
}
