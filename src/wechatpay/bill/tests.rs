use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

const ALL: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,\
                   货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,\
                   商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注";
const ALL_SUMS: &str = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";

fn read(bytes: &[u8]) -> Result<(Vec<String>, TradeSums), BillError> {
    read_in(bytes, bytes.len().max(1))
}

fn read_in(bytes: &[u8], pieces: usize) -> Result<(Vec<String>, TradeSums), BillError> {
    let (mut bill, mut rows) = (TradeBill::default(), Vec::new());
    let mut keep = |row: &TradeRow<'_>| {
        rows.push(format!("{row:?}"));
        Ok(())
    };
    for piece in bytes.chunks(pieces) {
        bill.feed(piece, &mut keep)?;
    }
    let sums = bill.finish(&mut keep)?;
    Ok((rows, sums))
}

fn payment(number: usize, kind: &str, total: &str, fee: &str) -> String {
    format!(
        "`2019-02-19 01:52:32,`wx0,`1900000109,`0,`,`4200000{number:021},`shop_{number:06},`o,`{kind},`SUCCESS,`OTHERS,\
         `CNY,`{total},`0.00,`0,`0,`0.00,`0.00,`,`,`系统-test,`,`{fee},`39.00%,`{total},`0.00,`"
    )
}

fn refund(number: usize, amount: &str) -> String {
    format!(
        "`2019-02-19 05:01:46,`wx0,`1900000109,`0,`till,`4200000{number:021},`shop_{number:06},`,`JSAPI,`REFUND,`OTHERS,\
         `CNY,`0.00,`0.00,`5000{number:025},`REF{number},`{amount},`0.00,`ORIGINAL,`SUCCESS,`系统-test,`,`0.00000,\
         `39.00%,`0.00,`{amount},`"
    )
}

/// What is known of the published bill (`wechatpay-v3.md` §12), in rows of our own: its columns, 45 rows, its sums
/// with their odd decimals.
fn published() -> String {
    let mut rows: Vec<String> = (0..14).map(|it| refund(it, "0.01")).collect();
    rows.extend((14..22).map(|it| payment(it, "NATIVE", "0.03", "0.01000")));
    rows.extend((22..45).map(|it| payment(it, "JSAPI", "0.01", "0.00000")));
    format!("{ALL}\n{}\n{ALL_SUMS}\n`45.0,`0.47,`0.14,`0.0,`0.08,`0.47,`0.14\n", rows.join("\n"))
}

#[test]
fn the_published_bill_adds_up() {
    let expected = TradeSums {
        rows: 45,
        total: 47,
        settled: 47,
        refunded: 14,
        refunded_coupons: 0,
        refunds_asked: 14,
        fees: Fee::from_thousandths(8000),
    };
    let plain = published();
    let with_crlf = plain.replace('\n', "\r\n");
    for text in [plain.clone(), format!("\u{feff}{plain}"), format!("\u{feff}{with_crlf}"), plain.trim_end().into()] {
        let (rows, sums) = read(text.as_bytes()).expect("a bill");
        assert_eq!((rows.len(), sums), (45, expected));
    }
}

#[test]
fn every_cell_gets_to_its_place() {
    let row = "`2026-01-01 00:00:00,`wx0,`1900000109,`0,`,`4200,`20260101000000AA,`oUser,`FACE,`REFUND,`OTHERS,`CNY,`0.00,\
               `0.00,`5000,`R1,`0.90,`0.10,`ORIGINAL,`CHANGE,`一\\,二\\n三,`saoma,`-0.00600,`0.60%,`0.00,`1.00,`x";
    let text = format!("{ALL},新列\n{row},`new\n{ALL_SUMS}\n`1,`0.00,`0.90,`0.10,`-0.00600,`0.00,`1.00\n");
    let mut bill = TradeBill::default();
    let mut seen = 0;
    let mut look = |row: &TradeRow<'_>| {
        seen += 1;
        assert_eq!((row.line, row.time.as_second(), row.has_openid), (2, 1_767_196_800, true));
        assert_eq!((&*row.transaction_id, &*row.out_trade_no), ("4200", "20260101000000AA"));
        assert_eq!((&*row.title, &*row.attach, &*row.trade_type), ("一,二\n三", "saoma", "FACE"));
        assert_eq!((row.total, row.fee.thousandths(), row.rate), (0, -600, Rate::parse("0.60%")));
        let refund = row.refund.as_ref().expect("a refund");
        assert_eq!((&*refund.refund_id, &*refund.out_refund_no), ("5000", "R1"));
        assert_eq!(
            (refund.amount, refund.coupon, refund.asked(), &refund.state),
            (90, 10, 100, &BillRefundState::Change)
        );
        assert_eq!(row.others, [("新列".into(), "new".into())]);
        Ok::<(), BillError>(())
    };
    bill.feed(text.as_bytes(), &mut look).expect("rows");
    bill.finish(&mut look).expect("whole");
    assert_eq!(seen, 1);
}

