//! A time on the wire, alone and in a field that only informs, where it may be any text or any JSON.

use jiff::Timestamp;
use saoma::wechatpay::{Transaction, time};
use serde_json::{Value, json};

pub fn check(data: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(data) else { return false };
    let time = time::parse(text);
    assert_eq!(informing(&Value::from(text)), time);
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        assert_eq!(informing(&value), value.as_str().and_then(time::parse));
    }

    let Some(time) = time else { return false };
    let written = time::rfc3339(time);
    assert_eq!(time::parse(&written).map(Timestamp::as_second), Some(time.as_second()), "{written}");
    assert!(written.ends_with("+08:00"), "{written}");
    if time >= Timestamp::UNIX_EPOCH {
        assert_eq!(written.len(), "2026-01-01T00:00:00+08:00".len(), "{written}");
    }
    true
}

/// `success_time` as it is read, which spoils nothing else whatever it is.
fn informing(time: &Value) -> Option<Timestamp> {
    let body = json!({"appid": "a", "mchid": "1", "out_trade_no": "1", "trade_state": "SUCCESS", "success_time": time});
    let transaction: Transaction = serde_json::from_value(body).expect("a transaction");
    transaction.success_time
}
