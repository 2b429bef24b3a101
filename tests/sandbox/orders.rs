//! From prepay to paid or closed (`wechatpay-v3.md` §5).

use jiff::{SignedDuration, Timestamp};
use saoma::clock::Clock;
use serde_json::json;

use crate::harness::Platform;

const PREPAY: &str = "/v3/pay/transactions/native";

fn noon() -> Timestamp {
    "2026-11-23T12:00:00+08:00".parse().expect("a time")
}

#[tokio::test]
async fn an_order_is_notpay_then_success() {
    let platform = Platform::start().await;
    let mut order = platform.order("ORDER0001");
    order["attach"] = json!("附加");
    order["scene_info"] = json!({"payer_client_ip": "127.0.0.1", "device_id": "7"});
    let code_url = platform.client.post(PREPAY, &order).await.json()["code_url"].as_str().expect("a code").to_owned();
    assert!(code_url.len() <= 64);
    let unpaid = platform.query("ORDER0001").await.json();
    assert_eq!((&unpaid["trade_state"], &unpaid["attach"]), (&json!("NOTPAY"), &json!("附加")));
    assert_eq!(unpaid.get("transaction_id"), None);
    let paid = platform.pay(&code_url).await;
    let told = platform.query("ORDER0001").await.json();
    assert_eq!((&told["trade_state"], &told["trade_type"]), (&json!("SUCCESS"), &json!("NATIVE")));
    assert_eq!((&told["attach"], &told["scene_info"]), (&json!("附加"), &json!({"device_id": "7"})));
    assert!(told["success_time"].as_str().expect("a time").ends_with("+08:00"));
    let mchid = &platform.client.mchid;
    let id = paid["transaction_id"].as_str().expect("an id");
    let by_id = platform.client.get(&format!("/v3/pay/transactions/id/{id}?mchid={mchid}")).await;
    assert_eq!(by_id.json(), told);
}

#[tokio::test]
async fn a_query_names_the_merchant() {
    let platform = Platform::start().await;
    platform.prepay("ORDER0001").await;
    let mchid = platform.client.mchid.clone();
    for (query, status, code) in [
        (String::new(), 400, "PARAM_ERROR"),
        ("?mchid=1900000001".to_owned(), 400, "PARAM_ERROR"),
        (format!("?mchid={mchid}&x=1"), 400, "PARAM_ERROR"),
        (format!("?mchid={mchid}&mchid={mchid}"), 400, "PARAM_ERROR"),
    ] {
        let answer = platform.client.get(&format!("/v3/pay/transactions/out-trade-no/ORDER0001{query}")).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{query}");
    }
    let unknown = platform.client.get(&format!("/v3/pay/transactions/id/4200?mchid={mchid}")).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "ORDER_NOT_EXIST"));
}

#[tokio::test]
async fn the_same_prepay_again_gives_a_fresh_code_and_kills_the_former() {
    let platform = Platform::start().await;
    let first = platform.prepay("ORDER0001").await;
    let second = platform.prepay("ORDER0001").await;
    assert_ne!(first, second);
    let dead = platform.scan(&first, "pay").await;
    assert_eq!((dead.status, dead.code().as_str()), (410, "CODE_SUPERSEDED"));
    platform.pay(&second).await;
    let used = platform.client.post(PREPAY, &platform.order("ORDER0001")).await;
    assert_eq!((used.status, used.code().as_str()), (403, "OUT_TRADE_NO_USED"));
}

#[tokio::test]
async fn the_same_number_with_other_parameters_is_refused() {
    let platform = Platform::start().await;
    let code_url = platform.prepay("ORDER0001").await;
    for (name, value) in [
        ("description", json!("另一件")),
        ("attach", json!("x")),
        ("notify_url", json!("https://example.com/x")),
        ("time_expire", json!("2099-01-01T00:00:00+08:00")),
        ("amount", json!({"total": 101, "currency": "CNY"})),
    ] {
        let mut other = platform.order("ORDER0001");
        other[name] = value;
        let answer = platform.client.post(PREPAY, &other).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "INVALID_REQUEST"), "{name}");
        let id = answer.headers["Request-ID"].to_str().expect("ASCII");
        assert!(id.ends_with("-268498688"), "{id}");
    }
    // Leaving the default out changes nothing; the first code is alive until then.
    let mut same = platform.order("ORDER0001");
    same["amount"] = json!({"total": 100});
    assert_eq!(platform.scan(&code_url, "fail").await.status, 200);
    assert_eq!(platform.client.post(PREPAY, &same).await.status, 200);
}

#[tokio::test]
async fn closing_is_final_and_may_be_repeated() {
    let platform = Platform::start().await;
    let code_url = platform.prepay("ORDER0001").await;
    for _ in 0..2 {
        let closed = platform.close("ORDER0001").await;
        assert_eq!((closed.status, closed.body.len()), (204, 0));
    }
    assert_eq!(platform.state("ORDER0001").await, "CLOSED");
    let late = platform.scan(&code_url, "pay").await;
    assert_eq!((late.status, late.code().as_str()), (409, "ORDER_CLOSED"));
    let again = platform.client.post(PREPAY, &platform.order("ORDER0001")).await;
    assert_eq!((again.status, again.code().as_str()), (400, "ORDER_CLOSED"));
}

