//! What happens when nobody looks: the background jobs, with the clock in the test's hand and the
//! jobs called one by one, and once as they run by themselves.

use std::time::Duration;

use serde_json::json;

use crate::support::{App, Outside, Stage, free_port, mock_clock, until};

const PAY_TIME: i64 = 15 * 60;

async fn sweep(app: &App) -> usize {
    app.state.checkout.sweep_orders().await.expect("sweeps")
}

#[tokio::test]
async fn a_payment_whose_callback_never_comes_is_booked_within_a_minute_without_a_page() {
    let app = App::start_with_mock_clock().await;
    app.faults(json!({"drop": "all"})).await;
    let order = app.order(1).await;
    app.pay(&order.code_url).await;
    assert_eq!(sweep(&app).await, 0, "not yet due");
    app.advance(31);
    assert_eq!(sweep(&app).await, 1);
    assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
    assert_eq!(app.books.payments().await[0].source, "SWEEP");
    app.advance(3600);
    assert_eq!(sweep(&app).await, 0, "what is done is not looked at again");
}

#[tokio::test]
async fn an_order_nobody_looks_at_is_closed_at_its_deadline() {
    let app = App::start_with_mock_clock().await;
    let order = app.order(1).await;
    app.advance(PAY_TIME);
    assert_eq!(sweep(&app).await, 1);
    let stored = app.books.order(&order.order_no).await;
    assert_eq!((stored.status.as_str(), stored.closed_reason.as_deref()), ("CLOSED", Some("EXPIRED")));
    assert_eq!(app.books.events(&order.order_no).await[2..], ["CLOSED/SWEEP"]);
    assert_eq!(app.scan(&order.code_url).await.status, 409);
    app.advance(3600);
    assert_eq!(sweep(&app).await, 0);
}

#[tokio::test]
async fn an_order_that_fails_is_tried_ever_more_rarely_and_does_not_stop_the_others() {
    let app = App::start_with_mock_clock().await;
    let orders = [app.order(1).await, app.order(1).await, app.order(1).await];
    app.advance(PAY_TIME);
    // One of the three questions fails, whichever comes first.
    app.faults(json!({"error_500": {"query": 1}})).await;
    assert_eq!(sweep(&app).await, 3);
    let mut closed = 0;
    for order in &orders {
        closed += usize::from(app.books.status(&order.order_no).await == "CLOSED");
    }
    assert_eq!(closed, 2);
    assert_eq!(sweep(&app).await, 0, "a pause first");
    app.advance(5);
    assert_eq!(sweep(&app).await, 1);
    for order in &orders {
        assert_eq!(app.books.status(&order.order_no).await, "CLOSED");
    }
}

#[tokio::test]
async fn an_order_is_ended_although_its_number_was_closed_before() {
    let app = App::start_with_mock_clock().await;
    let order = app.order(1).await;
    // As a process of an earlier version may have left it.
    let sql = "UPDATE attempts SET state = 'CLOSED' WHERE out_trade_no = ?";
    sqlx::query(sql).bind(&order.order_no).execute(&app.books.pool).await.expect("writes");
    app.advance(PAY_TIME);
    assert_eq!(sweep(&app).await, 1);
    let stored = app.books.order(&order.order_no).await;
    assert_eq!((stored.status.as_str(), stored.closed_reason.as_deref()), ("CLOSED", Some("EXPIRED")));
}

#[tokio::test]
async fn with_all_callbacks_lost_every_paid_order_is_booked_and_none_twice() {
    let app = App::start_with_mock_clock().await;
    app.faults(json!({"drop": "all"})).await;
    let mut orders = Vec::new();
    for _ in 0..40 {
        let order = app.order(1).await;
        app.pay(&order.code_url).await;
        orders.push(order);
    }
    app.advance(31);
    assert_eq!(sweep(&app).await, 40);
    for order in &orders {
        assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
    }
    assert_eq!(app.books.count("payments").await, 40);
}

#[tokio::test]
async fn the_jobs_run_by_themselves_and_another_instance_takes_them_over() {
    let clock = mock_clock();
    let outside = Outside::start(&clock).await;
    let stage = || Stage::new().clock(&clock).live(&outside, free_port()).jobs_every(Duration::from_millis(20));
    let first = stage().start().await;
    outside.site.faults(json!({"drop": "all"})).await;
    let order = first.order(1).await;
    first.platform.pay(&order.code_url).await;
    first.advance(31);
    until("booked by a job", async || (first.books.status(&order.order_no).await == "SUCCESS").then_some(())).await;
    let jobs = first.books.holders().await;
    assert_eq!(jobs.iter().map(|(job, _)| job.as_str()).collect::<Vec<_>>(), ["orders", "refunds"]);

    let second = stage().beside(&first).start().await;
    let order = second.order(1).await;
    let _folder = std::sync::Arc::clone(&first.folder);
    // The owner dies without a word, and its time runs out.
    drop(first);
    second.advance(PAY_TIME);
    until("closed by a job", async || (second.books.status(&order.order_no).await == "CLOSED").then_some(())).await;
    let taken_over = second.books.holders().await;
    assert!(taken_over.iter().zip(&jobs).all(|((_, now), (_, before))| now != before), "{taken_over:?} after {jobs:?}");
}

#[tokio::test]
async fn a_job_has_one_owner_until_its_time_is_up() {
    let app = App::start().await;
    let at = |second: i64| jiff::Timestamp::from_second(second).expect("in range");
    let take = async |holder: &'static str, now, until| {
        let taken = app
            .state
            .db
            .write(move |c| Box::pin(async move { saoma::storage::leases::take(c, "job", holder, now, until).await }));
        taken.await.expect("writes")
    };
    assert!(take("a", at(0), at(15)).await, "free");
    assert!(!take("b", at(1), at(16)).await, "taken");
    assert!(take("a", at(10), at(25)).await, "prolonged");
    assert!(!take("b", at(20), at(35)).await, "still taken");
    assert!(take("b", at(25), at(40)).await, "its owner has died");
    assert!(!take("a", at(26), at(41)).await);
}

/// What still runs for a moment while a server stops.
#[tokio::test]
async fn whoever_has_signed_off_takes_no_job_any_more() {
    let app = App::start().await;
    app.state.checkout.sign_off().await.expect("signs off");
    let checkout = app.state.checkout.clone();
    let jobs = tokio::spawn(async move { checkout.run_jobs(Duration::from_millis(1), Duration::MAX).await });
    // Each of these is several writes, behind the first of a job.
    for _ in 0..5 {
        app.order(1).await;
    }
    assert_eq!(app.books.holders().await, []);
    jobs.abort();
}
