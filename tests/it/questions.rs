//! The budget of questions to WeChat: what the platform sees, second by second, and who has to wait.

use std::time::Duration;

use saoma::clock::Clock;
use serde_json::json;
use tokio::time::Instant;

use crate::support::{App, Outside, Relay, Stage, free_port, mock_clock};

/// Queries and closes that have reached the platform.
fn asked(relay: &Relay) -> usize {
    relay.passed().iter().filter(|it| it.path.contains("/out-trade-no/")).count()
}

/// So many orders that nobody looks at: due since a minute, half of them at their end.
async fn lay_open_orders(app: &App, count: usize) {
    let now = app.clock.now().as_millisecond();
    let first: i64 = 1_000_000;
    for chunk in (0..count).collect::<Vec<_>>().chunks(500) {
        let id = |index: &usize| first + i64::try_from(*index).expect("few");
        let orders = chunk.iter().map(|index| {
            let (id, expires) = (id(index), if index % 2 == 0 { now - 60_000 } else { now + 600_000 });
            format!(
                "({id}, '{id:032}', 'nobody', NULL, 1, '茶', 1, 'NOTPAY', 1, {now}, {expires}, {expires}, {}, {now})",
                now - 60_000
            )
        });
        let orders = orders.collect::<Vec<_>>().join(", ");
        let attempts = chunk.iter().map(|index| {
            let id = id(index);
            format!("({id}, {id}, 'OPEN{id}', 'OPEN', 'x', 'weixin://wxpay/bizpayurl?pr=x', 0, {now})")
        });
        let attempts = attempts.collect::<Vec<_>>().join(", ");
        for sql in [
            format!(
                "INSERT INTO orders (id, token, shopper, live_key, product_id, title, total_fen, status, version, \
                 created_ms, expires_ms, end_ms, check_ms, updated_ms) VALUES {orders}"
            ),
            format!(
                "INSERT INTO attempts (id, order_id, out_trade_no, state, request, code_url, prepay_until_ms, \
                 created_ms) VALUES {attempts}"
            ),
        ] {
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&app.books.pool).await.expect("writes");
        }
    }
}

