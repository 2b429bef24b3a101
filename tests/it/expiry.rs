//! The time to pay is over: query, close upstream, only then close here (money rules 5 and 6). The
//! clock stands still until the test moves it, for the site and for its sandbox.

use std::time::Duration;

use serde_json::json;

use crate::{
    callbacks::assert_acknowledged,
    support::{App, Books, Outside, Relay, Stage, database_url, free_port, mock_clock, until},
};

/// `SAOMA_PAY_MINUTES`, by default.
const PAY_TIME: i64 = 15 * 60;

#[tokio::test]
async fn past_its_deadline_an_order_is_closed_there_and_here_by_a_look() {
    let app = App::start_with_mock_clock().await;
    let order = app.order(1).await;
    app.advance(PAY_TIME - 1);
    let last = app.look(&order.token).await;
    assert_eq!((last["status"].as_str(), last["secondsLeft"].as_i64()), (Some("NOTPAY"), Some(1)));
    app.advance(1);
    let over = app.look(&order.token).await;
    assert_eq!((over["status"].as_str(), over["secondsLeft"].as_i64()), (Some("NOTPAY"), Some(0)), "not yet known");
    let version = over["version"].as_i64().expect("a number");
    let closed = app.watch(&order.token, version, 25).await;
    assert_eq!((closed["status"].as_str(), closed["reason"].as_str()), (Some("CLOSED"), Some("EXPIRED")));

    let stored = app.books.order(&order.order_no).await;
    assert_eq!((stored.status.as_str(), stored.closed_reason.as_deref()), ("CLOSED", Some("EXPIRED")));
    assert_eq!(stored.state, "CLOSED");
    assert_eq!(app.books.events(&order.order_no).await, ["PLACED/SHOPPER", "CODE_READY/SHOPPER", "CLOSED/QUERY"]);
    assert_eq!(app.metric("saoma_orders_total", "status=\"CLOSED\"").await, 1);
    assert_eq!(app.metric("saoma_orders_pending", "").await, 0);
    // Nobody can pay it any more.
    let scanned = app.scan(&order.code_url).await;
    assert_eq!((scanned.status, scanned.json()["code"].as_str()), (409, Some("ORDER_CLOSED")));
    let page = app.get(&format!("/pay/{}", order.token)).await;
    assert!(page.shown().contains("二维码已过期") && page.shown().contains("重新购买"), "not this browser's order");
    let checked = app.browser().call("/api/ui/check_payment", &[("token", &order.token)]).await;
    assert_eq!(checked.json(), json!("Settled"));
}

#[tokio::test]
async fn the_time_to_pay_is_a_setting_and_the_platform_is_told() {
    let clock = mock_clock();
    let app = Stage::new().clock(&clock).set("SAOMA_PAY_MINUTES", "2").start().await;
    let order = app.order(1).await;
    assert_eq!(app.look(&order.token).await["secondsLeft"], 120);
    let stored = app.books.order(&order.order_no).await;
    let request: serde_json::Value = serde_json::from_slice(&stored.request).expect("JSON");
    let told: jiff::Timestamp = request["time_expire"].as_str().expect("a time").parse().expect("RFC 3339");
    assert_eq!(told.as_millisecond(), stored.expires_ms);
    app.advance(121);
    app.until_status(&order.token, "CLOSED").await;
}

#[tokio::test]
async fn paid_at_the_last_moment_with_a_lost_callback_is_paid_and_not_closed() {
    let app = App::start_with_mock_clock().await;
    app.faults(json!({"drop": "all"})).await;
    let order = app.order(1).await;
    app.advance(PAY_TIME - 1);
    app.pay(&order.code_url).await;
    app.advance(2);
    let paid = app.until_status(&order.token, "SUCCESS").await;
    assert_eq!(paid.get("reason"), None);
    assert_eq!(app.books.events(&order.order_no).await, ["PLACED/SHOPPER", "CODE_READY/SHOPPER", "PAID/QUERY"]);
    let payments = app.books.payments().await;
    assert_eq!((payments.len(), payments[0].kind.as_str()), (1, "FIRST"));
}

