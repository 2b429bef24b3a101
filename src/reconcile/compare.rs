//! Rows of both sides that belong together → what is not the same. Pure: nobody is asked here and nothing is written.

use std::collections::BTreeMap;

use super::{
    day::BillDay,
    row::{Class, Row, Side},
    totals::Totals,
};
use crate::wechatpay::bill::{Fee, Rate};

/// In what bill and books are not the same. Stored by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DifferenceKind {
    /// In the bill; its order is here, and not paid by it.
    NotPaidHere,
    /// In the bill, marked as an order of this shop; nobody here knows it.
    UnknownHere,
    /// Paid here, and not in the bill.
    NotInBill,
    Amount,
    /// In the bill: a refund of a payment of ours that was not made here.
    RefundUnknown,
    /// In the bill; here it is not known to have been accepted.
    RefundNotBooked,
    RefundNotInBill,
    RefundAmount,
    /// In the bill more than once, under one number.
    Doubled,
    /// Not what the row's own rate makes it.
    Fee,
    /// Not the rate that was agreed on.
    FeeRate,
    /// A balance of the account does not follow from the one before it.
    Balance,
    /// The account was not moved as the trade says.
    FundFlow,
}

impl DifferenceKind {
    pub const ALL: [Self; 13] = [
        Self::NotPaidHere,
        Self::UnknownHere,
        Self::NotInBill,
        Self::Amount,
        Self::RefundUnknown,
        Self::RefundNotBooked,
        Self::RefundNotInBill,
        Self::RefundAmount,
        Self::Doubled,
        Self::Fee,
        Self::FeeRate,
        Self::Balance,
        Self::FundFlow,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::NotPaidHere => "NOT_PAID_HERE",
            Self::UnknownHere => "UNKNOWN_HERE",
            Self::NotInBill => "NOT_IN_BILL",
            Self::Amount => "AMOUNT",
            Self::RefundUnknown => "REFUND_UNKNOWN",
            Self::RefundNotBooked => "REFUND_NOT_BOOKED",
            Self::RefundNotInBill => "REFUND_NOT_IN_BILL",
            Self::RefundAmount => "REFUND_AMOUNT",
            Self::Doubled => "DOUBLED",
            Self::Fee => "FEE",
            Self::FeeRate => "FEE_RATE",
            Self::Balance => "BALANCE",
            Self::FundFlow => "FUND_FLOW",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// What is to be looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// The books may know it under another day.
    OnlyInBill(Row),
    OnlyHere(Row),
    /// Both have it, with other amounts.
    Amounts {
        bill: Row,
        ours: Row,
    },
    /// Nobody can be asked about it: what stands there, and what should.
    Plain {
        kind: DifferenceKind,
        subject: String,
        row: Option<Row>,
        theirs_fen: i64,
        ours_fen: i64,
        why: String,
    },
}

/// A fen, in the unit of fees: WeChat rounds them.
const A_FEN: i64 = 1000;

/// The account as an earlier day has left it; between the two nothing has moved it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    pub(super) day: BillDay,
    pub(super) closing: i64,
}

pub(super) struct Comparison {
    fee_rate: Option<Rate>,
    before: Option<Before>,
    pub(super) totals: Totals,
    /// Other rates than the agreed one, with how many rows have them.
    rates: BTreeMap<i64, u64>,
}

impl Comparison {
    pub(super) const fn new(fee_rate: Option<Rate>, before: Option<Before>, totals: Totals) -> Self {
        Self { fee_rate, before, totals, rates: BTreeMap::new() }
    }

    /// All rows of one key.
    pub(super) fn group(&mut self, rows: &[Row], found: &mut Vec<Finding>) {
        let Some(first) = rows.first() else { return };
        match first.class {
            Class::Payment | Class::Refund => self.trade(rows, found),
            Class::Flow => flow(rows, found),
        }
    }

    fn trade(&mut self, rows: &[Row], found: &mut Vec<Finding>) {
        let ours = rows.iter().find(|row| row.side == Side::Ours);
        let in_bill = || rows.iter().filter(|row| row.side == Side::Bill);
        if let Some(ours) = ours {
            self.count_ours(ours);
        }
        let Some(first) = in_bill().next() else {
            // What came to nothing need not be in any bill.
            found.extend(ours.filter(|ours| !ours.has_failed).cloned().map(Finding::OnlyHere));
            return;
        };
        let is_ours = ours.is_some() || in_bill().any(|row| row.is_ours);
        for bill in in_bill() {
            // A bill is never brought up to date: the books know better what came to nothing.
            let has_failed = ours.map_or(bill.has_failed, |ours| ours.has_failed);
            self.count_theirs(bill, is_ours, has_failed);
        }
        // A refund of another system may be one of a payment of ours: the books are looked through for it.
        if !is_ours && first.class == Class::Payment {
            return;
        }
        let other = ours.and_then(|ours| Some((in_bill().find(|bill| bill.fen != ours.fen)?, ours)));
        match (ours, other) {
            (None, _) => found.push(Finding::OnlyInBill(first.clone())),
            (Some(_), Some((bill, ours))) => {
                found.push(Finding::Amounts { bill: bill.clone(), ours: ours.clone() });
            }
            (Some(_), None) => {}
        }
        if is_ours {
            found.extend(doubled(rows));
            self.fee(first, found);
        }
    }