#[tokio::test]
async fn twelve_thousand_open_orders_pages_and_buttons_cost_no_more_than_the_budget() {
    const BUDGET: usize = 20;
    let outside = Outside::start(&Clock::system()).await;
    let relay = Relay::start(&outside.site.origin).await;
    let app = Stage::new()
        .asking_every(Duration::from_millis(100))
        .live(&outside, free_port())
        .set("WXPAY_DOMAIN", &relay.origin)
        .set("SAOMA_QUESTIONS_PER_SECOND", &BUDGET.to_string())
        .jobs_every(Duration::from_millis(250))
        .start()
        .await;
    let mut orders = Vec::new();
    for _ in 0..12 {
        orders.push(app.order(1).await);
    }
    lay_open_orders(&app, 12_000).await;
    let (before, started) = (asked(&relay), Instant::now());
    let pages = futures::future::join_all(orders.iter().map(|order| app.watch(&order.token, 2, 4)));
    let browser = app.browser();
    let presses = futures::future::join_all((0..120).map(|press: usize| {
        let (browser, order) = (&browser, &orders[press % orders.len()]);
        async move {
            let answer = browser.call("/api/ui/check_payment", &[("token", &order.token)]).await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    }));
    let (_, (), seen) = tokio::join!(
        pages,
        async {
            presses.await;
            assert!(started.elapsed() < Duration::from_secs(15), "an answer in good time: {:?}", started.elapsed());
        },
        async {
            tokio::time::sleep(Duration::from_secs(4)).await;
            (asked(&relay) - before, started.elapsed())
        }
    );
    let (count, took) = seen;
    println!("12,000 open orders, 12 pages, 120 presses: {count} questions in {took:?}, budget {BUDGET} a second");
    // One second's worth may have been saved up before.
    let most = BUDGET * usize::try_from(took.as_millis().div_ceil(1_000) + 1).expect("few");
    assert!(count <= most, "{count} in {took:?}");
    assert!(count >= BUDGET, "and it is used: {count} in {took:?}");

    assert_eq!(app.metric("saoma_questions_limit", "").await, 20);
    assert!(app.metric("saoma_questions_used", "").await <= 20);
    assert_eq!(app.metric("saoma_questions_promise_holds", "promise=\"no_page\"").await, 0, "12,000 are too many");
    assert!(app.metric("saoma_questions_waiting", "asker=\"ending\"").await > 5_000);
    assert!(app.metric("saoma_questions_waiting", "asker=\"quiet\"").await > 5_000);
    for asker in ["button", "page", "ending", "quiet"] {
        let label = format!("asker=\"{asker}\"");
        assert!(app.metric("saoma_questions_total", &label).await > 0, "nobody starves: {asker}");
    }
}

#[tokio::test]
async fn lost_callbacks_are_found_within_a_minute_and_within_the_budget() {
    const BUDGET: u64 = 4;
    let budget = BUDGET.to_string();
    let app = Stage::new().clock(&mock_clock()).set("SAOMA_QUESTIONS_PER_SECOND", &budget).start().await;
    app.faults(json!({"drop": "all"})).await;
    let mut orders = Vec::new();
    for _ in 0..90 {
        orders.push(app.order(1).await);
    }
    let asked = async || app.metric("saoma_questions_total", "asker=\"quiet\"").await;
    for order in orders.iter().step_by(9) {
        app.pay(&order.code_url).await;
    }
    let mut most = 0;
    for second in 1..=60 {
        app.advance(1);
        let before = asked().await;
        app.state.checkout.sweep_orders().await.expect("sweeps");
        most = most.max(asked().await - before);
        if app.books.count("payments").await == 10 {
            println!(
                "10 lost callbacks among 90 open orders: found after {second} s, at most {most} questions a second"
            );
            break;
        }
    }
    assert_eq!(app.books.count("payments").await, 10, "within a minute");
    assert!(most <= BUDGET, "{most}");
    assert_eq!(app.metric("saoma_questions_promise_holds", "promise=\"page\"").await, 1);
}

#[tokio::test]
async fn orders_at_their_end_do_not_wait_behind_all_that_are_due_before_them() {
    let app = Stage::new().clock(&mock_clock()).set("SAOMA_QUESTIONS_PER_SECOND", "20").start().await;
    let order = app.order(1).await;
    app.advance(15 * 60);
    // More than can be asked about in a minute, all of them due for longer.
    lay_open_orders(&app, 2_000).await;
    let sql =
        "UPDATE orders SET end_ms = expires_ms + 86400000, expires_ms = expires_ms + 86400000 WHERE id >= 1000000";
    sqlx::query(sql).execute(&app.books.pool).await.expect("writes");
    app.state.checkout.sweep_orders().await.expect("sweeps");
    assert_eq!(app.books.status(&order.order_no).await, "CLOSED");
    assert!(app.metric("saoma_questions_total", "asker=\"quiet\"").await <= 18);
}

#[tokio::test]
async fn a_button_says_in_good_time_that_nobody_knows_when_nobody_could_be_asked() {
    // The clock stands still, and with it the budget: one question, and no other ever.
    let app = Stage::new().clock(&mock_clock()).set("SAOMA_QUESTIONS_PER_SECOND", "1").start().await;
    let orders = [app.order(1).await, app.order(1).await];
    let browser = app.browser();
    let ask = async |token: &str| browser.call("/api/ui/check_payment", &[("token", token)]).await;
    assert_eq!(ask(&orders[0].token).await.json(), json!("NotYet"));
    let started = Instant::now();
    assert_eq!(ask(&orders[1].token).await.json(), json!("Unknown"));
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert_eq!(app.metric("saoma_questions_total", "asker=\"button\"").await, 1);
    app.advance(1);
    app.faults(json!({"drop": "all"})).await;
    app.pay(&orders[1].code_url).await;
    assert_eq!(ask(&orders[1].token).await.json(), json!("Settled"));
}

#[tokio::test]
async fn what_wechat_answers_with_429_lowers_the_budget_and_it_comes_back() {
    let app = Stage::new().clock(&mock_clock()).set("SAOMA_QUESTIONS_PER_SECOND", "20").start().await;
    let order = app.order(1).await;
    let browser = app.browser();
    app.faults(json!({"error_429": {"query": 1}})).await;
    let answer = browser.call("/api/ui/check_payment", &[("token", &order.token)]).await;
    assert_eq!(answer.json(), json!("Unknown"));
    assert_eq!(app.metric("saoma_questions_limit", "").await, 10);
    app.advance(30);
    assert_eq!(app.metric("saoma_questions_limit", "").await, 16);
    app.advance(3_600);
    assert_eq!(app.metric("saoma_questions_limit", "").await, 20);
}

#[tokio::test]
async fn presses_are_counted_per_address_and_past_the_limit_a_sentence_says_so() {
    let app = Stage::new().set("SAOMA_CHECKS_PER_MINUTE", "4").start().await;
    let browser = app.browser();
    let order = browser.order(1).await;
    let token = [("token", order.token.as_str())];
    for _ in 0..3 {
        assert_eq!(browser.call("/api/ui/check_payment", &token).await.status, 200);
    }
    assert_eq!(browser.call("/api/ui/renew_code", &token).await.status, 200);
    for press in ["check_payment", "renew_code", "cancel_order"] {
        let answer = browser.call(&format!("/api/ui/{press}"), &token).await;
        assert_eq!((answer.status, answer.json()), (429, json!("Presses")), "{press}");
        let answer = browser.submit(&format!("/api/ui/{press}"), &token).await;
        let page = format!("/pay/{}?problem=presses", order.token);
        assert_eq!((answer.status, answer.header("location")), (302, Some(page.as_str())), "{press}");
        let page = browser.get(&page).await;
        assert_eq!(page.status, 200);
        assert!(page.shown().contains("操作过于频繁"), "{press}");
    }
    assert_ne!(app.look(&order.token).await["status"], "CLOSED", "nothing was called off");
}
