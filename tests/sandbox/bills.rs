//! Bills: made from the ledger, applied for with a signature, fetched from an address that lives for minutes
//! (`wechatpay-v3.md` §8).

use std::io::Read as _;

use jiff::{SignedDuration, Timestamp};
use saoma::clock::Clock;
use serde_json::json;
use sha1::{Digest as _, Sha1};

use crate::harness::{Answer, Platform};

/// 2026-11-25 15:00 in Beijing.
const AFTERNOON: Timestamp = Timestamp::constant(1_795_590_000, 0);
const TRADES: &str = "/v3/bill/tradebill?bill_date=2026-11-25";
const FLOWS: &str = "/v3/bill/fundflowbill?bill_date=2026-11-25";

fn sha1(bytes: &[u8]) -> String {
    Sha1::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A day with two payments, of which one was given back in part, and the next morning at eleven.
async fn one_day() -> Platform {
    let platform = Platform::start_with(Clock::mock(AFTERNOON)).await;
    platform.faults(json!({"refund_gap_seconds": 0})).await;
    for number in ["ORDER0001", "ORDER0002"] {
        platform.paid(number).await;
    }
    assert_eq!(platform.refund("ORDER0002", "R1", 30).await.status, 200);
    platform.clock.advance(SignedDuration::from_hours(20));
    platform
}

async fn download(platform: &Platform, applied: &Answer) -> Answer {
    assert_eq!(applied.status, 200, "{applied:?}");
    let url = applied.json()["download_url"].as_str().expect("an address").to_owned();
    let path = url.strip_prefix(platform.client.base.trim_end_matches('/')).expect("of this platform").to_owned();
    platform.client.send(platform.client.request("GET", &path, b"")).await
}

async fn bill(platform: &Platform, path: &str) -> String {
    let applied = platform.client.get(path).await;
    let file = download(platform, &applied).await;
    assert_eq!((file.status, file.is_signed()), (200, false), "{file:?}");
    assert_eq!(applied.json()["hash_value"], sha1(&file.body));
    String::from_utf8(file.body).expect("UTF-8")
}

#[tokio::test]
async fn a_day_is_written_as_wechat_writes_it() {
    let platform = one_day().await;
    let text = bill(&platform, TRADES).await;
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,\
         应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,\
         费率,订单金额,申请退款金额,费率备注"
    );
    assert_eq!(lines.len(), 1 + 3 + 2 + 1, "{text}");
    assert!(lines[1].starts_with("`2026-11-25 15:00:00,`wx") && lines[1].contains(",`ORDER0001,`o"), "{}", lines[1]);
    assert!(
        lines[1].ends_with(
            ",`NATIVE,`SUCCESS,`OTHERS,`CNY,`1.00,`0.00,`0,`0,`0.00,`0.00,`,`,`深度解剖一颗葱,`,`0.01000,`0.60%,`1.00,`0.00,`"
        ),
        "{}",
        lines[1]
    );
    assert!(
        lines[3].ends_with(",`R1,`0.30,`0.00,`ORIGINAL,`SUCCESS,`深度解剖一颗葱,`,`0.00000,`0.60%,`0.00,`0.30,`"),
        "{}",
        lines[3]
    );
    assert_eq!(
        lines[4],
        "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
    );
    assert_eq!(lines[5], "`3.0,`2.00,`0.30,`0.00,`0.02000,`2.00,`0.30");
    assert_eq!(lines[6], "");

    let paid = bill(&platform, &format!("{TRADES}&bill_type=SUCCESS")).await;
    assert!(!paid.contains("退款") && paid.contains("`2.0,`2.00,`0.02000,`2.00"), "{paid}");
    let refunds = bill(&platform, &format!("{TRADES}&bill_type=REFUND")).await;
    assert!(refunds.contains("退款申请时间,退款成功时间,微信退款单号") && !refunds.contains("ORDER0001"), "{refunds}");
}

#[tokio::test]
async fn the_account_moves_with_the_trades() {
    let platform = one_day().await;
    platform.faults(json!({"bill_withdrawal_fen": 100, "bill_wrong_balance": 0})).await;
    let text = bill(&platform, FLOWS).await;
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("`2026")).collect();
    let told: Vec<String> =
        rows.iter().map(|row| row.split(",`").skip(3).take(5).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        told,
        [
            "交易 交易 收入 1.00 1.00",
            "扣除交易手续费 扣除交易手续费 支出 0.01 0.99",
            "交易 交易 收入 1.00 1.99",
            "扣除交易手续费 扣除交易手续费 支出 0.01 1.98",
            "退款 退款 支出 0.30 1.68",
            "提现 提现 支出 1.00 0.68",
        ]
    );
    assert!(text.ends_with("`6.0,`2.0,`2.00,`4.0,`1.32\r\n"), "{text}");
}

#[tokio::test]
async fn a_packed_bill_is_the_same_and_told_by_either_hash() {
    let platform = one_day().await;
    let plain = bill(&platform, TRADES).await;
    for of_packed in [false, true] {
        platform.faults(json!({"bill_hash_of_gzip": of_packed})).await;
        let applied = platform.client.get(&format!("{TRADES}&tar_type=GZIP")).await;
        let packed = download(&platform, &applied).await.body;
        let mut text = String::new();
        flate2::read::GzDecoder::new(&*packed).read_to_string(&mut text).expect("packed");
        assert_eq!(text, plain);
        let hash = if of_packed { sha1(&packed) } else { sha1(text.as_bytes()) };
        assert_eq!(
            applied.json(),
            json!({"hash_type": "SHA1", "hash_value": hash, "download_url": applied.json()["download_url"]})
        );
    }
}

