//! How many orders, and how many callbacks that are not WeChat's, one address may send.

use serde_json::json;

use crate::{
    callbacks::{assert_acknowledged, assert_refused},
    support::{App, Browser, Notice, Stage},
};

#[tokio::test]
async fn past_the_limit_rejected_callbacks_get_429_and_genuine_ones_still_200() {
    let app = Stage::new().set("SAOMA_REJECTED_CALLBACKS_PER_MINUTE", "5").start().await;
    let orders = [app.order(1).await, app.order(1).await];
    let wrong = app.forger.payment(&orders[0]).with("wechatpay-nonce", "another");
    for _ in 0..5 {
        assert_refused(&app.deliver(&wrong).await, 401);
    }
    for _ in 0..20 {
        assert_refused(&app.deliver(&wrong).await, 429);
    }
    let too_long = app.forger.signed(vec![b' '; 70_000]);
    let answer = crate::support::raw(&app, &too_long.head(), &too_long.body).await;
    assert!(answer.starts_with(b"HTTP/1.1 429 "));
    assert_eq!(app.books.count("notifications").await, 0);

    for order in &orders {
        let callback = app.forger.payment(order);
        assert_acknowledged(&app.deliver(&callback).await);
        assert_acknowledged(&app.deliver(&callback).await);
        assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
        assert_refused(&app.deliver(&wrong).await, 429);
    }
    // A verified one of an unknown order is WeChat's: it must come again, not go away.
    let mut unknown = app.forger.transaction(&orders[0]);
    unknown["out_trade_no"] = json!("NOBODY0HAS0THIS0NUMBER");
    assert_refused(&app.deliver(&app.forger.callback(&Notice::of(unknown))).await, 404);
    assert_eq!(app.callbacks("signature").await, 27, "all of them are counted");
}

#[tokio::test]
async fn past_the_limit_orders_get_429() {
    let app = Stage::new().set("SAOMA_ORDERS_PER_MINUTE", "3").start().await;
    for _ in 0..3 {
        app.order(1).await;
    }
    let answer = app.try_order(1).await;
    assert_eq!(answer.status, 429);
    let json = answer.json();
    assert_eq!(json["code"], 429);
    assert!(!json["message"].as_str().expect("a text").is_empty());
    assert_eq!(json.get("data"), None);
    assert_eq!(app.books.count("orders").await, 3);
    assert_eq!(app.metric("saoma_order_creations_total", "result=\"ok\"").await, 3);
    assert_eq!(app.metric("saoma_order_creations_total", "result=\"limited\"").await, 1);

    // The page's own way in has the same limit.
    let browser = app.browser();
    let answer = browser.call("/api/ui/place_order", &[("product_id", "1")]).await;
    assert_eq!((answer.status, answer.json()), (429, json!("Limited")));
    let answer = browser.submit("/api/ui/place_order", &[("product_id", "1")]).await;
    assert_eq!(answer.status, 302);
    assert_eq!(answer.header("location"), Some("/products/1?problem=limited"));
    assert!(browser.get("/products/1?problem=limited").await.shown().contains("下单过于频繁"));
    assert_eq!(app.books.count("orders").await, 3);
    // Looking is not ordering.
    assert_eq!(browser.get("/products/1").await.status, 200);
}

async fn ordered_from(browser: &Browser<'_>, app: &App, forwarded: &str) -> u16 {
    let request = app.request(reqwest::Method::POST, "/api/wx-pay/native/native/1");
    browser.send(request.header("x-forwarded-for", forwarded)).await.status
}

#[tokio::test]
async fn addresses_behind_a_trusted_proxy_are_counted_apart() {
    let app = Stage::new().set("SAOMA_ORDERS_PER_MINUTE", "1").set("SAOMA_TRUSTED_PROXIES", "127.0.0.1").start().await;
    let browser = app.browser();
    assert_eq!(ordered_from(&browser, &app, "203.0.113.1").await, 200);
    assert_eq!(ordered_from(&browser, &app, "203.0.113.1").await, 429);
    assert_eq!(ordered_from(&browser, &app, "203.0.113.2").await, 200);
    assert_eq!(ordered_from(&browser, &app, "198.51.100.9, 203.0.113.2").await, 429, "the left part is hearsay");
    // One IPv6 customer has a whole /64.
    assert_eq!(ordered_from(&browser, &app, "2001:db8::1").await, 200);
    assert_eq!(ordered_from(&browser, &app, "2001:db8::2").await, 429);
}

#[tokio::test]
async fn without_a_trusted_proxy_nobody_chooses_an_address() {
    let app = Stage::new().set("SAOMA_ORDERS_PER_MINUTE", "1").start().await;
    let browser = app.browser();
    assert_eq!(ordered_from(&browser, &app, "203.0.113.1").await, 200);
    assert_eq!(ordered_from(&browser, &app, "203.0.113.2").await, 429);
}
