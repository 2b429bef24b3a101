//! The fund-flow bill (资金账单): every movement of the merchant's account on one day.

use std::borrow::Cow;

use jiff::Timestamp;

use super::{
    error::BillError,
    number::{fen, fixed, time},
    sheet::{Column, Header, Layout, Record, Sheet, Taker},
};

/// `收支类型`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    In,
    Out,
    Unknown(String),
}

impl Direction {
    fn parse(word: &str) -> Self {
        match word {
            "收入" => Self::In,
            "支出" => Self::Out,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

/// A movement. Amounts are fen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowRow<'a> {
    pub line: u64,
    pub time: Timestamp,
    /// `微信支付业务单号`: of a payment its `transaction_id`, of a refund its `refund_id`.
    pub business_no: Cow<'a, str>,
    pub flow_no: Cow<'a, str>,
    pub name: Cow<'a, str>,
    pub kind: Cow<'a, str>,
    pub direction: Direction,
    pub amount: i64,
    /// Of the account, after it.
    pub balance: i64,
    pub note: Cow<'a, str>,
    /// `业务凭证号`: of a payment our `out_trade_no`.
    pub voucher: Cow<'a, str>,
}

impl FlowRow<'_> {
    /// What it adds to the balance.
    pub const fn change(&self) -> Option<i64> {
        match self.direction {
            Direction::In => Some(self.amount),
            Direction::Out => Some(-self.amount),
            Direction::Unknown(_) => None,
        }
    }
}

/// What the rows add up to; equal to the bill's own summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlowSums {
    pub rows: u64,
    pub ins: u64,
    pub income: i64,
    pub outs: u64,
    pub outlay: i64,
    /// Before the first movement and after the last one.
    pub opening: Option<i64>,
    pub closing: Option<i64>,
    /// The first line whose balance does not follow from the one before it.
    pub broken: Option<u64>,
}

/// Balances in the order of the file and in the opposite one: nothing says which one WeChat writes.
#[derive(Debug, Default)]
struct Chain {
    first: Option<(i64, i64)>,
    last: Option<(i64, i64)>,
    broken_forward: Option<u64>,
    broken_backward: Option<u64>,
}

impl Chain {
    fn add(&mut self, line: u64, change: i64, balance: i64) {
        if let Some((last_change, last_balance)) = self.last {
            if last_balance.checked_add(change) != Some(balance) {
                self.broken_forward.get_or_insert(line);
            }
            if balance.checked_add(last_change) != Some(last_balance) {
                self.broken_backward.get_or_insert(line);
            }
        }
        self.first.get_or_insert((change, balance));
        self.last = Some((change, balance));
    }

    fn close(&self, sums: &mut FlowSums) {
        let (Some(first), Some(last)) = (self.first, self.last) else { return };
        let is_backward = self.broken_forward.is_some() && self.broken_backward.is_none();
        let (oldest, newest) = if is_backward { (last, first) } else { (first, last) };
        sums.opening = oldest.1.checked_sub(oldest.0);
        sums.closing = Some(newest.1);
        sums.broken = if is_backward { None } else { self.broken_forward };
    }
}

#[derive(Debug)]
struct FlowColumns {
    time: Column,
    business_no: Column,
    flow_no: Option<Column>,
    name: Option<Column>,
    kind: Option<Column>,
    direction: Column,
    amount: Column,
    balance: Column,
    note: Option<Column>,
    voucher: Option<Column>,
}

impl Layout for FlowColumns {
    const COUNT: &'static str = "资金流水总笔数";

    fn read(header: &Header) -> Result<Self, BillError> {
        Ok(Self {
            time: header.require(&["记账时间"])?,
            business_no: header.require(&["微信支付业务单号"])?,
            flow_no: header.place(&["资金流水单号"]),
            name: header.place(&["业务名称"]),
            kind: header.place(&["业务类型"]),
            direction: header.require(&["收支类型"])?,
            amount: header.require(&["收支金额"])?,
            balance: header.require(&["账户结余"])?,
            note: header.place(&["备注"]),
            voucher: header.place(&["业务凭证号"]),
        })
    }
}

