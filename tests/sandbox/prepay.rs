//! The rules of a prepay's body, one by one (`wechatpay-v3.md` §1.4, §5.1, §6.5).

use serde_json::{Value, json};

use crate::harness::{Answer, Platform};

const URL: &str = "/v3/pay/transactions/native";

/// Sends the usual order with one field set, or removed when the value is null.
async fn with(platform: &Platform, pointer: &str, value: Value) -> Answer {
    platform.client.post(URL, &set(platform.order("ORDER0001"), pointer, value)).await
}

fn set(mut order: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = order.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
    if value.is_null() {
        parent.remove(name);
    } else {
        parent.insert(name.to_owned(), value);
    }
    order
}

#[tokio::test]
async fn every_required_field_is_named_when_it_is_missing() {
    let platform = Platform::start().await;
    for pointer in ["/appid", "/mchid", "/description", "/out_trade_no", "/notify_url", "/amount", "/amount/total"] {
        let answer = with(&platform, pointer, Value::Null).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "PARAM_ERROR"), "{pointer}");
        assert_eq!(answer.json()["detail"]["field"], pointer);
        assert_eq!(answer.json()["detail"]["location"], "body");
    }
}

#[tokio::test]
async fn every_value_that_breaks_a_rule_is_refused_by_name() {
    let platform = Platform::start().await;
    let long = |length: usize| Value::from("字".repeat(length));
    let ascii = |length: usize| Value::from("a".repeat(length));
    for (pointer, value) in [
        ("/description", json!("")),
        ("/description", long(128)),
        ("/description", json!("葱🧅")),
        ("/description", json!(7)),
        ("/out_trade_no", ascii(5)),
        ("/out_trade_no", ascii(33)),
        ("/out_trade_no", json!("ORDER 001")),
        ("/out_trade_no", json!("ORDER.001")),
        ("/out_trade_no", json!("订单号码一二三")),
        ("/out_trade_no", json!("ORDER\u{0}01")),
        ("/amount/total", json!(0)),
        ("/amount/total", json!(-1)),
        ("/amount/total", json!(1.0)),
        ("/amount/total", json!(110.000_000_000_000_01)),
        ("/amount/total", json!("1")),
        ("/amount/total", json!(u64::MAX)),
        ("/amount/currency", json!("USD")),
        ("/attach", long(129)),
        ("/goods_tag", ascii(33)),
        ("/support_fapiao", json!("true")),
        ("/mchid", json!("1900000001")),
        ("/time_expire", json!("20261123135222")),
        ("/time_expire", json!("1795445264")),
        ("/time_expire", json!("2026-11-23 13:52:22+08:00")),
        ("/notify_url", json!("ftp://example.com/x")),
        ("/notify_url", json!("http://example.com/x")),
        ("/notify_url", json!("http://192.168.0.1/x")),
        ("/notify_url", json!("https://example.com/x?a=1")),
        ("/notify_url", json!("https://example.com/x#a")),
        ("/notify_url", json!("https://user@example.com/x")),
        ("/notify_url", json!("/x")),
        ("/notify_url", json!(format!("https://example.com/{}", "x".repeat(240)))),
        ("/scene_info", json!({"device_id": "1"})),
        ("/scene_info", json!({"payer_client_ip": "1.1.1.1", "store_info": {"name": "x"}})),
        ("/detail", json!({"goods_detail": [{"merchant_goods_id": "1", "quantity": 1.5, "unit_price": 1}]})),
        ("/detail", json!({"goods_detail": {}})),
        ("/settle_info", json!({"profit_sharing": 1})),
    ] {
        let answer = with(&platform, pointer, value.clone()).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "PARAM_ERROR"), "{pointer} {value}");
        let field = answer.json()["detail"]["field"].as_str().expect("a field").to_owned();
        assert!(field.starts_with(pointer), "{field} for {pointer}");
    }
    assert_eq!(platform.query("ORDER0001").await.status, 404);
}

#[tokio::test]
async fn the_longest_and_the_oddest_legal_values_are_taken() {
    let platform = Platform::start().await;
    for (index, (pointer, value)) in [
        ("/description", Value::from("字".repeat(127))),
        ("/description", json!("<b>&\"'\u{2028}\n")),
        ("/attach", Value::from("字".repeat(128))),
        ("/amount", json!({"total": 1})),
        ("/amount/total", json!(i64::MAX)),
        ("/time_expire", json!("2099-01-01T00:00:00.5Z")),
        ("/notify_url", json!("https://pay.example.com/notify")),
        ("/notify_url", json!("http://localhost:3000/notify")),
        ("/notify_url", json!("http://[::1]:3000/notify")),
        ("/scene_info", json!({"payer_client_ip": "::1", "device_id": "1", "store_info": {"id": "1"}})),
        ("/detail", json!({"goods_detail": [{"merchant_goods_id": "1", "quantity": 1, "unit_price": 0}]})),
        ("/settle_info", json!({"profit_sharing": false})),
    ]
    .into_iter()
    .enumerate()
    {
        let order = set(platform.order(&format!("ORDER{index:04}")), pointer, value.clone());
        let answer = platform.client.post(URL, &order).await;
        assert_eq!(answer.status, 200, "{pointer} {value}: {answer:?}");
    }
}

#[tokio::test]
async fn null_and_unknown_parameters_are_refused() {
    let platform = Platform::start().await;
    let mut order = platform.order("ORDER0001");
    order["attach"] = Value::Null;
    let answer = platform.client.post(URL, &order).await;
    assert_eq!((answer.code().as_str(), &answer.json()["detail"]["field"]), ("PARAM_ERROR", &json!("/attach")));
    for (pointer, value) in [("/mch_id", json!("1")), ("/amount/totla", json!(1)), ("/payer", json!({}))] {
        let answer = with(&platform, pointer, value).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "PARAM_ERROR"), "{pointer}");
        assert_eq!(answer.json()["detail"]["field"], pointer);
        let id = answer.headers["Request-ID"].to_str().expect("ASCII");
        assert!(id.ends_with("-270924358"), "{id}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let platform = Platform::start().await;
    let cut = platform.order("ORDER0001").to_string();
    for body in ["", "null", "[]", "\"\"", "{", "\u{feff}{}", "a=1", &cut[..cut.len() - 1]] {
        let request = platform.client.request("POST", URL, body.as_bytes());
        let answer = platform.client.send(request).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "PARAM_ERROR"), "{body}");
    }
    let latin = platform.client.request("POST", URL, b"{\"description\":\"\xff\"}");
    assert_eq!(platform.client.send(latin).await.code(), "PARAM_ERROR");
}

#[tokio::test]
async fn another_app_is_a_mismatch_of_its_own_kind() {
    let platform = Platform::start().await;
    let answer = with(&platform, "/appid", json!("wx0000000000000001")).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "APPID_MCHID_NOT_MATCH"));
}

#[tokio::test]
async fn detail_has_a_limit_of_its_own() {
    let platform = Platform::start().await;
    let goods: Vec<Value> = (0..40)
        .map(|_| json!({"merchant_goods_id": "1", "goods_name": "字".repeat(60), "quantity": 1, "unit_price": 1}))
        .collect();
    let answer = with(&platform, "/detail", json!({ "goods_detail": goods })).await;
    assert_eq!((answer.status, &answer.json()["detail"]["field"]), (400, &json!("/detail")));
}