#[tokio::test]
async fn a_payment_between_query_and_close_is_settled() {
    let clock = mock_clock();
    let outside = Outside::start(&clock).await;
    let relay = Relay::start(&outside.site.origin).await;
    let app = Stage::new().clock(&clock).live(&outside, free_port()).set("WXPAY_DOMAIN", &relay.origin).start().await;
    outside.site.faults(json!({"drop": "all"})).await;
    let order = app.order(1).await;
    app.advance(PAY_TIME - 1);
    app.platform.pay(&order.code_url).await;
    app.advance(2);
    // The query is told NOTPAY, as if the payer had been a moment slower; the close is not.
    let forger = std::sync::Arc::new(crate::support::Forger::read(outside.dir(), clock.clone()));
    let asked = std::sync::atomic::AtomicUsize::new(0);
    relay.lie(forger, move |path, told| {
        let first = path.contains("/out-trade-no/") && asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        if first {
            told["trade_state"] = json!("NOTPAY");
            told.as_object_mut().expect("an object").remove("transaction_id");
        }
        first
    });
    app.until_status(&order.token, "SUCCESS").await;
    let closes: Vec<_> = relay.passed().into_iter().filter(|it| it.path.ends_with("/close")).collect();
    assert_eq!((closes.len(), closes[0].status), (1, 400));
    let events = app.books.events(&order.order_no).await;
    assert_eq!(events, ["PLACED/SHOPPER", "CODE_READY/SHOPPER", "PAID/QUERY"]);
}

#[tokio::test]
async fn a_callback_that_overtakes_the_closing_pays() {
    let clock = mock_clock();
    let outside = Outside::start(&clock).await;
    let relay = Relay::start(&outside.site.origin).await;
    let app = Stage::new().clock(&clock).live(&outside, free_port()).set("WXPAY_DOMAIN", &relay.origin).start().await;
    let order = app.order(1).await;
    app.advance(PAY_TIME + 1);
    let held = relay.hold("/close");
    app.look(&order.token).await;
    held.arrived().await;
    // Between our query and our close somebody pays after all, and the callback is quick.
    assert_acknowledged(&app.deliver(&app.forger.payment(&order)).await);
    assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
    held.release();
    until("the close is answered", async || relay.passed().iter().any(|it| it.path.ends_with("/close")).then_some(()))
        .await;
    // Whatever the answer to it has set off is over once the site has stopped.
    let (folder, order_no) = (app.folder.clone(), order.order_no.clone());
    app.stop().await;
    let books = Books::open(&database_url(&folder.path().join("data"))).await;
    assert_eq!(books.status(&order_no).await, "SUCCESS");
    assert_eq!(books.events(&order_no).await, ["PLACED/SHOPPER", "CODE_READY/SHOPPER", "PAID/CALLBACK"]);
}

#[tokio::test]
async fn a_close_whose_answer_was_lost_is_finished_by_the_next_look() {
    let app = App::start_with_mock_clock().await;
    let order = app.order(1).await;
    app.advance(PAY_TIME + 1);
    app.faults(json!({"error_500_after_commit": {"close": 1}})).await;
    app.look(&order.token).await;
    until("it is closed there", async || (app.scan(&order.code_url).await.status == 409).then_some(())).await;
    // What is not certain stays as it is.
    assert_eq!(app.books.status(&order.order_no).await, "NOTPAY");
    let closed = until("closed here", async || {
        app.advance(6);
        Some(app.look(&order.token).await).filter(|order| order["status"] == "CLOSED")
    })
    .await;
    assert_eq!(closed["reason"], "EXPIRED");
}

