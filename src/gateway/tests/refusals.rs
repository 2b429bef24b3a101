//! Error replies: who has to act.

use super::*;
use crate::{gateway::error::Alarm, wechatpay::ErrorCode};

async fn query_answered(answer: Answer) -> GatewayError {
    let platform = Platform::start([answer]).await;
    let error = gateway(&platform).query(&number()).await.expect_err("no transaction");
    assert_eq!(platform.seen().len(), 1, "nothing is repeated on its own");
    error
}

fn body(code: &str) -> String {
    format!(r#"{{"code":"{code}","message":"一句话"}}"#)
}

#[tokio::test]
async fn other_4xx_are_rejections_in_either_spelling() {
    type Is = fn(&GatewayError) -> bool;
    let cases: [(u16, [&str; 2], Is); 5] = [
        (404, ["ORDER_NOT_EXIST", "ORDERNOTEXIST"], GatewayError::is_order_not_exist),
        (400, ["ORDER_CLOSED", "ORDERCLOSED"], GatewayError::is_order_closed),
        (403, ["ORDER_PAID", "ORDERPAID"], GatewayError::is_order_paid),
        (403, ["OUT_TRADE_NO_USED", "OUTTRADENOUSED"], GatewayError::is_out_trade_no_used),
        (404, ["RESOURCE_NOT_EXISTS", "RESOURCENOTEXISTS"], GatewayError::is_certificates_unavailable),
    ];
    for (status, spellings, is) in cases {
        for code in spellings {
            let error = query_answered(rejected(status, &body(code))).await;
            assert!(is(&error) && !error.is_unknown(), "{error}");
            assert_eq!(cases.iter().filter(|(_, _, is)| is(&error)).count(), 1, "{error}");
        }
    }
}

#[tokio::test]
async fn a_rejection_tells_what_a_log_needs() {
    let text = r#"{"code":"PARAM_ERROR","message":"一句话","detail":{"field":"/amount/total","value":"x"}}"#;
    let error = query_answered(rejected(400, text)).await;
    let told = error.to_string();
    let told = told.strip_prefix("rejected: 400 PARAM_ERROR in /amount/total (request 08F78BC3AF0610D302-268435461)");
    assert!(told.is_some_and(|meaning| meaning.starts_with(": A parameter is not legal. ")), "{error}");
    let GatewayError::Rejected(rejection) = error else { panic!("{error}") };
    assert_eq!((rejection.message.as_str(), rejection.status.as_u16()), ("一句话", 400));
}

#[tokio::test]
async fn a_mistake_in_the_configuration_is_an_alarm_under_any_status() {
    for (status, code) in [
        (401, "SIGN_ERROR"),
        (403, "NO_AUTH"),
        (403, "NOAUTH"),
        (400, "APPID_MCHID_NOT_MATCH"),
        (400, "MCH_NOT_EXISTS"),
        (404, "MCH_NOT_EXISTS"),
    ] {
        let error = query_answered(rejected(status, &body(code))).await;
        assert!(matches!(&error, GatewayError::Misconfigured(Alarm::Refused(_))), "{error}");
        assert_eq!(error.code(), ErrorCode::parse(code).as_ref());
    }
}

#[tokio::test]
async fn what_decides_nothing_is_unknown() {
    for (status, code, expected) in [
        (500, "SYSTEM_ERROR", Cause::Trouble),
        (502, "SERVICE_UNAVAILABLE", Cause::Trouble),
        (503, "ORDER_NOT_EXIST", Cause::Trouble),
        (429, "FREQUENCY_LIMITED", Cause::Limited),
        (429, "RATELIMIT_EXCEEDED", Cause::Limited),
        (403, "FREQUENCY_LIMITED", Cause::Limited),
        (202, "USER_PAYING", Cause::Pending),
        (400, "USERPAYING", Cause::Pending),
        (400, "SYSTEMERROR", Cause::Trouble),
        (403, "BANKERROR", Cause::Trouble),
    ] {
        let error = query_answered(rejected(status, &body(code))).await;
        assert!(error.is_unknown() && !error.is_order_not_exist(), "{error}");
        assert_eq!(error.code(), ErrorCode::parse(code).as_ref());
        assert_eq!(cause(error), expected, "{status} {code}");
    }
}

#[tokio::test]
async fn a_status_alone_is_enough_to_be_unknown() {
    for (status, expected) in
        [(500, Cause::Trouble), (504, Cause::Trouble), (429, Cause::Limited), (202, Cause::Pending)]
    {
        for text in ["", "<html>", "{}"] {
            assert_eq!(cause(query_answered(rejected(status, text)).await), expected, "{status} {text}");
        }
    }
}

#[tokio::test]
async fn a_signed_202_is_not_success_either() {
    let query = fixtures::text("answers/query.body");
    assert_eq!(cause(query_answered(signed(202, &query)).await), Cause::Pending);
}

#[tokio::test]
async fn a_4xx_that_is_not_the_platforms_proves_nothing() {
    for (status, text) in [(404, ""), (405, ""), (403, "<html>denied</html>"), (407, "{}"), (401, "{\"code\":\"\"}")] {
        let error = query_answered(rejected(status, text)).await;
        assert!(!error.is_order_not_exist());
        assert_eq!(cause(error), Cause::Foreign, "{status} {text}");
    }
}

#[tokio::test]
async fn a_request_id_of_a_strange_form_is_left_out() {
    let headers =
        HeaderMap::from_iter([(http::HeaderName::from_static("request-id"), HeaderValue::from_static("a b\tc"))]);
    let error = query_answered(Answer::Reply(404, headers, body("ORDER_NOT_EXIST").into_bytes())).await;
    assert!(error.to_string().starts_with("rejected: 404 ORDER_NOT_EXIST: WeChat Pay has never"), "{error}");
    assert_eq!(RequestId::parse(""), None);
    assert_eq!(RequestId::parse(&"1".repeat(129)), None);
}
