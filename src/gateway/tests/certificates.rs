//! Platform certificates: the first ones, rotation, and strangers who make us ask.

use futures::future::join_all;
use jiff::SignedDuration;

use super::*;
use crate::{
    gateway::error::Alarm,
    wechatpay::{
        ApiV3Key, ApiV3Keys, VerifyError,
        fixtures::{
            NEXT_SERIAL, PLATFORM_SERIAL, PREVIOUS_API_V3_KEY, PUBLIC_KEY_ID, answer, both_keys, certificate, sign_as,
            text,
        },
        model::CERTIFICATES,
    },
};

/// Without any key of the platform's at first.
fn bare(platform: &Platform) -> (Gateway, Keyring, Clock) {
    with_keys(platform, PlatformKeys::default())
}

fn with_keys(platform: &Platform, keys: PlatformKeys) -> (Gateway, Keyring, Clock) {
    let merchant = merchant(keys, None);
    let (keyring, clock) = (merchant.keyring.clone(), Clock::mock(now()));
    let gateway =
        Gateway::new(&settings(&platform.base), merchant, Metrics::default(), clock.clone(), Entropy::seeded(1));
    (gateway.expect("a gateway"), keyring, clock)
}

fn list(name: &str) -> Answer {
    let (headers, body) = answer(&format!("answers/{name}"));
    Answer::Reply(200, headers, body)
}

fn query_signed_by_certificate() -> Answer {
    let body = text("answers/query.body").into_bytes();
    Answer::Reply(200, sign_as("platform_key", PLATFORM_SERIAL, &body, "1767196800"), body)
}

#[tokio::test]
async fn the_first_certificates_are_fetched_with_nothing_known() {
    let platform = Platform::start([list("certificates")]).await;
    let (gateway, keyring, _) = bare(&platform);
    assert_eq!(gateway.refresh_certificates().await.expect("fetched"), 1);
    assert!(keyring.snapshot().contains(PLATFORM_SERIAL));
    let [seen] = platform.seen().try_into().expect("one request");
    assert_eq!((seen.method.as_str(), seen.uri.to_string()), ("GET", CERTIFICATES.to_owned()));
}

#[tokio::test]
async fn a_rotation_adds_the_new_and_a_later_one_drops_the_old() {
    let platform = Platform::start([list("certificates_rotated"), list("certificates")]).await;
    let (gateway, keyring, _) = with_keys(&platform, both_keys());
    assert_eq!(gateway.refresh_certificates().await.expect("fetched"), 2);
    let serials = [NEXT_SERIAL, PLATFORM_SERIAL, PUBLIC_KEY_ID];
    assert!(serials.iter().all(|serial| keyring.snapshot().contains(serial)));
    assert_eq!(gateway.refresh_certificates().await.expect("fetched"), 1);
    let keys = keyring.snapshot();
    assert!(!keys.contains(NEXT_SERIAL) && keys.contains(PLATFORM_SERIAL) && keys.contains(PUBLIC_KEY_ID));
}

