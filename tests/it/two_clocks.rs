//! Two instances on one set of books, one of which lives by a clock that is hours ahead, or of which nothing that it
//! does comes to a good end: the other one does the work, and the first one says what is the matter with it.

use std::time::Duration;

use jiff::SignedDuration;
use saoma::clock::Clock;
use serde_json::json;

use crate::support::{App, Outside, Relay, Stage, free_port, mock_clock, until};

const AHEAD: SignedDuration = SignedDuration::from_hours(8);

fn stage(outside: &Outside, clock: &Clock) -> Stage {
    let stage = Stage::new().clock(clock).live(outside, free_port());
    stage.jobs_every(Duration::from_millis(20)).heartbeat_every(Duration::from_millis(50))
}

async fn ready(app: &App) -> (u16, String) {
    let answer = app.get("/readyz").await;
    (answer.status, answer.text().to_owned())
}

async fn execute(app: &App, sql: &'static str) {
    sqlx::query(sql).execute(&app.books.pool).await.expect("writes");
}

async fn holders(app: &App) -> Vec<String> {
    let sql = "SELECT holder FROM leases WHERE name IN ('orders', 'refunds') AND until_ms > 0";
    sqlx::query_scalar(sql).fetch_all(&app.books.pool).await.expect("reads")
}

#[tokio::test]
async fn an_instance_whose_clock_is_hours_ahead_leaves_the_jobs_to_the_other_one_and_says_so() {
    let right = mock_clock();
    let outside = Outside::start(&right).await;
    outside.site.faults(json!({"drop": "all"})).await;
    let wrong = Clock::mock(right.now() + AHEAD);
    let first = stage(&outside, &wrong).start().await;
    until("it has the jobs, and what a wrong clock plans", async || (holders(&first).await.len() == 2).then_some(()))
        .await;
    let second = stage(&outside, &right).beside(&first).start().await;
    let order = second.order(1).await;
    outside.site.pay(&order.code_url).await;
    // What the first one may have taken on before it knew.
    let planned = (right.now() + AHEAD).as_millisecond();
    let sql = "UPDATE orders SET check_ms = ?";
    sqlx::query(sql).bind(planned).execute(&second.books.pool).await.expect("writes");

    let mut passed = 0;
    until("the payment that nobody was told of", async || {
        if second.books.status(&order.order_no).await == "SUCCESS" {
            return Some(());
        }
        // Time goes on for all of them, a second at a look.
        for clock in [&right, &wrong] {
            clock.advance(SignedDuration::from_secs(1));
        }
        passed += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
        None
    })
    .await;
    println!("found {passed} s after it was paid, by the instance whose clock is right");
    assert!(passed <= 120, "{passed} s");
    // Only who asks finds out that it is refused: a shopper's press does, and a job has before.
    first.browser().call("/api/ui/check_payment", &[("token", &order.token)]).await;
    until("red", async || {
        let (status, said) = ready(&first).await;
        (status == 503 && said.contains("wechat_refuses") && said.contains("480 min ahead")).then_some(())
    })
    .await;
    assert_eq!(ready(&second).await.0, 200, "{:?}", ready(&second).await);
    let held = until("one has both jobs", async || Some(holders(&second).await).filter(|it| it.len() == 2)).await;
    assert_eq!(held[0], held[1]);
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(holders(&second).await, held, "they stay where they are");
    }
    // Set right, it says so by itself.
    wrong.set(-AHEAD);
    until("green", async || (ready(&first).await.0 == 200).then_some(())).await;
}

#[tokio::test]
async fn a_lease_of_nobody_that_lasts_for_years_is_due_without_a_restart() {
    let clock = mock_clock();
    let outside = Outside::start(&clock).await;
    let app = stage(&outside, &clock).start().await;
    until("the jobs are held", async || (holders(&app).await.len() == 2).then_some(())).await;
    outside.site.faults(json!({"drop": "all"})).await;
    let order = app.order(1).await;
    outside.site.pay(&order.code_url).await;
    execute(&app, "UPDATE leases SET holder = 'nobody', until_ms = until_ms + 315360000000").await;
    app.advance(40);
    until("found all the same", async || (app.books.status(&order.order_no).await == "SUCCESS").then_some(())).await;
    until("no job is nobody's", async || holders(&app).await.iter().all(|holder| holder != "nobody").then_some(()))
        .await;
}

