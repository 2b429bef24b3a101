//! Payments whose callback never comes: the site asks.

use std::time::Duration;

use serde_json::json;

use crate::support::{App, Notice, Outside, Relay, Stage, free_port, until};

#[tokio::test]
async fn a_page_that_waits_sees_a_payment_whose_callback_was_lost() {
    let app = Stage::new().asking_every(Duration::from_millis(100)).start().await;
    app.faults(json!({"drop": "all"})).await;
    let order = app.order(1).await;
    let (watched, transaction) = tokio::join!(app.watch(&order.token, 2, 25), app.pay(&order.code_url));
    assert_eq!(watched["status"], "SUCCESS", "{watched}");
    let payments = app.books.payments().await;
    assert_eq!(payments.len(), 1);
    assert_eq!((&payments[0].transaction_id, payments[0].source.as_str()), (&transaction, "QUERY"));
    assert_eq!(app.books.events(&order.order_no).await, ["PLACED/SHOPPER", "CODE_READY/SHOPPER", "PAID/QUERY"]);
    assert_eq!(app.books.count("notifications").await, 0);
    assert_eq!(app.metric("saoma_orders_total", "status=\"SUCCESS\"").await, 1);
    assert_eq!(app.callbacks("PAID").await, 0);

    // The callback comes after all, and is a duplicate.
    let mut transaction_told = app.forger.transaction(&order);
    transaction_told["transaction_id"] = json!(transaction);
    let answer = app.deliver(&app.forger.callback(&Notice::of(transaction_told))).await;
    assert_eq!(answer.status, 200);
    assert_eq!(app.books.received().await[0].verdict, "DUPLICATE");
    assert_eq!(app.books.payments().await.len(), 1);
}

#[tokio::test]
async fn a_page_without_javascript_sees_it_too() {
    let app = Stage::new().asking_every(Duration::from_millis(50)).start().await;
    app.faults(json!({"drop": "all"})).await;
    let order = app.order(1).await;
    app.pay(&order.code_url).await;
    let path = format!("/pay/{}", order.token);
    until("the page says paid", async || app.get(&path).await.shown().contains("支付成功").then_some(())).await;
}

#[tokio::test]
async fn i_have_paid_asks_and_settles() {
    let app = App::start().await;
    app.faults(json!({"drop": "all"})).await;
    let order = app.order(1).await;
    let browser = app.browser();
    let ask = async || browser.call("/api/ui/check_payment", &[("token", &order.token)]).await.json();
    assert_eq!(ask().await, json!("NotYet"), "an honest answer");
    app.pay(&order.code_url).await;
    // The button may have asked a moment ago; then it does not ask again so soon.
    until("settled", async || (ask().await == json!("Settled")).then_some(())).await;
    assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
    assert_eq!(app.books.payments().await[0].source, "QUERY");
    assert_eq!(ask().await, json!("Settled"));
}

#[tokio::test]
async fn while_the_platform_cannot_be_asked_the_button_says_so() {
    let app = App::start().await;
    let order = app.order(1).await;
    app.faults(json!({"drop": "all", "error_500": {"query": "all"}})).await;
    app.pay(&order.code_url).await;
    let browser = app.browser();
    let answer = browser.submit("/api/ui/check_payment", &[("token", &order.token)]).await;
    assert_eq!(answer.header("location"), Some(format!("/pay/{}?checked=unknown", order.token).as_str()));
    assert!(browser.get(answer.header("location").expect("a page")).await.shown().contains("请不要重复付款"));
    assert_eq!(app.books.status(&order.order_no).await, "NOTPAY");
}

#[tokio::test]
async fn nobody_asks_while_nobody_waits_and_many_pages_ask_once() {
    let clock = saoma::clock::Clock::system();
    let outside = Outside::start(&clock).await;
    let relay = Relay::start(&outside.site.origin).await;
    let app = Stage::new()
        .asking_every(Duration::from_millis(100))
        .live(&outside, free_port())
        .set("WXPAY_DOMAIN", &relay.origin)
        .start()
        .await;
    let queries = || relay.passed().iter().filter(|it| it.path.contains("/out-trade-no/")).count();
    let unwatched = app.order(1).await;
    let order = app.order(1).await;
    // While the first question is under way, no page and no button asks a second one.
    let held = relay.hold(&order.order_no);
    let pages = futures::future::join_all((0..30).map(|_| app.watch(&order.token, 2, 3)));
    let browser = app.browser();
    let asking = async {
        held.arrived().await;
        let checked = browser.call("/api/ui/check_payment", &[("token", &order.token)]).await;
        assert_eq!(checked.json(), json!("Unknown"), "nobody knows it yet, and that is what it says");
        assert_eq!(queries(), 0, "the held one is the only one");
        held.release();
    };
    tokio::join!(pages, asking);
    let passed = relay.passed();
    let asked: Vec<_> = passed.iter().filter(|it| it.path.contains("/out-trade-no/")).collect();
    assert!((1..=40).contains(&asked.len()), "30 pages for 3 s, at most 10 a second: {}", asked.len());
    assert!(asked.iter().all(|it| it.path.contains(&order.order_no)));
    assert!(!asked.iter().any(|it| it.path.contains(&unwatched.order_no)), "nobody waits for it");
    println!("30 pages waiting for one order for 3 s, gap 100 ms: {} questions to the platform", asked.len());
}

#[tokio::test]
async fn an_order_closed_at_the_platform_is_closed_here() {
    let clock = crate::support::mock_clock();
    let app = Stage::new().clock(&clock).asking_every(Duration::from_secs(5)).start().await;
    let order = app.order(1).await;
    app.faults(json!({"order_life_seconds": 60})).await;
    app.advance(120);
    let closed = app.until_status(&order.token, "CLOSED").await;
    assert_eq!(closed["reason"], "CANCELLED", "its time was not over here");
    assert_eq!(app.books.events(&order.order_no).await.last().map(String::as_str), Some("CLOSED/QUERY"));
    assert_eq!(app.books.order(&order.order_no).await.state, "CLOSED");
    assert!(app.get(&format!("/pay/{}", order.token)).await.shown().contains("订单已取消"));
}
