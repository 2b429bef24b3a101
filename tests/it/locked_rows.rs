//! A server on which somebody else has locked rows: whoever needs them waits, and nobody else does.

use std::time::Duration;

use futures::future::join_all;
use jiff::SignedDuration;
use saoma::{clock::Clock, domain::RefundState};
use serde_json::json;
use sqlx::{Any, Transaction};
use tokio::time::Instant;

use crate::{
    callbacks::{assert_acknowledged, assert_refused},
    support::{App, Callback, Outside, Placed, Stage, free_port, is_file, mock_clock, paid_under, until, wanted},
};

const ORDERS: usize = 40;

/// Somebody else's transaction that has the order.
async fn lock(app: &App, order: &Placed) -> Transaction<'static, Any> {
    lock_all(app, std::slice::from_ref(order)).await
}

/// The same of several.
async fn lock_all(app: &App, orders: &[Placed]) -> Transaction<'static, Any> {
    let mut transaction = app.books.pool.begin().await.expect("begins");
    for order in orders {
        let sql = "SELECT orders.id FROM orders JOIN attempts ON attempts.order_id = orders.id \
                   WHERE out_trade_no = ? FOR UPDATE";
        sqlx::query(sql).bind(&order.order_no).fetch_one(&mut *transaction).await.expect("locks");
    }
    transaction
}

/// How long the slowest took of what has nothing to do with the locked rows: some looks at the page of `order`, and a
/// callback that pays it.
async fn slowest_of_others(app: &App, order: &Placed) -> Duration {
    // What waits for the rows is there by then, and waits for three seconds.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut slowest = Duration::ZERO;
    for _ in 0..5 {
        let started = Instant::now();
        assert_eq!(app.get(&format!("/pay/{}", order.token)).await.status, 200);
        slowest = slowest.max(started.elapsed());
    }
    let started = Instant::now();
    assert_acknowledged(&app.deliver(&app.forger.payment(order)).await);
    slowest.max(started.elapsed())
}

#[tokio::test]
async fn while_one_row_is_locked_by_somebody_else_every_other_order_is_looked_after() {
    if is_file() {
        return;
    }
    let app = App::start_with_mock_clock().await;
    app.faults(json!({"drop": "all"})).await;
    let mut orders = Vec::new();
    for _ in 0..5 {
        let order = app.order(1).await;
        app.platform.pay(&order.code_url).await;
        orders.push(order);
    }
    // The one that has been due the longest.
    let somebody = lock(&app, &orders[0]).await;
    app.advance(60);
    let started = Instant::now();
    assert_eq!(app.state.checkout.sweep_orders().await.expect("looks"), 4);
    println!("one row locked: the others were looked after in {:?}", started.elapsed());
    for order in &orders[1..] {
        assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
    }
    somebody.rollback().await.expect("lets go");
    assert_eq!(app.state.checkout.sweep_orders().await.expect("looks"), 1, "it has stayed due");
    assert_eq!(app.books.status(&orders[0].order_no).await, "SUCCESS");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_one_row_is_locked_by_somebody_else_every_other_callback_is_answered_at_once() {
    if is_file() {
        return;
    }
    let app = App::start().await;
    let mut orders = Vec::new();
    for _ in 0..ORDERS {
        orders.push(app.order(1).await);
    }
    let callbacks: Vec<_> = orders.iter().map(|order| app.forger.payment(order)).collect();
    let somebody = lock(&app, &orders[0]).await;

    // All at once, so that the one is booked together with others; and then those behind it.
    let timed = async |index: usize| {
        let started = Instant::now();
        let answer = app.deliver(&callbacks[index]).await;
        (answer, started.elapsed())
    };
    let (first, second): (Vec<_>, Vec<_>) = (0..ORDERS).partition(|index| *index < ORDERS / 2);
    let later = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        join_all(second.into_iter().map(&timed)).await
    };
    let (first, second) = tokio::join!(join_all(first.into_iter().map(&timed)), later);
    assert_refused(&first[0].0, 503);
    let mut slowest = Duration::ZERO;
    for (answer, took) in first[1..].iter().chain(&second) {
        assert_acknowledged(answer);
        slowest = slowest.max(*took);
    }
    println!("one row locked: refused after {:?}; the slowest of the others took {slowest:?}", first[0].1);
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    assert_eq!(app.books.count("payments").await, 39);

    somebody.rollback().await.expect("lets go");
    assert_acknowledged(&app.deliver(&callbacks[0]).await);
    assert_eq!((app.books.count("payments").await, app.books.count("notifications").await), (40, 40));
}