#[test]
fn the_three_types_and_the_early_layout_are_told_by_their_names() {
    let success = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,\
                   应结订单金额,代金券金额,商品名称,商户数据包,手续费,费率,订单金额,费率备注\n\
                   `2026-01-01 00:00:00,`wx0,`1,`0,`,`42,`shop_1,`,`NATIVE,`SUCCESS,`OTHERS,`CNY,`0.90,`0.10,`x,`,`0.00540,\
                   `0.60%,`1.00,`\n总交易单数,应结订单总金额,手续费总金额,订单总金额\n`1.0,`0.90,`0.00540,`1.00\n";
    let (rows, sums) = read(success.as_bytes()).expect("a bill of type SUCCESS");
    assert_eq!((rows.len(), sums.total, sums.settled, sums.refunds_asked), (1, 100, 90, 0));
    assert!(rows.iter().all(|row| row.contains("refund: None") && row.contains("has_openid: false")), "{rows:?}");

    let names = ALL.replace("微信退款单号", "退款申请时间,退款成功时间,微信退款单号");
    let row = refund(1, "0.01").replace("`5000", "`2026-01-01 10:00:00,`2026-01-01 10:00:05,`5000");
    let text = format!("{names}\n{row}\n{ALL_SUMS}\n`1.0,`0.00,`0.01,`0.00,`0.00000,`0.00,`0.01\n");
    let (rows, _) = read(text.as_bytes()).expect("a bill of type REFUND");
    assert!(rows[0].contains("applied: Some(2026-01-01T02:00:00Z)"), "{rows:?}");
    assert!(rows[0].contains("succeeded: Some(2026-01-01T02:00:05Z)"), "{rows:?}");

    let early = "交易时间,公众账号ID,商户号,子商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,\
                 总金额,企业红包金额,微信退款单号,商户退款单号,退款金额,企业红包退款金额,退款类型,退款状态,商品名称,商户数据包,\
                 手续费,费率\n`2026-01-01 00:00:00,`wx0,`1,`0,`,`42,`shop_1,`,`NATIVE,`SUCCESS,`OTHERS,`CNY,`1.00,`0.00,`0,`0,\
                 `0.00,`0.00,`,`,`x,`,`0.00600,`0.60%\n总交易单数,总交易额,总退款金额,总企业红包退款金额,手续费总金额\n\
                 `1,`1.00,`0.00,`0.00,`0.00600\n";
    let (rows, sums) = read(early.as_bytes()).expect("an early bill");
    assert_eq!((rows.len(), sums.total, sums.fees), (1, 100, Fee::from_thousandths(600)));
}

#[test]
fn what_is_not_whole_or_does_not_add_up_is_refused() {
    let whole = published();
    let cut = |end: &str| whole.split(end).next().unwrap_or_default().to_owned();
    for (text, error) in [
        (String::new(), BillError::CutOff),
        ("{\"code\":\"SYSTEM_ERROR\"}".into(), BillError::NoBill("交易时间")),
        (cut("总交易单数"), BillError::CutOff),
        (cut("`45.0"), BillError::CutOff),
        (whole.replace("`45.0", "`44.0"), BillError::Sum { column: "总交易单数" }),
        (whole.replace("`0.08", "`0.09"), BillError::Sum { column: "手续费总金额" }),
        (whole.replacen("`0.01,`0.00,`ORIGINAL", "`0.02,`0.00,`ORIGINAL", 1), BillError::Sum { column: "退款总金额" }),
        (format!("{whole}`1"), BillError::Trailing { line: 49 }),
        (whole.replacen("`till,", "", 1), BillError::Cells { line: 2 }),
        (whole.replacen("05:01:46", "25:01:46", 1), BillError::Cell { line: 2, column: "交易时间" }),
        (whole.replacen("`0.03,`0.00", "`0.03,`0.0x", 1), BillError::Cell { line: 16, column: "代金券金额" }),
        (whole.replacen("39.00%,`0.03", "39.00%,`三", 1), BillError::Cell { line: 16, column: "订单金额" }),
    ] {
        assert_eq!(read(text.as_bytes()).map(|(rows, _)| rows.len()), Err(error));
    }
}

const FLOW: &str = "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,\
                    备注,业务凭证号";