#[tokio::test]
async fn a_job_without_a_good_sweep_for_long_makes_the_instance_red_until_there_is_one() {
    let clock = mock_clock();
    let outside = Outside::start(&clock).await;
    let app = stage(&outside, &clock).sweeps_overdue(Duration::from_millis(300)).start().await;
    until("green", async || (ready(&app).await.0 == 200).then_some(())).await;
    execute(&app, "ALTER TABLE refunds RENAME TO lost_refunds").await;
    until("red", async || {
        let (status, said) = ready(&app).await;
        (status == 503 && said.contains("refunds_sweep") && !said.contains("orders_sweep")).then_some(())
    })
    .await;
    execute(&app, "ALTER TABLE lost_refunds RENAME TO refunds").await;
    until("green again", async || (ready(&app).await.0 == 200).then_some(())).await;
}

#[tokio::test]
async fn a_merchant_with_a_public_key_alone_finds_out_whose_clock_is_right() {
    let right = mock_clock();
    let outside = Outside::start(&right).await;
    outside.site.faults(json!({"drop": "all", "public_key_only": true})).await;
    let wrong = Clock::mock(right.now());
    let first = stage(&outside, &wrong).start().await;
    until("it has the jobs", async || (holders(&first).await.len() == 2).then_some(())).await;
    let order = first.order(1).await;
    outside.site.pay(&order.code_url).await;
    // It has asked WeChat for nothing so far.
    let second = stage(&outside, &right).beside(&first).start().await;
    let sql = "SELECT COUNT(*) FROM heartbeats WHERE beats > 3";
    until("both beat", async || {
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&second.books.pool).await.expect("reads");
        (count == 2).then_some(())
    })
    .await;
    wrong.set(AHEAD);
    first.browser().call("/api/ui/check_payment", &[("token", &order.token)]).await;
    let planned = (right.now() + AHEAD).as_millisecond();
    sqlx::query("UPDATE orders SET check_ms = ?").bind(planned).execute(&second.books.pool).await.expect("writes");
    let mut passed = 0;
    until("the payment that nobody was told of", async || {
        if second.books.status(&order.order_no).await == "SUCCESS" {
            return Some(());
        }
        for clock in [&right, &wrong] {
            clock.advance(SignedDuration::from_secs(1));
        }
        passed += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
        None
    })
    .await;
    println!("found {passed} s later, by the instance whose clock is right");
    assert!(passed <= 120, "{passed} s");
}

#[tokio::test]
async fn an_instance_whose_signature_is_good_again_takes_its_jobs_up_by_itself() {
    let clock = mock_clock();
    let outside = Outside::start(&clock).await;
    let app = stage(&outside, &clock).start().await;
    let order = app.order(1).await;
    let sick = json!({"clock_skew_seconds": 8 * 3600, "error_500": {"certificates": "all"}, "public_key_only": true});
    outside.site.faults(sick).await;
    app.browser().call("/api/ui/check_payment", &[("token", &order.token)]).await;
    until("it gives the jobs up", async || holders(&app).await.is_empty().then_some(())).await;
    // WeChat takes its signature again, and nobody presses anything.
    outside.site.faults(json!({"clock_skew_seconds": 0})).await;
    let mut passed = 0;
    until("green, and at work", async || {
        if ready(&app).await.0 == 200 && holders(&app).await.len() == 2 {
            return Some(());
        }
        app.advance(1);
        passed += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
        None
    })
    .await;
    println!("at work again after {passed} s");
}

