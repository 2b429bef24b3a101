//! The trade bill.

use std::borrow::Cow;

use super::{
    day::{Day, Trades},
    sheet::{Sheet, count, escape, fee, time, yuan},
};
use crate::sandbox::{
    bill_terms::{BillLayout, BillTerms},
    books::{
        ledger::Ledger,
        order::{Order, Payment},
        refund::{Refund, RefundStatus},
    },
};

/// What stands in one line. Amounts are fen.
#[derive(Clone)]
struct Row<'a> {
    at_ms: i64,
    transaction_id: Cow<'a, str>,
    out_trade_no: Cow<'a, str>,
    openid: &'a str,
    trade_type: &'static str,
    title: &'a str,
    attach: &'a str,
    device: &'a str,
    total: i64,
    settled: i64,
    coupon: i64,
    /// Thousandths of a fen.
    fee: i64,
    refund: Option<Given<'a>>,
}

/// What was given back.
#[derive(Clone)]
struct Given<'a> {
    refund_id: &'a str,
    out_refund_no: &'a str,
    amount: i64,
    state: &'static str,
    success_ms: Option<i64>,
}

/// Whose bill it is, and on which terms.
struct Head<'a> {
    appid: &'a str,
    mchid: &'a str,
    rate: String,
}

/// A column: its name, in which bills it stands, what stands in it.
type Column = (&'static str, In, fn(&Head<'_>, &Row<'_>) -> String);

#[derive(Clone, Copy, PartialEq, Eq)]
enum In {
    Each,
    /// Wherever refunds are.
    Refunds,
    /// In bills of type REFUND alone.
    RefundAlone,
    /// Not in the early layout.
    Newer,
    /// The same, and only wherever refunds are.
    NewerRefunds,
    /// Only in the early layout.
    Early,
    EarlyRefunds,
}

impl In {
    fn holds(self, trades: Trades, early: bool) -> bool {
        let refunds = trades != Trades::Success;
        match self {
            Self::Each => true,
            Self::Refunds => refunds,
            Self::RefundAlone => trades == Trades::Refund,
            Self::Newer => !early,
            Self::NewerRefunds => !early && refunds,
            Self::Early => early,
            Self::EarlyRefunds => early && refunds,
        }
    }
}

fn given(row: &Row<'_>, cell: impl FnOnce(&Given<'_>) -> String, otherwise: &str) -> String {
    row.refund.as_ref().map_or_else(|| otherwise.to_owned(), cell)
}

const COLUMNS: &[Column] = &[
    ("交易时间", In::Each, |_, row| time(row.at_ms)),
    ("公众账号ID", In::Each, |head, _| head.appid.to_owned()),
    ("商户号", In::Each, |head, _| head.mchid.to_owned()),
    ("特约商户号", In::Each, |_, _| "0".to_owned()),
    ("设备号", In::Each, |_, row| escape(row.device)),
    ("微信订单号", In::Each, |_, row| row.transaction_id.to_string()),
    ("商户订单号", In::Each, |_, row| row.out_trade_no.to_string()),
    ("用户标识", In::Each, |_, row| row.openid.to_owned()),
    ("交易类型", In::Each, |_, row| row.trade_type.to_owned()),
    ("交易状态", In::Each, |_, row| if row.refund.is_some() { "REFUND" } else { "SUCCESS" }.to_owned()),
    ("付款银行", In::Each, |_, _| "OTHERS".to_owned()),
    ("货币种类", In::Each, |_, _| "CNY".to_owned()),
    ("总金额", In::Early, |_, row| yuan(row.total)),
    ("企业红包金额", In::Early, |_, row| yuan(row.coupon)),
    ("应结订单金额", In::Newer, |_, row| yuan(row.settled)),
    ("代金券金额", In::Newer, |_, row| yuan(row.coupon)),
    ("退款申请时间", In::RefundAlone, |_, row| time(row.at_ms)),
    ("退款成功时间", In::RefundAlone, |_, row| given(row, |it| it.success_ms.map(time).unwrap_or_default(), "")),
    ("微信退款单号", In::Refunds, |_, row| given(row, |it| it.refund_id.to_owned(), "0")),
    ("商户退款单号", In::Refunds, |_, row| given(row, |it| it.out_refund_no.to_owned(), "0")),
    ("退款金额", In::Refunds, |_, row| given(row, |it| yuan(it.amount), "0.00")),
    ("企业红包退款金额", In::EarlyRefunds, |_, _| "0.00".to_owned()),
    ("充值券退款金额", In::NewerRefunds, |_, _| "0.00".to_owned()),
    ("退款类型", In::Refunds, |_, row| given(row, |_| "ORIGINAL".to_owned(), "")),
    ("退款状态", In::Refunds, |_, row| given(row, |it| it.state.to_owned(), "")),
    ("商品名称", In::Each, |_, row| escape(row.title)),
    ("商户数据包", In::Each, |_, row| escape(row.attach)),
    ("手续费", In::Each, |_, row| fee(row.fee)),
    ("费率", In::Each, |head, _| head.rate.clone()),
    ("订单金额", In::Newer, |_, row| yuan(row.total)),
    ("申请退款金额", In::NewerRefunds, |_, row| given(row, |it| yuan(it.amount), "0.00")),
    ("费率备注", In::Newer, |_, _| String::new()),
];

