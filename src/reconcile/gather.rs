//! Both sides as rows to be sorted: the bills' files, and the books in pages.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use super::{
    BillDay, Reconcile, ReconcileError, folder,
    row::{Class, Row, Side},
    sorter::Sorter,
    totals::{Account, Totals},
};
use crate::{
    domain::OutTradeNo,
    storage::bills::ours::{self, OurPayment, OurRefund},
    wechatpay::bill::{BillRefundState, BillTradeState, FlowRow, FundFlowBill, Rate, TradeBill, TradeRow},
};

const PIECE: usize = 64 * 1024;
/// Rows of the books that are read at once.
const PAGE: i64 = 1000;
/// Names of movements that are told apart.
const KINDS: usize = 50;
/// Refunds without a date that are asked about before a comparison, and how old they may be.
const UNDATED: i64 = 200;
const UNDATED_DAYS: i64 = 3;
/// Longer than any number of WeChat's or a merchant's.
const NUMBER: usize = 128;

/// The bills of a day in their files; `None` where nothing happened.
pub(super) struct Bills {
    pub(super) trades: Option<PathBuf>,
    pub(super) flows: Option<PathBuf>,
    /// How orders of this shop are marked.
    pub(super) mark: String,
}

/// Reads both files. Blocks.
pub(super) fn read_bills(bills: &Bills, sorter: &mut Sorter) -> Result<Totals, ReconcileError> {
    let mut totals = Totals::default();
    if let Some(path) = &bills.trades {
        let with_flows = bills.flows.is_some();
        totals.rows = read_trades(path, &bills.mark, with_flows, sorter, &mut totals.unknown_rows)?;
    }
    if let Some(path) = &bills.flows {
        totals.account = Some(read_flows(path, sorter)?);
    }
    Ok(totals)
}

fn pieces(path: &Path, mut each: impl FnMut(&[u8]) -> Result<(), ReconcileError>) -> Result<(), ReconcileError> {
    let mut file = folder::open(path)?;
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(()),
            read => each(piece.get(..read).unwrap_or_default())?,
        }
    }
}

fn read_trades(
    path: &Path,
    mark: &str,
    with_flows: bool,
    sorter: &mut Sorter,
    unknown: &mut u64,
) -> Result<u64, ReconcileError> {
    let mut bill = TradeBill::default();
    let mut take = |trade: &TradeRow<'_>| -> Result<(), ReconcileError> {
        let Some(row) = row_of(trade, mark) else {
            *unknown += 1;
            return Ok(());
        };
        if with_flows && !row.has_failed && says_what_is_settled(trade) {
            sorter.push(flow_of(&row))?;
        }
        Ok(sorter.push(row)?)
    };
    pieces(path, |piece| bill.feed(piece, &mut take))?;
    Ok(bill.finish(&mut take)?.rows)
}

fn number(text: &str) -> String {
    text.chars().take(NUMBER).collect()
}

/// The early layout does not, where a coupon was used: neither fee nor movement of the account can be told from it.
fn says_what_is_settled(trade: &TradeRow<'_>) -> bool {
    let has_coupon = match &trade.refund {
        Some(refund) => refund.coupon > 0 && refund.asked.is_none(),
        None => trade.coupon.is_some_and(|fen| fen > 0),
    };
    trade.settled.is_some() || !has_coupon
}

/// `None` for a row of a kind that nobody knows.
fn row_of(trade: &TradeRow<'_>, mark: &str) -> Option<Row> {
    let out_trade_no = number(&trade.out_trade_no);
    let is_ours = match &*trade.attach {
        "" => OutTradeNo::is_of_our_form(&out_trade_no),
        attach => attach == mark,
    };
    let row = Row {
        class: Class::Payment,
        key: number(&trade.transaction_id),
        side: Side::Bill,
        fen: trade.total,
        settled: trade.settled.unwrap_or(trade.total),
        fee: trade.fee.thousandths(),
        rate: trade.rate.filter(|_| says_what_is_settled(trade)).map_or(-1, Rate::millionths),
        at_ms: trade.time.as_millisecond(),
        order_id: 0,
        transaction_id: String::new(),
        out_trade_no,
        refund_id: String::new(),
        is_ours,
        has_failed: false,
    };
    match (&trade.state, &trade.refund) {
        (BillTradeState::Success, _) => Some(row),
        (BillTradeState::Refund | BillTradeState::Revoked, Some(refund)) => Some(Row {
            class: Class::Refund,
            key: number(&refund.out_refund_no),
            fen: refund.asked(),
            settled: refund.amount,
            transaction_id: row.key.clone(),
            refund_id: number(&refund.refund_id),
            has_failed: refund.state == BillRefundState::Fail,
            ..row
        }),
        (BillTradeState::Refund | BillTradeState::Revoked, None) | (BillTradeState::Unknown(_), _) => None,
    }
}

