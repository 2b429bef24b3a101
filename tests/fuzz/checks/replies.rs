//! The body of a reply of the platform's, read as each of the kinds there are (an error, a code, an
//! order, a refund), beside what `serde_json` says without types.

use jiff::Timestamp;
use saoma::{
    domain::Fen,
    wechatpay::{
        ErrorCode, RefundNotice, RefundStatus, TradeState, Transaction,
        model::{ErrorBody, PrepayReply, RefundReply},
        time,
    },
};
use serde_json::Value;

pub fn check(data: &[u8]) -> bool {
    // Null where there is nothing to compare with: of what nobody reads, a `Value` does not bear
    // everything, and `serde` takes a list of the fields for an object.
    let value = serde_json::from_slice(data).ok().filter(Value::is_object).unwrap_or_default();
    let mut read = false;
    if let Some(error) = ErrorBody::parse(data) {
        read = true;
        check_error(&error);
    }
    if let Ok(reply) = serde_json::from_slice::<PrepayReply>(data) {
        read = true;
        same(&value, "code_url", &reply.code_url);
    }
    if let Ok(transaction) = serde_json::from_slice::<Transaction>(data) {
        read = true;
        check_transaction(&transaction);
        same(&value, "out_trade_no", &transaction.out_trade_no);
        same(&value, "trade_state", transaction.trade_state.as_str());
        same_time(&value, "success_time", transaction.success_time);
    }
    if let Ok(reply) = serde_json::from_slice::<RefundReply>(data) {
        read = true;
        check_refund_status(&reply.status);
        same(&value, "out_refund_no", &reply.out_refund_no);
        same(&value, "status", reply.status.as_str());
        same_time(&value, "create_time", reply.create_time);
    }
    if let Ok(notice) = serde_json::from_slice::<RefundNotice>(data) {
        read = true;
        check_refund_status(&notice.refund_status);
        same(&value, "refund_status", notice.refund_status.as_str());
        same_time(&value, "success_time", notice.success_time);
    }
    read
}

/// Fit for a log, and its code is read back.
fn check_error(error: &ErrorBody) {
    assert_eq!(ErrorCode::parse(error.code.as_str()).as_ref(), Some(&error.code));
    assert!(!(error.code.is_undecided() && error.code.is_configuration()));
    let fits = |text: &str, most: usize| text.chars().count() <= most && !text.chars().any(char::is_control);
    assert!(fits(error.code.as_str(), 64) && fits(&error.message, 200));
    assert!(error.field.as_deref().is_none_or(|field| fits(field, 100)));
}

/// Amounts are money or nothing.
pub fn check_transaction(transaction: &Transaction) {
    let stated = transaction.amount.as_ref();
    for (fen, stated) in [
        (transaction.total(), stated.and_then(|it| it.total)),
        (transaction.payer_total(), stated.and_then(|it| it.payer_total)),
    ] {
        let money = stated.filter(|fen| (0..=1_000_000_000_000).contains(fen));
        assert_eq!(fen.map(Fen::get), money);
    }
    let state = &transaction.trade_state;
    assert_eq!(TradeState::from(state.to_string()), *state);
}

pub fn check_refund_status(status: &RefundStatus) {
    assert_eq!(RefundStatus::from(status.to_string()), *status);
}

fn same(value: &Value, name: &str, read: &str) {
    assert!(value.is_null() || value[name] == read, "{name}: {read:?} of {value}");
}

fn same_time(value: &Value, name: &str, read: Option<Timestamp>) {
    let expected = value[name].as_str().and_then(time::parse);
    assert!(value.is_null() || expected == read, "{name}: {read:?} of {value}");
}
