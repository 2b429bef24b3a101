//! Refunds that put back books have forgotten stand in WeChat's bills alone: until these have been compared nothing goes
//! back, then it does again, and never the same money twice.

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use saoma::{
    checkout::{RefundError, RefundOrder},
    domain::{Fen, Role},
    reconcile::BillDay,
    storage::{
        generation,
        refund_holds::{self, Hold},
        restorations::FoundBy,
    },
};
use serde_json::json;

use crate::support::{App, Desk, Placed, Stage, mock_clock, paid_under, wanted};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// At eleven in the morning of Beijing, with a clock that stands still.
async fn shop() -> (App, BillDay) {
    let app = Stage::new().clock(&mock_clock()).start().await;
    app.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0})).await;
    let eleven = BillDay::of(app.clock.now()).ready() + SignedDuration::from_hours(1);
    app.clock.advance(eleven.duration_since(app.clock.now()));
    let day = BillDay::of(app.clock.now());
    (app, day)
}

async fn paid(app: &App) -> Placed {
    let order = app.order(2).await;
    app.pay(&order.code_url).await;
    app.until_status(&order.token, "SUCCESS").await;
    order
}

/// WeChat tells nobody of it, as it does not of one that was told to the books that are gone.
async fn refunded_and_forgotten(app: &App, order: &Placed, number: &str) {
    let body = json!({"out_trade_no": order.order_no, "amount": 100, "notice": "none", "out_refund_no": number});
    assert_eq!(app.control(Method::POST, "/_sandbox/refund", &body).await.status, 200);
}

/// A copy of `copied` lies there from now on.
async fn put_back(app: &App, copied: Timestamp) {
    let mut c = app.books.pool.begin().await.expect("begins");
    generation::mark_copied(&mut c, copied).await.expect("marks");
    let risen = generation::rise(&mut c, 0, FoundBy::File, app.clock.now()).await.expect("rises");
    assert!(risen.was_behind);
    c.commit().await.expect("commits");
}

/// All that can be asked about is.
async fn is_open(app: &App) -> bool {
    for _ in 0..4 {
        app.state.checkout.sweep_put_back().await.expect("sweeps");
    }
    let gap = app.state.checkout.find_gap().await.expect("reads");
    assert!(gap.as_ref().is_none_or(|gap| gap.asked.is_some()), "{gap:?}");
    gap.is_some()
}

async fn compare_next(app: &App) {
    assert_eq!(app.state.reconcile.sweep().await.expect("sweeps"), 1, "one day");
}

async fn set(app: &App, sql: &'static str) {
    sqlx::query(sql).execute(&app.books.pool).await.expect("writes");
}

fn all_of(order: &Placed) -> RefundOrder {
    RefundOrder { another: true, ..wanted(order.total) }
}

/// 100 fen of it are known to have gone back: the rest can, and no more.
async fn gives_back_the_rest_alone(app: &App, order: &Placed) {
    let checkout = &app.state.checkout;
    let all = checkout.draft_refund(&paid_under(&order.order_no), all_of(order)).await;
    assert!(matches!(all, Err(RefundError::Amount { left }) if left.get() == order.total - 100), "{all:?}");
    let rest = RefundOrder { another: true, ..wanted(None) };
    let refund = checkout.refund(&paid_under(&order.order_no), rest).await.expect("asked for");
    assert_eq!(refund.amount.get(), order.total - 100);
}

#[tokio::test]
async fn refunds_are_made_again_once_the_bills_of_all_days_since_the_copy_are_compared() {
    // Bills are looked after since two days before the first order: of these days there are none.
    let (app, _) = shop().await;
    assert_eq!(app.state.reconcile.sweep().await.expect("sweeps"), 0);
    app.advance(2 * DAY);
    let order = paid(&app).await;
    let copied = app.clock.now() + SignedDuration::from_hours(1);
    app.advance(DAY);
    refunded_and_forgotten(&app, &order, "FORGOTTEN1").await;
    app.advance(2 * DAY);
    put_back(&app, copied).await;
    let draft = app.state.checkout.draft_refund(&paid_under(&order.order_no), all_of(&order)).await;
    assert!(matches!(draft, Err(RefundError::PutBack { .. })), "{draft:?}");
    assert!(is_open(&app).await, "no bill has been compared");
    for day in ["the day of the copy", "the day after it"] {
        compare_next(&app).await;
        assert!(is_open(&app).await, "after {day}");
    }
    assert_eq!(app.books.count("refunds").await, 1, "the bill tells of it");
    compare_next(&app).await;
    // Compared, and something of it is still to be asked.
    set(&app, "UPDATE bill_days SET next_ms = 4102444800000").await;
    assert!(is_open(&app).await, "not before everything has been asked");
    set(&app, "UPDATE bill_days SET next_ms = NULL").await;
    assert!(!is_open(&app).await, "and then they are");
    gives_back_the_rest_alone(&app, &order).await;
}

