//! What grows old: attempts that WeChat does not know, abandoned orders, the inbox. The clock is in the test's
//! hand.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use saoma::clock::Clock;
use serde_json::json;

use crate::{
    callbacks::{assert_acknowledged, assert_refused},
    support::{App, Notice, Outside, Placed, Stage, free_port, mock_clock, until},
};

const PAY_TIME: i64 = 15 * 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

async fn sweep(app: &App) -> usize {
    app.state.checkout.sweep_orders().await.expect("sweeps")
}

/// Orders, attempts, events, payments, notifications.
async fn counts(app: &App) -> [i64; 5] {
    let mut counts = [0; 5];
    for (count, table) in counts.iter_mut().zip(["orders", "attempts", "order_events", "payments", "notifications"]) {
        *count = app.books.count(table).await;
    }
    counts
}

/// WeChat has never heard of the order's number from now on.
async fn forget_at_wechat(app: &App, order: &Placed) -> Placed {
    // Another one, whatever it ends in.
    let last = if order.order_no.ends_with('F') { 'G' } else { 'F' };
    let order_no = format!("{}{last}", &order.order_no[..order.order_no.len() - 1]);
    let sql = "UPDATE attempts SET out_trade_no = ? WHERE out_trade_no = ?";
    sqlx::query(sql).bind(&order_no).bind(&order.order_no).execute(&app.books.pool).await.expect("writes");
    Placed { order_no, ..order.clone() }
}

#[tokio::test]
async fn an_attempt_that_wechat_does_not_know_ends_after_its_time_and_late_money_is_still_booked() {
    let app = App::start_with_mock_clock().await;
    let order = forget_at_wechat(&app, &app.order(1).await).await;
    app.advance(PAY_TIME);
    assert_eq!(sweep(&app).await, 1);
    // It had a code, which may live for two hours, whatever an unsigned answer says.
    app.advance(2 * HOUR - 1);
    assert_eq!(sweep(&app).await, 1);
    assert_eq!(app.books.status(&order.order_no).await, "NOTPAY");
    app.advance(301);
    assert_eq!(sweep(&app).await, 1);
    let stored = app.books.order(&order.order_no).await;
    assert_eq!((stored.status.as_str(), stored.closed_reason.as_deref()), ("CLOSED", Some("EXPIRED")));
    assert_eq!(stored.state, "CLOSED");
    app.advance(DAY);
    assert_eq!(sweep(&app).await, 0, "it is not asked about any more");

    // That was no proof, and it is never removed; a verified payment is booked.
    app.advance(500 * DAY);
    assert_eq!(app.state.checkout.remove_old().await.expect("runs").orders, 0);
    assert_acknowledged(&app.deliver(&app.forger.payment(&order)).await);
    assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
    assert_eq!(app.books.payments().await[0].kind, "LATE");
}

#[tokio::test]
async fn a_second_number_that_wechat_does_not_know_does_not_keep_a_paid_order_busy() {
    let app = App::start_with_mock_clock().await;
    let browser = app.browser();
    let order = browser.order(1).await;
    let id = app.books.order(&order.order_no).await.id;
    let sql = "INSERT INTO attempts (order_id, out_trade_no, state, request, code_url, prepay_until_ms, created_ms) \
               SELECT order_id, 'NOBODY0HAS0THIS', state, request, code_url, prepay_until_ms, created_ms \
               FROM attempts WHERE order_id = ?";
    sqlx::query(sql).bind(id).execute(&app.books.pool).await.expect("writes");
    assert_acknowledged(&app.deliver(&app.forger.payment(&order)).await);
    app.advance(PAY_TIME);
    assert_eq!(sweep(&app).await, 1, "the other number could still be paid");
    app.advance(2 * HOUR);
    assert_eq!(sweep(&app).await, 1);
    app.advance(DAY);
    assert_eq!(sweep(&app).await, 0);
}

