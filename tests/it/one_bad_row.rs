//! A row that nobody expected costs itself, and nothing else.

use std::time::Duration;

use serde_json::json;

use crate::support::{
    App, Books, Outside, Process, Stage, database_url, folder, free_port, is_file, lay_keys, mock_clock, until,
};

const PAY_TIME: i64 = 15 * 60;
/// The last moment that can be reckoned with: a second later is a panic.
const LAST_MS: i64 = 253_402_207_200_000;

async fn damage(app: &App, sql: &'static str) {
    assert_eq!(sqlx::query(sql).execute(&app.books.pool).await.expect("writes").rows_affected(), 1);
}

async fn is_found(app: &App, outside: &Outside) {
    let order = app.order(1).await;
    outside.site.pay(&order.code_url).await;
    app.advance(31);
    until("booked by a job", async || (app.books.status(&order.order_no).await == "SUCCESS").then_some(())).await;
}

#[tokio::test]
async fn a_damaged_timestamp_costs_its_order_and_the_others_are_looked_after() {
    let clock = mock_clock();
    let outside = Outside::start(&clock).await;
    let stage = Stage::new().clock(&clock).live(&outside, free_port()).jobs_every(Duration::from_millis(20));
    let app = stage.start().await;
    // WeChat never hears of it.
    outside.site.faults(json!({"drop": "all", "error_500": {"prepay": "all"}, "refund_gap_seconds": 0})).await;
    assert_eq!(app.try_order(1).await.status, 502);
    outside.site.faults(json!({"error_500": {"prepay": 0}})).await;
    damage(&app, "UPDATE attempts SET prepay_until_ms = 253402207200000 WHERE order_id = 1").await;
    assert!(jiff::Timestamp::from_millisecond(LAST_MS).expect("in range") <= jiff::Timestamp::MAX);
    app.advance(PAY_TIME);
    until("a panic that was counted", async || {
        (app.metric("saoma_panics_total", r#"task="order""#).await >= 1).then_some(())
    })
    .await;
    is_found(&app, &outside).await;

    // Ever more rarely.
    let panics = async || app.metric("saoma_panics_total", r#"task="order""#).await;
    let next_try = async || {
        let (failed, mut waited) = (panics().await, 0_u64);
        while panics().await == failed {
            app.advance(10);
            waited += 10;
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        (failed, waited)
    };
    next_try().await;
    for _ in 0..4 {
        let (failed, waited) = next_try().await;
        assert!(waited + 10 >= (10 << (failed - 1)), "{waited} s after {failed} failures");
    }
    is_found(&app, &outside).await;
    assert_eq!(app.get("/readyz").await.status, 200, "one order is no reason to take the shop out");
}

#[tokio::test]
async fn a_refund_and_an_order_that_cannot_be_read_stop_no_sweep() {
    let clock = mock_clock();
    let outside = Outside::start(&clock).await;
    let stage = Stage::new().clock(&clock).live(&outside, free_port()).jobs_every(Duration::from_millis(20));
    let app = stage.start().await;
    outside.site.faults(json!({"drop": "all"})).await;
    let first = app.order(1).await;
    let sql = if is_file() {
        // SQLite keeps what it is given.
        "UPDATE orders SET expires_ms = 'soon' WHERE id = 1"
    } else {
        "UPDATE orders SET expires_ms = 9223372036854775807 WHERE id = 1"
    };
    damage(&app, sql).await;
    outside.site.pay(&first.code_url).await;
    is_found(&app, &outside).await;
    let looked = r#"interface="query",result="ok""#;
    let before = app.metric("saoma_wechat_calls_total", looked).await;
    app.advance(600);
    is_found(&app, &outside).await;
    assert!(app.metric("saoma_wechat_calls_total", looked).await > before);
}

/// SQLite keeps what it is given: a time that is none is in no way of the others, and is set anew.
#[tokio::test]
async fn times_that_are_none_stop_no_sweep() {
    if !is_file() {
        return;
    }
    let clock = mock_clock();
    let outside = Outside::start(&clock).await;
    let stage = Stage::new().clock(&clock).live(&outside, free_port()).jobs_every(Duration::from_millis(20));
    let app = stage.start().await;
    outside.site.faults(json!({"drop": "all"})).await;
    for sql in [
        "UPDATE orders SET check_ms = 0.5 WHERE id = (SELECT MAX(id) FROM orders)",
        "UPDATE orders SET end_ms = 'soon' WHERE id = (SELECT MAX(id) FROM orders)",
        "UPDATE orders SET end_ms = 0.5 WHERE id = (SELECT MAX(id) FROM orders)",
    ] {
        let damaged = app.order(1).await;
        damage(&app, sql).await;
        outside.site.pay(&damaged.code_url).await;
        is_found(&app, &outside).await;
        until(sql, async || (app.books.status(&damaged.order_no).await == "SUCCESS").then_some(())).await;
    }
    damage(&app, "INSERT INTO heartbeats (instance, beats, started_ms, wall_ms) VALUES ('dead', 1, 1, 'soon')").await;
    is_found(&app, &outside).await;
    assert_eq!(app.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn metrics_tell_when_the_jobs_last_came_to_a_good_end_and_what_is_overdue() {
    let clock = mock_clock();
    let app = Stage::new().clock(&clock).jobs_every(Duration::from_millis(20)).start().await;
    let now = u64::try_from(clock.now().as_second()).expect("now");
    for job in ["orders", "refunds"] {
        let label = format!("job=\"{job}\"");
        until("a good end", async || {
            (app.metric("saoma_job_last_good_timestamp_seconds", &label).await == now).then_some(())
        })
        .await;
    }
    assert_eq!(app.metric("saoma_oldest_due_seconds", r#"of="orders""#).await, 0);
    let resting = Stage::new().clock(&clock).start().await;
    resting.order(1).await;
    resting.advance(31 + 100);
    let overdue = resting.metric("saoma_oldest_due_seconds", r#"of="orders""#).await;
    assert!((100..=131).contains(&overdue), "{overdue}");
    assert_eq!(resting.metric("saoma_oldest_due_seconds", r#"of="refunds""#).await, 0);
}

#[tokio::test]
async fn a_version_that_nothing_can_follow_is_an_error_of_its_order_and_no_panic() {
    let app = App::start().await;
    let orders = [app.order(1).await, app.order(2).await];
    damage(&app, "UPDATE orders SET version = 9223372036854775807 WHERE id = 1").await;
    let (bad, good) = (app.forger.payment(&orders[0]), app.forger.payment(&orders[1]));
    let (bad, good) = tokio::join!(app.deliver(&bad), app.deliver(&good));
    assert_eq!((bad.status, good.status), (503, 200), "{bad:?} {good:?}");
    assert_eq!(app.callbacks("storage").await, 1, "an error, and no panic");
    damage(&app, "UPDATE orders SET version = 2 WHERE id = 1").await;
    assert_eq!(app.deliver(&app.forger.payment(&orders[0])).await.status, 200, "once somebody has mended it");
}

#[tokio::test]
async fn a_product_that_cannot_be_read_stops_no_start_and_hides_no_other() {
    let app = App::start().await;
    damage(&app, "UPDATE products SET withdrawn_ms = 9223372036854775807 WHERE id = 2").await;
    let next = Stage::new().beside(&app);
    let folder = std::sync::Arc::clone(&app.folder);
    app.stop().await;
    let app = next.start().await;
    let shown = app.get("/").await.shown();
    assert!(shown.contains("Rust 异步编程实战") && !shown.contains("西湖龙井"), "{shown}");
    assert_eq!(app.try_order(1).await.status, 200);
    assert_eq!(app.try_order(2).await.status, 404, "as one that is not on sale");
    drop(folder);
}

#[tokio::test]
async fn a_product_that_cannot_be_read_is_not_for_sale_and_not_said_to_everybody_who_looks() {
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    let shop = Process::serve(folder.path(), &[("RUST_LOG", "warn")]).await;
    let books = Books::open(&database_url(&folder.path().join("data"))).await;
    sqlx::query("UPDATE products SET withdrawn_ms = 9223372036854775807 WHERE id = 2")
        .execute(&books.pool)
        .await
        .expect("writes");
    for _ in 0..5 {
        let catalogue = shop.get("/").await;
        assert_eq!((catalogue.status, catalogue.text().contains("/products/2\"")), (200, false));
        assert!(catalogue.text().contains("/products/1\""));
        assert_ne!(shop.get("/products/2").await.status, 200);
        assert_ne!(shop.try_order(2).await.status, 200);
    }
    shop.order(1).await;
    let log = shop.log();
    assert_eq!(log.matches("withdrawn_ms").count(), 1, "{log}");
}
