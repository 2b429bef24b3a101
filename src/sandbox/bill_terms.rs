//! What is particular about a merchant's bills, and what is wrong with them: knobs, as bills are made by them.

use serde::{Deserialize, Serialize};

/// How the table looks. WeChat promises neither the order of columns nor that there are no more of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum BillLayout {
    #[default]
    Usual,
    /// One column more than anybody knows.
    More,
    Reordered,
    /// As some old merchants still get it.
    Early,
    /// No byte order mark, and lines that end in LF.
    Plain,
}

/// What is particular about a merchant's bills, and what is wrong with them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct BillTerms {
    /// `"usual"`, `"more"` (a column that nobody knows), `"reordered"`, `"early"` (the layout of old merchants),
    /// `"plain"` (no byte order mark, LF).
    pub(super) bill_layout: BillLayout,
    /// In millionths of what is settled, rounded to the fen; 6000 is 0.60%.
    pub(super) bill_fee_rate: u32,
    /// What a coupon paid of every order that cost more: it is not settled.
    pub(super) bill_coupon_fen: u32,
    /// Taken out of the account in the evening of every day that has a fund-flow bill; 0 is nothing.
    pub(super) bill_withdrawal_fen: u32,
    /// So many payments of the day are left out.
    pub(super) bill_missing: u32,
    /// So many payments of the day cost a fen more.
    pub(super) bill_wrong_amount: u32,
    /// Of so many payments of the day ten yuan more are taken as fee.
    pub(super) bill_wrong_fee: u32,
    /// So many payments of the day stand there twice.
    pub(super) bill_doubled: u32,
    /// So many payments that nobody made, under numbers like those of the shop's orders.
    pub(super) bill_unknown: u32,
    /// So many payments of other systems with the same merchant number.
    pub(super) bill_foreign: u32,
    /// So many refunds of the day are left out.
    pub(super) bill_missing_refunds: u32,
    /// So many refunds of the day are a fen more.
    pub(super) bill_wrong_refund_amount: u32,
    /// From this movement of a fund-flow bill on, counted from 1, every balance is a fen too high; 0 is none.
    pub(super) bill_wrong_balance: u32,
}

impl Default for BillTerms {
    fn default() -> Self {
        Self {
            bill_layout: BillLayout::Usual,
            bill_fee_rate: 6000,
            bill_coupon_fen: 0,
            bill_withdrawal_fen: 0,
            bill_missing: 0,
            bill_wrong_amount: 0,
            bill_wrong_fee: 0,
            bill_doubled: 0,
            bill_unknown: 0,
            bill_foreign: 0,
            bill_missing_refunds: 0,
            bill_wrong_refund_amount: 0,
            bill_wrong_balance: 0,
        }
    }
}

impl BillTerms {
    /// In thousandths of a fen, but of whole fen.
    pub(super) fn fee(&self, settled: i64) -> i64 {
        (settled * i64::from(self.bill_fee_rate) + 500_000) / 1_000_000 * 1000
    }

    /// Part of `total` that a coupon paid.
    pub(super) fn coupon(&self, total: i64) -> i64 {
        let coupon = i64::from(self.bill_coupon_fen);
        if total > coupon { coupon } else { 0 }
    }

    pub(super) fn is_plain(&self) -> bool {
        self.bill_layout == BillLayout::Plain
    }
}
