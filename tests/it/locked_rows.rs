//! A server on which somebody else has locked rows: whoever needs them waits, and nobody else does.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use sqlx::{Any, Row as _, Transaction};
use tokio::time::Instant;

use crate::{
    callbacks::{assert_acknowledged, assert_refused},
    support::{App, Placed, is_file},
};

const ORDERS: usize = 40;

/// Somebody else's transaction that has the order.
async fn lock(app: &App, order: &Placed) -> Transaction<'static, Any> {
    let id = app.books.order(&order.order_no).await.id;
    let mut transaction = app.books.pool.begin().await.expect("begins");
    let lock = sqlx::query("SELECT id FROM orders WHERE id = ? FOR UPDATE").bind(id);
    assert_eq!(lock.fetch_one(&mut *transaction).await.expect("locks").get::<i64, _>("id"), id);
    transaction
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
    let (stuck, other, paid) = (browser.order(1).await, app.order(2).await, app.order(3).await);
    let somebody = lock(&app, &stuck).await;
    let form = [("token", stuck.token.as_str())];
    let presses = join_all((0..40).map(|_| browser.call("/api/ui/cancel_order", &form)));
    let others = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mut slowest = Duration::ZERO;
        for _ in 0..5 {
            let started = Instant::now();
            assert_eq!(app.get(&format!("/pay/{}", other.token)).await.status, 200);
            slowest = slowest.max(started.elapsed());
        }
        let started = Instant::now();
        assert_acknowledged(&app.deliver(&app.forger.payment(&paid)).await);
        slowest.max(started.elapsed())
    };
    let (_, slowest) = tokio::join!(presses, others);
    println!("forty presses on one locked row: the slowest page or callback took {slowest:?}");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    somebody.rollback().await.expect("lets go");
}
