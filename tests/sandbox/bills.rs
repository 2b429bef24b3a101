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

const USUAL: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,\
     应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,\
     申请退款金额,费率备注";
const USUAL_SUMS: &str = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";

/// A day with two payments, of which one was given back in part, and the next morning at eleven.
async fn one_day() -> Platform {
    two_payments().await.0
}

/// And WeChat's numbers of both.
async fn two_payments() -> (Platform, [String; 2]) {
    let platform = Platform::start_with(Clock::mock(AFTERNOON)).await;
    platform.faults(json!({"refund_gap_seconds": 0})).await;
    let ids = [platform.paid("ORDER0001").await, platform.paid("ORDER0002").await];
    assert_eq!(platform.refund("ORDER0002", "R1", 30).await.status, 200);
    platform.clock.advance(SignedDuration::from_hours(20));
    (platform, ids)
}

/// What every row of the two begins with: `more` stands where a column more would.
fn begin(platform: &Platform, time: &str, more: &str, (id, number): (&str, &str), state: &str) -> String {
    let (appid, mchid) = (&platform.client.appid, &platform.client.mchid);
    format!(
        "`2026-11-25 {time},`{appid},`{mchid},`0,{more}`,`{id},`{number},`oSandboxShopper0000000000001,`NATIVE,`{state},\
         `OTHERS,`CNY,"
    )
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
    let (platform, [first, second]) = two_payments().await;
    let refund = platform.query_refund("R1").await.json();
    let refund_id = refund["refund_id"].as_str().expect("a number");
    let done = refund["success_time"].as_str().expect("it is over").replace('T', " ").replace("+08:00", "");
    let paid = |id: &str, number: &str| begin(&platform, "15:00:00", "", (id, number), "SUCCESS");
    let given_back = begin(&platform, "15:00:00", "", (&second, "ORDER0002"), "REFUND");
    let (first, second) = (paid(&first, "ORDER0001"), paid(&second, "ORDER0002"));
    let whole = "`1.00,`0.00,`0,`0,`0.00,`0.00,`,`,`深度解剖一颗葱,`,`0.01000,`0.60%,`1.00,`0.00,`";
    let back =
        format!("`{refund_id},`R1,`0.30,`0.00,`ORIGINAL,`SUCCESS,`深度解剖一颗葱,`,`0.00000,`0.60%,`0.00,`0.30,`");
    let expected: [&str; 7] = [
        &format!("\u{feff}{USUAL}"),
        &format!("{first}{whole}"),
        &format!("{second}{whole}"),
        &format!("{given_back}`0.00,`0.00,{back}"),
        USUAL_SUMS,
        "`3.0,`2.00,`0.30,`0.00,`0.02000,`2.00,`0.30",
        "",
    ];
    assert_eq!(bill(&platform, TRADES).await.split("\r\n").collect::<Vec<_>>(), expected);

    let of_payments = "`1.00,`0.00,`深度解剖一颗葱,`,`0.01000,`0.60%,`1.00,`";
    let expected: [&str; 6] = [
        "\u{feff}交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,\
         应结订单金额,代金券金额,商品名称,商户数据包,手续费,费率,订单金额,费率备注",
        &format!("{first}{of_payments}"),
        &format!("{second}{of_payments}"),
        "总交易单数,应结订单总金额,手续费总金额,订单总金额",
        "`2.0,`2.00,`0.02000,`2.00",
        "",
    ];
    let text = bill(&platform, &format!("{TRADES}&bill_type=SUCCESS")).await;
    assert_eq!(text.split("\r\n").collect::<Vec<_>>(), expected);

    let expected: [&str; 5] = [
        "\u{feff}交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,\
         应结订单金额,代金券金额,退款申请时间,退款成功时间,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,\
         商户数据包,手续费,费率,订单金额,申请退款金额,费率备注",
        &format!("{given_back}`0.00,`0.00,`2026-11-25 15:00:00,`{done},{back}"),
        USUAL_SUMS,
        "`1.0,`0.00,`0.30,`0.00,`0.00000,`0.00,`0.30",
        "",
    ];
    let text = bill(&platform, &format!("{TRADES}&bill_type=REFUND")).await;
    assert_eq!(text.split("\r\n").collect::<Vec<_>>(), expected);
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
    let (platform, [_, second]) = two_payments().await;
    platform
        .faults(json!({
            "bill_missing": 1, "bill_wrong_amount": 1, "bill_unknown": 1, "bill_foreign": 2, "bill_wrong_refund_amount": 1,
            "bill_coupon_fen": 10, "bill_layout": "more",
        }))
        .await;
    let refund = platform.query_refund("R1").await.json();
    let refund_id = refund["refund_id"].as_str().expect("a number");
    let second = |state| begin(&platform, "15:00:00", "`S-001,", (&second, "ORDER0002"), state);
    let nobodys = |id: &str, number: &str, kind: &str| {
        let row = begin(&platform, "00:00:00", "`S-001,", (id, number), "SUCCESS");
        let row = row.replace("oSandboxShopper0000000000001", "oSandboxSomebodyElse00000001").replace("NATIVE", kind);
        let title = r"另一个系统的商品，一\\二\,三";
        format!("{row}`1.00,`0.00,`0,`0,`0.00,`0.00,`,`,`{title},`,`0.01000,`0.60%,`1.00,`0.00,`")
    };
    let expected: [&str; 9] = [
        &format!("\u{feff}{}", USUAL.replace(",设备号,", ",门店编号,设备号,")),
        &format!(
            "{}`0.91,`0.10,`0,`0,`0.00,`0.00,`,`,`深度解剖一颗葱,`,`0.01000,`0.60%,`1.01,`0.00,`",
            second("SUCCESS")
        ),
        &nobodys("4299999202611250000000000000", "20261125000000N0B0DY000000000000", "NATIVE"),
        &nobodys("4288888202611250000000000000", "till-000000", "MICROPAY"),
        &nobodys("4288888202611250000000000001", "till-000001", "MICROPAY"),
        &format!(
            "{}`0.00,`0.00,`{refund_id},`R1,`0.31,`0.00,`ORIGINAL,`SUCCESS,`深度解剖一颗葱,`,`0.00000,`0.60%,`0.00,`0.31,`",
            second("REFUND")
        ),
        USUAL_SUMS,
        "`5.0,`3.91,`0.31,`0.00,`0.04000,`4.01,`0.31",
        "",
    ];
    assert_eq!(bill(&platform, TRADES).await.split("\r\n").collect::<Vec<_>>(), expected);
    platform.faults(json!({"bill_doubled": 1, "bill_layout": "usual"})).await;
    let text = bill(&platform, TRADES).await;
    assert_eq!(text.lines().filter(|line| line.contains("`ORDER0002") && line.contains("`1.01,")).count(), 2, "{text}");
    assert!(text.ends_with("`6.0,`4.82,`0.31,`0.00,`0.05000,`5.02,`0.31\r\n"), "{text}");
}