#[tokio::test]
async fn a_copy_from_before_bills_waits_for_those_since_it_was_made() {
    let (app, _) = shop().await;
    let order = paid(&app).await;
    let copied = app.clock.now() + SignedDuration::from_hours(1);
    app.advance(DAY);
    refunded_and_forgotten(&app, &order, "FORGOTTEN1").await;
    app.advance(DAY);
    set(&app, "DELETE FROM bill_job").await;
    set(&app, "DELETE FROM bill_days").await;
    put_back(&app, copied).await;
    assert!(is_open(&app).await, "nobody has looked after bills");
    compare_next(&app).await;
    assert!(is_open(&app).await, "the refund is of the day after");
    compare_next(&app).await;
    assert!(!is_open(&app).await);
    gives_back_the_rest_alone(&app, &order).await;
}

#[tokio::test]
async fn whoever_was_logged_in_has_to_log_in_again() {
    let app = App::with_demo_staff().await;
    let desk = Desk::enter(&app, Role::Viewer).await;
    assert_eq!(desk.get("/admin").await.status, 200);
    put_back(&app, app.clock.now()).await;
    assert_eq!(desk.get("/admin").await.status, 303, "somebody's session may have ended since the copy");
}

#[tokio::test]
async fn books_without_an_order_wait_for_no_bill() {
    let (app, _) = shop().await;
    assert_eq!(app.state.reconcile.sweep().await.expect("sweeps"), 0);
    app.advance(2 * DAY);
    put_back(&app, app.clock.now() - SignedDuration::from_hours(48)).await;
    assert!(!is_open(&app).await);
}

#[tokio::test]
async fn a_copy_older_than_bills_are_kept_waits_for_those_that_there_are() {
    let (app, _) = shop().await;
    let order = paid(&app).await;
    set(&app, "UPDATE orders SET created_ms = created_ms - 13000000000").await;
    set(&app, "UPDATE payments SET success_ms = success_ms - 13000000000").await;
    app.state.reconcile.sweep().await.expect("sweeps");
    let copied = app.clock.now() - SignedDuration::from_hours(24 * 120);
    put_back(&app, copied).await;
    assert!(is_open(&app).await);
    // Fetched and compared, all that the calendar holds.
    while app.state.reconcile.sweep().await.expect("sweeps") == 1 {}
    assert!(!is_open(&app).await, "of {}", order.order_no);
}

#[tokio::test]
async fn until_the_bill_of_the_crash_is_compared_wechat_is_asked_about_older_payments_too() {
    let (app, _) = shop().await;
    assert_eq!(app.state.reconcile.sweep().await.expect("sweeps"), 0, "bills are looked after since then");
    let order = paid(&app).await;
    app.advance(3 * DAY);
    let copied = app.clock.now();
    let checkout = app.state.checkout.clone();
    let payment: (i64, i64) =
        sqlx::query_as("SELECT id, order_id FROM payments").fetch_one(&app.books.pool).await.expect("a payment");
    let held = Hold {
        out_refund_no: checkout.draw_refund_number().expect("a number"),
        payment_id: payment.0,
        order_id: payment.1,
        amount: Fen::new(10).expect("money"),
        reason: "缺货".to_owned(),
    };
    let mut c = app.books.pool.begin().await.expect("begins");
    assert!(refund_holds::insert(&mut c, &held, copied).await.expect("writes"));
    c.commit().await.expect("commits");
    app.advance(HOUR);
    refunded_and_forgotten(&app, &order, "FORGOTTEN1").await;
    app.advance(HOUR);
    put_back(&app, copied).await;
    let waiting = checkout.refund_of_hold(&held).await;
    assert!(matches!(waiting, Err(RefundError::PutBack { .. })), "{waiting:?}");
    for _ in 0..3 {
        compare_next(&app).await;
    }
    assert!(!is_open(&app).await, "the payment is older than what is asked about");
    let waiting = checkout.refund_of_hold(&held).await;
    assert!(matches!(waiting, Err(RefundError::GivenBackElsewhere)), "{waiting:?}");
    // The bill of that day does not come for days.
    for _ in 0..4 {
        let draft = checkout.draft_refund(&paid_under(&order.order_no), wanted(200)).await;
        assert!(matches!(draft, Err(RefundError::GivenBackElsewhere)), "{draft:?}");
        app.advance(DAY);
    }
    compare_next(&app).await;
    assert_eq!(app.books.count("refunds").await, 1, "the bill tells of it");
    checkout.refund_of_hold(&held).await.expect("what is set aside is of the rest");
}