#[tokio::test]
async fn an_order_that_never_reached_the_platform_is_closed_a_minute_later() {
    let app = App::start_with_mock_clock().await;
    app.faults(json!({"error_500": {"prepay": "all"}})).await;
    let browser = app.browser();
    assert_eq!(browser.try_order(1).await.status, 502);
    let listed = browser.send(app.request(reqwest::Method::GET, "/api/ui/list_orders")).await.json();
    let token = listed["lines"][0]["token"].as_str().expect("a token").to_owned();
    let order_no = app.look(&token).await["orderNo"].as_str().expect("a number").to_owned();
    // A prepay may still be on its way: "no such order" is no proof yet.
    for _ in 0..5 {
        app.advance(if app.look(&token).await["secondsLeft"] == 0 { 10 } else { PAY_TIME + 1 });
        app.watch(&token, 99, 1).await;
        assert_eq!(app.books.status(&order_no).await, "NOTPAY");
    }
    app.advance(60);
    let closed = until("closed", async || {
        app.advance(6);
        Some(app.look(&token).await).filter(|order| order["status"] == "CLOSED")
    })
    .await;
    assert_eq!(closed["reason"], "EXPIRED");
}

#[tokio::test]
async fn the_shopper_can_buy_again_at_once_while_the_old_order_is_not_yet_closed() {
    let app = App::start_with_mock_clock().await;
    let browser = app.browser();
    let old = browser.order(1).await;
    app.faults(json!({"error_500": {"query": "all", "close": "all"}})).await;
    app.advance(PAY_TIME + 1);
    app.watch(&old.token, 2, 1).await;
    assert_eq!(app.books.status(&old.order_no).await, "NOTPAY", "nobody knows how it ended");
    let page = app.get(&format!("/pay/{}", old.token)).await;
    assert!(page.shown().contains("支付时间已到"), "{}", page.text());
    assert!(!page.shown().contains("请使用微信扫一扫"), "a code that may be dead is not offered");

    let new = browser.order(1).await;
    assert_ne!((&new.order_no, &new.token, &new.code_url), (&old.order_no, &old.token, &old.code_url));
    assert_eq!(browser.order(1).await, new);
    app.faults(json!({"error_500": {"query": 0, "close": 0}})).await;
    until("the old one is closed", async || {
        app.advance(6);
        Some(app.look(&old.token).await).filter(|order| order["status"] == "CLOSED")
    })
    .await;
    assert_eq!(app.look(&new.token).await["status"], "NOTPAY");
    assert_eq!(browser.order(1).await, new, "closing the old one took nothing from the new one");
    app.pay(&new.code_url).await;
    app.until_status(&new.token, "SUCCESS").await;
}

#[tokio::test]
async fn buying_again_after_the_deadline_is_a_new_order() {
    let app = App::start_with_mock_clock().await;
    let browser = app.browser();
    let old = browser.order(1).await;
    app.advance(PAY_TIME + 1);
    app.until_status(&old.token, "CLOSED").await;
    let answer = browser.submit("/api/ui/place_order", &[("product_id", "1")]).await;
    let path = answer.header("location").expect("a page").to_owned();
    assert!(path.starts_with("/pay/") && !path.contains(&old.token));
    assert!(browser.get(&path).await.shown().contains("请使用微信扫一扫"));
    assert_eq!(app.books.count("orders").await, 2);
}

