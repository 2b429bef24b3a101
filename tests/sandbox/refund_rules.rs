//! What a refund may not be (`wechatpay-v3.md` §1.3, §1.6, §7.1, §7.2).

use jiff::{SignedDuration, Timestamp};
use saoma::clock::Clock;
use serde_json::{Value, json};

use crate::harness::{Answer, Platform, REFUNDS};

fn noon() -> Timestamp {
    "2026-11-23T12:00:00+08:00".parse().expect("a time")
}

/// Without the limits on calls, which have tests of their own.
async fn platform() -> Platform {
    let platform = Platform::start().await;
    platform.faults(json!({"refund_failures_per_second": 0, "refund_gap_seconds": 0})).await;
    platform
}

/// Sends the usual refund with one field set, or removed when the value is null.
async fn with(platform: &Platform, pointer: &str, value: Value) -> Answer {
    let mut asked = platform.refund_of("ORDER0001", "REFUND1", 100);
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = asked.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
    if value.is_null() {
        parent.remove(name);
    } else {
        parent.insert(name.to_owned(), value);
    }
    platform.client.post(REFUNDS, &asked).await
}

#[tokio::test]
async fn every_required_field_is_named_when_it_is_missing() {
    let platform = platform().await;
    for pointer in ["/out_trade_no", "/out_refund_no", "/amount", "/amount/refund", "/amount/total", "/amount/currency"]
    {
        let answer = with(&platform, pointer, Value::Null).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "PARAM_ERROR"), "{pointer}");
        assert_eq!(answer.json()["detail"]["field"], pointer);
    }
}

#[tokio::test]
async fn every_value_that_breaks_a_rule_is_refused_by_name() {
    let platform = platform().await;
    platform.paid("ORDER0001").await;
    let goods = json!({"merchant_goods_id": "1", "unit_price": 1, "refund_amount": 1, "refund_quantity": 0});
    for (pointer, value) in [
        ("/out_refund_no", json!("")),
        ("/out_refund_no", Value::from("a".repeat(65))),
        ("/out_refund_no", json!("A B")),
        ("/out_refund_no", json!("A.B")),
        ("/out_refund_no", json!("退款")),
        ("/out_trade_no", json!("ORDER@001")),
        ("/reason", Value::from("字".repeat(81))),
        ("/reason", json!("葱🧅")),
        ("/notify_url", json!("http://example.com/x")),
        ("/notify_url", json!("https://example.com/x?a=1")),
        ("/notify_url", json!(format!("https://example.com/{}", "x".repeat(240)))),
        ("/funds_account", json!("BASIC")),
        ("/amount/refund", json!(0)),
        ("/amount/refund", json!(-1)),
        ("/amount/refund", json!(1.0)),
        ("/amount/refund", json!("1")),
        ("/amount/refund", json!(101)),
        ("/amount/total", json!(0)),
        ("/amount/total", json!(100.5)),
        ("/amount/currency", json!("USD")),
        ("/amount/from", json!([{"account": "AVAILABLE", "amount": 99}])),
        ("/amount/from", json!([{"account": "BASIC", "amount": 100}])),
        ("/goods_detail", json!([goods])),
    ] {
        let answer = with(&platform, pointer, value.clone()).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "PARAM_ERROR"), "{pointer} {value}");
        let field = answer.json()["detail"]["field"].as_str().expect("a field").to_owned();
        assert!(field.starts_with(pointer), "{field} for {pointer}");
    }
    for (pointer, value) in [("/mchid", json!("1")), ("/amount/fee", json!(1)), ("/sub_mchid", json!("1"))] {
        let answer = with(&platform, pointer, value).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "PARAM_ERROR"), "{pointer}");
        let id = answer.headers["Request-ID"].to_str().expect("ASCII");
        assert!(id.ends_with("-270924358"), "{id}");
    }
    let mut null = platform.refund_of("ORDER0001", "REFUND1", 100);
    null["reason"] = Value::Null;
    assert_eq!(platform.client.post(REFUNDS, &null).await.json()["detail"]["field"], "/reason");
    assert_eq!(platform.query_refund("REFUND1").await.status, 404);
    assert_eq!(platform.state("ORDER0001").await, "SUCCESS");
}