#[tokio::test]
async fn a_bill_is_there_when_it_is_due_and_not_for_ever() {
    let platform = one_day().await;
    let code = async |query: &str| {
        let answer = platform.client.get(&format!("/v3/bill/tradebill?{query}")).await;
        (answer.status, answer.code())
    };
    let day = |day: &str| format!("bill_date={day}");
    assert_eq!(code(&day("2026-11-26")).await, (400, "INVALID_REQUEST".into()), "today");
    assert_eq!(code(&day("2026-11-27")).await, (400, "INVALID_REQUEST".into()));
    assert_eq!(code(&day("2026-08-25")).await, (400, "INVALID_REQUEST".into()), "more than three months ago");
    assert_eq!(code(&day("2026-08-26")).await, (400, "NO_STATEMENT_EXIST".into()));
    for odd in
        ["", "bill_date=", "bill_date=20261125", "bill_date=2026-11-25&bill_type=SOME", "bill_date=2026-11-25&x=1"]
    {
        assert_eq!(code(odd).await, (400, "PARAM_ERROR".into()), "{odd}");
    }
    platform.faults(json!({"bill_no_auth": 1})).await;
    assert_eq!(code(&day("2026-11-25")).await, (403, "NO_AUTH".into()));

    let applied = platform.client.get(TRADES).await;
    platform.clock.advance(SignedDuration::from_mins(5));
    let late = download(&platform, &applied).await;
    assert_eq!((late.status, late.code().as_str()), (400, "INVALID_REQUEST"));

    // Half past nine in the morning after.
    let morning = Platform::start_with(Clock::mock(AFTERNOON)).await;
    morning.paid("ORDER0001").await;
    morning.clock.advance(SignedDuration::from_mins(18 * 60 + 30));
    assert_eq!(morning.client.get(TRADES).await.code(), "STATEMENT_CREATING");
    morning.faults(json!({"bill_today": true})).await;
    assert_eq!(morning.client.get(TRADES).await.status, 200);
    morning.paid("ORDER0002").await;
    let today = bill(&morning, "/v3/bill/tradebill?bill_date=2026-11-26").await;
    assert!(today.contains("ORDER0002") && !today.contains("ORDER0001"), "{today}");
}

#[tokio::test]
async fn whoever_fetches_it_signs_and_gets_no_signature() {
    let platform = one_day().await;
    let applied = platform.client.get(TRADES).await;
    let url = applied.json()["download_url"].as_str().expect("an address").to_owned();
    let path = url.strip_prefix(platform.client.base.trim_end_matches('/')).expect("of this platform");
    let bare = platform.client.send(platform.client.bare("GET", path, b"")).await;
    assert_eq!((bare.status, bare.code().as_str()), (401, "SIGN_ERROR"));
    assert!(bare.headers.get("request-id").is_none());

    platform.faults(json!({"bill_cut": 1})).await;
    let request = platform.client.request("GET", path, b"").send().await.expect("a head");
    assert!(request.bytes().await.is_err(), "half of it is not all of it");
    platform.faults(json!({"bill_wrong_hash": 1})).await;
    let wrong = platform.client.get(TRADES).await;
    assert_ne!(wrong.json()["hash_value"], sha1(&download(&platform, &wrong).await.body));
}

#[tokio::test]
async fn what_is_planted_stands_in_it() {
    let platform = one_day().await;
    platform
        .faults(json!({
            "bill_missing": 1, "bill_wrong_amount": 1, "bill_unknown": 1, "bill_foreign": 2, "bill_wrong_refund_amount": 1,
            "bill_coupon_fen": 10, "bill_layout": "more",
        }))
        .await;
    let text = bill(&platform, TRADES).await;
    assert!(!text.contains("ORDER0001") && text.contains(",门店编号,"), "{text}");
    let order =
        text.lines().find(|line| line.contains("ORDER0002") && line.contains("SUCCESS,`OTHERS")).expect("a row");
    assert!(order.contains(",`0.91,`0.10,") && order.contains("`1.01,`0.00,`"), "{order}");
    assert!(text.contains("20261125000000N0B0DY000000000000") && text.contains("till-000001"));
    assert!(text.contains("另一个系统的商品，一\\\\二\\,三") || text.contains("一\\\\二"), "{text}");
    assert!(text.contains(",`R1,`0.31,"), "{text}");
    for layout in ["reordered", "early", "plain"] {
        platform.faults(json!({"bill_layout": layout})).await;
        let text = bill(&platform, TRADES).await;
        match layout {
            "reordered" => assert!(text.starts_with("\u{feff}费率备注,"), "{text}"),
            "early" => assert!(text.contains("总金额") && !text.contains("应结订单金额"), "{text}"),
            _ => assert!(text.starts_with("交易时间") && !text.contains('\r'), "{text}"),
        }
    }
}

#[tokio::test]
async fn a_payment_can_be_dated_and_a_console_refund_hidden() {
    let platform = Platform::start().await;
    platform.prepay("ORDER0001").await;
    let dated = json!({"out_trade_no": "ORDER0001", "success_time": "2026-11-24T23:59:59+08:00"});
    assert_eq!(platform.control("POST", "/_sandbox/pay", &dated).await.status, 200);
    assert_eq!(platform.query("ORDER0001").await.json()["success_time"], "2026-11-24T23:59:59+08:00");
    let refund = json!({"out_trade_no": "ORDER0001", "out_refund_no": "CONSOLE1", "amount": 1});
    assert_eq!(platform.control("POST", "/_sandbox/refund", &refund).await.status, 200);
    assert_eq!(platform.query_refund("CONSOLE1").await.status, 200);
    platform.faults(json!({"console_refunds_hidden": true})).await;
    assert_eq!(platform.query_refund("CONSOLE1").await.code(), "RESOURCE_NOT_EXISTS");
}
