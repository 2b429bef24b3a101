//! The shop's clock was hours ahead (a hardware clock in local time) and is right again; WeChat's was
//! right all the time. What was planned meanwhile must not wait for hours.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use saoma::clock::Clock;
use serde_json::json;

use crate::support::{App, Outside, Stage, free_port, is_file, mock_clock, until};

const AHEAD: SignedDuration = SignedDuration::from_hours(2);

struct Town {
    outside: Outside,
    /// WeChat's and the shop's.
    clocks: [Clock; 2],
}

impl Town {
    async fn new() -> Self {
        let right = mock_clock();
        let outside = Outside::start(&right).await;
        outside.site.faults(json!({"drop": "all"})).await;
        Self { outside, clocks: [right.clone(), Clock::mock(right.now())] }
    }

    fn stage(&self) -> Stage {
        let stage = Stage::new().clock(&self.clocks[1]).live(&self.outside, free_port());
        stage.jobs_every(Duration::from_millis(20)).heartbeat_every(Duration::from_millis(50))
    }

    fn set_shop_clock(&self, by: SignedDuration) {
        self.clocks[1].set(by);
    }

    fn pass(&self, seconds: i64) {
        self.clocks.iter().for_each(|clock| clock.advance(SignedDuration::from_secs(seconds)));
    }

    fn now_ms(&self) -> i64 {
        self.clocks[0].now().as_millisecond()
    }
}

async fn number(app: &App, sql: &'static str) -> i64 {
    sqlx::query_scalar::<_, Option<i64>>(sql).fetch_one(&app.books.pool).await.expect("reads").unwrap_or(0)
}