#[tokio::test]
async fn a_job_that_was_given_up_is_not_taken_back_by_the_sweep_that_was_under_way() {
    let clock = mock_clock();
    let outside = Outside::start(&clock).await;
    outside.site.faults(json!({"drop": "all"})).await;
    let relay = Relay::start(&outside.site.origin).await;
    let stage = stage(&outside, &clock).set("WXPAY_DOMAIN", &relay.origin).platform_limit(Duration::from_secs(30));
    let app = stage.start().await;
    until("it has the jobs", async || (holders(&app).await.len() == 2).then_some(())).await;
    let (slow, other) = (app.order(1).await, app.order(2).await);
    let held = relay.hold(&*slow.order_no);
    app.advance(40);
    held.arrived().await;
    // WeChat's clock and this one part.
    clock.set(AHEAD);
    outside.site.faults(json!({"clock_skew_seconds": -AHEAD.as_secs()})).await;
    app.browser().call("/api/ui/check_payment", &[("token", &other.token)]).await;
    until("the jobs are given up", async || holders(&app).await.is_empty().then_some(())).await;
    // A lease is prolonged every six seconds while the work runs.
    let end = tokio::time::Instant::now() + Duration::from_secs(7);
    while tokio::time::Instant::now() < end {
        assert!(holders(&app).await.is_empty(), "it was taken back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    held.release();
}

#[tokio::test]
async fn a_job_that_was_left_alone_is_not_overdue_when_it_is_taken_up_again() {
    let limit = Duration::from_secs(1);
    let right = mock_clock();
    let outside = Outside::start(&right).await;
    let clock = Clock::mock(right.now());
    let app = stage(&outside, &clock).sweeps_overdue(limit).start().await;
    let order = app.order(1).await;
    clock.set(AHEAD);
    app.browser().call("/api/ui/check_payment", &[("token", &order.token)]).await;
    until("it gives way", async || ready(&app).await.1.contains("wechat_refuses").then_some(())).await;
    tokio::time::sleep(limit).await;
    execute(&app, "ALTER TABLE refunds RENAME TO lost_refunds").await;
    let again = tokio::time::Instant::now();
    clock.set(-AHEAD);
    until("red", async || ready(&app).await.1.contains("refunds_sweep").then_some(())).await;
    let took = again.elapsed();
    // The time counts from the last look at which it was left alone.
    assert!(took > limit / 2, "red after {took:?}");
}

#[tokio::test]
async fn a_job_that_hangs_in_one_instance_goes_to_another_one() {
    let limit = Duration::from_millis(500);
    let clock = mock_clock();
    let outside = Outside::start(&clock).await;
    outside.site.faults(json!({"drop": "all"})).await;
    let relay = Relay::start(&outside.site.origin).await;
    let first = stage(&outside, &clock).set("WXPAY_DOMAIN", &relay.origin).platform_limit(Duration::from_secs(30));
    let first = first.sweeps_overdue(limit).start().await;
    until("it has the jobs", async || (holders(&first).await.len() == 2).then_some(())).await;
    let second = stage(&outside, &clock).sweeps_overdue(limit).beside(&first).start().await;
    let order = first.order(1).await;
    outside.site.pay(&order.code_url).await;
    let held = relay.hold(&*order.order_no);
    let before = first.books.holders().await;
    let due = async || {
        let update = sqlx::query("UPDATE orders SET check_ms = ?").bind(clock.now().as_millisecond());
        update.execute(&first.books.pool).await.expect("writes");
    };
    until("both live", async || {
        let sql = "SELECT COUNT(*) FROM heartbeats WHERE beats > 0";
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&first.books.pool).await.expect("reads");
        (count == 2).then_some(())
    })
    .await;
    due().await;
    held.arrived().await;
    until("the job of the orders is the other one's", async || {
        let now = second.books.holders().await;
        (now[0].0 == "orders" && now[0].1 != before[0].1).then_some(())
    })
    .await;
    until("found by it", async || {
        due().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        (second.books.status(&order.order_no).await == "SUCCESS").then_some(())
    })
    .await;
    until("green", async || (ready(&first).await.0 == 200 && ready(&second).await.0 == 200).then_some(())).await;
    held.release();
}