    const fn count_ours(&mut self, row: &Row) {
        match row.class {
            Class::Payment => self.totals.our_payments.add(row.fen),
            Class::Refund | Class::Flow if row.has_failed => {}
            Class::Refund | Class::Flow => self.totals.our_refunds.add(row.fen),
        }
    }

    const fn count_theirs(&mut self, row: &Row, is_ours: bool, has_failed: bool) {
        if has_failed {
            return;
        }
        let totals = &mut self.totals;
        let (payments, refunds, fees) = if is_ours {
            (&mut totals.payments, &mut totals.refunds, &mut totals.fees)
        } else {
            (&mut totals.foreign_payments, &mut totals.foreign_refunds, &mut totals.foreign_fees)
        };
        let unsettled = row.fen.saturating_sub(row.settled);
        let unsettled = match row.class {
            Class::Payment => {
                payments.add(row.fen);
                unsettled
            }
            Class::Refund | Class::Flow => {
                refunds.add(row.fen);
                -unsettled
            }
        };
        *fees = fees.saturating_add(row.fee);
        if is_ours {
            totals.unsettled = totals.unsettled.saturating_add(unsettled);
        }
    }

    fn fee(&mut self, row: &Row, found: &mut Vec<Finding>) {
        let Ok(millionths) = u32::try_from(row.rate) else { return };
        let rate = Rate::from_millionths(millionths);
        let settled = if row.class == Class::Refund { -row.settled } else { row.settled };
        let due = rate.of(settled).thousandths();
        if (row.fee - due).abs() > A_FEN && !row.has_failed {
            found.push(Finding::Plain {
                kind: DifferenceKind::Fee,
                subject: row.key.clone(),
                row: Some(row.clone()),
                theirs_fen: Fee::from_thousandths(row.fee).fen(),
                ours_fen: Fee::from_thousandths(due).fen(),
                why: rate.to_string(),
            });
        }
        if self.fee_rate.is_some_and(|agreed| agreed != rate) && row.class == Class::Payment {
            *self.rates.entry(row.rate).or_default() += 1;
        }
    }

    /// After the last group.
    pub(super) fn finish(self, found: &mut Vec<Finding>) -> Totals {
        let agreed = self.fee_rate;
        let other = |(rate, count): (i64, u64)| {
            let rate = Rate::from_millionths(u32::try_from(rate).unwrap_or_default());
            let agreed = agreed.map(|rate| rate.to_string()).unwrap_or_default();
            Finding::Plain {
                kind: DifferenceKind::FeeRate,
                subject: rate.to_string(),
                row: None,
                theirs_fen: 0,
                ours_fen: 0,
                why: format!("{count} × {rate}, {agreed}"),
            }
        };
        found.extend(self.rates.into_iter().map(other));
        let balance = |subject, (theirs_fen, ours_fen), why| Finding::Plain {
            kind: DifferenceKind::Balance,
            subject,
            row: None,
            theirs_fen,
            ours_fen,
            why,
        };
        let account = self.totals.account.as_ref();
        found.extend(
            account.and_then(|it| it.broken_line).map(|line| balance(format!("line {line}"), (0, 0), String::new())),
        );
        if let Some((opening, before)) = account.and_then(|it| it.opening).zip(self.before)
            && opening != before.closing
        {
            found.push(balance("opening".to_owned(), (opening, before.closing), before.day.to_string()));
        }
        self.totals
    }
}

/// The same movement stands in the bill more than once.
fn doubled(rows: &[Row]) -> Option<Finding> {
    let in_bill = || rows.iter().filter(|row| row.side == Side::Bill);
    let first = in_bill().next().filter(|_| in_bill().count() > 1)?;
    let ours = rows.iter().find(|row| row.side == Side::Ours);
    Some(Finding::Plain {
        kind: DifferenceKind::Doubled,
        subject: first.key.clone(),
        row: Some(first.clone()),
        theirs_fen: in_bill().fold(0, |sum, row| row.fen.saturating_add(sum)),
        ours_fen: ours.unwrap_or(first).fen,
        why: format!("{} ×", in_bill().count()),
    })
}

/// The account may show a trade in one movement or in several, with its fee or without: fees can be charged at another
/// time, and nothing says by which name.
fn flow(rows: &[Row], found: &mut Vec<Finding>) {
    let trades: Vec<&Row> = rows.iter().filter(|row| row.side == Side::Bill).collect();
    let Some(first) = trades.first() else { return };
    let moved: i64 = rows.iter().filter(|row| row.side == Side::Account).map(|row| row.fen).sum();
    let gross: i64 = trades.iter().map(|row| row.fen).sum();
    let fees = Fee::from_thousandths(trades.iter().map(|row| row.fee).sum()).fen();
    let each = i64::try_from(trades.len()).unwrap_or(i64::MAX);
    let fits = moved == gross || (moved - (gross - fees)).abs() <= each;
    if !fits {
        found.push(Finding::Plain {
            kind: DifferenceKind::FundFlow,
            subject: first.key.clone(),
            row: Some((*first).clone()),
            theirs_fen: moved,
            ours_fen: gross,
            why: String::new(),
        });
    }
}

#[cfg(test)]
mod tests;