#[tokio::test(flavor = "multi_thread")]
async fn actions_that_wait_for_one_locked_row_leave_connections_for_everybody_else() {
    if is_file() {
        return;
    }
    let app = App::start().await;
    let browser = app.browser();
    let (stuck, other) = (browser.order(1).await, app.order(2).await);
    let somebody = lock(&app, &stuck).await;
    let form = [("token", stuck.token.as_str())];
    let presses = join_all((0..40).map(|_| browser.call("/api/ui/cancel_order", &form)));
    let (_, slowest) = tokio::join!(presses, slowest_of_others(&app, &other));
    println!("forty presses on one locked row: the slowest page or callback took {slowest:?}");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    somebody.rollback().await.expect("lets go");
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_of_refunds_that_wait_for_locked_rows_leave_connections_for_everybody_else() {
    if is_file() {
        return;
    }
    let app = App::start().await;
    let other = app.order(2).await;
    let (mut stuck, mut notices) = (Vec::new(), Vec::<Callback>::new());
    for number in 0..ORDERS {
        let order = app.order(1).await;
        let transaction_id = app.pay_by_forgery(&order).await;
        notices.push(app.forger.callback(&app.forger.refund(&order, &transaction_id, &format!("CONSOLE{number}"), 1)));
        stuck.push(order);
    }
    // The last one is nobody's.
    let (free, notice) = (stuck.pop().expect("an order"), notices.pop().expect("a notice"));
    let somebody = lock_all(&app, &stuck).await;
    let others = async {
        let slowest = slowest_of_others(&app, &other).await;
        let started = Instant::now();
        assert_acknowledged(&app.deliver_refund(&notice).await);
        slowest.max(started.elapsed())
    };
    let (waited, slowest) = tokio::join!(join_all(notices.iter().map(|notice| app.deliver_refund(notice))), others);
    println!("{} notices on locked rows: the slowest page or callback took {slowest:?}", notices.len());
    for answer in &waited {
        assert_refused(answer, 503);
    }
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    assert_eq!(app.books.status(&free.order_no).await, "REFUND_SUCCESS");
    somebody.rollback().await.expect("lets go");
    for (notice, order) in notices.iter().zip(&stuck) {
        assert_acknowledged(&app.deliver_refund(notice).await);
        assert_eq!(app.books.status(&order.order_no).await, "REFUND_SUCCESS");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_about_refunds_that_wait_for_locked_rows_leave_connections_for_everybody_else() {
    if is_file() {
        return;
    }
    let app = App::start_with_mock_clock().await;
    app.faults(json!({"refund_outcome": "processing"})).await;
    let other = app.order(2).await;
    let mut stuck = Vec::new();
    for _ in 0..ORDERS {
        let order = app.order(1).await;
        app.platform.pay(&order.code_url).await;
        app.until_status(&order.token, "SUCCESS").await;
        let refund = app.state.checkout.refund(&paid_under(&order.order_no), wanted(None)).await.expect("asks");
        assert_eq!(refund.state, RefundState::Processing);
        stuck.push(order);
    }
    let somebody = lock_all(&app, &stuck).await;
    app.advance(120);
    let sweep = app.state.checkout.sweep_refunds();
    let (swept, slowest) = tokio::join!(sweep, slowest_of_others(&app, &other));
    println!("{ORDERS} answers about locked rows: the slowest page or callback took {slowest:?}");
    assert_eq!(swept.expect("looks"), ORDERS);
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    somebody.rollback().await.expect("lets go");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_many_tell_at_once_of_a_refund_that_does_not_fit_is_told_once() {
    let app = App::start().await;
    let (order, another) = (app.order(2).await, app.order(3).await);
    let transaction_id = app.pay_by_forgery(&order).await;
    let notice = app.forger.refund(&order, &transaction_id, "CONSOLE", 100);
    assert_acknowledged(&app.deliver_refund(&app.forger.callback(&notice)).await);
    // WeChat's number of it, for something else.
    let mut twisted = app.forger.refund(&another, &app.pay_by_forgery(&another).await, "ANOTHER", 100);
    twisted.content["refund_id"] = notice.content["refund_id"].clone();
    let told: Vec<Callback> = (0..20)
        .map(|number| {
            twisted.id = format!("told-{number}");
            app.forger.callback(&twisted)
        })
        .collect();
    // Somebody has the order at that moment, so that they all get as far as they can.
    let somebody = if is_file() { None } else { Some(lock(&app, &order).await) };
    let lets_go = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        if let Some(somebody) = somebody {
            somebody.rollback().await.expect("lets go");
        }
    };
    let (answers, ()) = tokio::join!(join_all(told.iter().map(|it| app.deliver_refund(it))), lets_go);
    for answer in &answers {
        assert_acknowledged(answer);
    }
    let events = app.books.events(&order.order_no).await;
    assert_eq!(events.iter().filter(|it| it.starts_with("REFUND_CONTRADICTED/")).count(), 1, "{events:?}");
}

/// Of what has to come through while others wait: an action waits for three seconds, and so does its successor.
const AT_ONCE: Duration = Duration::from_millis(1500);

#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_leases_and_jobs_come_through_while_actions_wait_for_a_locked_row() {
    if is_file() {
        return;
    }
    let (right, tick) = (mock_clock(), Duration::from_millis(20));
    let wrong = Clock::mock(right.now());
    let outside = Outside::start(&right).await;
    outside.site.faults(json!({"drop": "all"})).await;
    let stage = |clock: &Clock| Stage::new().clock(clock).live(&outside, free_port()).jobs_every(tick);
    let first = stage(&right).heartbeat_every(Duration::from_millis(50)).start().await;
    until("the first one has the jobs", async || (holders(&first).await.len() == 2).then_some(())).await;
    let app = stage(&wrong).heartbeat_every(Duration::from_millis(50)).beside(&first).start().await;
    let browser = app.browser();
    let (stuck, lost) = (browser.order(1).await, app.order(2).await);
    let somebody = lock(&app, &stuck).await;
    let presses = async {
        let form = [("token", stuck.token.as_str())];
        let press = async |number: u64| {
            tokio::time::sleep(Duration::from_millis(number * 75)).await;
            loop {
                browser.call("/api/ui/cancel_order", &form).await;
            }
        };
        join_all((0..40).map(press)).await
    };
    let others = async {
        // By then there is a queue.
        tokio::time::sleep(Duration::from_secs(4)).await;
        let mut pauses = Vec::new();
        for _ in 0..10 {
            let (before, started) = (beats(&app).await, Instant::now());
            until("a beat", async || (beats(&app).await > before).then_some(())).await;
            pauses.push(started.elapsed());
        }
        let beat = pauses.into_iter().max().expect("some");

        let folder = std::sync::Arc::clone(&first.folder);
        let leaving = holders(&first).await;
        first.stop().await;
        let started = Instant::now();
        until("the other one has the jobs", async || {
            let now = holders(&app).await;
            (now.len() == 2 && now.iter().all(|it| !leaving.contains(it))).then_some(())
        })
        .await;
        let lease = started.elapsed();

        outside.site.pay(&lost.code_url).await;
        for clock in [&right, &wrong] {
            clock.advance(SignedDuration::from_secs(40));
        }
        let started = Instant::now();
        until("found", async || (app.books.status(&lost.order_no).await == "SUCCESS").then_some(())).await;
        let found = started.elapsed();

        wrong.set(SignedDuration::from_hours(8));
        app.browser().call("/api/ui/check_payment", &[("token", &stuck.token)]).await;
        until("it knows", async || app.get("/readyz").await.text().contains("wechat_refuses").then_some(())).await;
        let started = Instant::now();
        until("the jobs are given up", async || holders(&app).await.is_empty().then_some(())).await;
        drop(folder);
        [beat, lease, found, started.elapsed()]
    };
    let took = tokio::select! {
        _ = presses => unreachable!("nobody lets go"),
        took = others => took,
    };
    println!("beside forty presses on one locked row: beat, lease, lost callback, giving up took {took:?}");
    assert!(took.iter().all(|it| *it < AT_ONCE), "{took:?}");
    somebody.rollback().await.expect("lets go");
}

async fn holders(app: &App) -> Vec<String> {
    let sql = "SELECT holder FROM leases WHERE name IN ('orders', 'refunds') AND until_ms > 0";
    sqlx::query_scalar(sql).fetch_all(&app.books.pool).await.expect("reads")
}

/// Of the instance that was started last.
async fn beats(app: &App) -> i64 {
    let sql = "SELECT beats FROM heartbeats ORDER BY started_ms DESC, beats LIMIT 1";
    sqlx::query_scalar(sql).fetch_one(&app.books.pool).await.expect("reads")
}
