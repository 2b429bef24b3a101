//! Asking for a refund and asking about one.

use super::{requests::assert_signed, *};
use crate::wechatpay::{
    ErrorCode, RefundStatus, VerifyError,
    fixtures::{OUT_REFUND_NO, TRANSACTION_ID, sign, text},
    headers::{HeaderError, TIMESTAMP},
};

fn refund_number() -> OutRefundNo {
    OutRefundNo::parse(OUT_REFUND_NO).expect("legal")
}

fn good_refund() -> Answer {
    let body = fixtures::bytes("answers/refund_reply.body");
    Answer::Reply(200, fixtures::answer("answers/refund_reply").0, body)
}

/// What both calls make of the same answer.
async fn both(answer: impl Fn() -> Answer) -> [GatewayError; 2] {
    let platform = Platform::start([answer(), answer()]).await;
    let gateway = gateway(&platform);
    let errors = [
        gateway.refund(&fixtures::bytes("requests/refund.body")).await.expect_err("no refund"),
        gateway.query_refund(&refund_number()).await.expect_err("no refund"),
    ];
    assert_eq!(platform.seen().len(), 2, "nothing is repeated on its own");
    errors
}

#[tokio::test]
async fn a_refund_sends_the_stored_bytes_and_returns_what_was_accepted() {
    let platform = Platform::start([good_refund()]).await;
    let body = fixtures::bytes("requests/refund.body");
    let refund = gateway(&platform).refund(&body).await.expect("accepted").content;
    assert_eq!(
        (refund.out_refund_no.as_str(), refund.transaction_id.as_deref()),
        (OUT_REFUND_NO, Some(TRANSACTION_ID))
    );
    assert_eq!((&refund.status, refund.success_time), (&RefundStatus::Processing, None));
    assert_eq!((refund.amount.refund, refund.amount.total), (40, 100));

    let [seen] = platform.seen().try_into().expect("one request");
    assert_eq!((seen.method.as_str(), seen.uri.to_string().as_str()), ("POST", "/v3/refund/domestic/refunds"));
    assert_eq!(seen.body, body);
    assert_signed(&seen);
    assert_eq!(seen.headers["content-type"], "application/json");
    assert_eq!(seen.headers["user-agent"], concat!("Saoma/", env!("CARGO_PKG_VERSION")), "without one: 400 (§1.3)");
}

#[tokio::test]
async fn a_refund_query_has_the_number_in_its_signed_target_and_no_body() {
    let platform = Platform::start([good_refund()]).await;
    let refund = gateway(&platform).query_refund(&refund_number()).await.expect("a refund").content;
    assert_eq!(refund.refund_id, "50200207182018070300011301001");

    let [seen] = platform.seen().try_into().expect("one request");
    let target = format!("/v3/refund/domestic/refunds/{OUT_REFUND_NO}");
    assert_eq!((seen.method.as_str(), seen.uri.to_string()), ("GET", target));
    assert!(seen.body.is_empty() && !seen.headers.contains_key("content-type"));
    assert_signed(&seen);
}

#[tokio::test]
async fn a_verified_reply_about_another_refund_is_not_an_answer() {
    let other = text("answers/refund_reply.body").replace(OUT_REFUND_NO, "7752501201407033233368019");
    let platform = Platform::start([signed(200, &other)]).await;
    let error = gateway(&platform).query_refund(&refund_number()).await.expect_err("another one");
    assert_eq!(cause(error), Cause::Mismatch);
}

