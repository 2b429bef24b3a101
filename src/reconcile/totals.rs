//! What a day adds up to, as the calendar keeps it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// So many of something, and how much together, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    pub count: u64,
    pub fen: i64,
}

impl Sum {
    pub(super) const fn add(&mut self, fen: i64) {
        self.count += 1;
        self.fen = self.fen.saturating_add(fen);
    }
}

/// Of one day. Money of other systems under the same merchant number is counted apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Of the bill.
    pub rows: u64,
    pub payments: Sum,
    pub refunds: Sum,
    /// Thousandths of a fen, as everywhere in bills.
    pub fees: i64,
    /// What coupons paid of it and WeChat does not pay out, without that part of refunds; fen.
    pub unsettled: i64,
    pub foreign_payments: Sum,
    pub foreign_refunds: Sum,
    pub foreign_fees: i64,
    /// Of the books.
    pub our_payments: Sum,
    pub our_refunds: Sum,
    /// Rows of no kind that anybody knew when this was written.
    pub unknown_rows: u64,
    /// Differences that are too many to be listed, and those that WeChat was not asked about yet.
    pub unlisted: u64,
    pub unasked: u64,
    /// `None` where there was no fund-flow bill.
    pub account: Option<Account>,
}

impl Totals {
    /// What the day's trade moves on the merchant's account, in fen.
    pub const fn settled_fen(&self) -> i64 {
        let fees = crate::wechatpay::bill::Fee::from_thousandths(self.fees).fen();
        self.payments.fen - self.refunds.fen - self.unsettled - fees
    }
}

/// The merchant's account on that day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    pub opening: Option<i64>,
    pub closing: Option<i64>,
    /// The first line whose balance does not follow from the one before it.
    pub broken_line: Option<u64>,
    pub income: Sum,
    pub outlay: Sum,
    /// By `业务名称`: trades, refunds, fees, withdrawals, and whatever else WeChat calls by a name.
    pub kinds: BTreeMap<String, Sum>,
}
