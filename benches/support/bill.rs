//! A day's bills as WeChat would write them, laid where a shop keeps those it has fetched.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
};

use flate2::{Compression, write::GzEncoder};
use saoma::{
    clock::Clock,
    reconcile::BillDay,
    storage::{
        Database,
        bills::files::{self, BillFile},
    },
};
use sha1::{Digest as _, Sha1};

use super::Failure;

/// The day that is compared.
pub fn day() -> BillDay {
    BillDay::of(Clock::system().now()).plus_days(-1)
}

pub fn transaction_id(number: usize) -> String {
    // As WeChat's: nothing about their order follows from that of the payments.
    format!("4200{:08}{:016}", number.wrapping_mul(2_654_435_761) % 100_000_000, number)
}

pub fn out_trade_no(number: usize) -> String {
    format!("20261123120001{number:018}")
}

/// `rows` with the same amount, so that their sums are known.
pub fn write_trades(rows: usize, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(
        "\u{feff}交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,\
         应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,\
         订单金额,申请退款金额,费率备注\r\n"
            .as_bytes(),
    )?;
    let day = day();
    for number in 0..rows {
        let (id, order, second) = (transaction_id(number), out_trade_no(number), number % 60);
        write!(
            out,
            "`{day} 12:00:{second:02},`wx0000000000000000,`1900000001,`0,`,`{id},`{order},`oUser,`NATIVE,\
             `SUCCESS,`OTHERS,`CNY,`10.00,`0.00,`0,`0,`0.00,`0.00,`,`,`一颗葱,`saoma:127.0.0.1,`0.06000,`0.60%,`10.00,\
             `0.00,`\r\n"
        )?;
    }
    let fees = rows * 6;
    write!(
        out,
        "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n\
         `{rows}.0,`{rows}0.00,`0.00,`0.00,`{}.{:02}000,`{rows}0.00,`0.00\r\n",
        fees / 100,
        fees % 100
    )
}

fn write_flows(rows: usize, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(
        "\u{feff}记账时间,微信支付业务单号,业务名称,收支类型,收支金额(元),账户结余(元),业务凭证号\r\n".as_bytes(),
    )?;
    let day = day();
    for number in 0..rows {
        let (id, order, after) = (transaction_id(number), out_trade_no(number), (number + 1) * 994);
        write!(out, "`{day} 12:00:00,`{id},`交易,`收入,`9.94,`{}.{:02},`{order}\r\n", after / 100, after % 100)?;
    }
    let sum = rows * 994;
    write!(out, "资金流水总笔数,收入笔数,收入金额\r\n`{rows}.0,`{rows}.0,`{}.{:02}\r\n", sum / 100, sum % 100)
}

/// Both bills of the day, as if they had been fetched.
pub async fn lay_bills(db: &Database, bills: &Path, rows: usize) -> Result<(), Failure> {
    fs::create_dir_all(bills)?;
    lay(db, "TRADE", &bills.join(format!("{}.trade.bill", day())), |out| write_trades(rows, out)).await?;
    lay(db, "FUND_FLOW", &bills.join(format!("{}.fund_flow.bill", day())), |out| write_flows(rows, out)).await
}

async fn lay(
    db: &Database,
    kind: &str,
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let packer = GzEncoder::new(BufWriter::new(File::create(path)?), Compression::fast());
    let mut out = BufWriter::new(Hashed { out: packer, hash: Sha1::new(), bytes: 0 });
    write(&mut out)?;
    let Hashed { out, hash, bytes } = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    out.finish()?.flush()?;
    let file = BillFile {
        day: day().to_string(),
        kind: kind.to_owned(),
        hash: hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
        matched: "PLAIN".to_owned(),
        bytes: i64::try_from(fs::metadata(path)?.len())?,
        plain_bytes: i64::try_from(bytes)?,
        fetched: Clock::system().now().max(day().ready()),
    };
    let noted = db.write(move |c| {
        let file = file.clone();
        Box::pin(async move { files::put(c, &file).await })
    });
    Ok(noted.await?)
}

/// What is written into it is hashed and counted.
struct Hashed<W> {
    out: W,
    hash: Sha1,
    bytes: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let written = self.out.write(text)?;
        self.hash.update(text.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
