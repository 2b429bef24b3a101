//! Who gets in, in WeChat's order (`wechatpay-v3.md` §1.1, §1.3, §13).

use saoma::clock::Clock;
use serde_json::Value;

use crate::harness::{Answer, Platform, Signing};

const QUERY: &str = "/v3/pay/transactions/out-trade-no/NOBODY01";
const CERTIFICATES: &str = "/v3/certificates";

#[tokio::test]
async fn a_path_that_is_not_simulated_is_404_and_says_so_and_a_wrong_method_405() {
    let platform = Platform::start().await;
    for (method, path) in
        [("GET", "/"), ("GET", "/v3/bill/sub-merchant-fundflowbill"), ("POST", "/v3/pay/transactions/jsapi")]
    {
        // No Authorization at all: path and method come first.
        let answer = platform.client.send(platform.client.bare(method, path, b"")).await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "NOT_SIMULATED"), "{method} {path}");
        let message = answer.json()["message"].as_str().expect("a message").to_owned();
        assert!(message.contains(&format!("{method} {path}")) && message.contains("not simulated"), "{message}");
        assert!(!answer.is_signed());
    }
    for (method, path) in [("GET", "/v3/pay/transactions/native"), ("DELETE", "/v3/certificates"), ("POST", QUERY)] {
        let answer = platform.client.send(platform.client.bare(method, path, b"")).await;
        assert_eq!((answer.status, answer.body.len()), (405, 0), "{method} {path}");
        assert!(!answer.is_signed());
    }
}

/// Sends a query that is right but for what `spoil` does to it.
async fn spoiled(platform: &Platform, url: &str, spoil: impl FnOnce(&mut Signing)) -> Answer {
    let client = &platform.client;
    let mut signing = client.signing();
    spoil(&mut signing);
    let authorization = client.authorization(&signing, "GET", url, b"");
    send(platform, url, &authorization).await
}

async fn send(platform: &Platform, url: &str, authorization: &str) -> Answer {
    let request = platform.client.bare("GET", url, b"").header("Authorization", authorization);
    platform.client.send(request.header("User-Agent", "test/1").header("Accept", "*/*")).await
}

fn assert_sign_error(answer: &Answer, message: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (401, "SIGN_ERROR"), "{answer:?}");
    assert!(answer.json()["message"].as_str().expect("a message").contains(message), "{answer:?}");
    assert!(!answer.is_signed());
}

#[tokio::test]
async fn each_check_has_its_own_message() {
    let platform = Platform::start().await;
    let url = format!("{QUERY}?mchid={}", platform.client.mchid);
    let none = platform.client.send(platform.client.bare("GET", &url, b"").header("User-Agent", "t")).await;
    assert_sign_error(&none, "须有且只有一个Authorization");
    assert_sign_error(&send(&platform, &url, "Bearer x").await, "值格式错误");
    assert_sign_error(&spoiled(&platform, &url, |signing| signing.mchid = "1".to_owned()).await, "商户号不存在");
    assert_sign_error(
        &spoiled(&platform, &url, |signing| {
            signing.serial_no = "AB".repeat(20);
        })
        .await,
        "商户证书序列号有误",
    );
    let authorization = platform.client.authorization(&platform.client.signing(), "GET", QUERY, b"");
    assert_sign_error(&send(&platform, &url, &authorization).await, "签名错误");
    let good = spoiled(&platform, &url, |_| {}).await;
    assert_eq!((good.status, good.code().as_str()), (404, "ORDER_NOT_EXIST"));
}

#[tokio::test]
async fn the_first_failing_check_answers() {
    let platform = Platform::start().await;
    let break_all = |signing: &mut Signing| {
        signing.mchid = "1".to_owned();
        signing.serial_no = "AB".repeat(20);
        signing.timestamp -= 301;
    };
    assert_sign_error(&spoiled(&platform, QUERY, break_all).await, "timestamp");
    let break_two = |signing: &mut Signing| {
        signing.mchid = "1".to_owned();
        signing.serial_no = "AB".repeat(20);
    };
    assert_sign_error(&spoiled(&platform, QUERY, break_two).await, "商户号不存在");
    // Signed over another URL, and the serial is wrong: the serial comes first.
    let signing = Signing { serial_no: "AB".repeat(20), ..platform.client.signing() };
    let authorization = platform.client.authorization(&signing, "GET", "/elsewhere", b"");
    assert_sign_error(&send(&platform, QUERY, &authorization).await, "商户证书序列号有误");
    // Signed well, and the parameter is missing: the parameter is looked at last.
    let missing = spoiled(&platform, QUERY, |_| {}).await;
    assert_eq!((missing.status, missing.code().as_str()), (400, "PARAM_ERROR"));
}

#[tokio::test]
async fn the_time_window_is_five_minutes_both_ways() {
    let noon = "2026-11-23T12:00:00+08:00".parse().expect("a time");
    let platform = Platform::start_with(Clock::mock(noon)).await;
    for (shift, refused) in [(-300, false), (300, false), (-301, true), (301, true), (-86_400, true)] {
        let answer = spoiled(&platform, QUERY, |signing| signing.timestamp += shift).await;
        assert_eq!(answer.status == 401, refused, "{shift}");
    }
}

