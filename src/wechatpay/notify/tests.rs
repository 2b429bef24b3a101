use http::HeaderValue;
use jiff::ToSpan as _;
use serde_json::{Value, json};

use super::*;
use crate::wechatpay::{
    ApiV3Key, PlatformCertificate, RefundStatus, TradeState,
    fixtures::{
        self, API_V3_KEY, APPID, MCHID, OPENID, OUT_TRADE_NO, PLATFORM_SERIAL, PREVIOUS_API_V3_KEY, PUBLIC_KEY_ID,
        answer, api_v3_keys, both_keys, envelope, now, public_keys, seal, sign,
    },
    headers::{NONCE, SERIAL, SIGNATURE, TIMESTAMP, TYPE},
    model::Private,
};

const CONTENT: &str = r#"{"appid":"a","mchid":"1","out_trade_no":"123456","trade_state":"SUCCESS"}"#;

fn open_at(headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Notification, NotifyError> {
    open(headers, body, &both_keys(), &api_v3_keys(), now)
}

/// Opens a body that WeChat did sign.
fn open_signed(body: &[u8]) -> Result<Notification, NotifyError> {
    open_at(&sign(body, now()), body, now())
}

fn open_changed(change: impl FnOnce(&mut Value)) -> Result<Notification, NotifyError> {
    let mut body = envelope("TRANSACTION.SUCCESS", "transaction", CONTENT);
    change(&mut body);
    open_signed(body.to_string().as_bytes())
}

fn transaction(notification: Notification) -> Transaction {
    match notification.content {
        Content::Transaction(transaction) => *transaction,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_payment_opens_whatever_the_form_of_its_body() {
    for (name, serial) in [
        ("transaction", PUBLIC_KEY_ID),
        ("transaction_by_certificate", PLATFORM_SERIAL),
        ("crlf", PUBLIC_KEY_ID),
        ("newline", PUBLIC_KEY_ID),
        ("reordered", PUBLIC_KEY_ID),
        ("absent_associated_data", PUBLIC_KEY_ID),
    ] {
        let (headers, body) = answer(&format!("answers/{name}"));
        let notification = open_at(&headers, &body, now()).expect(name);
        assert_eq!(notification.id, "3119dfba-e649-5eec-ab1e-3412bc4d2e17");
        assert_eq!(notification.event_type, "TRANSACTION.SUCCESS");
        assert_eq!(notification.create_time, Some(now()));
        assert_eq!(notification.serial, serial);
        let transaction = transaction(notification);
        assert_eq!(transaction.appid, APPID);
        assert_eq!(transaction.mchid, MCHID);
        assert_eq!(transaction.out_trade_no, OUT_TRADE_NO);
        assert_eq!(transaction.trade_state, TradeState::Success);
        assert_eq!(transaction.transaction_id.as_deref(), Some("4200001234202601010000000001"));
        assert_eq!(transaction.total().map(crate::domain::Fen::get), Some(100));
        assert_eq!(transaction.payer_total().map(crate::domain::Fen::get), Some(90));
        assert_eq!(transaction.currency(), Some("CNY"));
        assert_eq!(transaction.success_time, Some(now() - 2.seconds()));
        assert_eq!(transaction.openid().map(Private::expose), Some(OPENID));
        assert_eq!(transaction.attach.as_deref(), Some("自定义数据"));
    }
}

#[test]
fn a_refund_opens() {
    let (headers, body) = answer("answers/refund");
    let notification = open_at(&headers, &body, now()).expect("opens");
    assert_eq!(notification.event_type, "REFUND.SUCCESS");
    let Content::Refund(refund) = notification.content else { panic!("no refund") };
    assert_eq!(refund.mchid, MCHID);
    assert_eq!(refund.out_refund_no, "7752501201407033233368018");
    assert_eq!(refund.refund_status, RefundStatus::Success);
    assert_eq!((refund.amount.total, refund.amount.refund, refund.amount.payer_refund), (100, 40, Some(36)));
    assert_eq!(refund.user_received_account.map(|it| it.expose().to_owned()).as_deref(), Some("招商银行信用卡0403"));
}

#[test]
fn the_self_test_opens() {
    let (headers, body) = answer("answers/security");
    let notification = open_at(&headers, &body, now()).expect("opens");
    assert_eq!(notification.content, Content::SecurityEcho { echo_message: Some("hello 你好".to_owned()) });
}

#[test]
fn what_was_invented_later_opens_without_being_read() {
    let (headers, body) = answer("answers/unknown");
    let notification = open_at(&headers, &body, now()).expect("opens");
    let expected = Content::Unknown { event_type: "COUPON.USE".to_owned(), original_type: "coupon".to_owned() };
    assert_eq!(notification.content, expected);
}

#[test]
fn the_previous_api_v3_key_is_tried() {
    let (headers, body) = answer("answers/previous_key");
    assert_eq!(open_at(&headers, &body, now()), Err(OpenError::Unopened.into()));
    let keys = api_v3_keys().with_previous(ApiV3Key::parse(PREVIOUS_API_V3_KEY).expect("32 bytes"));
    assert!(open(&headers, &body, &both_keys(), &keys, now()).is_ok());
}

#[test]
fn every_altered_byte_of_a_body_is_a_wrong_signature() {
    for name in ["transaction", "crlf"] {
        let (headers, good) = answer(&format!("answers/{name}"));
        for at in 0..good.len() {
            let mut body = good.clone();
            body[at] ^= 0x20;
            let error = open_at(&headers, &body, now()).err();
            assert_eq!(error, Some(VerifyError::SignatureWrong.into()), "{name}, byte {at}");
        }
    }
}

#[test]
fn a_body_cut_or_lengthened_is_a_wrong_signature() {
    let (headers, good) = answer("answers/transaction");
    let wrong = Some(VerifyError::SignatureWrong.into());
    for length in 0..good.len() {
        assert_eq!(open_at(&headers, &good[..length], now()).err(), wrong, "{length}");
    }
    for more in [&b"\n"[..], b" ", b"\r\n", b"\0", b"{}"] {
        assert_eq!(open_at(&headers, &[&good, more].concat(), now()).err(), wrong, "{more:?}");
    }
}

#[test]
fn line_ends_may_not_be_mended() {
    let (headers, body) = answer("answers/crlf");
    let mended = String::from_utf8(body).expect("text").replace("\r\n", "\n");
    assert_eq!(open_at(&headers, mended.as_bytes(), now()).err(), Some(VerifyError::SignatureWrong.into()));
    let (headers, body) = answer("answers/newline");
    let trimmed = body.trim_ascii_end();
    assert_eq!(open_at(&headers, trimmed, now()).err(), Some(VerifyError::SignatureWrong.into()));
}

#[test]
fn every_altered_character_of_a_signature_is_wrong() {
    let (headers, body) = answer("answers/transaction");
    let good = headers[SIGNATURE].to_str().expect("text").to_owned();
    for at in 0..good.len() {
        let other = if good.as_bytes()[at] == b'A' { 'B' } else { 'A' };
        let mut bad = good.clone();
        bad.replace_range(at..=at, &other.to_string());
        let mut headers = headers.clone();
        headers.insert(SIGNATURE, HeaderValue::try_from(bad).expect("a value"));
        let error = open_at(&headers, &body, now()).expect_err("refused");
        assert_eq!((error.refusal(), error.label()), (Refusal::Unauthentic, "signature"), "character {at}");
    }
}

#[test]
fn each_missing_repeated_or_unreadable_header_is_malformed() {
    let (good, body) = answer("answers/transaction");
    for name in [TIMESTAMP, NONCE, SIGNATURE, SERIAL] {
        let mut headers = good.clone();
        headers.remove(name);
        let error = open_at(&headers, &body, now()).expect_err("refused");
        assert_eq!((error.refusal(), error.label()), (Refusal::Malformed, "headers"), "{name} missing");

        let mut headers = good.clone();
        headers.append(name, good[name].clone());
        let error = open_at(&headers, &body, now()).expect_err("refused");
        assert_eq!((error.refusal(), error.label()), (Refusal::Malformed, "headers"), "{name} twice");
    }
    for (name, value, label) in [(TIMESTAMP, "soon", "headers"), (TYPE, "WECHATPAY2-SM2-WITH-SM3", "signature_type")] {
        let mut headers = good.clone();
        headers.insert(name, HeaderValue::from_static(value));
        let error = open_at(&headers, &body, now()).expect_err("refused");
        assert_eq!((error.refusal(), error.label()), (Refusal::Malformed, label), "{name}");
    }
}

#[test]
fn a_stale_or_future_notification_is_not_believed() {
    let (headers, body) = answer("answers/transaction");
    for clock in [now() + 5.minutes(), now() - 5.minutes(), now() + 24.hours(), Timestamp::MAX] {
        let error = open_at(&headers, &body, clock).expect_err("refused");
        assert_eq!((error.refusal(), error.label()), (Refusal::Unauthentic, "timestamp"), "{clock}");
    }
    for clock in [now() + 299.seconds(), now() - 299.seconds()] {
        assert!(open_at(&headers, &body, clock).is_ok(), "{clock}");
    }
}

#[test]
fn a_timestamp_made_fresh_again_breaks_the_signature() {
    let (mut headers, body) = answer("answers/transaction");
    let later = now() + 1.hour();
    headers.insert(TIMESTAMP, HeaderValue::from(later.as_second()));
    assert_eq!(open_at(&headers, &body, later).err(), Some(VerifyError::SignatureWrong.into()));
}

#[test]
fn an_unknown_serial_is_named_for_a_refresh() {
    let (headers, body) = answer("answers/transaction_by_certificate");
    let error = open(&headers, &body, &public_keys(), &api_v3_keys(), now()).expect_err("refused");
    assert_eq!((error.refusal(), error.label()), (Refusal::Unauthentic, "serial"));
    assert_eq!(error.unknown_serial(), Some(PLATFORM_SERIAL));
    assert_eq!(NotifyError::UnknownAlgorithm.unknown_serial(), None);
}

#[test]
fn a_probe_is_not_believed_and_counted_apart() {
    let (headers, body) = answer("answers/probe");
    let error = open_at(&headers, &body, now()).expect_err("refused");
    assert_eq!((error.refusal(), error.label()), (Refusal::Unauthentic, "signature_probe"));
}

#[test]
fn nothing_is_read_before_it_is_verified() {
    let headers = sign(b"something else", now());
    for body in [&b""[..], b"not JSON", b"\xff\xfe", b"{\"id\":", b"<xml/>"] {
        assert_eq!(open_at(&headers, body, now()).err(), Some(VerifyError::SignatureWrong.into()), "{body:?}");
    }
}

#[test]
fn a_signed_body_that_is_no_notification_is_malformed() {
    let good = envelope("TRANSACTION.SUCCESS", "transaction", CONTENT).to_string();
    let bodies: [&[u8]; 12] = [
        b"",
        b" ",
        b"null",
        b"[]",
        b"{}",
        b"\"text\"",
        b"<xml><return_code>SUCCESS</return_code></xml>",
        b"{\"id\":\"\xff\"}",
        &good.as_bytes()[..good.len() - 1],
        &[good.as_bytes(), b"x"].concat(),
        &[good.as_bytes(), good.as_bytes()].concat(),
        &["\u{feff}".as_bytes(), good.as_bytes()].concat(),
    ];
    for body in bodies {
        let error = open_signed(body).expect_err("refused");
        assert_eq!((error.refusal(), error.label()), (Refusal::Malformed, "envelope"), "{body:?}");
    }
}

#[test]
fn an_envelope_with_a_part_missing_or_of_another_type_is_malformed() {
    for path in [
        "/id",
        "/event_type",
        "/resource",
        "/resource/original_type",
        "/resource/algorithm",
        "/resource/ciphertext",
        "/resource/nonce",
    ] {
        for value in [Value::Null, json!(1), json!(["x"])] {
            let error = open_changed(|it| *it.pointer_mut(path).expect("there") = value.clone()).expect_err("refused");
            assert_eq!((error.refusal(), error.label()), (Refusal::Malformed, "envelope"), "{path} = {value}");
        }
        let (parent, key) = path.rsplit_once('/').expect("a path");
        let error = open_changed(|it| {
            it.pointer_mut(parent).and_then(Value::as_object_mut).expect("there").remove(key);
        });
        assert_eq!(error.expect_err("refused").label(), "envelope", "without {path}");
    }
}

#[test]
fn a_doubled_key_cannot_mean_two_things() {
    let good = envelope("TRANSACTION.SUCCESS", "transaction", CONTENT).to_string();
    let doubled = good.replacen('{', r#"{"id":"other","#, 1);
    assert_eq!(open_signed(doubled.as_bytes()).expect_err("refused").label(), "envelope");
}

#[test]
fn what_only_informs_may_be_absent_or_strange() {
    for change in [json!(null), json!("soon"), json!("2026-01-01T00:00:00.123Z"), json!(1_767_196_800), json!({})] {
        assert!(open_changed(|it| it["create_time"] = change.clone()).is_ok(), "{change}");
    }
    assert!(open_changed(|it| it["invented"] = json!({"later": [1, 2]})).is_ok());
    assert!(open_changed(|it| it["resource"]["invented"] = json!("later")).is_ok());
    assert!(
        open_changed(|it| {
            it.as_object_mut().expect("an object").remove("summary");
        })
        .is_ok()
    );
}

#[test]
fn another_algorithm_is_malformed() {
    for algorithm in ["AEAD_SM4_GCM", "aead_aes_256_gcm", "AEAD_AES_256_GCM ", ""] {
        let error = open_changed(|it| it["resource"]["algorithm"] = json!(algorithm)).expect_err("refused");
        assert_eq!((error.refusal(), error.label()), (Refusal::Malformed, "algorithm"), "{algorithm}");
    }
}

#[test]
fn a_ciphertext_that_does_not_open_is_malformed() {
    let nonce = "Kj7QIyUiYx1q";
    let foreign = seal(PREVIOUS_API_V3_KEY, nonce, "transaction", CONTENT.as_bytes());
    for (part, value) in [
        ("ciphertext", json!(foreign)),
        ("ciphertext", json!("")),
        ("ciphertext", json!("AAAA")),
        ("ciphertext", json!("!!!!")),
        ("nonce", json!("Kj7QIyUiYx1Q")),
        ("nonce", json!("short")),
        ("associated_data", json!("refund")),
        ("associated_data", json!("")),
        ("associated_data", Value::Null),
    ] {
        let error = open_changed(|it| it["resource"][part] = value.clone()).expect_err("refused");
        assert_eq!((error.refusal(), error.label()), (Refusal::Malformed, "ciphertext"), "{part} = {value}");
    }
}

#[test]
fn an_opened_content_must_be_what_it_says() {
    for (original_type, content) in [
        ("transaction", "{}"),
        ("transaction", ""),
        ("transaction", "null"),
        ("transaction", "not JSON"),
        ("transaction", &format!("{CONTENT}x")),
        ("transaction", r#"{"appid":"a","mchid":1,"out_trade_no":"123456","trade_state":"SUCCESS"}"#),
        ("refund", CONTENT),
        ("security", "[1,2]"),
    ] {
        let body = envelope("X", original_type, content).to_string();
        let error = open_signed(body.as_bytes()).expect_err("refused");
        assert_eq!((error.refusal(), error.label()), (Refusal::Malformed, "content"), "{original_type} {content}");
    }
}

#[test]
fn the_published_notification_of_the_go_sdk_verifies_but_its_short_key_opens_nothing() {
    let (headers, body) = answer("published/go_notify");
    let certificate = PlatformCertificate::from_pem(&fixtures::text("published/go_certificate.pem")).expect("loads");
    let keys = PlatformKeys::default().with_certificates([certificate]);
    let then = Timestamp::from_second(1_624_523_846).expect("in range");
    assert!(ApiV3Key::parse("testMchAPIv3Key0").is_err(), "16 bytes would be AES-128");
    assert_eq!(open(&headers, &body, &keys, &api_v3_keys(), then), Err(OpenError::Unopened.into()));
}

#[test]
fn neither_errors_nor_debug_show_what_is_private() {
    let (headers, body) = answer("answers/transaction");
    let shown = format!("{:?}", open_at(&headers, &body, now()).expect("opens"));
    assert!(shown.contains(OUT_TRADE_NO) && !shown.contains(OPENID), "{shown}");

    // serde_json would quote the value that has the wrong type.
    let content = format!(r#"{{"mchid":"1","payer":{{"openid":"{OPENID}"}},"amount":"{OPENID}"}}"#);
    let wrong_content = open_signed(envelope("X", "transaction", &content).to_string().as_bytes());
    let wrong_envelope = open_changed(|it| it["resource"]["nonce"] = json!([API_V3_KEY]));
    for error in [wrong_content, wrong_envelope].map(|it| it.expect_err("refused")) {
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(OPENID) && !shown.contains(API_V3_KEY), "{shown}");
    }
}