#[tokio::test]
async fn layouts_hold_the_same_in_other_places() {
    let platform = one_day().await;
    let usual = bill(&platform, TRADES).await;
    let of = async |layout: &str| {
        platform.faults(json!({"bill_layout": layout})).await;
        bill(&platform, TRADES).await
    };
    assert_eq!(of("plain").await, usual.replace("\r\n", "\n").replace('\u{feff}', ""));
    let lines =
        |text: &str| -> Vec<String> { text.trim_start_matches('\u{feff}').lines().map(str::to_owned).collect() };
    let reversed = |line: &str| line.split(',').rev().collect::<Vec<_>>().join(",");
    let (usual, reordered, early) = (lines(&usual), lines(&of("reordered").await), lines(&of("early").await));
    assert_eq!(reordered[..4], usual[..4].iter().map(|line| reversed(line)).collect::<Vec<_>>());
    assert_eq!(reordered[4..], usual[4..], "sums stay where they are");
    assert_eq!(
        early[0],
        "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,总金额,\
         企业红包金额,微信退款单号,商户退款单号,退款金额,企业红包退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率"
    );
    assert_eq!(early[1], usual[1].strip_suffix(",`1.00,`0.00,`").expect("the newer columns"));
    assert_eq!(
        early[4..],
        ["总交易单数,总交易额,总退款金额,总企业红包退款金额,手续费总金额", "`3.0,`2.00,`0.30,`0.00,`0.02000"]
    );
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