/// Of [`BillLayout::More`].
const UNHEARD_OF: Column = ("门店编号", In::Each, |_, _| "S-001".to_owned());

pub(super) fn bill(
    ledger: &Ledger,
    (appid, mchid): (&str, &str),
    day: Day,
    trades: Trades,
    terms: &BillTerms,
) -> Option<String> {
    let rows = rows(ledger, day, trades, terms);
    if rows.is_empty() {
        return None;
    }
    let rate = terms.bill_fee_rate;
    let head = Head { appid, mchid, rate: format!("{}.{:02}%", rate / 10_000, rate % 10_000 / 100) };
    let is_early = terms.bill_layout == BillLayout::Early;
    let mut columns: Vec<&Column> = COLUMNS.iter().filter(|column| column.1.holds(trades, is_early)).collect();
    match terms.bill_layout {
        BillLayout::More => columns.insert(4, &UNHEARD_OF),
        BillLayout::Reordered => columns.reverse(),
        BillLayout::Usual | BillLayout::Early | BillLayout::Plain => {}
    }
    let mut sheet = Sheet::new(terms.is_plain());
    sheet.names(columns.iter().map(|column| column.0));
    for row in &rows {
        sheet.cells(columns.iter().map(|column| column.2(&head, row)));
    }
    write_sums(&mut sheet, &rows, trades, is_early);
    Some(sheet.finish())
}

fn write_sums(sheet: &mut Sheet, rows: &[Row<'_>], trades: Trades, is_early: bool) {
    let sum = |part: fn(&Row<'_>) -> i64| yuan(rows.iter().map(part).sum());
    let refunded = sum(|row| row.refund.as_ref().map_or(0, |it| it.amount));
    let fees = fee(rows.iter().map(|row| row.fee).sum());
    let (total, settled) = (sum(|row| row.total), sum(|row| row.settled));
    let rows = count(rows.len());
    let zero = || "0.00".to_owned();
    let sums: Vec<(&str, String)> = match (is_early, trades) {
        (true, _) => vec![
            ("总交易单数", rows),
            ("总交易额", total),
            ("总退款金额", refunded),
            ("总企业红包退款金额", zero()),
            ("手续费总金额", fees),
        ],
        (false, Trades::Success) => {
            vec![("总交易单数", rows), ("应结订单总金额", settled), ("手续费总金额", fees), ("订单总金额", total)]
        }
        (false, Trades::All | Trades::Refund) => vec![
            ("总交易单数", rows),
            ("应结订单总金额", settled),
            ("退款总金额", refunded.clone()),
            ("充值券退款总金额", zero()),
            ("手续费总金额", fees),
            ("订单总金额", total),
            ("申请退款总金额", refunded),
        ],
    };
    sheet.names(sums.iter().map(|(name, _)| *name));
    sheet.cells(sums.into_iter().map(|(_, sum)| sum));
}

fn rows<'a>(ledger: &'a Ledger, day: Day, trades: Trades, terms: &BillTerms) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    if trades != Trades::Refund {
        let paid = ledger.paid_orders().filter_map(|order| Some((order, order.payment.as_ref()?)));
        let paid = paid.filter(|(_, payment)| day.has(payment.success_ms));
        rows.extend(paid.skip(at(terms.bill_missing)).map(|(order, payment)| payment_row(order, payment, terms)));
        spoil(&mut rows, terms);
        let doubled: Vec<Row<'_>> = rows.iter().take(at(terms.bill_doubled)).cloned().collect();
        rows.extend(doubled);
        for row in invented(day, terms) {
            rows.push(row);
        }
    }
    if trades != Trades::Success {
        let refunds = ledger.refunds().filter(|refund| day.has(refund.created_ms)).skip(at(terms.bill_missing_refunds));
        let mut refunds: Vec<Row<'_>> = refunds.map(|refund| refund_row(ledger, refund, terms)).collect();
        for row in refunds.iter_mut().take(at(terms.bill_wrong_refund_amount)) {
            if let Some(given) = &mut row.refund {
                given.amount += 1;
            }
        }
        rows.append(&mut refunds);
    }
    rows
}

