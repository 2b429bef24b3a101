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

/// `None` on a day without a movement.
pub(in crate::sandbox) fn fund_flow_bill(ledger: &Ledger, day: Day, terms: &BillTerms) -> Option<String> {
    fund_flow::bill(ledger, day, terms)
}