impl FlowColumns {
    fn row<'a>(&self, row: &Record<'a>) -> Result<FlowRow<'a>, BillError> {
        Ok(FlowRow {
            line: row.line,
            time: row.read(self.time, time)?,
            business_no: row.text(Some(self.business_no)),
            flow_no: row.text(self.flow_no),
            name: row.text(self.name),
            kind: row.text(self.kind),
            direction: Direction::parse(row.plain(self.direction)),
            amount: row.read(self.amount, fen)?,
            balance: row.read(self.balance, fen)?,
            note: row.text(self.note),
            voucher: row.text(self.voucher),
        })
    }
}

/// Reads a fund-flow bill. [`FundFlowBill::finish`] tells whether it was whole.
#[derive(Debug)]
pub struct FundFlowBill {
    sheet: Sheet<FlowColumns>,
    state: State,
}

#[derive(Debug, Default)]
struct State {
    sums: FlowSums,
    chain: Chain,
}

impl Default for FundFlowBill {
    fn default() -> Self {
        Self { sheet: Sheet::new(), state: State::default() }
    }
}

impl State {
    fn add(&mut self, row: &FlowRow<'_>) -> Option<()> {
        let sums = &mut self.sums;
        sums.rows = sums.rows.checked_add(1)?;
        match row.direction {
            Direction::In => {
                sums.ins += 1;
                sums.income = sums.income.checked_add(row.amount)?;
            }
            Direction::Out => {
                sums.outs += 1;
                sums.outlay = sums.outlay.checked_add(row.amount)?;
            }
            Direction::Unknown(_) => {}
        }
        self.chain.add(row.line, row.change().unwrap_or(0), row.balance);
        Some(())
    }

    fn check(&self, names: &Header, row: &Record<'_>) -> Result<(), BillError> {
        let count = |count: u64| i64::try_from(count).map_err(|_| BillError::Overflow);
        let sums = &self.sums;
        for (name, decimals, sum) in [
            (FlowColumns::COUNT, 0, count(sums.rows)?),
            ("收入笔数", 0, count(sums.ins)?),
            ("收入金额", 2, sums.income),
            ("支出笔数", 0, count(sums.outs)?),
            ("支出金额", 2, sums.outlay),
        ] {
            let given = row.read_any(names.place(&[name]), |text| fixed(text, decimals))?;
            if given.is_some_and(|given| given != sum) {
                return Err(BillError::Sum { column: name });
            }
        }
        Ok(())
    }
}

struct Rows<'s, F> {
    state: &'s mut State,
    each: F,
}

impl<E: From<BillError>, F: FnMut(&FlowRow<'_>) -> Result<(), E>> Taker<FlowColumns, E> for Rows<'_, F> {
    fn row(&mut self, layout: &FlowColumns, _: &Header, row: &Record<'_>) -> Result<(), E> {
        let row = layout.row(row)?;
        self.state.add(&row).ok_or(BillError::Overflow)?;
        (self.each)(&row)
    }

    fn sums(&mut self, names: &Header, row: &Record<'_>) -> Result<(), E> {
        Ok(self.state.check(names, row)?)
    }
}

impl FundFlowBill {
    /// The next piece of the file; `each` gets the rows that are whole.
    ///
    /// # Errors
    /// It is no bill; or those of `each`.
    pub fn feed<E: From<BillError>>(
        &mut self,
        chunk: &[u8],
        each: impl FnMut(&FlowRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.sheet.feed(chunk, &mut Rows { state: &mut self.state, each })
    }

    /// After the last piece.
    ///
    /// # Errors
    /// The file ends too early, or its rows do not add up to its summary.
    pub fn finish<E: From<BillError>>(
        mut self,
        each: impl FnMut(&FlowRow<'_>) -> Result<(), E>,
    ) -> Result<FlowSums, E> {
        self.sheet.finish(&mut Rows { state: &mut self.state, each })?;
        self.state.chain.close(&mut self.state.sums);
        Ok(self.state.sums)
    }
}
