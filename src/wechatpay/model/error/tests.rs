use super::*;

/// The newer spelling of every code known here.
const CODES: [&str; 24] = [
    "ACCOUNT_ERROR",
    "APPID_MCHID_NOT_MATCH",
    "BANK_ERROR",
    "FREQUENCY_LIMITED",
    "INVALID_REQUEST",
    "INVALID_TRANSACTIONID",
    "MCH_NOT_EXISTS",
    "NO_AUTH",
    "NOT_ENOUGH",
    "OPENID_MISMATCH",
    "ORDER_CLOSED",
    "ORDER_NOT_EXIST",
    "ORDERPAID",
    "OUT_TRADE_NO_USED",
    "PARAM_ERROR",
    "REQUEST_BLOCKED",
    "RESOURCE_NOT_EXISTS",
    "RULE_LIMIT",
    "SERVICE_UNAVAILABLE",
    "SIGN_ERROR",
    "SYSTEM_ERROR",
    "TRADE_ERROR",
    "USER_ACCOUNT_ABNORMAL",
    "USER_PAYING",
];

#[test]
fn both_spellings_are_one_code() {
    for code in CODES {
        let new = ErrorCode::parse(code).expect("a code");
        assert!(!matches!(new, ErrorCode::Other(_)), "{code}");
        assert_eq!(new.as_str(), code);
        assert_eq!(ErrorCode::parse(&code.replace('_', "")), Some(new.clone()));
        assert_eq!(ErrorCode::parse(&code.to_lowercase()), Some(new));
    }
    assert_eq!(ErrorCode::parse("ORDER_PAID"), Some(ErrorCode::OrderPaid));
    assert_eq!(ErrorCode::parse("RATELIMIT_EXCEEDED"), Some(ErrorCode::FrequencyLimited));
}

#[test]
fn an_unheard_of_code_is_kept() {
    assert_eq!(ErrorCode::parse("SOME_NEW_CODE"), Some(ErrorCode::Other("SOMENEWCODE".to_owned())));
}

#[test]
fn what_is_no_code_is_none() {
    for bad in ["", "_", "A B", "A\n", "错误", &"A".repeat(65)] {
        assert_eq!(ErrorCode::parse(bad), None, "{bad:?}");
    }
}

#[test]
fn a_body_gives_code_message_and_field() {
    let body = r#"{"code":"PARAM_ERROR","message":"参数错误","detail":{"field":"/amount/currency","value":"XYZ","issue":"Currency code is invalid","location":"body"},"x":1}"#;
    let error = ErrorBody::parse(body.as_bytes()).expect("an error");
    assert_eq!(error.code, ErrorCode::ParamError);
    assert_eq!(error.message, "参数错误");
    assert_eq!(error.field.as_deref(), Some("/amount/currency"));
}

#[test]
fn a_detail_of_any_other_shape_is_ignored() {
    for detail in ["null", "[]", "\"text\"", "{\"sign_information\":{\"method\":\"GET\"}}", "{\"field\":1}"] {
        let body = format!(r#"{{"code":"SIGN_ERROR","detail":{detail}}}"#);
        let error = ErrorBody::parse(body.as_bytes()).expect("an error");
        assert_eq!((error.code, error.message.as_str(), error.field), (ErrorCode::SignError, "", None), "{detail}");
    }
}

#[test]
fn what_a_log_could_not_bear_is_cut_off() {
    let body = serde_json::json!({"code": "X", "message": "a\nb\u{1b}[2J".repeat(200), "detail": {"field": "f\n".repeat(200)}});
    let error = ErrorBody::parse(body.to_string().as_bytes()).expect("an error");
    assert_eq!(error.message.chars().count(), 200);
    assert_eq!(error.field.as_ref().map(String::len), Some(100));
    assert!(!error.message.chars().chain(error.field.expect("there").chars()).any(char::is_control));
}

#[test]
fn a_proxys_page_is_no_error_of_the_platforms() {
    for body in ["", "<html>", "[]", "{}", "{\"code\":403}", "{\"code\":\"\"}", "{\"code\":\"A\"} x"] {
        assert_eq!(ErrorBody::parse(body.as_bytes()), None, "{body}");
    }
}