#[tokio::test]
async fn a_payment_that_arrives_after_closing_is_accepted_and_marked_late() {
    let app = App::start_with_mock_clock().await;
    let browser = app.browser();
    let order = browser.order(2).await;
    app.advance(PAY_TIME + 1);
    app.until_status(&order.token, "CLOSED").await;
    let again = browser.order(2).await;
    let callback = app.forger.payment(&order);
    assert_acknowledged(&app.deliver(&callback).await);
    assert_acknowledged(&app.deliver(&callback).await);

    let stored = app.books.order(&order.order_no).await;
    assert_eq!((stored.status.as_str(), stored.closed_reason, stored.state.as_str()), ("SUCCESS", None, "PAID"));
    let payments = app.books.payments().await;
    assert_eq!((payments.len(), payments[0].kind.as_str()), (1, "LATE"));
    assert_eq!(app.books.events(&order.order_no).await[2..], ["CLOSED/QUERY", "PAID_LATE/CALLBACK"]);
    let received = app.books.received().await;
    assert_eq!((received.len(), received[0].verdict.as_str()), (1, "PAID_LATE"));
    assert_eq!((app.callbacks("PAID_LATE").await, app.callbacks("DUPLICATE").await), (1, 1));
    assert_eq!(app.order_status(&order.order_no).await.0, 0);
    assert!(app.get(&format!("/pay/{}", order.token)).await.shown().contains("支付成功"));
    assert_eq!(browser.order(2).await, again, "the new order is as it was");
}

#[tokio::test]
async fn a_payment_after_the_deadline_of_an_order_not_yet_closed_is_in_time() {
    let app = App::start_with_mock_clock().await;
    let order = app.order(1).await;
    app.advance(PAY_TIME + 600);
    assert_acknowledged(&app.deliver(&app.forger.payment(&order)).await);
    assert_eq!(app.books.payments().await[0].kind, "FIRST");
    assert_eq!(app.look(&order.token).await["status"], "SUCCESS");
}

#[tokio::test]
async fn a_second_transaction_for_a_paid_order_is_money_to_give_back() {
    let app = App::start().await;
    let order = app.order(2).await;
    assert_acknowledged(&app.deliver(&app.forger.payment(&order)).await);
    let paid = app.books.order(&order.order_no).await;
    let second = app.forger.payment(&order);
    assert_acknowledged(&app.deliver(&second).await);
    assert_acknowledged(&app.deliver(&second).await);

    let after = app.books.order(&order.order_no).await;
    assert_eq!((after.status.as_str(), after.paid_ms), ("SUCCESS", paid.paid_ms));
    let kinds: Vec<_> = app.books.payments().await.into_iter().map(|it| it.kind).collect();
    assert_eq!(kinds, ["FIRST", "SURPLUS"]);
    assert_eq!(
        app.books.events(&order.order_no).await[2..],
        ["PAID/CALLBACK", "SURPLUS_PAYMENT/CALLBACK", "REFUND_ASKED/AUTOMATIC"]
    );
    assert_eq!((app.callbacks("SURPLUS").await, app.callbacks("DUPLICATE").await), (1, 1));
    assert_eq!(app.metric("saoma_orders_total", "status=\"SUCCESS\"").await, 1);
    // The receipt names the transaction that paid it.
    let first = &app.books.payments().await[0].transaction_id;
    assert!(app.get(&format!("/pay/{}/receipt", order.token)).await.shown().contains(first.as_str()));
}

#[tokio::test]
async fn an_overdue_order_that_cannot_be_closed_is_not_asked_about_at_every_look() {
    let clock = mock_clock();
    let outside = Outside::start(&clock).await;
    let relay = Relay::start(&outside.site.origin).await;
    let app = Stage::new().clock(&clock).live(&outside, free_port()).set("WXPAY_DOMAIN", &relay.origin).start().await;
    let order = app.order(1).await;
    outside.site.faults(json!({"error_500": {"query": "all"}})).await;
    app.advance(PAY_TIME + 1);
    let queries = || relay.passed().iter().filter(|it| it.path.ends_with(&order.order_no)).count();
    app.look(&order.token).await;
    until("the first question", async || (queries() == 1).then_some(())).await;
    // Anyone who has the address can look as often as he likes.
    for _ in 0..30 {
        app.look(&order.token).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(queries(), 1, "the clock stands still: it is not yet time to ask again");
    app.advance(6);
    app.look(&order.token).await;
    until("the second question", async || (queries() == 2).then_some(())).await;
}
