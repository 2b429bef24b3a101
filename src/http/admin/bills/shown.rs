//! Days, sums, files and differences as pages show them.

use jiff::Timestamp;

use crate::{
    app::admin::{
        AccountView, DayCell, Difference, DifferenceRow, DifferenceStanding, FileView, Standing, SumView, TotalsView,
    },
    domain::shown_yuan,
    reconcile::{BillDay, Calendar, CalendarDay, DifferenceKind, Sum, Totals},
    storage::bills::{
        differences::{Difference as Stored, DifferenceState},
        files::BillFile,
    },
    wechatpay::{bill::Fee, time},
};

pub(super) fn month_name(day: BillDay) -> String {
    day.to_string().chars().take("2026-01".len()).collect()
}

pub(super) fn shown(at: Timestamp) -> String {
    time::for_people(at)
}

/// Exact, and no longer than that takes.
fn fees(thousandths: i64) -> String {
    let text = format!("¥{}", Fee::from_thousandths(thousandths)).replace("¥-", "−¥");
    let (cents, rest) = text.split_at(text.len().saturating_sub(3));
    format!("{cents}{}", rest.trim_end_matches('0'))
}

fn sum(sum: Sum) -> SumView {
    SumView { count: sum.count, yuan: shown_yuan(sum.fen) }
}

pub(super) fn totals(totals: &Totals) -> TotalsView {
    let has_foreign = totals.foreign_payments.count + totals.foreign_refunds.count > 0;
    let balance = |fen: Option<i64>| fen.map_or_else(|| "—".to_owned(), shown_yuan);
    TotalsView {
        payments: (sum(totals.payments), sum(totals.our_payments)),
        refunds: (sum(totals.refunds), sum(totals.our_refunds)),
        fees: fees(totals.fees),
        unsettled: (totals.unsettled != 0).then(|| shown_yuan(totals.unsettled)),
        settled: shown_yuan(totals.settled_fen()),
        foreign: has_foreign.then(|| (sum(totals.foreign_payments), sum(totals.foreign_refunds))),
        account: totals.account.as_ref().map(|account| {
            let kinds = account.kinds.iter().map(|(name, kind)| (name.clone(), sum(*kind))).collect();
            AccountView { opening: balance(account.opening), closing: balance(account.closing), kinds }
        }),
        unlisted: totals.unlisted,
        unasked: totals.unasked,
    }
}

pub(super) fn file(file: &BillFile) -> FileView {
    let told = || [size(file.bytes), file.hash.clone(), shown(file.fetched)];
    FileView { is_fund_flow: file.kind == "FUND_FLOW", told: (!file.is_empty()).then(told) }
}

/// With one decimal.
fn size(bytes: i64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{}.{} KB", bytes / 1024, bytes % 1024 * 10 / 1024),
        _ => format!("{}.{} MB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
    }
}

pub(super) fn cell(day: &CalendarDay) -> DayCell {
    DayCell {
        day: day.day.to_string(),
        number: day.day.date().day(),
        standing: of_calendar(day.standing),
        open: day.open,
    }
}

pub(super) const fn of_calendar(standing: Calendar) -> Standing {
    match standing {
        Calendar::Before => Standing::Before,
        Calendar::NotYet => Standing::NotYet,
        Calendar::Missing => Standing::Missing,
        Calendar::Agrees => Standing::Agrees,
        Calendar::Differs => Standing::Differs,
    }
}

/// `None` of a kind that a newer version has stored.
pub(super) fn kind(stored: &str) -> Option<Difference> {
    Some(match DifferenceKind::parse(stored)? {
        DifferenceKind::NotPaidHere => Difference::NotPaidHere,
        DifferenceKind::UnknownHere => Difference::UnknownHere,
        DifferenceKind::NotInBill => Difference::NotInBill,
        DifferenceKind::Amount => Difference::Amount,
        DifferenceKind::RefundUnknown => Difference::RefundUnknown,
        DifferenceKind::RefundNotBooked => Difference::RefundNotBooked,
        DifferenceKind::RefundNotInBill => Difference::RefundNotInBill,
        DifferenceKind::RefundAmount => Difference::RefundAmount,
        DifferenceKind::Doubled => Difference::Doubled,
        DifferenceKind::Fee => Difference::Fee,
        DifferenceKind::FeeRate => Difference::FeeRate,
        DifferenceKind::Balance => Difference::Balance,
        DifferenceKind::FundFlow => Difference::FundFlow,
    })
}

/// `None` of a kind that a newer version has stored.
pub(super) fn row(stored: &Stored) -> Option<DifferenceRow> {
    let kind = kind(&stored.kind)?;
    // Of a rate, and of a balance within a bill, no amount is told.
    let has_amounts = match kind {
        Difference::FeeRate => false,
        Difference::Balance => stored.theirs_fen != stored.ours_fen,
        _ => true,
    };
    let amount = |fen: Option<i64>| fen.filter(|_| has_amounts).map_or_else(|| "—".to_owned(), shown_yuan);
    Some(DifferenceRow {
        id: stored.id,
        day: stored.day.clone(),
        kind,
        subject: stored.subject.clone(),
        theirs: amount(stored.theirs_fen),
        ours: amount(stored.ours_fen),
        standing: match stored.state {
            DifferenceState::Open => DifferenceStanding::Open,
            DifferenceState::Explained => DifferenceStanding::Explained,
            DifferenceState::Settled => DifferenceStanding::Settled,
        },
        answer: stored.answer.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_sizes_are_short() {
        for (thousandths, text) in
            [(0, "¥0.00"), (1_464_000, "¥14.64"), (1_464_050, "¥14.6405"), (-600, "−¥0.006"), (1, "¥0.00001")]
        {
            assert_eq!(fees(thousandths), text);
        }
        assert_eq!([900, 2_560, 3_145_728].map(size), ["900 B", "2.5 KB", "3.0 MB"]);
    }
}