#[tokio::test]
async fn the_longest_and_the_oddest_legal_values_are_taken() {
    let platform = platform().await;
    let goods = json!({"merchant_goods_id": "1", "unit_price": 1, "refund_amount": 1, "refund_quantity": 1});
    for (index, (pointer, value)) in [
        ("/out_refund_no", Value::from("a".repeat(64))),
        ("/out_refund_no", json!("|*@_-")),
        ("/reason", Value::from("字".repeat(80))),
        ("/funds_account", json!("UNSETTLED")),
        ("/amount/from", json!([{"account": "AVAILABLE", "amount": 1}, {"account": "UNAVAILABLE", "amount": 99}])),
        ("/goods_detail", json!([goods])),
        ("/notify_url", Value::Null),
        ("/reason", Value::Null),
    ]
    .into_iter()
    .enumerate()
    {
        let order = format!("ORDER100{index}");
        platform.paid(&order).await;
        let mut asked = platform.refund_of(&order, &format!("REFUND{index}"), 100);
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        let parent = asked.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
        if value.is_null() {
            parent.remove(name);
        } else {
            parent.insert(name.to_owned(), value.clone());
        }
        let answer = platform.client.post(REFUNDS, &asked).await;
        assert_eq!(answer.status, 200, "{pointer} {value}: {answer:?}");
        if pointer == "/amount/from" {
            assert_eq!(answer.json()["amount"]["from"], value);
        }
        if pointer == "/funds_account" {
            assert_eq!(answer.json()["funds_account"], "UNSETTLED");
        }
    }
}

#[tokio::test]
async fn an_order_that_is_unknown_or_unpaid_is_not_there() {
    let platform = platform().await;
    platform.prepay("ORDER0001").await;
    for order in ["ORDER0001", "NOBODY01"] {
        let answer = platform.refund(order, "REFUND1", 100).await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "RESOURCE_NOT_EXISTS"), "{order}");
    }
    assert_eq!(platform.state("ORDER0001").await, "NOTPAY");
}

#[tokio::test]
async fn the_total_is_that_of_the_order_and_the_parts_are_not_more() {
    let platform = platform().await;
    platform.faults(json!({"refund_outcome": "closed", "refund_outcome_count": 1, "refund_ms": 0})).await;
    platform.paid("ORDER0001").await;
    let refused = async |out_refund_no: &str, fen: i64| {
        let answer = platform.refund("ORDER0001", out_refund_no, fen).await;
        (answer.status, answer.code())
    };
    let invalid = (400, "INVALID_REQUEST".to_owned());
    for total in [99, 101] {
        let answer = with(&platform, "/amount", json!({"refund": 1, "total": total, "currency": "CNY"})).await;
        assert_eq!((answer.status, answer.code()), invalid, "{total}");
    }
    // What is closed took nothing; what is under way counts.
    assert_eq!(platform.refund("ORDER0001", "CLOSED", 100).await.status, 200);
    assert_eq!(platform.refund_status("CLOSED").await, "CLOSED");
    platform.faults(json!({"refund_outcome": "processing", "refund_outcome_count": "all"})).await;
    assert_eq!(platform.refund("ORDER0001", "FIRST", 60).await.status, 200);
    assert_eq!(refused("SECOND", 41).await, invalid);
    assert_eq!(platform.refund("ORDER0001", "SECOND", 40).await.status, 200);
    assert_eq!(refused("THIRD", 1).await, invalid);
    platform.move_refund("FIRST", "CLOSED").await;
    assert_eq!(refused("THIRD", 61).await, invalid);
    assert_eq!(platform.refund("ORDER0001", "THIRD", 60).await.status, 200);
}

#[tokio::test]
async fn a_hundred_at_once_are_never_more_than_was_paid() {
    let platform = platform().await;
    platform.paid("ORDER0001").await;
    let numbers: Vec<String> = (0..100).map(|number| format!("REFUND{number}")).collect();
    let answers = numbers.iter().map(|number| platform.refund("ORDER0001", number, 7));
    let answers = futures::future::join_all(answers).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 14);
    assert!(answers.iter().filter(|answer| answer.status != 200).all(|answer| answer.code() == "INVALID_REQUEST"));
}

#[tokio::test]
async fn fifty_parts_are_the_most() {
    let platform = platform().await;
    platform.paid("ORDER0001").await;
    for number in 0..50 {
        assert_eq!(platform.refund("ORDER0001", &format!("REFUND{number}"), 1).await.status, 200, "{number}");
    }
    let more = platform.refund("ORDER0001", "MORE", 1).await;
    assert_eq!((more.status, more.code().as_str()), (400, "INVALID_REQUEST"));
}

