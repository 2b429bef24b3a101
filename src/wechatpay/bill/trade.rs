//! The trade bill (交易账单): what was paid and what was given back on one day, of all systems that use this
//! merchant number.

use std::borrow::Cow;

use jiff::Timestamp;

use super::{
    error::BillError,
    number::{Fee, Rate, fee, fen, fixed, time},
    sheet::{Column, Header, Layout, Record, Sheet, Taker},
    words::{BillRefundState, BillTradeState},
};

/// A row. Amounts are fen, as the bill says: nothing here has been compared with anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TradeRow<'a> {
    /// Of the file, from 1.
    pub line: u64,
    /// `交易时间`: when it was paid; of a refund, when it was asked for.
    pub time: Timestamp,
    pub appid: Cow<'a, str>,
    pub mchid: Cow<'a, str>,
    pub transaction_id: Cow<'a, str>,
    pub out_trade_no: Cow<'a, str>,
    /// The openid itself is not read.
    pub has_openid: bool,
    pub trade_type: Cow<'a, str>,
    pub state: BillTradeState,
    pub currency: Cow<'a, str>,
    /// `订单金额`, to compare with the order; 0 in rows of refunds.
    pub total: i64,
    /// `应结订单金额`, of which the fee is taken. The early layout has none.
    pub settled: Option<i64>,
    pub coupon: Option<i64>,
    /// Not in bills of type SUCCESS, and not in rows of payments.
    pub refund: Option<RefundCells<'a>>,
    pub title: Cow<'a, str>,
    /// `商户数据包`: the order's `attach`.
    pub attach: Cow<'a, str>,
    pub fee: Fee,
    pub rate: Option<Rate>,
    /// Columns that nobody knew when this was written, with what stands in them.
    pub others: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

/// What a row says of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundCells<'a> {
    pub refund_id: Cow<'a, str>,
    pub out_refund_no: Cow<'a, str>,
    /// `退款金额`: without what coupons had paid.
    pub amount: i64,
    pub coupon: i64,
    /// `申请退款金额`, to compare with the refund. The early layout has none.
    pub asked: Option<i64>,
    pub kind: Cow<'a, str>,
    pub state: BillRefundState,
    /// In bills of type REFUND alone.
    pub applied: Option<Timestamp>,
    pub succeeded: Option<Timestamp>,
}

impl RefundCells<'_> {
    /// What was asked for.
    pub fn asked(&self) -> i64 {
        self.asked.unwrap_or(self.amount)
    }
}

/// What the rows add up to; equal to the bill's own summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TradeSums {
    pub rows: u64,
    pub total: i64,
    pub settled: i64,
    pub refunded: i64,
    pub refunded_coupons: i64,
    pub refunds_asked: i64,
    pub fees: Fee,
}

impl TradeSums {
    fn add(&mut self, row: &TradeRow<'_>) -> Option<()> {
        self.rows = self.rows.checked_add(1)?;
        self.total = self.total.checked_add(row.total)?;
        self.settled = self.settled.checked_add(row.settled.unwrap_or(0))?;
        self.fees = Fee::from_thousandths(self.fees.thousandths().checked_add(row.fee.thousandths())?);
        if let Some(refund) = &row.refund {
            self.refunded = self.refunded.checked_add(refund.amount)?;
            self.refunded_coupons = self.refunded_coupons.checked_add(refund.coupon)?;
            self.refunds_asked = self.refunds_asked.checked_add(refund.asked.unwrap_or(0))?;
        }
        Some(())
    }

    /// Those sums that are given. `总交易额` of the early layout is not among them: nothing says what it counts.
    fn check(&self, names: &Header, row: &Record<'_>) -> Result<(), BillError> {
        let is_wrong = |column: Option<Column>, decimals, sum: i64| -> Result<bool, BillError> {
            Ok(row.read_any(column, |text| fixed(text, decimals))?.is_some_and(|given| given != sum))
        };
        let rows = i64::try_from(self.rows).map_err(|_| BillError::Overflow)?;
        for (name, decimals, sum) in [
            (TradeColumns::COUNT, 0, rows),
            ("应结订单总金额", 2, self.settled),
            ("退款总金额", 2, self.refunded),
            ("总退款金额", 2, self.refunded),
            ("充值券退款总金额", 2, self.refunded_coupons),
            ("手续费总金额", 5, self.fees.thousandths()),
            ("订单总金额", 2, self.total),
            ("申请退款总金额", 2, self.refunds_asked),
        ] {
            if is_wrong(names.place(&[name]), decimals, sum)? {
                return Err(BillError::Sum { column: name });
            }
        }
        Ok(())
    }
}

