//! Payments that WeChat knows nothing of, and money that staff give back.

use saoma::{
    checkout::{Numbered, RefundOf, RefundOrder},
    domain::{Fen, OutTradeNo},
    storage::events::Source,
};

use super::{App, Notice, Placed};

/// The payment that came under this number.
pub fn paid_under(order_no: &str) -> RefundOf {
    RefundOf::Attempt(OutTradeNo::parse(order_no).expect("a number"))
}

/// So much of it, in fen, or all that is left; the one that was asked for before, if it is the same.
pub fn wanted(amount: impl Into<Option<i64>>) -> RefundOrder {
    let amount = amount.into().map(|fen| Fen::new(fen).expect("money"));
    RefundOrder { amount, reason: "退货".to_owned(), source: Source::Staff, number: Numbered::Fresh, another: false }
}

impl App {
    /// A callback with WeChat's signature of which the sandbox does not know. The `transaction_id`.
    pub async fn pay_by_forgery(&self, order: &Placed) -> String {
        let transaction = self.forger.transaction(order);
        let id = transaction["transaction_id"].as_str().expect("a text").to_owned();
        assert_eq!(self.deliver(&self.forger.callback(&Notice::of(transaction))).await.status, 200);
        id
    }
}