fn flow(rows: &[&str], sums: &str) -> Result<FlowSums, BillError> {
    let names = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额";
    let text = format!("{FLOW}\r\n{}\r\n{names}\r\n{sums}", rows.join("\r\n"));
    let mut bill = FundFlowBill::default();
    bill.feed(text.as_bytes(), |_| Ok::<(), BillError>(()))?;
    bill.finish(|_| Ok(()))
}

#[test]
fn balances_follow_from_each_other_in_either_order() {
    let rows = [
        "`2026-01-01 00:00:01,`42,`1,`交易,`交易,`收入,`1.00,`11.00,`system,`,`shop_1",
        "`2026-01-01 00:00:01,`42,`2,`扣除交易手续费,`扣除交易手续费,`支出,`0.01,`10.99,`system,`,`shop_1",
        "`2026-01-01 10:00:00,`77,`3,`提现,`提现,`支出,`10.99,`0.00,`boss,`,`77",
    ];
    let sums = "`3,`1,`1.00,`2,`11.00";
    let expected = FlowSums {
        rows: 3,
        ins: 1,
        income: 100,
        outs: 2,
        outlay: 1100,
        opening: Some(1000),
        closing: Some(0),
        broken: None,
    };
    assert_eq!(flow(&rows, sums), Ok(expected));
    let mut backward = rows;
    backward.reverse();
    assert_eq!(flow(&backward, sums), Ok(expected));
    let broken = rows.map(|row| row.replace("10.99,`system", "10.98,`system"));
    assert_eq!(flow(&broken.each_ref().map(String::as_str), sums).map(|it| it.broken), Ok(Some(3)));
    assert_eq!(flow(&rows, "`3,`1,`1.00,`2,`11.01"), Err(BillError::Sum { column: "支出金额" }));
    let empty = flow(&[], "`0,`0,`0.00,`0,`0.00").expect("an empty day");
    assert_eq!((empty.rows, empty.opening), (0, None));
}

fn merchant_text() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![Just('a'), Just('商'), Just(','), Just('\n'), Just('\\'), Just('`'), Just('"'), Just(' ')],
        0..8,
    )
    .prop_map(|signs| signs.into_iter().collect())
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace(',', "\\,").replace('\n', "\\n")
}

proptest! {
    /// What was written comes back, whatever merchants write, in whatever order the columns stand and the bytes come.
    #[test]
    fn what_was_written_is_read(
        rows in proptest::collection::vec((0_i64..1_000_000, merchant_text(), 0_i64..100_000), 0..6),
        order in Just((0..7).collect::<Vec<usize>>()).prop_shuffle(),
        pieces in 1_usize..64,
    ) {
        let names = ["交易时间", "微信订单号", "商户订单号", "交易状态", "订单金额", "商品名称", "手续费"];
        let line = |cells: [String; 7], sign: &str| {
            order.iter().map(|place| format!("{sign}{}", cells[*place])).collect::<Vec<_>>().join(",")
        };
        let mut text = line(names.map(str::to_owned), "") + "\r\n";
        for (number, (fen, title, fee)) in rows.iter().enumerate() {
            let yuan = format!("{}.{:02}", fen / 100, fen % 100);
            let fee = format!("{}.{:05}", fee / 100_000, fee % 100_000);
            let cells = ["2026-01-01 00:00:00".into(), format!("42{number}"), format!("shop_{number}"), "SUCCESS".into(),
                yuan, escape(title), fee];
            writeln!(text, "{}\r", line(cells, "`")).expect("written");
        }
        let total: i64 = rows.iter().map(|row| row.0).sum();
        write!(text, "总交易单数,订单总金额\r\n`{}.0,`{}.{:02}\r\n", rows.len(), total / 100, total % 100).expect("written");

        let (mut bill, mut found) = (TradeBill::default(), Vec::new());
        let mut keep = |row: &TradeRow<'_>| {
            found.push((row.total, row.title.to_string(), row.fee.thousandths()));
            Ok::<(), BillError>(())
        };
        for piece in text.as_bytes().chunks(pieces) {
            bill.feed(piece, &mut keep).expect("a piece of a bill");
        }
        let sums = bill.finish(&mut keep).expect("a whole bill");
        prop_assert_eq!(sums.total, total);
        prop_assert_eq!(found, rows);
    }

    #[test]
    fn no_bytes_are_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..400), pieces in 1_usize..50) {
        let in_one = read(&bytes);
        prop_assert_eq!(read_in(&bytes, pieces).is_ok(), in_one.is_ok());
        let wrapped = [ALL.as_bytes(), b"\n", &bytes].concat();
        prop_assert_eq!(read_in(&wrapped, pieces).ok(), read(&wrapped).ok());
    }
}
