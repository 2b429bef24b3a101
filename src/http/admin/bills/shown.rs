//! Days, sums, files and differences as pages show them.

use jiff::Timestamp;

use crate::{
    app::admin::{
        AccountView, DayCell, Difference, DifferenceRow, DifferenceStanding, FileView, Standing, SumView, TotalsView,
    },
    domain::signed_yuan,
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

fn yuan(fen: i64) -> String {
    let text = signed_yuan(fen);
    text.strip_prefix('-').map_or_else(|| format!("¥{text}"), |size| format!("-¥{size}"))
}

fn sum(sum: Sum) -> SumView {
    SumView { count: sum.count, yuan: yuan(sum.fen) }
}

pub(super) fn totals(totals: &Totals) -> TotalsView {
    let has_foreign = totals.foreign_payments.count + totals.foreign_refunds.count > 0;
    let balance = |fen: Option<i64>| fen.map_or_else(|| "—".to_owned(), yuan);
    TotalsView {
        payments: (sum(totals.payments), sum(totals.our_payments)),
        refunds: (sum(totals.refunds), sum(totals.our_refunds)),
        fees: format!("¥{}", Fee::from_thousandths(totals.fees)),
        net: yuan(totals.net_fen()),
        foreign: has_foreign.then(|| (sum(totals.foreign_payments), sum(totals.foreign_refunds))),
        account: totals.account.as_ref().map(|account| {
            let kinds = account.kinds.iter().map(|(name, kind)| (name.clone(), sum(*kind))).collect();
            AccountView { opening: balance(account.opening), closing: balance(account.closing), kinds }
        }),
        unlisted: totals.unlisted,
    }
}

pub(super) fn file(file: &BillFile) -> FileView {
    let told = (!file.is_empty()).then(|| format!("{} B · SHA-1 {} · {}", file.bytes, file.hash, shown(file.fetched)));
    FileView { kind: file.kind.clone(), told }
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
pub(super) fn row(stored: &Stored) -> Option<DifferenceRow> {
    let kind = match DifferenceKind::parse(&stored.kind)? {
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
    };
    let amount = |fen: Option<i64>| fen.map_or_else(|| "—".to_owned(), yuan);
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