#[derive(Debug)]
struct TradeColumns {
    time: Column,
    appid: Option<Column>,
    mchid: Option<Column>,
    transaction_id: Column,
    out_trade_no: Column,
    openid: Option<Column>,
    trade_type: Option<Column>,
    state: Column,
    currency: Option<Column>,
    total: Column,
    settled: Option<Column>,
    coupon: Option<Column>,
    refund: Option<RefundColumns>,
    title: Option<Column>,
    attach: Option<Column>,
    fee: Option<Column>,
    rate: Option<Column>,
    /// Places of columns without a name here.
    others: Vec<usize>,
}

#[derive(Debug)]
struct RefundColumns {
    refund_id: Column,
    out_refund_no: Column,
    amount: Column,
    coupon: Option<Column>,
    asked: Option<Column>,
    kind: Option<Column>,
    state: Option<Column>,
    applied: Option<Column>,
    succeeded: Option<Column>,
}

/// Known, and of no use here.
const UNUSED: [&str; 5] = ["特约商户号", "子商户号", "设备号", "付款银行", "费率备注"];

impl Layout for TradeColumns {
    const COUNT: &'static str = "总交易单数";

    fn read(header: &Header) -> Result<Self, BillError> {
        let refund = header.place(&["商户退款单号"]).map(|out_refund_no| {
            Ok::<_, BillError>(RefundColumns {
                refund_id: header.require(&["微信退款单号"])?,
                out_refund_no,
                amount: header.require(&["退款金额"])?,
                coupon: header.place(&["充值券退款金额", "企业红包退款金额", "代金券或立减优惠退款金额"]),
                asked: header.place(&["申请退款金额"]),
                kind: header.place(&["退款类型"]),
                state: header.place(&["退款状态"]),
                applied: header.place(&["退款申请时间"]),
                succeeded: header.place(&["退款成功时间"]),
            })
        });
        let mut columns = Self {
            time: header.require(&["交易时间"])?,
            appid: header.place(&["公众账号ID"]),
            mchid: header.place(&["商户号"]),
            transaction_id: header.require(&["微信订单号"])?,
            out_trade_no: header.require(&["商户订单号"])?,
            openid: header.place(&["用户标识"]),
            trade_type: header.place(&["交易类型"]),
            state: header.require(&["交易状态"])?,
            currency: header.place(&["货币种类"]),
            total: header.require(&["订单金额", "总金额"])?,
            settled: header.place(&["应结订单金额"]),
            coupon: header.place(&["代金券金额", "企业红包金额", "代金券或立减优惠金额"]),
            refund: refund.transpose()?,
            title: header.place(&["商品名称"]),
            attach: header.place(&["商户数据包"]),
            fee: header.place(&["手续费"]),
            rate: header.place(&["费率"]),
            others: Vec::new(),
        };
        let known = columns.known();
        let is_other = |(place, name): &(usize, &str)| !known.contains(place) && !UNUSED.contains(name);
        columns.others = header.names().enumerate().filter(is_other).map(|(place, _)| place).collect();
        Ok(columns)
    }
}

impl TradeColumns {
    fn known(&self) -> Vec<usize> {
        let required = [self.time, self.transaction_id, self.out_trade_no, self.state, self.total].map(Some);
        let any = [
            self.appid,
            self.mchid,
            self.openid,
            self.trade_type,
            self.currency,
            self.settled,
            self.coupon,
            self.title,
            self.attach,
            self.fee,
            self.rate,
        ];
        let refund = self.refund.iter().flat_map(|it| {
            [
                Some(it.refund_id),
                Some(it.out_refund_no),
                Some(it.amount),
                it.coupon,
                it.asked,
                it.kind,
                it.state,
                it.applied,
                it.succeeded,
            ]
        });
        required.into_iter().chain(any).chain(refund).flatten().map(Column::place).collect()
    }

