//! What goes out, and what a good reply becomes.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{platform::Seen, *};
use crate::wechatpay::{
    PlatformKey, TradeState,
    fixtures::{PUBLIC_KEY_ID, text},
    message,
};

const CODE_URL: &str = r#"{"code_url":"weixin://wxpay/bizpayurl?pr=JyC91EIz1"}"#;

/// The signature in `Authorization` is one of the request exactly as it arrived.
pub(super) fn assert_signed(seen: &Seen) {
    let authorization = seen.headers["authorization"].to_str().expect("text");
    let rest = authorization.strip_prefix("WECHATPAY2-SHA256-RSA2048 ").expect("the scheme");
    let value = |key: &str| {
        let pairs = rest.split(',').filter_map(|pair| pair.split_once('='));
        let found = pairs.filter(|(name, _)| *name == key).map(|(_, value)| value.trim_matches('"').to_owned());
        found.collect::<Vec<_>>().concat()
    };
    assert_eq!(value("mchid"), fixtures::MCHID);
    assert_eq!(value("serial_no"), fixtures::MERCHANT_SERIAL);
    assert_eq!(value("timestamp"), "1767196800");
    assert_eq!(value("nonce_str").len(), 32);
    let target = seen.uri.path_and_query().expect("a path").as_str();
    let request = Request { method: seen.method.as_str(), target, body: &seen.body };
    let message = message::of_request(&request, &value("timestamp"), &value("nonce_str"));
    // `split_once` above keeps the `==` at the end of base64.
    let signature = STANDARD.decode(value("signature")).expect("base64");
    let key = PlatformKey::from_pem(&text("keys/merchant_public.pem")).expect("a key");
    assert!(key.verifies(&message, &signature));
}

#[tokio::test]
async fn a_prepay_sends_the_stored_bytes_and_returns_the_link() {
    let platform = Platform::start([signed(200, CODE_URL)]).await;
    let body = fixtures::bytes("requests/prepay.body");
    let url = gateway(&platform).prepay(&body).await.expect("a link");
    assert_eq!(url.content.as_str(), "weixin://wxpay/bizpayurl?pr=JyC91EIz1");

    let [seen] = platform.seen().try_into().expect("one request");
    assert_eq!((seen.method.as_str(), seen.uri.to_string().as_str()), ("POST", "/v3/pay/transactions/native"));
    assert_eq!(seen.body, body);
    assert_signed(&seen);
    assert_eq!(seen.headers["accept"], "application/json");
    assert_eq!(seen.headers["content-type"], "application/json");
    assert_eq!(seen.headers["user-agent"], concat!("Saoma/", env!("CARGO_PKG_VERSION")));
    assert_eq!(seen.headers["wechatpay-serial"], PUBLIC_KEY_ID);
}

#[tokio::test]
async fn bytes_that_are_no_compact_json_are_not_touched() {
    let platform = Platform::start([signed(200, CODE_URL)]).await;
    let body = "{\r\n  \"description\": \"会员\" }\r\n".as_bytes();
    gateway(&platform).prepay(body).await.expect("a link");
    let [seen] = platform.seen().try_into().expect("one request");
    assert_eq!(seen.body, body);
    assert_signed(&seen);
}

#[tokio::test]
async fn a_query_has_the_mchid_in_its_signed_target_and_no_body() {
    let platform = Platform::start([good_query()]).await;
    let transaction = gateway(&platform).query(&number()).await.expect("a transaction");
    assert_eq!(transaction.serial, PUBLIC_KEY_ID);
    let transaction = transaction.content;
    assert_eq!(transaction.trade_state, TradeState::Success);
    assert_eq!(transaction.total().map(crate::domain::Fen::get), Some(100));

    let [seen] = platform.seen().try_into().expect("one request");
    let target = format!("/v3/pay/transactions/out-trade-no/{OUT_TRADE_NO}?mchid=1900007291");
    assert_eq!((seen.method.as_str(), seen.uri.to_string()), ("GET", target));
    assert!(seen.body.is_empty() && !seen.headers.contains_key("content-type"));
    assert_eq!(seen.headers["accept"], "application/json");
    assert_signed(&seen);
}

#[tokio::test]
async fn a_close_is_done_with_a_signed_204() {
    let platform = Platform::start([signed(204, "")]).await;
    gateway(&platform).close(&number()).await.expect("closed");

    let [seen] = platform.seen().try_into().expect("one request");
    let target = format!("/v3/pay/transactions/out-trade-no/{OUT_TRADE_NO}/close");
    assert_eq!((seen.method.as_str(), seen.uri.to_string()), ("POST", target));
    assert_eq!(seen.body, br#"{"mchid":"1900007291"}"#);
    assert_eq!(seen.headers["content-type"], "application/json");
    assert_signed(&seen);
}

#[tokio::test]
async fn every_request_has_its_own_nonce() {
    let platform = Platform::start([good_query(), good_query()]).await;
    let gateway = gateway(&platform);
    for _ in 0..2 {
        gateway.query(&number()).await.expect("a transaction");
    }
    let [first, second] = platform.seen().try_into().expect("two requests");
    assert_ne!(first.headers["authorization"], second.headers["authorization"]);
}

#[tokio::test]
async fn without_a_public_key_no_serial_is_sent() {
    let platform = Platform::start([good_query()]).await;
    let merchant = merchant(public_keys(), None);
    let gateway =
        Gateway::new(&settings(&platform.base), merchant, Metrics::default(), Clock::mock(now()), Entropy::seeded(1));
    gateway.expect("a gateway").query(&number()).await.expect("a transaction");
    let [seen] = platform.seen().try_into().expect("one request");
    assert!(!seen.headers.contains_key("wechatpay-serial"));
}

#[tokio::test]
async fn no_secret_shows_in_debug() {
    let platform = Platform::start([]).await;
    let shown = format!("{:?}", gateway(&platform));
    assert!(!shown.contains(fixtures::API_V3_KEY) && !shown.contains("BEGIN"), "{shown}");
    assert!(shown.contains("MerchantKey([redacted])"), "{shown}");
}
