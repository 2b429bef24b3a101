//! WeChat Pay is gone for ten minutes, callbacks and all, while shoppers buy, pay, cancel and are given money
//! back. Pages tell what is known and nothing else; once WeChat is back everything comes right by itself.
//! Nobody here does anything but let time pass: a second every few milliseconds.

use std::time::Duration;

use saoma::domain::RefundState;
use serde_json::{Value, json};

use crate::support::{App, Browser, Outside, Placed, Site, Stage, free_port, mock_clock, paid_under, wanted};

/// What a busy machine takes longer for counts as seconds, so it has time for each.
const SECOND: Duration = Duration::from_millis(20);
const OUTAGE: i64 = 600;
/// Whatever there is to be found out is found out so soon, after ten minutes of asking in vain.
const RIGHT_AGAIN: i64 = 330;

async fn pass(app: &App, seconds: i64) {
    for _ in 0..seconds {
        app.advance(1);
        tokio::time::sleep(SECOND).await;
    }
}

async fn shown(site: &Site, token: &str) -> String {
    site.get(&format!("/pay/{token}")).await.shown()
}

/// Without JavaScript: a form, and the page it leads to.
async fn buy(browser: &Browser<'_>) -> String {
    let answer = browser.submit("/api/ui/place_order", &[("product_id", "1")]).await;
    let page = answer.header("location").expect("a page to go to");
    page.strip_prefix("/pay/").expect("of an order").to_owned()
}

/// A page that stays open until its order has ended.
async fn keep_open(site: Site, token: String) {
    let mut version = 0;
    loop {
        let order = site.watch(&token, version, 25).await;
        if order["status"] != "NOTPAY" {
            return;
        }
        version = order["version"].as_i64().expect("a number");
    }
}

/// 我已完成支付 asks WeChat itself, unless somebody has asked a moment ago, as the jobs do now and then: then
/// it is pressed again.
async fn button_admits(app: &App, token: &str) -> bool {
    for _ in 0..10 {
        pass(app, 3).await;
        let asked = app.browser().submit("/api/ui/check_payment", &[("token", token)]).await;
        let answer = app.get(asked.header("location").expect("a page")).await.shown();
        if answer.contains("请不要重复付款") {
            return true;
        }
        assert!(answer.contains("还没有收到付款"), "{answer}");
    }
    false
}

async fn state(app: &App, token: &str) -> String {
    let order = app.look(token).await;
    let text = |name: &str| order[name].as_str().unwrap_or_default().to_owned();
    format!("{} {}", text("status"), text("reason")).trim().to_owned()
}

/// How many seconds pass until the order has come to this.
async fn seconds_until(app: &App, token: &str, wanted: &str, limit: i64) -> i64 {
    for second in 0..=limit {
        if state(app, token).await == wanted {
            return second;
        }
        pass(app, 1).await;
    }
    panic!("{} instead of {wanted} after {limit} s", state(app, token).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_minutes_in_which_nobody_takes_our_calls_leave_no_trace() {
    without_wechat_pay("closed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_minutes_in_which_every_answer_is_an_error_leave_no_trace() {
    without_wechat_pay("503").await;
}

async fn without_wechat_pay(down: &str) {
    let clock = mock_clock();
    let outside = Outside::start(&clock).await;
    let stage = Stage::new().clock(&clock).live(&outside, free_port()).jobs_every(SECOND);
    let app = stage.asking_every(Duration::from_secs(10)).start().await;

    // Before.
    let to_refund: Placed = app.order(2).await;
    outside.site.pay(&to_refund.code_url).await;
    app.until_status(&to_refund.token, "SUCCESS").await;
    let left = app.order(1).await;
    pass(&app, 400).await;
    let paid = app.order(1).await;
    let browser = app.browser();
    let called_off = browser.order(1).await;

    outside.site.faults(json!({"platform_down": down, "drop": "all"})).await;
    pass(&app, 60).await;

    // Paid: nobody can know it yet, and nobody says so.
    outside.site.pay(&paid.code_url).await;
    assert!(button_admits(&app, &paid.token).await, "that WeChat cannot be asked");
    assert_eq!(state(&app, &paid.token).await, "NOTPAY");
    // Bought: the order is there, its code will come.
    let waiting = buy(&app.browser()).await;
    let abandoned = buy(&app.browser()).await;
    for token in [&waiting, &abandoned] {
        let page = shown(&app, token).await;
        assert!(page.contains("微信支付暂时没有响应，正在自动重试"), "{page}");
    }
    let open = tokio::spawn(keep_open(Site::new(app.origin.clone()), waiting.clone()));
    // Called off: not before WeChat has closed it.
    browser.submit("/api/ui/cancel_order", &[("token", &called_off.token)]).await;
    // Given back: the money is set aside.
    let refund = app.state.checkout.refund(&paid_under(&to_refund.order_no), wanted(None)).await.expect("written down");
    assert_eq!(refund.state, RefundState::Requested);

    pass(&app, OUTAGE - 60).await;
    for (token, words) in [
        (&paid.token, "请使用微信扫一扫"),
        (&waiting, "微信支付暂时没有响应"),
        (&abandoned, "微信支付暂时没有响应"),
        (&called_off.token, "正在取消"),
        (&left.token, "支付时间已到"),
        (&to_refund.token, "退款处理中"),
    ] {
        let page = shown(&app, token).await;
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!(app.books.payments().await.len(), 1, "the one from before");
    for order in [&paid, &called_off, &left] {
        assert_eq!(app.books.status(&order.order_no).await, "NOTPAY", "nobody has said otherwise");
    }

    // Afterwards.
    outside.site.faults(json!({"platform_down": "off", "drop": 0})).await;
    let mut total = 0;
    for (what, token, wanted) in [
        ("paid", &paid.token, "SUCCESS"),
        ("given back", &to_refund.token, "REFUND_SUCCESS"),
        ("called off", &called_off.token, "CLOSED CANCELLED"),
        ("left until its time was over", &left.token, "CLOSED EXPIRED"),
    ] {
        total += seconds_until(&app, token, wanted, RIGHT_AGAIN - total).await;
        println!("{OUTAGE} s without WeChat Pay ({down}); {total} s after its return is right what was {what}");
    }
    // The page that stayed open has its code by itself, and it is good.
    let ready = app.look(&waiting).await;
    assert_eq!((ready["codeReady"].as_bool(), ready["status"].as_str()), (Some(true), Some("NOTPAY")), "{ready}");
    let stored = app.books.order(ready["orderNo"].as_str().expect("a number")).await;
    outside.site.pay(stored.code_url.as_deref().expect("a code")).await;
    seconds_until(&app, &waiting, "SUCCESS", RIGHT_AGAIN).await;
    open.await.expect("the page has seen it");
    // The other one ends with its time.
    seconds_until(&app, &abandoned, "CLOSED EXPIRED", 1_200).await;

    let ledger = outside.site.get("/_sandbox/ledger").await;
    let lines: Vec<Value> = ledger.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let count = |kind: &str| lines.iter().filter(|line| line["type"] == kind).count();
    assert_eq!((count("payment"), count("refund")), (3, 1));
    let mut there: Vec<&str> = lines.iter().filter_map(|it| it["transaction_id"].as_str()).collect();
    there.sort_unstable();
    there.dedup();
    let booked = app.books.payments().await;
    let mut here: Vec<&str> = booked.iter().map(|payment| payment.transaction_id.as_str()).collect();
    here.sort_unstable();
    assert_eq!(here, there);
}
