//! What staff takes away: the bill without the column that tells people apart, and a day's sums for the accountant.

use std::io::Read as _;

use super::{BillDay, Reconcile, ReconcileError, folder, totals::Totals};
use crate::{
    domain::signed_yuan,
    gateway::BillKind,
    storage::bills::ours::{self, ProductSum},
    wechatpay::bill::{BillError, Fee, TradeBill, TradeRow},
};

/// So that spreadsheets read it as what it is.
const BOM: &str = "\u{feff}";
const PIECE: usize = 64 * 1024;

/// Columns of the bill for people; `用户标识` is told as there or not.
const COLUMNS: [&str; 17] = [
    "交易时间",
    "微信订单号",
    "商户订单号",
    "用户标识",
    "交易类型",
    "交易状态",
    "货币种类",
    "订单金额",
    "应结订单金额",
    "代金券金额",
    "微信退款单号",
    "商户退款单号",
    "申请退款金额",
    "退款状态",
    "商品名称",
    "手续费",
    "费率",
];

impl Reconcile {
    /// The trade bill of a day as CSV, fetched again where this instance does not have it.
    ///
    /// # Errors
    /// The bill is not there any more, or cannot be written out.
    pub async fn export_bill(&self, day: BillDay) -> Result<Vec<u8>, ReconcileError> {
        let file = self.obtain(day, BillKind::Trade).await?;
        if file.is_empty() {
            return table(COLUMNS.iter().map(|it| (*it).to_owned()).collect(), Vec::new());
        }
        let path = self.0.folder.path(day, BillKind::Trade)?;
        let writing = tokio::task::spawn_blocking(move || {
            let mut out = BOM.as_bytes().to_vec();
            {
                let mut csv = csv::Writer::from_writer(&mut out);
                csv.write_record(COLUMNS).map_err(broken)?;
                let mut bill = TradeBill::default();
                let mut take = |row: &TradeRow<'_>| csv.write_record(cells(row)).map_err(|_| BillError::Overflow);
                let mut from = folder::open(&path)?;
                let mut piece = vec![0; PIECE];
                loop {
                    match from.read(&mut piece)? {
                        0 => break,
                        read => bill.feed(piece.get(..read).unwrap_or_default(), &mut take)?,
                    }
                }
                bill.finish(&mut take)?;
                csv.flush()?;
            }
            Ok(out)
        });
        writing.await.map_err(|_| ReconcileError::Broken)?
    }

    /// A span of days for the accountant: what each product brought in and gave back, by the books, and what WeChat
    /// took, by its bill.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn export_sums(&self, from: BillDay, to: BillDay) -> Result<Vec<u8>, ReconcileError> {
        let names = [
            "日期",
            "项目",
            "收款笔数",
            "收款金额(元)",
            "退款笔数",
            "退款金额(元)",
            "净额(元)",
            "未结算优惠(元)",
            "微信手续费(元)",
            "结算金额(元)",
            "对账结果",
        ];
        let mut rows = Vec::new();
        for day in self.calendar(from, to).await? {
            let sums = ours::sum_by_product(&mut *self.0.db.read().await?, day.day.span_ms()).await?;
            if sums.is_empty() && day.totals.is_none() {
                continue;
            }
            rows.extend(sums.iter().map(|sum| product_row(day.day, sum)));
            rows.push(day_row(day.day, &sums, day.totals.as_ref(), day.standing.code()));
        }
        table(names.map(str::to_owned).to_vec(), rows)
    }
}

fn table(names: Vec<String>, rows: Vec<Vec<String>>) -> Result<Vec<u8>, ReconcileError> {
    let mut out = BOM.as_bytes().to_vec();
    {
        let mut csv = csv::Writer::from_writer(&mut out);
        csv.write_record(names).map_err(broken)?;
        for row in rows {
            csv.write_record(row).map_err(broken)?;
        }
        csv.flush()?;
    }
    Ok(out)
}

fn broken(error: csv::Error) -> ReconcileError {
    ReconcileError::File(std::io::Error::other(error))
}

fn product_row(day: BillDay, sum: &ProductSum) -> Vec<String> {
    vec![
        day.to_string(),
        safe(&sum.title),
        sum.payments.to_string(),
        signed_yuan(sum.paid_fen),
        sum.refunds.to_string(),
        signed_yuan(sum.refunded_fen),
        signed_yuan(sum.paid_fen - sum.refunded_fen),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
    ]
}

fn day_row(day: BillDay, sums: &[ProductSum], totals: Option<&Totals>, standing: &str) -> Vec<String> {
    let sum = |part: fn(&ProductSum) -> i64| sums.iter().map(part).sum::<i64>();
    let (paid, refunded) = (sum(|it| it.paid_fen), sum(|it| it.refunded_fen));
    let fees = totals.map(|totals| Fee::from_thousandths(totals.fees));
    vec![
        day.to_string(),
        "合计".to_owned(),
        sum(|it| it.payments).to_string(),
        signed_yuan(paid),
        sum(|it| it.refunds).to_string(),
        signed_yuan(refunded),
        signed_yuan(paid - refunded),
        totals.map(|it| signed_yuan(it.unsettled)).unwrap_or_default(),
        fees.map(|fees| fees.to_string()).unwrap_or_default(),
        totals.map(|it| signed_yuan(it.settled_fen())).unwrap_or_default(),
        standing.to_owned(),
    ]
}

fn cells(row: &TradeRow<'_>) -> Vec<String> {
    let refund = row.refund.as_ref();
    vec![
        crate::wechatpay::time::for_people(row.time),
        safe(&row.transaction_id),
        safe(&row.out_trade_no),
        if row.has_openid { "有" } else { "无" }.to_owned(),
        safe(&row.trade_type),
        row.state.as_str().to_owned(),
        safe(&row.currency),
        signed_yuan(row.total),
        row.settled.map(signed_yuan).unwrap_or_default(),
        row.coupon.map(signed_yuan).unwrap_or_default(),
        refund.map(|it| safe(&it.refund_id)).unwrap_or_default(),
        refund.map(|it| safe(&it.out_refund_no)).unwrap_or_default(),
        refund.map(|it| signed_yuan(it.asked())).unwrap_or_default(),
        refund.map(|it| it.state.as_str().to_owned()).unwrap_or_default(),
        safe(&row.title),
        row.fee.to_string(),
        row.rate.map(|rate| rate.to_string()).unwrap_or_default(),
    ]
}

/// A spreadsheet takes what begins so for a formula, and long numbers for numbers.
fn safe(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let is_long_number = text.len() > 11 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_formula || is_long_number { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {

    #[test]
    fn a_spreadsheet_takes_nothing_for_a_formula() {
        for (text, safe) in [
            ("=1+1", "'=1+1"),
            ("@x", "'@x"),
            ("-1", "'-1"),
            ("4200000000000000000000000001", "'4200000000000000000000000001"),
            ("20261125000000THE0FIRST0NUMBER", "20261125000000THE0FIRST0NUMBER"),
            ("葱", "葱"),
            ("", ""),
        ] {
            assert_eq!(super::safe(text), safe, "{text}");
        }
    }
}
