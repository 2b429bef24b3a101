//! A server on which somebody else has locked rows: whoever needs them waits, and nobody else does.

use std::time::Duration;

use futures::future::join_all;
use sqlx::{Connection as _, Row as _};
use tokio::time::Instant;

use crate::{
    callbacks::{assert_acknowledged, assert_refused},
    support::{App, is_file},
};

const ORDERS: usize = 40;

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
    let locked = app.books.order(&orders[0].order_no).await.id;
    let mut somebody = app.books.pool.acquire().await.expect("a connection");
    let mut transaction = somebody.begin().await.expect("begins");
    let lock = sqlx::query("SELECT id FROM orders WHERE id = ? FOR UPDATE").bind(locked);
    assert_eq!(lock.fetch_one(&mut *transaction).await.expect("locks").get::<i64, _>("id"), locked);

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

    transaction.rollback().await.expect("lets go");
    assert_acknowledged(&app.deliver(&callbacks[0]).await);
    assert_eq!((app.books.count("payments").await, app.books.count("notifications").await), (40, 40));
}