/// What the account should show of it.
fn flow_of(row: &Row) -> Row {
    let (key, fen) = match row.class {
        Class::Refund => (row.refund_id.clone(), -row.settled),
        Class::Payment | Class::Flow => (row.key.clone(), row.settled),
    };
    Row { class: Class::Flow, key, fen, transaction_id: String::new(), refund_id: String::new(), ..row.clone() }
}

fn read_flows(path: &Path, sorter: &mut Sorter) -> Result<Account, ReconcileError> {
    let (mut bill, mut account) = (FundFlowBill::default(), Account::default());
    let mut take = |flow: &FlowRow<'_>| -> Result<(), ReconcileError> {
        let change = flow.change().unwrap_or(0);
        if change < 0 {
            account.outlay.add(-change);
        } else {
            account.income.add(change);
        }
        let name =
            if account.kinds.len() < KINDS || account.kinds.contains_key(&*flow.name) { &*flow.name } else { "…" };
        account.kinds.entry(name.chars().take(40).collect()).or_default().add(change);
        Ok(sorter.push(movement(flow, change))?)
    };
    pieces(path, |piece| bill.feed(piece, &mut take))?;
    let sums = bill.finish(&mut take)?;
    account.opening = sums.opening;
    account.closing = sums.closing;
    account.broken_line = sums.broken;
    Ok(account)
}

fn movement(flow: &FlowRow<'_>, change: i64) -> Row {
    Row {
        class: Class::Flow,
        key: number(&flow.business_no),
        side: Side::Account,
        fen: change,
        settled: change,
        fee: 0,
        rate: -1,
        at_ms: flow.time.as_millisecond(),
        order_id: 0,
        transaction_id: String::new(),
        out_trade_no: number(&flow.voucher),
        refund_id: String::new(),
        is_ours: false,
        has_failed: false,
    }
}

impl Reconcile {
    /// Refunds of ours that WeChat has accepted, and has not told when: bills go by that time.
    pub(super) async fn date_refunds(&self, day: BillDay) -> Result<(), ReconcileError> {
        let (from, to) = (day.plus_days(-UNDATED_DAYS).span_ms().0, day.span_ms().1);
        let undated = ours::list_undated(&mut *self.0.db.read().await?, from, to, UNDATED).await?;
        for id in undated {
            self.0.checkout.date_refund(id).await?;
        }
        Ok(())
    }

    /// What the books say of the day.
    pub(super) async fn read_ours(&self, day: BillDay, mut sorter: Sorter) -> Result<Sorter, ReconcileError> {
        let span = day.span_ms();
        let mut after = (span.0 - 1, 0);
        loop {
            let page = ours::list_payments(&mut *self.0.db.read().await?, span, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = (last.success_ms, last.id);
            sorter = push_all(sorter, page.into_iter().map(of_payment).collect()).await?;
        }
        let mut after = (span.0 - 1, 0);
        loop {
            let page = ours::list_refunds(&mut *self.0.db.read().await?, span, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = (last.at_ms, last.id);
            sorter = push_all(sorter, page.into_iter().map(of_refund).collect()).await?;
        }
        Ok(sorter)
    }
}

/// Off the async threads: now and then a run is written.
async fn push_all(mut sorter: Sorter, rows: Vec<Row>) -> Result<Sorter, ReconcileError> {
    let pushing = tokio::task::spawn_blocking(move || {
        for row in rows {
            sorter.push(row)?;
        }
        Ok::<_, std::io::Error>(sorter)
    });
    Ok(pushing.await.map_err(|_| ReconcileError::Broken)??)
}

pub(super) fn of_payment(payment: OurPayment) -> Row {
    Row {
        class: Class::Payment,
        key: payment.transaction_id,
        side: Side::Ours,
        fen: payment.total_fen,
        settled: payment.total_fen,
        fee: 0,
        rate: -1,
        at_ms: payment.success_ms,
        order_id: payment.order_id,
        transaction_id: String::new(),
        out_trade_no: payment.out_trade_no,
        refund_id: String::new(),
        is_ours: true,
        has_failed: false,
    }
}

pub(super) fn of_refund(refund: OurRefund) -> Row {
    Row {
        class: Class::Refund,
        key: refund.out_refund_no,
        side: Side::Ours,
        fen: refund.amount_fen,
        settled: refund.amount_fen,
        fee: 0,
        rate: -1,
        at_ms: refund.at_ms,
        order_id: refund.order_id,
        transaction_id: refund.transaction_id,
        out_trade_no: String::new(),
        refund_id: String::new(),
        is_ours: true,
        has_failed: refund.state == "CLOSED",
    }
}