#[tokio::test]
async fn a_no_is_told_with_its_code() {
    for (status, code) in [
        (400, "PARAM_ERROR"),
        (400, "INVALID_REQUEST"),
        (403, "NOT_ENOUGH"),
        (403, "NOTENOUGH"),
        (403, "USER_ACCOUNT_ABNORMAL"),
        (403, "REQUEST_BLOCKED"),
        (400, "TRADE_OVERDUE"),
    ] {
        for error in both(|| rejected(status, &format!(r#"{{"code":"{code}","message":"一句话"}}"#))).await {
            assert!(matches!(error, GatewayError::Rejected(_)) && !error.is_refund_not_exist(), "{error}");
            assert_eq!(error.code(), ErrorCode::parse(code).as_ref());
        }
    }
}

#[tokio::test]
async fn a_refund_that_was_never_accepted_is_told_apart() {
    for code in ["RESOURCE_NOT_EXISTS", "RESOURCENOTEXISTS"] {
        for error in both(|| rejected(404, &format!(r#"{{"code":"{code}"}}"#))).await {
            assert!(error.is_refund_not_exist() && !error.is_unknown(), "{error}");
        }
    }
    // Said by somebody who cannot know.
    for answer in [|| rejected(404, ""), || rejected(500, r#"{"code":"RESOURCE_NOT_EXISTS"}"#)] {
        for error in both(answer).await {
            assert!(error.is_unknown() && !error.is_refund_not_exist(), "{error}");
        }
    }
}

#[tokio::test]
async fn what_decides_nothing_about_a_refund_is_unknown() {
    for (status, code, expected) in [
        (500, "SYSTEM_ERROR", Cause::Trouble),
        (502, "SERVICE_UNAVAILABLE", Cause::Trouble),
        (429, "FREQUENCY_LIMITED", Cause::Limited),
        (403, "FREQUENCY_LIMITED", Cause::Limited),
        (202, "", Cause::Pending),
    ] {
        for error in both(|| rejected(status, &format!(r#"{{"code":"{code}"}}"#))).await {
            assert_eq!(cause(error), expected, "{status} {code}");
        }
    }
}

#[tokio::test]
async fn a_refund_that_cannot_be_believed_or_read_is_unknown() {
    let body = text("answers/refund_reply.body");
    for error in both(|| rejected(200, &body)).await {
        let missing = VerifyError::Headers(HeaderError::Missing(TIMESTAMP));
        assert_eq!(cause(error), Cause::Unverified(missing));
    }
    for error in both(|| Answer::Reply(200, sign(b"{}", now()), body.clone().into_bytes())).await {
        assert_eq!(cause(error), Cause::Unverified(VerifyError::SignatureWrong));
    }
    // The word of a notice in the place of a reply's.
    let notice = body.replace(r#""status""#, r#""refund_status""#);
    for text in ["", "{}", "null", &notice] {
        for error in both(|| signed(200, text)).await {
            assert_eq!(cause(error), Cause::Unreadable, "{text}");
        }
    }
    for error in both(|| signed(204, "")).await {
        assert_eq!(cause(error), Cause::Status);
    }
}

#[tokio::test]
async fn a_refund_without_an_answer_is_unknown() {
    let platform = Platform::start([]).await;
    let gateway = build(&GatewaySettings { total_limit: Duration::from_millis(50), ..settings(&platform.base) });
    let error = gateway.refund(&fixtures::bytes("requests/refund.body")).await.expect_err("no answer");
    assert_eq!(cause(error), Cause::Timeout);
    let error = gateway.query_refund(&refund_number()).await.expect_err("no answer");
    assert_eq!(cause(error), Cause::Timeout);
}

#[tokio::test]
async fn the_payers_account_shows_in_no_debug_text() {
    let platform = Platform::start([good_refund()]).await;
    let refund = gateway(&platform).query_refund(&refund_number()).await.expect("a refund");
    assert!(!format!("{refund:?}").contains("0403"));
}

#[tokio::test]
async fn an_abnormal_refund_goes_out_under_the_key_that_seals_it_and_is_of_this_refund() {
    let platform = Platform::start([good_refund(), good_refund()]).await;
    let gateway = gateway(&platform);
    let id = serde_json::from_str::<serde_json::Value>(&text("answers/refund_reply.body")).expect("JSON")["refund_id"]
        .as_str()
        .expect("a number")
        .to_owned();
    let serial = PlatformSerial::parse(fixtures::PLATFORM_SERIAL).expect("legal");
    let (number, body) = (refund_number(), br#"{"a":1}"#);
    let refund = gateway.apply_abnormal_refund((&id, &number), body, &serial).await.expect("accepted").content;
    assert_eq!((&*refund.refund_id, refund.status), (&*id, RefundStatus::Processing));
    let other = gateway.apply_abnormal_refund(("50300000000000000000000000001", &number), body, &serial).await;
    assert_eq!(cause(other.expect_err("another refund")), Cause::Mismatch);
    let seen = platform.seen();
    assert_eq!(seen.len(), 2);
    let target = format!("/v3/refund/domestic/refunds/{id}/apply-abnormal-refund");
    assert_eq!((seen[0].method.as_str(), seen[0].uri.to_string()), ("POST", target));
    assert_eq!(seen[0].headers["wechatpay-serial"], fixtures::PLATFORM_SERIAL);
    assert_eq!(seen[0].body, &body[..]);
    assert_signed(&seen[0]);
    // What is no number of WeChat's makes no path, and nobody is asked.
    let odd = gateway.apply_abnormal_refund(("../x", &number), body, &serial).await.expect_err("not asked");
    assert_eq!((cause(odd), platform.seen().len()), (Cause::NotAsked, 0));
}
