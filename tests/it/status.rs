//! `GET /api/orders/{token}`: how an order stands, now or as soon as it changes.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use tokio::time::Instant;

use crate::support::{App, Stage, until};

#[tokio::test]
async fn an_order_tells_everything_a_page_needs_and_nothing_more() {
    let app = App::start_with_mock_clock().await;
    let order = app.order(2).await;
    let answer = app.get(&format!("/api/orders/{}", order.token)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(
        answer.json(),
        json!({
            "status": "NOTPAY", "version": 2, "secondsLeft": 900, "orderNo": order.order_no,
            "title": "西湖龙井 明前特级 50g", "total": 12_800, "codeReady": true,
        })
    );
    app.advance(61);
    assert_eq!(app.look(&order.token).await["secondsLeft"], 839);

    app.deliver(&app.forger.payment(&order)).await;
    let paid = app.look(&order.token).await;
    assert_eq!((paid["status"].as_str(), paid["version"].as_i64()), (Some("SUCCESS"), Some(3)));
    assert!(paid["paidAt"].as_str().expect("a time").ends_with("+08:00"));
    assert_eq!((paid.get("reason"), paid["codeReady"].as_bool()), (None, Some(false)));

    let closed = app.order(1).await;
    app.advance(901);
    let closed = app.until_status(&closed.token, "CLOSED").await;
    assert_eq!((closed["reason"].as_str(), closed["secondsLeft"].as_i64()), (Some("EXPIRED"), Some(0)));
    assert_eq!(closed.get("paidAt"), None);
}

#[tokio::test]
async fn a_page_that_knows_less_is_answered_at_once() {
    let app = App::start().await;
    let order = app.order(1).await;
    let started = Instant::now();
    for query in ["", "?wait=25", "?after=0&wait=25", "?after=1&wait=25", "?after=2", "?after=2&wait=0", "?other=x"] {
        let answer = app.get(&format!("/api/orders/{}{query}", order.token)).await;
        assert_eq!((answer.status, answer.json()["version"].as_i64()), (200, Some(2)), "{query}");
    }
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_waiting_page_is_held_until_its_time_is_over() {
    let app = App::start().await;
    let order = app.order(1).await;
    let started = Instant::now();
    let answer = app.watch(&order.token, 2, 1).await;
    let took = started.elapsed();
    assert_eq!((answer["status"].as_str(), answer["version"].as_i64()), (Some("NOTPAY"), Some(2)));
    assert!(took >= Duration::from_secs(1), "{took:?}");
    assert!(took < Duration::from_secs(15), "{took:?}");
    // A version that will never be: the page is held, and not for ever.
    let answer = app.watch(&order.token, i64::MAX, 1).await;
    assert_eq!(answer["version"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_wakes_the_waiting_page() {
    const ROUNDS: usize = 30;
    let app = App::start().await;
    let mut latencies = Vec::new();
    for _ in 0..ROUNDS {
        let order = app.order(1).await;
        let watching = async {
            let told = app.watch(&order.token, 2, 25).await;
            (Instant::now(), told)
        };
        let paying = async {
            until("the page waits", async || (app.metric("saoma_pages_waiting", "").await == 1).then_some(())).await;
            let callback = app.forger.payment(&order);
            assert_eq!(app.deliver(&callback).await.status, 200);
            Instant::now()
        };
        let ((told_at, told), answered_at) = tokio::join!(watching, paying);
        assert_eq!(told["status"], "SUCCESS");
        latencies.push(told_at.saturating_duration_since(answered_at));
    }
    latencies.sort_unstable();
    let (median, longest) = (latencies[ROUNDS / 2], latencies[ROUNDS - 1]);
    println!("callback answered → waiting page knows, {ROUNDS} rounds: median {median:?}, longest {longest:?}");
    assert!(longest < Duration::from_secs(10), "long before its wait of 25 s is over");
    until("nobody waits", async || (app.metric("saoma_pages_waiting", "").await == 0).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_waiting_pages_are_all_woken() {
    let app = App::start().await;
    let order = app.order(1).await;
    let other = app.order(1).await;
    let watching = join_all((0..100).map(|_| app.watch(&order.token, 2, 25)));
    let paying = async {
        until("they wait", async || (app.metric("saoma_pages_waiting", "").await == 100).then_some(())).await;
        let others = app.watch(&other.token, 2, 1).await;
        app.deliver(&app.forger.payment(&order)).await;
        others
    };
    let (told, others) = tokio::join!(watching, paying);
    assert!(told.iter().all(|it| it["status"] == "SUCCESS" && it["version"] == 3));
    assert_eq!(others["status"], "NOTPAY");
}

#[tokio::test]
async fn a_page_waiting_at_one_instance_sees_what_another_one_booked() {
    let first = App::start().await;
    let second = Stage::new().beside(&first).start().await;
    let order = first.order(1).await;
    let watching = async {
        let told = second.watch(&order.token, 2, 25).await;
        (Instant::now(), told)
    };
    let paying = async {
        until("the page waits", async || (second.metric("saoma_pages_waiting", "").await == 1).then_some(())).await;
        assert_eq!(first.deliver(&first.forger.payment(&order)).await.status, 200);
        Instant::now()
    };
    let ((told_at, told), answered_at) = tokio::join!(watching, paying);
    assert_eq!(told["status"], "SUCCESS");
    println!("booked by another instance → waiting page knows: {:?}", told_at.saturating_duration_since(answered_at));
}

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let app = App::start().await;
    let order = app.order(1).await;
    for (query, field) in [
        ("after=x", "after"),
        ("after=-1", "after"),
        ("after=", "after"),
        ("after=1.5", "after"),
        ("after=99999999999999999999", "after"),
        ("after=1&after=x", "after"),
        ("wait=26", "wait"),
        ("wait=-1", "wait"),
        ("wait=1.5", "wait"),
        ("wait=", "wait"),
        ("wait=soon", "wait"),
        ("after=1&wait=100", "wait"),
    ] {
        let answer = app.get(&format!("/api/orders/{}?{query}", order.token)).await;
        assert_eq!(answer.status, 400, "{query}");
        let json = answer.json();
        assert_eq!((json["field"].as_str(), json["code"].as_i64()), (Some(field), Some(400)), "{query}");
        assert!(json["message"].as_str().expect("a text").contains(field), "{query}");
    }
}

#[tokio::test]
async fn an_unknown_order_is_not_found() {
    let app = App::start().await;
    let order = app.order(1).await;
    let unknown = [
        "00000000000000000000000000000000",
        &order.order_no,
        &order.token.to_uppercase(),
        &order.token[..31],
        "x",
        "%00",
        "..%2f..%2fetc%2fpasswd",
    ];
    for token in unknown {
        let answer = app.get(&format!("/api/orders/{token}?wait=25")).await;
        assert_eq!((answer.status, answer.json()["code"].as_i64()), (404, Some(404)), "{token}");
        let page = app.get(&format!("/pay/{token}")).await;
        assert_eq!(page.status, 404, "{token}");
        assert!(page.shown().contains("订单不存在") || page.shown().contains("页面不存在"), "{token}");
    }
}

#[tokio::test]
async fn a_stopping_server_answers_its_waiting_pages_at_once() {
    let app = App::start().await;
    let order = app.order(1).await;
    let site = crate::support::Site::new(app.origin.clone());
    let watching = tokio::spawn({
        let token = order.token.clone();
        async move { site.watch(&token, 2, 25).await }
    });
    until("the page waits", async || (app.metric("saoma_pages_waiting", "").await == 1).then_some(())).await;
    let started = Instant::now();
    app.stop().await;
    assert_eq!(watching.await.expect("no panic")["status"], "NOTPAY");
    println!("a stop with a waiting page: {:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_secs(10));
}