#[tokio::test]
async fn closing_what_is_paid_or_unknown_is_refused() {
    let platform = Platform::start().await;
    let unknown = platform.close("NOBODY01").await;
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "ORDER_NOT_EXIST"));
    let code_url = platform.prepay("ORDER0001").await;
    platform.pay(&code_url).await;
    let paid = platform.close("ORDER0001").await;
    assert_eq!((paid.status, paid.code().as_str()), (400, "ORDERPAID"));
    assert_eq!(platform.state("ORDER0001").await, "SUCCESS");
    let path = "/v3/pay/transactions/out-trade-no/ORDER0001/close";
    for body in [json!({}), json!({"mch_id": "1"}), json!({"mchid": "1900000001"})] {
        assert_eq!(platform.client.post(path, &body).await.code(), "PARAM_ERROR", "{body}");
    }
}

#[tokio::test]
async fn a_code_lives_two_hours_whatever_the_order_does() {
    let platform = Platform::start_with(Clock::mock(noon())).await;
    let code_url = platform.prepay("ORDER0001").await;
    platform.clock.advance(SignedDuration::from_mins(119));
    assert_eq!(platform.scan(&code_url, "fail").await.status, 200);
    platform.clock.advance(SignedDuration::from_mins(1));
    let dead = platform.scan(&code_url, "pay").await;
    assert_eq!((dead.status, dead.code().as_str()), (410, "CODE_EXPIRED"));
    assert_eq!(platform.state("ORDER0001").await, "NOTPAY");
    let fresh = platform.prepay("ORDER0001").await;
    platform.pay(&fresh).await;
}

#[tokio::test]
async fn nobody_pays_after_time_expire_and_the_order_stays_open() {
    let platform = Platform::start_with(Clock::mock(noon())).await;
    let mut order = platform.order("ORDER0001");
    order["time_expire"] = json!("2026-11-23T12:15:00+08:00");
    let code_url = platform.client.post(PREPAY, &order).await.json()["code_url"].as_str().expect("a code").to_owned();
    platform.clock.advance(SignedDuration::from_secs(15 * 60 - 1));
    assert_eq!(platform.scan(&code_url, "fail").await.status, 200);
    platform.clock.advance(SignedDuration::from_secs(1));
    let late = platform.scan(&code_url, "pay").await;
    assert_eq!((late.status, late.code().as_str()), (410, "ORDER_EXPIRED"));
    assert_eq!(platform.state("ORDER0001").await, "NOTPAY");
    assert_eq!(platform.client.post(PREPAY, &order).await.code(), "ORDER_CLOSED");
    assert_eq!(platform.close("ORDER0001").await.status, 204);
}

#[tokio::test]
async fn a_time_expire_that_is_too_soon_is_raised_to_a_minute() {
    let platform = Platform::start_with(Clock::mock(noon())).await;
    for (number, time_expire) in [("ORDER0001", "2026-11-23T12:00:30+08:00"), ("ORDER0002", "2001-01-01T00:00:00Z")] {
        let mut order = platform.order(number);
        order["time_expire"] = json!(time_expire);
        let code_url =
            platform.client.post(PREPAY, &order).await.json()["code_url"].as_str().expect("a code").to_owned();
        platform.clock.advance(SignedDuration::from_secs(59));
        assert_eq!(platform.scan(&code_url, "fail").await.status, 200, "{number}");
        platform.clock.advance(SignedDuration::from_secs(1));
        assert_eq!(platform.scan(&code_url, "pay").await.code(), "ORDER_EXPIRED", "{number}");
    }
}

#[tokio::test]
async fn what_stays_unpaid_is_closed_after_seven_days() {
    let platform = Platform::start_with(Clock::mock(noon())).await;
    let mut order = platform.order("ORDER0001");
    order["time_expire"] = json!("2099-01-01T00:00:00Z");
    assert_eq!(platform.client.post(PREPAY, &order).await.status, 200);
    platform.clock.advance(SignedDuration::from_hours(7 * 24) - SignedDuration::from_secs(1));
    assert_eq!(platform.state("ORDER0001").await, "NOTPAY");
    platform.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(platform.state("ORDER0001").await, "CLOSED");
    assert_eq!(platform.client.post(PREPAY, &order).await.code(), "ORDER_CLOSED");
}

#[tokio::test]
async fn only_one_of_many_payers_gets_through() {
    let platform = Platform::start().await;
    let code_url = platform.prepay("ORDER0001").await;
    let scans = (0..20).map(|_| platform.scan(&code_url, "pay"));
    let answers = futures::future::join_all(scans).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(answers.iter().filter(|answer| answer.status != 200).all(|answer| answer.code() == "ORDER_PAID"));
    platform.delivery("ORDER0001", "accepted").await;
    assert_eq!(platform.receiver.received().len(), 1);
}
