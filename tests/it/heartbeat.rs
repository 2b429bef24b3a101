//! Each instance proves that it can write, tells the others that it lives, and says when it goes.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, timeout};

use crate::support::{App, Outside, Stage, free_port, is_file, mock_clock, until};

async fn number(app: &App, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&app.books.pool).await.expect("reads")
}

/// A monitoring system gives up after ten seconds, and then knows nothing at all.
#[tokio::test]
async fn books_that_do_not_answer_hold_the_metrics_up_once() {
    let app = App::start().await;
    let mut held = Vec::new();
    while let Ok(Ok(connection)) = timeout(Duration::from_millis(500), app.state.db.read()).await {
        held.push(connection);
    }
    let started = Instant::now();
    let told = app.get("/metrics").await;
    assert!(told.status == 200 && told.text().contains(" -1\n"), "{told:?}");
    assert!(started.elapsed() < Duration::from_secs(9), "{:?}", started.elapsed());
    drop(held);
}

#[tokio::test]
async fn readiness_is_proved_by_a_durable_write_now_and_then() {
    let app = Stage::new().heartbeat_every(Duration::from_millis(50)).start().await;
    let told = until("a durable write", async || {
        Some(app.get("/readyz").await).filter(|it| it.status == 200 && it.text().contains("last durable write"))
    })
    .await;
    assert!(told.text().starts_with("ready\n"), "{}", told.text());
    until("more beats", async || (number(&app, "SELECT beats FROM heartbeats").await > 3).then_some(())).await;
    assert!(app.metric("saoma_durable_write_age_seconds", "").await < 30);
    if !is_file() {
        return;
    }
    // Nobody can write any more, though everybody can read.
    let hold = app.books.hold().await;
    let told = until("not ready", async || Some(app.get("/readyz").await).filter(|it| it.status == 503)).await;
    assert!(told.text().contains("books: "), "{}", told.text());
    assert_eq!(app.get("/").await.status, 200);
    hold.let_go().await;
    until("ready again", async || (app.get("/readyz").await.status == 200).then_some(())).await;
}

#[tokio::test]
async fn who_stops_says_so_and_another_instance_has_its_jobs_at_once() {
    // It stands still: no lease runs out.
    let clock = mock_clock();
    let outside = Outside::start(&clock).await;
    let stage = || Stage::new().clock(&clock).live(&outside, free_port()).jobs_every(Duration::from_millis(20));
    let first = stage().start().await;
    until("jobs", async || (first.books.holders().await.len() >= 2).then_some(())).await;
    let second = stage().beside(&first).start().await;
    until("two instances", async || {
        (number(&second, "SELECT COUNT(*) FROM heartbeats WHERE beats > 0").await == 2).then_some(())
    })
    .await;
    let before = second.books.holders().await;
    let _folder = Arc::clone(&first.folder);
    first.stop().await;
    assert_eq!(number(&second, "SELECT COUNT(*) FROM heartbeats WHERE beats > 0").await, 1);
    until("other holders", async || {
        let now = second.books.holders().await;
        now.iter().zip(&before).all(|((_, now), (_, before))| now != before).then_some(())
    })
    .await;
}

#[tokio::test]
async fn who_has_said_that_it_goes_has_no_trouble_with_its_heartbeat() {
    let app = Stage::new().heartbeat_every(Duration::from_millis(50)).start().await;
    until("it beats", async || {
        (number(&app, "SELECT COUNT(*) FROM heartbeats WHERE beats > 3").await == 1).then_some(())
    })
    .await;
    app.state.checkout.sign_off().await.expect("says so");
    // A beat that hangs is cut off after ten seconds.
    let end = Instant::now() + Duration::from_secs(12);
    while Instant::now() < end {
        let troubles = app.state.checkout.readiness().troubles();
        assert!(troubles.iter().all(|(what, _)| *what != "books"), "{troubles:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(number(&app, "SELECT beats FROM heartbeats").await, 0);
}