#[tokio::test]
async fn what_no_money_hangs_on_is_removed_by_its_age_and_nothing_else() {
    let app = App::start_with_mock_clock().await;
    let [paid, late, expired, cancelled, open] =
        [app.order(1).await, app.order(2).await, app.order(3).await, app.browser().order(4).await, app.order(1).await];
    assert_acknowledged(&app.deliver(&app.forger.payment(&paid)).await);
    // Does not fit an order of ours: for staff to see.
    let mut other_amount = app.forger.transaction(&expired);
    other_amount["amount"]["total"] = json!(1);
    assert_acknowledged(&app.deliver(&app.forger.callback(&Notice::of(other_amount))).await);
    // Concerns nobody here.
    let mut unknown = app.forger.transaction(&paid);
    unknown["out_trade_no"] = json!("NOBODY0HAS0THIS0NUMBER");
    unknown["transaction_id"] = json!("4200009900000000000000000099");
    assert_refused(&app.deliver(&app.forger.callback(&Notice::of(unknown))).await, 404);
    let stuck = forget_at_wechat(&app, &open).await;
    app.advance(PAY_TIME);
    assert_eq!(sweep(&app).await, 4);
    assert_acknowledged(&app.deliver(&app.forger.payment(&late)).await);
    let before = counts(&app).await;
    assert_eq!([before[0], before[1], before[3], before[4]], [5, 5, 2, 4]);
    let run = async || app.state.checkout.remove_old().await.expect("runs");

    assert_eq!(run().await, saoma::checkout::Removed::default(), "nothing is old");
    app.advance(8 * DAY);
    let removed = run().await;
    assert_eq!((removed.refused, removed.bodies, removed.orders), (1, 0, 0));
    assert_eq!(counts(&app).await, [5, 5, before[2], 2, 3]);

    app.advance(93 * DAY);
    let removed = run().await;
    assert_eq!((removed.refused, removed.bodies, removed.orders), (0, 3, 0));
    let inbox = app.books.received().await;
    assert_eq!(inbox.len(), 3, "the rows stay");
    assert!(inbox.iter().all(|it| it.body.is_empty() && it.headers.is_empty() && !it.verdict.is_empty()));

    app.advance(298 * DAY);
    assert_eq!(run().await.orders, 0, "not yet");
    app.advance(2 * DAY);
    // Two at once, as after a lease that ran out.
    let (one, other) = tokio::join!(run(), run());
    assert_eq!(one.orders + other.orders, 2);
    assert_eq!(one.attempts + other.attempts, 2);
    let after = counts(&app).await;
    assert_eq!([after[0], after[1], after[3]], [3, 3, 2]);
    assert_eq!(after[2], before[2] - i64::try_from(one.events + other.events).expect("few"));
    for kept in [&paid, &late] {
        assert_eq!(app.books.status(&kept.order_no).await, "SUCCESS");
        assert!(app.books.events(&kept.order_no).await.len() >= 3, "with all of its timeline");
    }
    assert_eq!(app.books.status(&stuck.order_no).await, "NOTPAY", "nobody has closed its number");
    assert_eq!(run().await.orders, 0);

    // Its money comes after all: nothing is acknowledged, and it is there for staff to see.
    for gone in [&expired, &cancelled] {
        assert_refused(&app.deliver(&app.forger.payment(gone)).await, 404);
    }
    let inbox = app.books.received().await;
    let verdicts: Vec<_> = inbox.iter().rev().take(2).map(|it| it.verdict.as_str()).collect();
    assert_eq!(verdicts, ["UNKNOWN_ORDER", "UNKNOWN_ORDER"]);
    assert_eq!(app.callbacks("UNKNOWN_ORDER").await, 3);
}

#[tokio::test]
async fn an_order_with_a_long_timeline_goes_in_pieces_and_the_job_runs_by_itself() {
    let app = Stage::new().clock(&mock_clock()).jobs_every(Duration::from_millis(20)).start().await;
    let order = app.order(1).await;
    app.advance(PAY_TIME);
    until("closed", async || (app.books.status(&order.order_no).await == "CLOSED").then_some(())).await;
    let id = app.books.order(&order.order_no).await.id;
    for _ in 0..450 {
        let sql =
            "INSERT INTO order_events (order_id, at_ms, kind, source, detail) VALUES (?, 1, 'RENEWED', 'SHOPPER', '')";
        sqlx::query(sql).bind(id).execute(&app.books.pool).await.expect("writes");
    }
    app.advance(401 * DAY);
    until("removed", async || (app.books.count("orders").await == 0).then_some(())).await;
    assert_eq!((app.books.count("attempts").await, app.books.count("order_events").await), (0, 0));
}

#[tokio::test]
async fn a_clock_that_is_years_ahead_removes_nothing() {
    let right = mock_clock();
    let outside = Outside::start(&right).await;
    outside.site.faults(json!({"drop": "all"})).await;
    let clock = Clock::mock(right.now());
    let stage = || Stage::new().clock(&clock).live(&outside, free_port());
    let first = stage().start().await;
    let order = first.order(1).await;
    for clock in [&right, &clock] {
        clock.advance(SignedDuration::from_secs(PAY_TIME));
    }
    assert_eq!(sweep(&first).await, 1);
    assert_eq!(first.books.status(&order.order_no).await, "CLOSED");
    let run = async |app: &App| app.state.checkout.remove_old().await.expect("runs").orders;

    clock.set(SignedDuration::from_hours(3 * 365 * 24));
    assert_eq!(run(&first).await, 0);
    // However long it stays so, and whatever WeChat answers to somebody whose time is wrong.
    clock.advance(SignedDuration::from_hours(72));
    assert_eq!(first.try_order(2).await.status, 502);
    assert_eq!(run(&first).await, 0);
    // A process that has seen no other time knows no better.
    let _folder = Arc::clone(&first.folder);
    let next = stage().beside(&first);
    first.stop().await;
    let app = next.start().await;
    assert_eq!(app.try_order(2).await.status, 502);
    assert_eq!(run(&app).await, 0);
    assert_eq!(app.books.status(&order.order_no).await, "CLOSED", "it is still there");

    // It was right: so much time has passed, the shop was off. The first answer tells.
    right.advance(clock.now().duration_since(right.now()));
    assert_eq!(run(&app).await, 0, "not yet");
    app.order(3).await;
    assert_eq!(run(&app).await, 1);
}