#[tokio::test]
async fn a_wrong_signature_is_told_what_would_have_been_signed() {
    let platform = Platform::start().await;
    let body = br#"{"mchid":"1"}"#;
    let url = format!("{QUERY}/close");
    let signing = platform.client.signing();
    let authorization = platform.client.authorization(&signing, "POST", &url, b"{}");
    let request = platform.client.bare("POST", &url, body).header("Authorization", authorization);
    let answer = platform.client.send(request).await;
    let detail = &answer.json()["detail"];
    assert_eq!(detail["detail"]["issue"], "sign not match");
    assert_eq!((&detail["field"], &detail["location"]), (&"signature".into(), &"authorization".into()));
    let information = &detail["sign_information"];
    assert_eq!((&information["method"], &information["url"]), (&"POST".into(), &url.clone().into()));
    let shown = format!("POST\n{url}\n{}\n{}\n{{\"mchid\"\n", signing.timestamp, signing.nonce);
    assert_eq!(information["truncated_sign_message"], shown);
    assert_eq!(information["sign_message_length"], shown.len() + body.len() - 8);
}

#[tokio::test]
async fn every_character_of_a_signature_counts() {
    let platform = Platform::start().await;
    let good = platform.client.authorization(&platform.client.signing(), "GET", QUERY, b"");
    let start = good.find("signature=\"").expect("is there") + "signature=\"".len();
    // The last character before the padding holds bits that no decoder keeps: any change of it is
    // refused as ill-formed or as a mismatch.
    for at in (start..start + 342).step_by(31) {
        let other = if good.as_bytes()[at] == b'A' { "B" } else { "A" };
        let mut bad = good.clone();
        bad.replace_range(at..=at, other);
        assert_sign_error(&send(&platform, QUERY, &bad).await, "签名错误");
    }
}

#[tokio::test]
async fn some_interfaces_want_the_user_agent_first_and_some_last() {
    let platform = Platform::start().await;
    let client = &platform.client;
    let unsigned = client.send(client.bare("GET", CERTIFICATES, b"")).await;
    assert_eq!((unsigned.status, unsigned.code().as_str()), (400, "INVALID_REQUEST"));
    let unsigned = client.send(client.bare("GET", QUERY, b"")).await;
    assert_eq!(unsigned.status, 401);
    let authorization = client.authorization(&client.signing(), "GET", QUERY, b"");
    let signed = client.send(client.bare("GET", QUERY, b"").header("Authorization", authorization)).await;
    assert_eq!((signed.status, signed.code().as_str()), (400, "INVALID_REQUEST"));
}

#[tokio::test]
async fn a_request_id_comes_with_all_but_the_401_of_payments() {
    let platform = Platform::start().await;
    let id = |answer: &Answer| answer.headers.get("Request-ID").map(|id| id.to_str().expect("ASCII").to_owned());
    let client = &platform.client;
    let payments = client.send(client.bare("GET", QUERY, b"")).await;
    assert_eq!((payments.status, id(&payments)), (401, None));
    let certificates = client.bare("GET", CERTIFICATES, b"").header("User-Agent", "test/1");
    let certificates = client.send(certificates).await;
    assert_eq!(certificates.status, 401);
    assert!(id(&certificates).expect("an id").ends_with("-268443699"));
    assert!(id(&platform.query("NOBODY01").await).expect("an id").ends_with("-268512771"));
    platform.prepay("ORDER0001").await;
    assert!(id(&platform.query("ORDER0001").await).expect("an id").ends_with("-0"));
}

#[tokio::test]
async fn a_body_has_a_type_and_a_limit() {
    let platform = Platform::start().await;
    let client = &platform.client;
    let url = "/v3/pay/transactions/native";
    let body = platform.order("ORDER0001").to_string();
    let request = |body: &str, kind: &str| {
        let authorization = client.authorization(&client.signing(), "POST", url, body.as_bytes());
        let request = client.bare("POST", url, body.as_bytes()).header("Authorization", authorization);
        request.header("User-Agent", "test/1").header("Accept", "application/json").header("Content-Type", kind)
    };
    for (kind, status) in [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ("text/plain", 400),
        ("application/x-www-form-urlencoded", 400),
    ] {
        assert_eq!(client.send(request(&body, kind)).await.status, status, "{kind}");
    }
    let large = "x".repeat(64 * 1024 + 1);
    assert_eq!(client.send(request(&large, "application/json")).await.status, 413);
    let answer = client.send(request(&large[1..], "application/json")).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "PARAM_ERROR"));
}

#[tokio::test]
async fn a_raw_path_and_query_is_what_is_signed() {
    let platform = Platform::start().await;
    let mut order = platform.order("ORDER|*-_1");
    order["description"] = Value::from("竖线");
    assert_eq!(platform.client.post("/v3/pay/transactions/native", &order).await.status, 200);
    let mchid = &platform.client.mchid;
    let url = format!("/v3/pay/transactions/out-trade-no/ORDER%7C*-_1?mchid={mchid}");
    assert_eq!(platform.client.get(&url).await.json()["out_trade_no"], "ORDER|*-_1");
}
