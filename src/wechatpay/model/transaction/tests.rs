use super::*;

fn parse(text: &str) -> Transaction {
    serde_json::from_str(text).expect("a transaction")
}

const UNPAID: &str = r#"{"appid":"wx1","mchid":"1","out_trade_no":"123456","trade_state":"NOTPAY","trade_state_desc":"订单未支付","promotion_detail":[],"amount":{"payer_currency":"CNY","total":1},"payer":{}}"#;

#[test]
fn an_unpaid_order_has_little_to_say() {
    let transaction = parse(UNPAID);
    assert_eq!(transaction.trade_state, TradeState::NotPay);
    assert_eq!((transaction.transaction_id.as_deref(), transaction.success_time), (None, None));
    assert_eq!(transaction.total(), Fen::new(1).ok());
    assert_eq!(transaction.openid(), None);
    assert_eq!(transaction.currency(), None);
}

#[test]
fn every_state_is_read_and_written_alike() {
    for name in ["NOTPAY", "SUCCESS", "REFUND", "CLOSED", "REVOKED", "USERPAYING", "PAYERROR", "ACCEPT"] {
        let state = TradeState::from(name.to_owned());
        assert!(!matches!(state, TradeState::Unknown(_)), "{name}");
        assert_eq!(state.to_string(), name);
    }
    for name in ["", "success", "PAID", "支付成功"] {
        assert_eq!(TradeState::from(name.to_owned()), TradeState::Unknown(name.to_owned()));
    }
    assert_eq!(parse(&UNPAID.replace("NOTPAY", "NEW")).trade_state.as_str(), "NEW");
}

#[test]
fn an_amount_that_is_none_is_not_guessed() {
    for (amount, total) in [("-1", None), ("0", Some(0)), ("9223372036854775807", None), ("null", None)] {
        let transaction = parse(&UNPAID.replace("\"total\":1", &format!("\"total\":{amount}")));
        assert_eq!(transaction.total().map(Fen::get), total, "{amount}");
    }
    for float in ["1.0", "1e2", "\"1\"", "110.00000000000001"] {
        let text = UNPAID.replace("\"total\":1", &format!("\"total\":{float}"));
        assert!(serde_json::from_str::<Transaction>(&text).is_err(), "{float}");
    }
}

#[test]
fn what_identifies_an_order_is_needed() {
    for key in ["appid", "mchid", "out_trade_no", "trade_state"] {
        let text = UNPAID.replacen(&format!("\"{key}\""), "\"other\"", 1);
        assert!(serde_json::from_str::<Transaction>(&text).is_err(), "{key}");
    }
}

#[test]
fn a_strange_time_spoils_nothing() {
    for (time, read) in [
        ("\"2018-06-08T10:34:56+08:00\"", true),
        ("\"gestern\"", false),
        ("null", false),
        ("1528425296", false),
        ("[{}]", false),
    ] {
        let text = UNPAID.replacen('{', &format!("{{\"success_time\":{time},"), 1);
        assert_eq!(parse(&text).success_time.is_some(), read, "{time}");
    }
}

#[test]
fn an_openid_does_not_show() {
    let transaction = parse(&UNPAID.replace("\"payer\":{}", "\"payer\":{\"openid\":\"oUpF8\"}"));
    assert_eq!(transaction.openid().map(Private::expose), Some("oUpF8"));
    let shown = format!("{transaction:?}");
    assert!(shown.contains("[redacted]") && !shown.contains("oUpF8"), "{shown}");
}