fn at(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// What is wrong with the amounts of payments: from the front, and fees from the back, so that no row has both.
fn spoil(rows: &mut [Row<'_>], terms: &BillTerms) {
    for row in rows.iter_mut().take(at(terms.bill_wrong_amount)) {
        row.total += 1;
        row.settled += 1;
    }
    for row in rows.iter_mut().rev().take(at(terms.bill_wrong_fee)) {
        row.fee += 1_000_000;
    }
}

fn payment_row<'a>(order: &'a Order, payment: &'a Payment, terms: &BillTerms) -> Row<'a> {
    let coupon = terms.coupon(order.total);
    let settled = order.total - coupon;
    Row {
        at_ms: payment.success_ms,
        transaction_id: (&*payment.transaction_id).into(),
        out_trade_no: (&*order.out_trade_no).into(),
        openid: &payment.openid,
        trade_type: "NATIVE",
        title: &order.description,
        attach: order.attach.as_deref().unwrap_or_default(),
        device: order.device_id.as_deref().unwrap_or_default(),
        total: order.total,
        settled,
        coupon,
        fee: terms.fee(settled),
        refund: None,
    }
}

fn refund_row<'a>(ledger: &'a Ledger, refund: &'a Refund, terms: &BillTerms) -> Row<'a> {
    let order = ledger.find(&refund.out_trade_no);
    let payment = order.and_then(|order| order.payment.as_ref());
    Row {
        at_ms: refund.created_ms,
        transaction_id: (&*refund.transaction_id).into(),
        out_trade_no: (&*refund.out_trade_no).into(),
        openid: payment.map(|payment| &*payment.openid).unwrap_or_default(),
        trade_type: "NATIVE",
        title: order.map(|order| &*order.description).unwrap_or_default(),
        attach: order.and_then(|order| order.attach.as_deref()).unwrap_or_default(),
        device: "",
        total: 0,
        settled: 0,
        coupon: 0,
        fee: -terms.fee(refund.amount),
        refund: Some(Given {
            refund_id: &refund.refund_id,
            out_refund_no: &refund.out_refund_no,
            amount: refund.amount,
            state: match refund.status {
                RefundStatus::Processing => "PROCESSING",
                RefundStatus::Success => "SUCCESS",
                RefundStatus::Closed => "FAIL",
                RefundStatus::Abnormal => "CHANGE",
            },
            success_ms: refund.success_ms,
        }),
    }
}

/// Like an order of the shop, by its number; nobody knows it.
fn unknown_row(day: Day, number: u32, terms: &BillTerms) -> Row<'static> {
    let date = day.date().strftime("%Y%m%d").to_string();
    row_of_nobody(day, format!("4299999{date}{number:013}"), format!("{date}000000N0B0DY{number:012}"), terms)
}

/// What nobody in this ledger has paid.
fn invented(day: Day, terms: &BillTerms) -> impl Iterator<Item = Row<'static>> {
    let unknown = (0..terms.bill_unknown).map(move |number| unknown_row(day, number, terms));
    unknown.chain((0..terms.bill_foreign).map(move |number| foreign_row(day, number, terms)))
}

/// The same as far as it moves the account: when, under which number, how much, and whose order it was.
pub(super) fn invented_money(day: Day, terms: &BillTerms) -> impl Iterator<Item = (i64, String, i64, String)> {
    let moved =
        |row: Row<'static>| (row.at_ms, row.transaction_id.into_owned(), row.settled, row.out_trade_no.into_owned());
    invented(day, terms).map(moved)
}

fn foreign_row(day: Day, number: u32, terms: &BillTerms) -> Row<'static> {
    let date = day.date().strftime("%Y%m%d").to_string();
    let row = row_of_nobody(day, format!("4288888{date}{number:013}"), format!("till-{number:06}"), terms);
    Row { trade_type: "MICROPAY", ..row }
}

fn row_of_nobody(day: Day, transaction_id: String, out_trade_no: String, terms: &BillTerms) -> Row<'static> {
    Row {
        at_ms: day.begin_ms(),
        transaction_id: transaction_id.into(),
        out_trade_no: out_trade_no.into(),
        openid: "oSandboxSomebodyElse00000001",
        trade_type: "NATIVE",
        title: "另一个系统的商品，一\\二,三",
        attach: "",
        device: "",
        total: 100,
        settled: 100,
        coupon: 0,
        fee: terms.fee(100),
        refund: None,
    }
}
