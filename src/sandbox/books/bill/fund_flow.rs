//! The fund-flow bill: the merchant's account, which begins empty with the ledger.

use std::borrow::Cow;

use super::{
    day::Day,
    sheet::{Sheet, count, time, yuan},
    trade::invented_money,
};
use crate::sandbox::{
    bill_terms::{BillLayout, BillTerms},
    books::{ledger::Ledger, refund::RefundStatus},
};

/// A movement; fen, less than nothing when it goes out.
struct Movement<'a> {
    at_ms: i64,
    business_no: Cow<'a, str>,
    name: &'static str,
    change: i64,
    voucher: Cow<'a, str>,
}

/// Of a withdrawal, after midnight.
const EVENING: i64 = 20 * 60 * 60 * 1000;

const NAMES: [&str; 11] = [
    "记账时间",
    "微信支付业务单号",
    "资金流水单号",
    "业务名称",
    "业务类型",
    "收支类型",
    "收支金额(元)",
    "账户结余(元)",
    "资金变更提交申请人",
    "备注",
    "业务凭证号",
];

/// `carried`: what knobs had added to the days before.
pub(super) fn bill(ledger: &Ledger, day: Day, terms: &BillTerms, carried: i64) -> Option<String> {
    let mut all = movements(ledger, terms);
    let begin = day.begin_ms();
    let mut balance = carried + all.iter().filter(|it| it.at_ms < begin).map(|it| it.change).sum::<i64>();
    all.retain(|it| day.has(it.at_ms));
    all.extend(planted(day, terms));
    if all.is_empty() {
        return None;
    }
    all.sort_by_key(|it| it.at_ms);
    let is_reordered = terms.bill_layout == BillLayout::Reordered;
    let ordered = |mut cells: Vec<String>| {
        if is_reordered {
            cells.reverse();
        }
        cells.into_iter()
    };
    let mut sheet = Sheet::new(terms.is_plain());
    let names = ordered(NAMES.map(str::to_owned).to_vec());
    sheet.names(names.collect::<Vec<_>>().iter().map(String::as_str));
    let (mut wrong, from) = (0, usize::try_from(terms.bill_wrong_balance).unwrap_or_default());
    for (number, it) in all.iter().enumerate() {
        balance += it.change;
        if from == number + 1 {
            wrong = 1;
        }
        sheet.cells(ordered(vec![
            time(it.at_ms),
            it.business_no.to_string(),
            format!("{}{number:09}", begin / 1000),
            it.name.to_owned(),
            it.name.to_owned(),
            if it.change < 0 { "支出" } else { "收入" }.to_owned(),
            yuan(it.change.abs()),
            yuan(balance + wrong),
            "system".to_owned(),
            String::new(),
            it.voucher.to_string(),
        ]));
    }
    write_sums(&mut sheet, &all);
    Some(sheet.finish())
}

/// What the knobs add to a day.
fn planted(day: Day, terms: &BillTerms) -> Vec<Movement<'static>> {
    let mut all = Vec::new();
    for (at_ms, business_no, settled, voucher) in invented_money(day, terms) {
        let of = |name, change| Movement {
            at_ms,
            business_no: business_no.clone().into(),
            name,
            change,
            voucher: voucher.clone().into(),
        };
        all.push(of("交易", settled));
        all.extend(fee(terms, settled).map(|fee| of("扣除交易手续费", -fee)));
    }
    if terms.bill_withdrawal_fen > 0 {
        all.push(Movement {
            at_ms: day.begin_ms() + EVENING,
            business_no: "1000000000".into(),
            name: "提现",
            change: -i64::from(terms.bill_withdrawal_fen),
            voucher: "1000000000".into(),
        });
    }
    all
}

/// What those come to.
pub(super) fn planted_money(day: Day, terms: &BillTerms) -> i64 {
    planted(day, terms).iter().map(|it| it.change).sum()
}

fn write_sums(sheet: &mut Sheet, all: &[Movement<'_>]) {
    let (ins, outs): (Vec<i64>, Vec<i64>) = all.iter().map(|it| it.change).partition(|change| *change >= 0);
    sheet.names(["资金流水总笔数", "收入笔数", "收入金额", "支出笔数", "支出金额"].into_iter());
    let sums = [
        count(all.len()),
        count(ins.len()),
        yuan(ins.iter().sum()),
        count(outs.len()),
        yuan(-outs.iter().sum::<i64>()),
    ];
    sheet.cells(sums.into_iter());
}

/// All there ever were, but for withdrawals.
fn movements<'a>(ledger: &'a Ledger, terms: &BillTerms) -> Vec<Movement<'a>> {
    let mut all = Vec::new();
    for order in ledger.paid_orders() {
        let Some(payment) = &order.payment else { continue };
        let settled = order.total - terms.coupon(order.total);
        let of = |name, change| Movement {
            at_ms: payment.success_ms,
            business_no: (&*payment.transaction_id).into(),
            name,
            change,
            voucher: (&*order.out_trade_no).into(),
        };
        all.push(of("交易", settled));
        all.extend(fee(terms, settled).map(|fee| of("扣除交易手续费", -fee)));
    }
    for refund in ledger.refunds().filter(|refund| refund.status != RefundStatus::Closed) {
        let of = |name, change| Movement {
            at_ms: refund.created_ms,
            business_no: (&*refund.refund_id).into(),
            name,
            change,
            voucher: (&*refund.out_refund_no).into(),
        };
        all.push(of("退款", -refund.amount));
        all.extend(fee(terms, refund.amount).map(|fee| of("退还交易手续费", fee)));
    }
    all
}

fn fee(terms: &BillTerms, settled: i64) -> Option<i64> {
    Some(terms.fee(settled) / 1000).filter(|fee| *fee > 0)
}