#[tokio::test]
async fn a_minute_lies_between_two_refunds_of_one_order() {
    let platform = Platform::start_with(Clock::mock(noon())).await;
    platform.paid("ORDER0001").await;
    platform.paid("ORDER0002").await;
    assert_eq!(platform.refund("ORDER0001", "FIRST", 1).await.status, 200);
    platform.clock.advance(SignedDuration::from_secs(59));
    let soon = platform.refund("ORDER0001", "SECOND", 1).await;
    assert_eq!((soon.status, soon.code().as_str()), (429, "FREQUENCY_LIMITED"));
    // Nothing was done: as the documents say, query, then send the same again.
    assert_eq!(platform.query_refund("SECOND").await.status, 404);
    assert_eq!(platform.refund("ORDER0001", "FIRST", 1).await.status, 200, "a repetition is no second one");
    assert_eq!(platform.refund("ORDER0002", "OTHER", 1).await.status, 200, "other orders are not held up");
    platform.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(platform.refund("ORDER0001", "SECOND", 1).await.status, 200);
    platform.faults(json!({"refund_gap_seconds": 0})).await;
    assert_eq!(platform.refund("ORDER0001", "THIRD", 1).await.status, 200);
}

#[tokio::test]
async fn after_a_year_it_is_too_late() {
    let platform = Platform::start_with(Clock::mock(noon())).await;
    platform.paid("ORDER0001").await;
    platform.clock.advance(SignedDuration::from_hours(365 * 24));
    assert_eq!(platform.refund("ORDER0001", "REFUND1", 1).await.status, 200);
    platform.clock.advance(SignedDuration::from_secs(60));
    let late = platform.refund("ORDER0001", "REFUND2", 1).await;
    assert_eq!((late.status, late.code().as_str()), (403, "TRADE_OVERDUE"));
}

#[tokio::test]
async fn six_failing_calls_a_second_are_the_most() {
    let platform = Platform::start_with(Clock::mock(noon())).await;
    platform.paid("ORDER0001").await;
    for number in 0..6 {
        assert_eq!(platform.refund("NOBODY01", &format!("REFUND{number}"), 1).await.status, 404, "{number}");
    }
    for _ in 0..3 {
        let limited = platform.refund("NOBODY01", "REFUND6", 1).await;
        assert_eq!((limited.status, limited.code().as_str()), (429, "FREQUENCY_LIMITED"));
    }
    assert_eq!(platform.refund("ORDER0001", "GOOD", 1).await.status, 200, "good calls have a limit of their own");
    assert_eq!(platform.query_refund("NOBODY").await.status, 404, "and so have queries");
    platform.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(platform.refund("NOBODY01", "REFUND6", 1).await.status, 404);
}

#[tokio::test]
async fn a_refund_is_refused_on_demand_with_the_code_that_was_chosen() {
    let platform = platform().await;
    platform.faults(json!({"refund_ms": 0})).await;
    platform.paid("ORDER0001").await;
    for (code, status) in [
        ("NOT_ENOUGH", 403),
        ("USER_ACCOUNT_ABNORMAL", 403),
        ("NO_AUTH", 403),
        ("REQUEST_BLOCKED", 403),
        ("MCH_NOT_EXISTS", 404),
        ("RESOURCE_NOT_EXISTS", 404),
    ] {
        platform.faults(json!({"refund_refused": 1, "refund_refusal": code})).await;
        let answer = platform.refund("ORDER0001", "REFUND1", 100).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code));
        assert_eq!(platform.query_refund("REFUND1").await.status, 404);
    }
    assert_eq!(platform.refund("ORDER0001", "REFUND1", 100).await.status, 200);
}

#[tokio::test]
async fn the_user_agent_is_looked_at_before_the_signature() {
    let platform = platform().await;
    for (method, path) in [
        ("POST", REFUNDS.to_owned()),
        ("GET", format!("{REFUNDS}/REFUND1")),
        ("POST", format!("{REFUNDS}/5030/apply-abnormal-refund")),
    ] {
        let answer = platform.client.send(platform.client.bare(method, &path, b"")).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "INVALID_REQUEST"), "{path}");
        let request = platform.client.bare(method, &path, b"").header("User-Agent", "t").header("Accept", "*/*");
        let answer = platform.client.send(request).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "SIGN_ERROR"), "{path}");
    }
    for (method, path, status) in [("GET", "", 405), ("POST", "/REFUND1", 405)] {
        let request = platform.client.bare(method, &format!("{REFUNDS}{path}"), b"");
        let answer = platform.client.send(request).await;
        assert_eq!((answer.status, answer.body.len()), (status, 0), "{method} {path}");
    }
}