    fn row<'a>(&self, names: &'a Header, row: &Record<'a>) -> Result<TradeRow<'a>, BillError> {
        let refund = match &self.refund {
            Some(columns) if !matches!(row.plain(columns.out_refund_no), "" | "0") => Some(columns.read(row)?),
            _ => None,
        };
        let name = |place: usize| names.names().nth(place).unwrap_or_default();
        Ok(TradeRow {
            line: row.line,
            time: row.read(self.time, time)?,
            appid: row.text(self.appid),
            mchid: row.text(self.mchid),
            transaction_id: row.text(Some(self.transaction_id)),
            out_trade_no: row.text(Some(self.out_trade_no)),
            has_openid: self.openid.is_some_and(|column| !row.plain(column).is_empty()),
            trade_type: row.text(self.trade_type),
            state: BillTradeState::parse(row.plain(self.state)),
            currency: row.text(self.currency),
            total: row.read(self.total, fen)?,
            settled: row.read_any(self.settled, fen)?,
            coupon: row.read_any(self.coupon, fen)?,
            refund,
            title: row.text(self.title),
            attach: row.text(self.attach),
            fee: row.read_any(self.fee, fee)?.unwrap_or_default(),
            rate: self.rate.and_then(|column| Rate::parse(row.plain(column))),
            others: self.others.iter().map(|place| (name(*place).into(), row.text_at(*place))).collect(),
        })
    }
}

impl RefundColumns {
    fn read<'a>(&self, row: &Record<'a>) -> Result<RefundCells<'a>, BillError> {
        // Some cells of refunds that are under way hold nothing, or a word.
        let at = |column: Option<Column>| column.and_then(|column| time(row.plain(column)));
        Ok(RefundCells {
            refund_id: row.text(Some(self.refund_id)),
            out_refund_no: row.text(Some(self.out_refund_no)),
            amount: row.read(self.amount, fen)?,
            coupon: row.read_any(self.coupon, fen)?.unwrap_or(0),
            asked: row.read_any(self.asked, fen)?,
            kind: row.text(self.kind),
            state: BillRefundState::parse(self.state.map(|column| row.plain(column)).unwrap_or_default()),
            applied: at(self.applied),
            succeeded: at(self.succeeded),
        })
    }
}

/// Reads a trade bill of any type. [`TradeBill::finish`] tells whether it was whole.
#[derive(Debug)]
pub struct TradeBill {
    sheet: Sheet<TradeColumns>,
    sums: TradeSums,
}

impl Default for TradeBill {
    fn default() -> Self {
        Self { sheet: Sheet::new(), sums: TradeSums::default() }
    }
}

struct Rows<'s, F> {
    sums: &'s mut TradeSums,
    each: F,
}

impl<E: From<BillError>, F: FnMut(&TradeRow<'_>) -> Result<(), E>> Taker<TradeColumns, E> for Rows<'_, F> {
    fn row(&mut self, layout: &TradeColumns, names: &Header, row: &Record<'_>) -> Result<(), E> {
        let row = layout.row(names, row)?;
        self.sums.add(&row).ok_or(BillError::Overflow)?;
        (self.each)(&row)
    }

    fn sums(&mut self, names: &Header, row: &Record<'_>) -> Result<(), E> {
        Ok(self.sums.check(names, row)?)
    }
}

impl TradeBill {
    /// The next piece of the file; `each` gets the rows that are whole.
    ///
    /// # Errors
    /// It is no bill; or those of `each`.
    pub fn feed<E: From<BillError>>(
        &mut self,
        chunk: &[u8],
        each: impl FnMut(&TradeRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.sheet.feed(chunk, &mut Rows { sums: &mut self.sums, each })
    }

    /// After the last piece.
    ///
    /// # Errors
    /// The file ends too early, or its rows do not add up to its summary.
    pub fn finish<E: From<BillError>>(
        mut self,
        each: impl FnMut(&TradeRow<'_>) -> Result<(), E>,
    ) -> Result<TradeSums, E> {
        self.sheet.finish(&mut Rows { sums: &mut self.sums, each })?;
        Ok(self.sums)
    }
}
