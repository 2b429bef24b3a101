//! Good-looking replies that must not be believed.

use http::{HeaderMap, HeaderValue};
use jiff::ToSpan as _;

use super::*;
use crate::wechatpay::{
    VerifyError,
    fixtures::{MCHID, sign, text},
    headers::{HeaderError, SIGNATURE, TIMESTAMP},
    verifier::Direction,
};

async fn query_answered(answer: Answer) -> Cause {
    let platform = Platform::start([answer]).await;
    cause(gateway(&platform).query(&number()).await.expect_err("no transaction"))
}

fn with_headers(change: impl FnOnce(&mut HeaderMap)) -> Answer {
    let body = text("answers/query.body").into_bytes();
    let mut headers = sign(&body, now());
    change(&mut headers);
    Answer::Reply(200, headers, body)
}

#[tokio::test]
async fn a_2xx_without_signature_is_forged() {
    let missing = VerifyError::Headers(HeaderError::Missing(TIMESTAMP));
    assert_eq!(query_answered(with_headers(HeaderMap::clear)).await, Cause::Unverified(missing));
    let platform = Platform::start([rejected(204, "")]).await;
    let error = gateway(&platform).close(&number()).await.expect_err("not closed");
    assert!(matches!(cause(error), Cause::Unverified(VerifyError::Headers(_))));
}

#[tokio::test]
async fn a_2xx_with_a_wrong_signature_is_forged() {
    let other = sign(b"{}", now());
    let wrong = Cause::Unverified(VerifyError::SignatureWrong);
    assert_eq!(query_answered(with_headers(|it| *it = other)).await, wrong);
}

#[tokio::test]
async fn a_replayed_reply_is_stale() {
    let body = text("answers/query.body").into_bytes();
    let headers = sign(&body, now() - 5.minutes());
    let stale = VerifyError::OutsideWindow { away_seconds: 300, direction: Direction::Past };
    assert_eq!(query_answered(Answer::Reply(200, headers, body)).await, Cause::Unverified(stale));
}

#[tokio::test]
async fn a_probed_reply_is_unknown_and_the_repetition_good() {
    let probe = with_headers(|it| {
        it.insert(SIGNATURE, HeaderValue::from_static("WECHATPAY/SIGNTEST/abcd+efgh="));
    });
    let platform = Platform::start([probe, good_query()]).await;
    let gateway = gateway(&platform);
    let error = gateway.query(&number()).await.expect_err("a probe");
    assert!(error.is_unknown());
    assert_eq!(cause(error), Cause::Unverified(VerifyError::SignatureProbe));
    gateway.query(&number()).await.expect("a transaction");
}

#[tokio::test]
async fn a_verified_reply_about_another_order_or_merchant_is_not_an_answer() {
    let body = text("answers/query.body");
    for (part, other) in [(OUT_TRADE_NO, "1217752501201407033233368019"), (MCHID, "1900007292")] {
        assert_eq!(query_answered(signed(200, &body.replace(part, other))).await, Cause::Mismatch, "{other}");
    }
}

#[tokio::test]
async fn a_verified_reply_that_cannot_be_read_is_unknown() {
    let body = text("answers/query.body");
    let cut = &body[..body.len() - 1];
    for text in ["", "{}", "[]", "null", "<html>", cut, &format!("{body} x")] {
        assert_eq!(query_answered(signed(200, text)).await, Cause::Unreadable, "{text}");
    }
}

#[tokio::test]
async fn a_good_status_in_the_wrong_place_is_unknown() {
    assert_eq!(query_answered(signed(204, "")).await, Cause::Status);
    assert_eq!(query_answered(signed(201, &text("answers/query.body"))).await, Cause::Status);
    let platform = Platform::start([signed(200, "{}")]).await;
    let error = gateway(&platform).close(&number()).await.expect_err("not closed");
    assert_eq!(cause(error), Cause::Status);
}

#[tokio::test]
async fn a_link_must_be_one() {
    for url in ["", "weixin://\\n", "weixin://\\u0000", &"x".repeat(1025)] {
        let platform = Platform::start([signed(200, &format!(r#"{{"code_url":"{url}"}}"#))]).await;
        let error = gateway(&platform).prepay(b"{}").await.expect_err("no link");
        assert_eq!(cause(error), Cause::Unreadable, "{url}");
    }
}

#[tokio::test]
async fn an_error_text_shows_no_signature_and_no_body() {
    let body = text("answers/query.body").into_bytes();
    let headers = sign(b"{}", now());
    let signature = headers[SIGNATURE].to_str().expect("text").to_owned();
    let platform = Platform::start([Answer::Reply(200, headers, body)]).await;
    let error = gateway(&platform).query(&number()).await.expect_err("forged");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(&signature[..16]) && !shown.contains(fixtures::OPENID), "{shown}");
}
