//! Callbacks as the sandbox delivers them: twice, fifty at once, too early, spoiled on their way.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;

use crate::{
    callbacks::assert_acknowledged,
    support::{App, Callback, Notice, Site, Stage, until},
};

const AT_ONCE: u64 = 50;

/// Each over a connection of its own.
async fn deliver_at_once(app: &App, callbacks: Vec<Callback>) {
    let origin = app.origin.clone();
    let tasks = callbacks.into_iter().map(|callback| {
        let origin = origin.clone();
        tokio::spawn(async move { Site::new(origin).deliver(&callback).await })
    });
    for answer in join_all(tasks).await {
        assert_acknowledged(&answer.expect("no panic"));
    }
}

async fn assert_paid_once(app: &App, order_no: &str) {
    let order = app.books.order(order_no).await;
    assert_eq!(order.status, "SUCCESS");
    let payments = app.books.payments().await;
    assert_eq!(payments.iter().filter(|it| it.out_trade_no == order_no).count(), 1);
    let events = app.books.events(order_no).await;
    assert_eq!(events.iter().filter(|it| it.starts_with("PAID")).count(), 1, "{events:?}");
    assert_eq!(order.version, 3, "placed, code, paid: nothing after that");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_concurrent_deliveries_of_one_notification_pay_once_and_are_all_acknowledged() {
    let app = App::start().await;
    let order = app.order(1).await;
    let callback = app.forger.payment(&order);
    deliver_at_once(&app, vec![callback; 50]).await;

    assert_paid_once(&app, &order.order_no).await;
    let received = app.books.received().await;
    assert_eq!(received.len(), 1);
    assert_eq!((received[0].verdict.as_str(), received[0].deliveries), ("PAID", 50));
    assert_eq!((app.callbacks("PAID").await, app.callbacks("DUPLICATE").await), (1, AT_ONCE - 1));
    assert_eq!(app.metric("saoma_orders_total", "status=\"SUCCESS\"").await, 1);
    println!("50 concurrent deliveries: 50 × 200, 1 payment, 1 paid event, deliveries = 50");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_concurrent_notifications_of_one_transaction_pay_once() {
    let app = App::start().await;
    let order = app.order(1).await;
    let transaction = app.forger.transaction(&order);
    let notices: Vec<Notice> = (0..50).map(|_| Notice::of(transaction.clone())).collect();
    deliver_at_once(&app, notices.iter().map(|notice| app.forger.callback(notice)).collect()).await;
    assert_paid_once(&app, &order.order_no).await;
    let received = app.books.received().await;
    assert_eq!(received.len(), 50);
    assert_eq!(received.iter().filter(|it| it.verdict == "PAID").count(), 1);
    assert_eq!(received.iter().filter(|it| it.verdict == "DUPLICATE").count(), 49);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_orders_paid_at_once_are_all_paid() {
    let app = App::start().await;
    let mut orders = Vec::new();
    for _ in 0..50 {
        orders.push(app.order(1).await);
    }
    let mut callbacks: Vec<_> = orders.iter().map(|order| app.forger.payment(order)).collect();
    // One that cannot be booked among them must not take its neighbours with it.
    let mut wrong = app.forger.transaction(&orders[7]);
    wrong["amount"]["total"] = json!(99);
    callbacks[7] = app.forger.callback(&Notice::of(wrong));
    deliver_at_once(&app, callbacks).await;
    for (number, order) in orders.iter().enumerate() {
        let expected = if number == 7 { "NOTPAY" } else { "SUCCESS" };
        assert_eq!(app.books.status(&order.order_no).await, expected, "{number}");
    }
    assert_eq!(app.books.count("payments").await, 49);
    assert_eq!(app.metric("saoma_orders_pending", "").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_platform_may_deliver_fifty_times_at_once_and_again_later() {
    let app = App::start().await;
    app.faults(json!({"concurrent_duplicates": 49, "duplicates": 3})).await;
    let order = app.order(1).await;
    app.pay(&order.code_url).await;
    let delivery = app.until_delivery(&order.order_no, "accepted").await;
    let attempts = delivery["attempts"].as_array().expect("a list");
    assert_eq!(attempts.len(), 53);
    assert!(attempts.iter().all(|attempt| attempt["status"] == 200), "{attempts:?}");
    assert_paid_once(&app, &order.order_no).await;
    assert_eq!(app.books.received().await[0].deliveries, 53);
}

#[tokio::test]
async fn the_two_instances_of_a_site_book_a_payment_once() {
    let first = App::start().await;
    let second = Stage::new().beside(&first).start().await;
    let order = first.order(1).await;
    // Both have the same merchant account.
    let notice = Notice::of(first.forger.transaction(&order));
    let callbacks: Vec<_> = (0..20).map(|_| first.forger.callback(&notice)).collect();
    let answers = callbacks.iter().enumerate().map(|(number, callback)| {
        let site: &Site = if number % 2 == 0 { &first } else { &second };
        site.deliver(callback)
    });
    for answer in join_all(answers).await {
        assert_acknowledged(&answer);
    }
    assert_paid_once(&first, &order.order_no).await;
    assert_eq!(first.books.received().await[0].deliveries, 20);
    assert_eq!(first.callbacks("PAID").await + second.callbacks("PAID").await, 1);
}

#[tokio::test]
async fn a_callback_that_comes_before_the_prepay_reply_pays() {
    let app = App::start().await;
    app.faults(json!({"pay_before_reply": 1})).await;
    let browser = app.browser();
    let answer = browser.call("/api/ui/place_order", &[("product_id", "1")]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let view = answer.json();
    assert_eq!(view["stage"], "Paid", "{view}");
    let order_no = view["out_trade_no"].as_str().expect("a number");

    let order = app.books.order(order_no).await;
    assert_eq!((order.status.as_str(), order.state.as_str()), ("SUCCESS", "PAID"));
    assert_eq!(app.books.events(order_no).await, ["PLACED/SHOPPER", "PAID/CALLBACK"]);
    assert_eq!(app.books.payments().await.len(), 1);
    let delivery = app.until_delivery(order_no, "accepted").await;
    assert_eq!(delivery["attempts"][0]["status"], 200);
    assert_eq!(app.callbacks("PAID").await, 1);
    assert_eq!(app.order_status(order_no).await.0, 0);
}

#[tokio::test]
async fn a_program_whose_order_was_paid_before_its_code_came_is_told_which() {
    let app = App::start().await;
    app.faults(json!({"pay_before_reply": 1})).await;
    let answer = app.try_order(1).await;
    assert_eq!(answer.status, 409, "{answer:?}");
    let payments = app.books.payments().await;
    assert_eq!(payments.len(), 1);
    assert_eq!(answer.json()["data"]["orderNo"], payments[0].out_trade_no.as_str());
    assert_eq!(app.books.count("orders").await, 1, "nobody is offered to pay once more");
}

#[tokio::test]
async fn a_callback_that_comes_while_the_prepay_is_lost_pays() {
    // The money arrives although the site never got a code: the reply is withheld, the callback is
    // not.
    let app = Stage::new().platform_limit(Duration::from_secs(1)).start().await;
    app.faults(json!({"pay_before_reply": 1, "timeout_after_commit": {"prepay": "all"}, "timeout_ms": 60_000})).await;
    let browser = app.browser();
    let view = browser.call("/api/ui/place_order", &[("product_id", "1")]).await.json();
    let order_no = view["out_trade_no"].as_str().expect("a number");
    until("paid", async || (app.books.status(order_no).await == "SUCCESS").then_some(())).await;
    assert_eq!(app.books.payments().await.len(), 1);
}

/// Pays one order under `faults`; its delivery once accepted.
async fn paid_in_spite_of(app: &App, faults: serde_json::Value) -> serde_json::Value {
    app.faults(faults).await;
    app.faults(json!({"retry_scale": 0.001})).await;
    let order = app.order(1).await;
    app.pay(&order.code_url).await;
    let delivery = app.until_delivery(&order.order_no, "accepted").await;
    assert_paid_once(app, &order.order_no).await;
    assert_eq!(app.books.payments().await.last().expect("paid").source, "CALLBACK");
    delivery
}

#[tokio::test]
async fn what_was_spoiled_on_its_way_comes_again_and_pays() {
    let app = App::start().await;
    let statuses = |delivery: &serde_json::Value| {
        let attempts = delivery["attempts"].as_array().expect("a list").iter();
        attempts.map(|attempt| attempt["status"].as_u64()).collect::<Vec<_>>()
    };
    let probed = paid_in_spite_of(&app, json!({"signtest_callbacks": 1})).await;
    assert_eq!(statuses(&probed), [Some(401), Some(200)]);
    assert_eq!(app.callbacks("signature_probe").await, 1);
    app.faults(json!({"signtest_callbacks": 0})).await;

    let altered = paid_in_spite_of(&app, json!({"altered_body": 2})).await;
    assert_eq!(statuses(&altered), [Some(401), Some(401), Some(200)]);
    assert_eq!(app.callbacks("signature").await, 2);

    let stale = paid_in_spite_of(&app, json!({"stale_timestamp": 1})).await;
    assert_eq!(statuses(&stale), [Some(401), Some(200)]);
    assert_eq!(app.callbacks("timestamp").await, 1);

    let dropped = paid_in_spite_of(&app, json!({"drop": 3})).await;
    assert_eq!(statuses(&dropped), [None, None, None, Some(200)]);

    let stranger = paid_in_spite_of(&app, json!({"wrong_out_trade_no": 1})).await;
    assert_eq!(statuses(&stranger), [Some(404), Some(200)]);
    assert_eq!(app.callbacks("UNKNOWN_ORDER").await, 1);

    let by_certificate = paid_in_spite_of(&app, json!({"public_key_share": 0})).await;
    assert_eq!(by_certificate["attempts"][0]["serial"], app.forger.certificate_serial);
    assert_eq!(statuses(&by_certificate), [Some(200)]);
}

#[tokio::test]
async fn what_the_platform_tells_wrongly_is_kept_and_the_truth_is_asked_for() {
    let app = App::start().await;
    for (knob, verdict) in [
        ("wrong_amount", "MISMATCH_AMOUNT"),
        ("wrong_currency", "MISMATCH_CURRENCY"),
        ("wrong_mchid", "MISMATCH_MCHID"),
        ("wrong_appid", "MISMATCH_APPID"),
        ("wrong_trade_state", "MISMATCH_STATE"),
        ("wrong_event_type", "MISMATCH_EVENT"),
    ] {
        app.faults(json!({knob: 1})).await;
        let order = app.order(1).await;
        app.pay(&order.code_url).await;
        let delivery = app.until_delivery(&order.order_no, "accepted").await;
        assert_eq!(delivery["attempts"].as_array().expect("a list").len(), 1, "{knob}");
        assert_eq!(app.books.received().await.last().expect("kept").verdict, verdict);
        assert_eq!(app.callbacks(verdict).await, 1);
        assert_eq!(app.books.status(&order.order_no).await, "NOTPAY", "{knob}");
        // The shopper has paid, whatever the callback said.
        let checked = app.browser().call("/api/ui/check_payment", &[("token", &order.token)]).await;
        assert_eq!(checked.json(), json!("Settled"), "{knob}");
        assert_eq!(app.books.status(&order.order_no).await, "SUCCESS", "{knob}");
        assert_eq!(app.books.payments().await.last().expect("paid").source, "QUERY");
    }
}

#[tokio::test]
async fn a_failed_attempt_at_the_phone_leaves_the_order_payable() {
    let app = App::start().await;
    let order = app.order(1).await;
    let body = json!({"code_url": order.code_url, "action": "fail"});
    let answer = app.control(reqwest::Method::POST, "/_sandbox/scan", &body).await;
    assert_eq!((answer.status, answer.json()["trade_state"].as_str()), (200, Some("NOTPAY")));
    assert_eq!(app.look(&order.token).await["status"], "NOTPAY");
    app.pay(&order.code_url).await;
    until("paid", async || (app.books.status(&order.order_no).await == "SUCCESS").then_some(())).await;
}