#[tokio::test]
async fn every_failure_keeps_what_was_known() {
    let wrong = Answer::Reply(200, sign_as("platform_key", PLATFORM_SERIAL, b"", "1767196800"), b"{}".to_vec());
    let empty = r#"{"data":[]}"#;
    let empty = Answer::Reply(
        200,
        sign_as("platform_key", PLATFORM_SERIAL, empty.as_bytes(), "1767196800"),
        empty.as_bytes().to_vec(),
    );
    for answer in [rejected(500, ""), rejected(404, r#"{"code":"RESOURCE_NOT_EXISTS"}"#), wrong, empty] {
        let platform = Platform::start([answer]).await;
        let (gateway, keyring, _) = with_keys(&platform, both_keys());
        gateway.refresh_certificates().await.expect_err("nothing usable");
        assert_eq!(keyring.snapshot().list().len(), 2);
    }
}

#[tokio::test]
async fn a_merchant_with_a_public_key_only_is_recognised() {
    let platform =
        Platform::start([rejected(404, r#"{"code":"RESOURCE_NOT_EXISTS","message":"请使用微信支付公钥"}"#)]).await;
    let error = bare(&platform).0.refresh_certificates().await.expect_err("no certificates");
    assert!(error.is_certificates_unavailable(), "{error}");
}

#[tokio::test]
async fn a_wrong_api_v3_key_is_an_alarm() {
    let platform = Platform::start([list("certificates")]).await;
    let keys = ApiV3Keys::new(ApiV3Key::parse(PREVIOUS_API_V3_KEY).expect("32 bytes"));
    let merchant = Merchant { api_v3_keys: Arc::new(keys), ..merchant(PlatformKeys::default(), None) };
    let gateway =
        Gateway::new(&settings(&platform.base), merchant, Metrics::default(), Clock::mock(now()), Entropy::seeded(1));
    let error = gateway.expect("a gateway").refresh_certificates().await.expect_err("sealed otherwise");
    assert!(matches!(error, GatewayError::Misconfigured(Alarm::ApiV3Key)), "{error}");
}

#[tokio::test]
async fn a_reply_by_a_new_certificate_is_verified_after_one_refresh() {
    let platform = Platform::start([query_signed_by_certificate(), list("certificates")]).await;
    let (gateway, keyring, _) = with_keys(&platform, public_keys());
    gateway.query(&number()).await.expect("a transaction");
    assert!(keyring.snapshot().contains(PLATFORM_SERIAL));
    let targets: Vec<_> = platform.seen().iter().map(|it| it.uri.path().to_owned()).collect();
    assert!(targets.len() == 2 && targets[1] == "/v3/certificates", "{targets:?}");
}

#[tokio::test]
async fn a_reply_by_an_unknown_key_stays_unknown() {
    let answers = [query_signed_by_certificate(), rejected(500, ""), query_signed_by_certificate()];
    let platform = Platform::start(answers).await;
    let (gateway, ..) = with_keys(&platform, public_keys());
    let expected = Cause::Unverified(VerifyError::UnknownSerial(PLATFORM_SERIAL.to_owned()));
    assert_eq!(cause(gateway.query(&number()).await.expect_err("unknown key")), expected);
    assert_eq!(cause(gateway.query(&number()).await.expect_err("unknown key")), expected);
    assert_eq!(platform.seen().len(), 3, "the second reply caused no second refresh");
}

#[tokio::test]
async fn strangers_cause_one_refresh_a_minute() {
    let platform = Platform::start([list("certificates"), list("certificates")]).await;
    let (gateway, _, clock) = bare(&platform);
    for serial in ["AAAA", "BBBB", "CCCC"] {
        assert!(!gateway.on_unknown_serial(serial).await);
    }
    assert_eq!(platform.seen().len(), 1);
    clock.advance(SignedDuration::from_secs(59));
    assert!(!gateway.on_unknown_serial("DDDD").await);
    assert_eq!(platform.seen().len(), 0);
    clock.advance(SignedDuration::from_secs(1));
    assert!(!gateway.on_unknown_serial("DDDD").await);
    assert_eq!(platform.seen().len(), 1);
}

#[tokio::test]
async fn a_failed_refresh_counts_as_one() {
    let platform = Platform::start([rejected(500, ""), list("certificates")]).await;
    let (gateway, ..) = bare(&platform);
    assert!(!gateway.on_unknown_serial(PLATFORM_SERIAL).await);
    assert!(!gateway.on_unknown_serial(PLATFORM_SERIAL).await);
    assert_eq!(platform.seen().len(), 1);
}

#[tokio::test]
async fn many_callbacks_by_one_new_key_ask_once() {
    let platform = Platform::start([list("certificates")]).await;
    let (gateway, ..) = bare(&platform);
    let known = join_all((0..50).map(|_| gateway.on_unknown_serial(PLATFORM_SERIAL))).await;
    assert!(known.into_iter().all(|known| known));
    assert_eq!(platform.seen().len(), 1);
}

#[tokio::test]
async fn a_serial_no_certificate_can_have_asks_nobody() {
    let platform = Platform::start([list("certificates")]).await;
    let (gateway, ..) = bare(&platform);
    for serial in ["PUB_KEY_ID_0123", "", "a b", &"A".repeat(65)] {
        assert!(!gateway.on_unknown_serial(serial).await, "{serial}");
    }
    assert!(platform.seen().is_empty());
}

#[tokio::test]
async fn a_serial_learned_meanwhile_is_known_without_asking() {
    let platform = Platform::start([]).await;
    let (gateway, keyring, _) = bare(&platform);
    keyring.update(|keys| keys.with_certificates([certificate("platform_certificate")]));
    assert!(gateway.on_unknown_serial(PLATFORM_SERIAL).await);
    assert!(platform.seen().is_empty());
}
