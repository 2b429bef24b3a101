//! What WeChat claims to have been paid, examined as far as that goes without the books. Pure: a statement in, a
//! proof or a verdict out. What it means to an order is decided in the transaction that books it ([`settle`]).
//!
//! [`settle`]: super::settle

use jiff::Timestamp;
use url::Url;

use crate::{
    checkout::verdict::{Mismatch, Verdict},
    domain::{Fen, OutRefundNo, OutTradeNo},
    storage::events::Source,
    wechatpay::{Mchid, TradeState, Transaction, model::RefundRequest},
};

/// Why surplus money goes back, as the payer reads it.
pub(crate) const SURPLUS_REASON: &str = "重复支付，自动退回";

/// A payment as WeChat states it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Proof {
    pub(crate) out_trade_no: OutTradeNo,
    pub(crate) appid: String,
    pub(crate) transaction_id: String,
    pub(crate) total: Fen,
    pub(crate) success: Timestamp,
}

/// Money rule 1, as far as it needs no table: `SUCCESS`, our mchid (the books' own: see `startup::mark`),
/// `CNY`. The appid is the attempt's: a shop may have taken another one since.
pub(crate) fn examine(
    transaction: &Transaction,
    mchid: &Mchid,
    source: Source,
    now: Timestamp,
) -> Result<Proof, Verdict> {
    let mismatch = |what| Err(Verdict::Mismatch(what));
    if transaction.mchid != mchid.as_str() {
        return mismatch(Mismatch::Mchid);
    }
    let is_paid = match transaction.trade_state {
        TradeState::Success => true,
        // Paid, and given back in part or whole (§5.2). A notification of a payment never says so.
        TradeState::Refund => source != Source::Callback,
        _ => false,
    };
    if !is_paid {
        return mismatch(Mismatch::State);
    }
    if transaction.currency() != Some("CNY") {
        return mismatch(Mismatch::Currency);
    }
    let Some(total) = transaction.total() else { return mismatch(Mismatch::Amount) };
    let transaction_id = match &transaction.transaction_id {
        // Letters and digits, or it could not be given back.
        Some(id) if (1..=32).contains(&id.len()) && id.bytes().all(|it| it.is_ascii_alphanumeric()) => id.clone(),
        _ => return mismatch(Mismatch::TransactionId),
    };
    let out_trade_no = OutTradeNo::parse(&transaction.out_trade_no).map_err(|_| Verdict::UnknownOrder)?;
    let (appid, success) = (transaction.appid.clone(), transaction.success_time.unwrap_or(now));
    Ok(Proof { out_trade_no, appid, transaction_id, total, success })
}

impl Proof {
    /// The request that gives all of it back, should it turn out to be surplus.
    pub(crate) fn way_back(&self, notify_url: &Url) -> Option<Vec<u8>> {
        let request = RefundRequest {
            transaction_id: &self.transaction_id,
            out_refund_no: &OutRefundNo::surplus_of(&self.transaction_id, 0).ok()?,
            reason: Some(SURPLUS_REASON),
            notify_url,
            refund: self.total,
            total: self.total,
        };
        request.to_bytes().ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_767_196_800, 0);

    fn examined(source: Source, change: impl FnOnce(&mut Value)) -> Result<Proof, Verdict> {
        let mut transaction = json!({
            "appid": "wx2421b1c4370ec43b", "mchid": "1900007291", "out_trade_no": "20261125000000THE0FIRST0NUMBER",
            "trade_state": "SUCCESS", "transaction_id": "4200000000000000000000000001",
            "success_time": "2026-01-01T00:00:01+08:00", "amount": {"total": 100, "currency": "CNY"},
        });
        change(&mut transaction);
        let transaction = serde_json::from_value(transaction).expect("a transaction");
        examine(&transaction, &Mchid::parse("1900007291").expect("a number"), source, NOW)
    }

    #[test]
    fn a_payment_of_ours_is_proven() {
        let proof = examined(Source::Callback, |_| ()).expect("fits");
        assert_eq!((proof.total.get(), proof.success), (100, Timestamp::constant(1_767_196_801, 0)));
        let undated = examined(Source::Callback, |it| it["success_time"] = Value::Null).expect("fits");
        assert_eq!(undated.success, NOW, "when it was heard, if WeChat does not say when it was");
        let notify_url = Url::parse("https://shop.example.com/api/wx-pay/refunds/notify").expect("an address");
        let request: Value = serde_json::from_slice(&proof.way_back(&notify_url).expect("legal")).expect("JSON");
        assert_eq!(request["amount"], json!({"refund": 100, "total": 100, "currency": "CNY"}));
        assert_eq!(request["transaction_id"], "4200000000000000000000000001");
    }

    #[test]
    fn what_is_given_back_in_part_was_paid_says_a_query_and_never_a_callback() {
        let refunded = |it: &mut Value| it["trade_state"] = json!("REFUND");
        assert!(examined(Source::Query, refunded).is_ok());
        assert_eq!(examined(Source::Callback, refunded), Err(Verdict::Mismatch(Mismatch::State)));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let long = "4".repeat(33);
        for (field, value, mismatch) in [
            ("mchid", json!("1900007292"), Mismatch::Mchid),
            ("trade_state", json!("NOTPAY"), Mismatch::State),
            ("amount", json!({"total": 100, "currency": "USD"}), Mismatch::Currency),
            ("amount", json!({"total": 100}), Mismatch::Currency),
            ("amount", json!({"total": -1, "currency": "CNY"}), Mismatch::Amount),
            ("transaction_id", Value::Null, Mismatch::TransactionId),
            ("transaction_id", json!(""), Mismatch::TransactionId),
            ("transaction_id", json!("42-1"), Mismatch::TransactionId),
            ("transaction_id", json!(long), Mismatch::TransactionId),
        ] {
            let examined = examined(Source::Callback, |it| it[field] = value.clone());
            assert_eq!(examined, Err(Verdict::Mismatch(mismatch)), "{field}: {value}");
        }
        assert_eq!(examined(Source::Callback, |it| it["out_trade_no"] = json!("?")), Err(Verdict::UnknownOrder));
    }
}
