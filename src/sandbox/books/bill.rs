//! Bills out of the ledger (`wechatpay-v3.md` §8): text with a byte order mark, lines that end in CRLF, a backtick
//! before every cell, a line of sums at the end.

mod day;
mod fund_flow;
mod sheet;
mod trade;

pub(in crate::sandbox) use self::day::{Day, Trades};
use super::ledger::Ledger;
use crate::sandbox::bill_terms::BillTerms;

/// `None` on a day without a trade.
pub(in crate::sandbox) fn trade_bill(
    ledger: &Ledger,
    account: (&str, &str),
    day: Day,
    trades: Trades,
    terms: &BillTerms,
) -> Option<String> {
    trade::bill(ledger, account, day, trades, terms)
}

/// `None` on a day without a movement. `carried` is what knobs had added to the days before.
pub(in crate::sandbox) fn fund_flow_bill(ledger: &Ledger, day: Day, terms: &BillTerms, carried: i64) -> Option<String> {
    fund_flow::bill(ledger, day, terms, carried)
}

/// What knobs add to the account of a day.
pub(in crate::sandbox) fn planted_money(day: Day, terms: &BillTerms) -> i64 {
    fund_flow::planted_money(day, terms)
}