async fn is_found_within_a_minute(restarts: bool) {
    let town = Town::new().await;
    let first = town.stage().start().await;
    let paid = first.order(1).await;
    town.outside.site.pay(&paid.code_url).await;

    town.set_shop_clock(AHEAD);
    // A job looks in vain, and plans the next look by the wrong clock.
    until("a plan that lies ahead", async || {
        (number(&first, "SELECT MAX(check_ms) FROM orders").await > town.now_ms() + 3_600_000).then_some(())
    })
    .await;
    // WeChat refuses what is signed at a wrong time; the order is kept.
    let browser = first.browser();
    assert_eq!(browser.try_order(2).await.status, 502);
    let sql = "SELECT MAX(prepay_until_ms) FROM attempts";
    assert!(number(&first, sql).await > town.now_ms() + 3_600_000);

    let _folder = Arc::clone(&first.folder);
    let app = if restarts {
        let next = town.stage().beside(&first);
        first.stop().await;
        town.set_shop_clock(-AHEAD);
        next.start().await
    } else {
        town.set_shop_clock(-AHEAD);
        first
    };
    let times = [
        ("SELECT MAX(check_ms) FROM orders", 60_000),
        ("SELECT MAX(prepay_until_ms) FROM attempts", 60_000),
        ("SELECT MAX(until_ms) FROM leases", 60_000),
        ("SELECT MAX(wall_ms) FROM heartbeats", 60_000),
        ("SELECT MAX(expires_ms) FROM orders", 15 * 60_000),
    ];
    // A look that was under way writes down what it planned by the wrong clock: it is mended again.
    for _ in 0..2 {
        for (sql, most) in times {
            until(sql, async || (number(&app, sql).await <= town.now_ms() + most).then_some(())).await;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    // Nothing comes by itself while a clock stands still.
    town.pass(58);
    until("the payment without a callback", async || {
        (app.books.status(&paid.order_no).await == "SUCCESS").then_some(())
    })
    .await;
    assert_eq!(app.books.payments().await.len(), 1);
    // The order of that time can be paid now.
    let sql = "SELECT token FROM orders ORDER BY id DESC LIMIT 1";
    let token: String = sqlx::query_scalar(sql).fetch_one(&app.books.pool).await.expect("reads");
    let looked =
        until("its code", async || Some(app.look(&token).await).filter(|order| order["codeReady"] == true)).await;
    let left = looked["secondsLeft"].as_i64().expect("a number");
    assert!((1..=15 * 60).contains(&left), "{left}");
}

#[tokio::test]
async fn what_was_planned_by_a_clock_that_was_ahead_is_found_within_a_minute() {
    is_found_within_a_minute(false).await;
}

#[tokio::test]
async fn so_it_is_when_the_shop_was_restarted_in_between() {
    is_found_within_a_minute(true).await;
}

#[tokio::test]
async fn instances_whose_clocks_differ_a_little_leave_each_other_alone() {
    let town = Town::new().await;
    let first = town.stage().start().await;
    let order = first.order(1).await;
    let planned = number(&first, "SELECT check_ms FROM orders").await;
    let other = Clock::mock(town.clocks[1].now());
    other.advance(SignedDuration::from_secs(40));
    let stage = town.stage().beside(&first).clock(&other);
    let second = stage.start().await;
    until("both beat", async || (number(&first, "SELECT MIN(beats) FROM heartbeats").await >= 10).then_some(())).await;
    assert_eq!(number(&first, "SELECT COUNT(*) FROM heartbeats").await, 2);
    assert_eq!(first.books.order(&order.order_no).await.version, second.books.order(&order.order_no).await.version);
    // The one that is ahead may look a little earlier, nobody looks again and again.
    assert!(number(&first, "SELECT check_ms FROM orders").await >= planned);
    assert_eq!(first.get("/readyz").await.status, 200);
    assert_eq!(second.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_beat_that_was_held_up_takes_no_time_from_orders_that_were_placed_meanwhile() {
    let town = Town::new().await;
    let stage = Stage::new().clock(&town.clocks[1]).live(&town.outside, free_port());
    let app = stage.heartbeat_every(Duration::from_millis(50)).start().await;
    app.order(1).await;
    let beats = async || number(&app, "SELECT MAX(beats) FROM heartbeats").await;
    let wall = async || number(&app, "SELECT MAX(wall_ms) FROM heartbeats").await;
    // What was planned by a wrong clock is mended for half a minute.
    town.set_shop_clock(AHEAD);
    until("a beat ahead", async || (wall().await > town.now_ms() + 3_600_000).then_some(())).await;
    town.set_shop_clock(-AHEAD);
    until("the mend", async || (wall().await <= town.now_ms()).then_some(())).await;

    // Another instance holds up the beat and places an order, ten minutes later.
    let mut other = app.books.pool.begin().await.expect("begins");
    sqlx::query("UPDATE heartbeats SET beats = beats").execute(&mut *other).await.expect("locks");
    tokio::time::sleep(Duration::from_millis(300)).await;
    town.pass(600);
    let placed = town.now_ms();
    for (sql, at) in [
        ("UPDATE attempts SET created_ms = ?", placed),
        ("UPDATE orders SET created_ms = ?", placed),
        ("UPDATE orders SET expires_ms = ?", placed + 900_000),
        ("UPDATE orders SET end_ms = ?", placed + 900_000),
        ("UPDATE orders SET check_ms = ?", placed + 30_000),
    ] {
        sqlx::query(sql).bind(at).execute(&mut *other).await.expect("writes");
    }
    other.commit().await.expect("commits");
    let before = beats().await;
    until("three more beats", async || (beats().await >= before + 3).then_some(())).await;
    assert_eq!(number(&app, "SELECT MIN(expires_ms) FROM orders").await, placed + 900_000, "its time is not cut");
    assert_eq!(number(&app, "SELECT MIN(end_ms) FROM orders").await, placed + 900_000);
    assert_eq!(number(&app, "SELECT MIN(check_ms) FROM orders").await, placed + 30_000, "nor is it looked at early");
}

/// A shop that has planned an order by a clock that is hours ahead; `ends` sets it right and has the shop end before it
/// has made up for it. The next one is started after that.
async fn ends_before_it_is_mended(every: Duration, ends: impl AsyncFnOnce(&Town, App)) {
    let town = Town::new().await;
    town.set_shop_clock(AHEAD);
    let first = town.stage().heartbeat_every(every).start().await;
    let (_folder, next) = (Arc::clone(&first.folder), town.stage().heartbeat_every(every).beside(&first));
    until("a beat", async || (number(&first, "SELECT COUNT(*) FROM heartbeats").await > 0).then_some(())).await;
    // WeChat refuses what is signed at a wrong time; the order is kept.
    assert_eq!(first.browser().try_order(2).await.status, 502);
    assert!(number(&first, "SELECT MAX(check_ms) FROM orders").await > town.now_ms() + 3_600_000);
    ends(&town, first).await;
    let app = next.start().await;
    for (sql, most) in [
        ("SELECT MAX(check_ms) FROM orders", 60_000),
        ("SELECT MAX(prepay_until_ms) FROM attempts", 60_000),
        ("SELECT MAX(expires_ms) FROM orders", 15 * 60_000),
        ("SELECT MAX(wall_ms) FROM heartbeats", 60_000),
    ] {
        until(sql, async || (number(&app, sql).await <= town.now_ms() + most).then_some(())).await;
    }
}

#[tokio::test]
async fn a_shop_that_is_restarted_as_soon_as_its_clock_is_right_makes_up_for_it() {
    ends_before_it_is_mended(Duration::from_mins(10), async |town, app| {
        town.set_shop_clock(-AHEAD);
        app.stop().await;
    })
    .await;
}

#[tokio::test]
async fn so_does_one_that_comes_after_another_that_could_not() {
    const HINDER: &str = "CREATE TRIGGER hinder BEFORE UPDATE ON orders FOR EACH ROW ";
    ends_before_it_is_mended(Duration::from_millis(50), async |town, app| {
        let refuse = if is_file() { "BEGIN SELECT RAISE(ABORT, 'not now'); END" } else { "SIGNAL SQLSTATE '45000'" };
        let write = async |sql: String| {
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&app.books.pool).await.expect("writes");
        };
        write(format!("{HINDER}{refuse}")).await;
        town.set_shop_clock(-AHEAD);
        let beats = async || number(&app, "SELECT MAX(beats) FROM heartbeats").await;
        let before = beats().await;
        until("three more beats", async || (beats().await >= before + 3).then_some(())).await;
        let pool = app.books.pool.clone();
        app.stop().await;
        sqlx::raw_sql("DROP TRIGGER hinder").execute(&pool).await.expect("writes");
    })
    .await;
}
