//! Giving money back: over real HTTP to the sandbox, and its notices back.

use saoma::{
    checkout::{Numbered, RefundError, RefundOf, RefundOrder},
    domain::{Fen, OutRefundNo, OutTradeNo, RefundState},
    storage::{events::Source, refunds::Refund},
};
use serde_json::{Value, json};

use crate::support::{self, App, Placed, paid_under, until};

const REFUNDS_NOTIFY: &str = "/api/wx-pay/refunds/notify";

/// A paid order, and the number that was paid.
async fn paid(app: &App, product: i64) -> (Placed, RefundOf) {
    let order = app.order(product).await;
    app.pay(&order.code_url).await;
    app.until_status(&order.token, "SUCCESS").await;
    let of = paid_under(&order.order_no);
    (order, of)
}

/// One more, whatever was asked for before.
fn wanted(amount: impl Into<Option<i64>>) -> RefundOrder {
    RefundOrder { another: true, ..support::wanted(amount) }
}

async fn refund(app: &App, of: &RefundOf, amount: impl Into<Option<i64>>) -> Result<Refund, RefundError> {
    app.state.checkout.refund(of, wanted(amount)).await
}

async fn until_refunded(app: &App, order: &Placed, status: &str) -> Value {
    app.until_status(&order.token, status).await
}

/// What the platform thinks it has given back, in fen.
async fn given_back(app: &App) -> Vec<i64> {
    let ledger = app.get("/_sandbox/ledger").await;
    let lines = ledger.text().lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    lines.filter(|line| line["type"] == "refund").map(|refund| refund["amount"].as_i64().expect("fen")).collect()
}

#[tokio::test]
async fn a_full_refund_is_accepted_then_done_and_the_notice_tells_so() {
    let app = App::start().await;
    app.faults(json!({"refund_ms": 0})).await;
    let (order, of) = paid(&app, 2).await;
    let refund = refund(&app, &of, None).await.expect("accepted");
    assert_eq!(refund.amount.get(), order.total);
    assert!(refund.refund_id.is_some());
    until_refunded(&app, &order, "REFUND_SUCCESS").await;
    assert_eq!(app.order_status(&order.order_no).await.0, 101, "no longer paid");
    assert_eq!(given_back(&app).await, [order.total]);
    let events = app.books.events(&order.order_no).await;
    assert!(events.contains(&"REFUND_ASKED/STAFF".to_owned()), "{events:?}");
    assert!(events.iter().any(|event| event.starts_with("REFUND_SUCCESS/")), "{events:?}");
}

#[tokio::test]
async fn parts_add_up_and_never_exceed_what_was_paid() {
    let app = App::start().await;
    app.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0})).await;
    let (order, of) = paid(&app, 2).await;
    refund(&app, &of, 2_800).await.expect("accepted");
    until_refunded(&app, &order, "REFUND_PARTIAL").await;
    let error = refund(&app, &of, 10_001).await.expect_err("too much");
    assert!(matches!(error, RefundError::Amount { left } if left.get() == 10_000), "{error}");
    refund(&app, &of, 10_000).await.expect("accepted");
    until_refunded(&app, &order, "REFUND_SUCCESS").await;
    let error = refund(&app, &of, 1).await.expect_err("nothing is left");
    assert!(matches!(error, RefundError::Amount { left } if left == Fen::ZERO), "{error}");
    assert_eq!(given_back(&app).await.iter().sum::<i64>(), order.total);
}

#[tokio::test]
async fn a_hundred_at_once_do_not_give_back_more_than_came() {
    let app = App::start().await;
    app.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0})).await;
    let (order, of) = paid(&app, 2).await;
    let asked = futures::future::join_all((0..100).map(|_| refund(&app, &of, 500))).await;
    let accepted = asked.iter().filter(|it| it.is_ok()).count();
    let refused = asked.iter().filter(|it| matches!(it, Err(RefundError::Amount { .. }))).count();
    assert_eq!((accepted, refused), (25, 75), "12,800 fen are 25 times 500");
    until("all are done", async || {
        app.state.checkout.sweep_refunds().await.expect("sweeps");
        (given_back(&app).await.len() == 25).then_some(())
    })
    .await;
    assert!(given_back(&app).await.iter().sum::<i64>() <= order.total);
}

#[tokio::test]
async fn a_refund_whose_reply_was_lost_is_one_refund() {
    let app = App::start_with_mock_clock().await;
    app.faults(json!({"refund_ms": 0, "error_500_after_commit": {"refund": 1}})).await;
    let (order, of) = paid(&app, 1).await;
    let number = OutRefundNo::parse("my-refund-1").expect("legal");
    let again = || RefundOrder { number: Numbered::Chosen(number.clone()), another: false, ..wanted(1) };
    let lost = app.state.checkout.refund(&of, again()).await.expect("an intent");
    assert_eq!(lost.out_refund_no, number);
    // The operator repeats the command, with the same number.
    let repeated = app.state.checkout.refund(&of, again()).await.expect("the same one");
    assert_eq!(repeated.id, lost.id);
    let other = RefundOrder { amount: Some(Fen::new(2).expect("money")), ..again() };
    assert!(matches!(app.state.checkout.refund(&of, other).await, Err(RefundError::OtherRefund)));
    until_refunded(&app, &order, "REFUND_SUCCESS").await;
    assert_eq!(given_back(&app).await, [1]);
}

#[tokio::test]
async fn an_intent_that_never_reached_wechat_is_sent_by_a_job() {
    let app = App::start_with_mock_clock().await;
    let (order, of) = paid(&app, 1).await;
    app.faults(json!({"refund_ms": 0, "error_500": {"refund": 1, "refund_query": 1}})).await;
    let refund = refund(&app, &of, None).await.expect("an intent");
    assert_eq!(refund.state, RefundState::Requested);
    assert_eq!(app.look(&order.token).await["status"], "REFUND_PROCESSING");
    until("sent", async || {
        app.advance(61);
        app.state.checkout.sweep_refunds().await.expect("sweeps");
        (given_back(&app).await == [1]).then_some(())
    })
    .await;
    until_refunded(&app, &order, "REFUND_SUCCESS").await;
}

#[tokio::test]
async fn a_refund_that_fails_at_wechat_frees_its_amount_and_the_order_is_paid_as_before() {
    let app = App::start_with_mock_clock().await;
    app.faults(json!({"refund_ms": 0, "refund_outcome": "closed", "refund_gap_seconds": 0})).await;
    let (order, of) = paid(&app, 2).await;
    refund(&app, &of, None).await.expect("accepted");
    until("closed", async || {
        let events = app.books.events(&order.order_no).await;
        events.iter().any(|event| event.starts_with("REFUND_CLOSED/")).then_some(())
    })
    .await;
    assert_eq!(app.look(&order.token).await["status"], "SUCCESS");
    app.faults(json!({"refund_outcome": "success"})).await;
    refund(&app, &of, None).await.expect("its amount is free again");
    until_refunded(&app, &order, "REFUND_SUCCESS").await;
}

#[tokio::test]
async fn an_abnormal_refund_is_shown_as_such_until_somebody_mends_it() {
    let app = App::start_with_mock_clock().await;
    app.faults(json!({"refund_ms": 0, "refund_outcome": "abnormal"})).await;
    let (order, of) = paid(&app, 2).await;
    let refund = refund(&app, &of, None).await.expect("accepted");
    until_refunded(&app, &order, "REFUND_ABNORMAL").await;
    let path = format!("/_sandbox/refunds/{}", refund.out_refund_no);
    let mended = app.control(reqwest::Method::POST, &path, &json!({"status": "SUCCESS"})).await;
    assert_eq!(mended.status, 200, "{mended:?}");
    until("mended", async || {
        app.advance(1801);
        app.state.checkout.sweep_refunds().await.expect("sweeps");
        (app.books.status(&order.order_no).await == "REFUND_SUCCESS").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_notice_that_is_faster_than_the_reply_is_not_taken_back_by_it() {
    let app = App::start().await;
    app.faults(json!({"refund_ms": 0, "refund_notify_before_reply": 1})).await;
    let (order, of) = paid(&app, 1).await;
    refund(&app, &of, None).await.expect("accepted");
    until_refunded(&app, &order, "REFUND_SUCCESS").await;
    let events = app.books.events(&order.order_no).await;
    let done = events.iter().filter(|event| event.starts_with("REFUND_SUCCESS/")).count();
    assert_eq!((done, events.last().map(String::as_str)), (1, Some("REFUND_SUCCESS/CALLBACK")), "{events:?}");
}

#[tokio::test]
async fn a_refund_made_in_the_console_is_booked_when_its_notice_can_be_read() {
    let app = App::start().await;
    app.faults(json!({"refund_ms": 0})).await;
    let (order, of) = paid(&app, 2).await;
    let body = json!({"out_trade_no": order.order_no, "amount": 2_800, "notice": "v3"});
    assert_eq!(app.control(reqwest::Method::POST, "/_sandbox/refund", &body).await.status, 200);
    until_refunded(&app, &order, "REFUND_PARTIAL").await;
    let error = refund(&app, &of, 12_800).await.expect_err("some of it is gone");
    assert!(matches!(error, RefundError::Amount { left } if left.get() == 10_000), "{error}");
}

#[tokio::test]
async fn a_notice_of_the_second_version_is_refused_and_a_query_finds_the_refund() {
    let app = App::start().await;
    let (order, _) = paid(&app, 2).await;
    let body = json!({"out_trade_no": order.order_no, "notice": "v2"});
    assert_eq!(app.control(reqwest::Method::POST, "/_sandbox/refund", &body).await.status, 200);
    until("refused", async || (app.metric("saoma_callbacks_total", "verdict=\"v2_xml\"").await > 0).then_some(()))
        .await;
    assert_eq!(app.look(&order.token).await["status"], "SUCCESS", "nobody has told us");
    let number = OutTradeNo::parse(&order.order_no).expect("a number");
    app.state.checkout.query_order(&number, Source::CommandLine).await.expect("asks");
    let events = app.books.events(&order.order_no).await;
    assert_eq!(events.last().map(String::as_str), Some("REFUND_ELSEWHERE/COMMAND_LINE"));
    // Told once, however often it is asked.
    app.state.checkout.query_order(&number, Source::CommandLine).await.expect("asks");
    assert_eq!(app.books.events(&order.order_no).await, events);
}

#[tokio::test]
async fn nothing_is_given_back_of_what_was_never_paid() {
    let app = App::start().await;
    let order = app.order(1).await;
    let number = OutTradeNo::parse(&order.order_no).expect("a number");
    let of = RefundOf::Attempt(number);
    assert!(matches!(refund(&app, &of, None).await, Err(RefundError::NotPaid(others)) if others.is_empty()));
    assert_eq!(app.books.count("refunds").await, 0);
}

#[tokio::test]
async fn a_definite_refusal_ends_the_refund_once_it_is_repeated() {
    let app = App::start_with_mock_clock().await;
    let (order, of) = paid(&app, 2).await;
    // More than a year later WeChat gives nothing back any more.
    app.advance(366 * 24 * 3600);
    let refused = refund(&app, &of, None).await.expect("an answer");
    assert_eq!((refused.state, refused.refusals), (RefundState::Requested, 1), "one is no reason to give up");
    assert!(refused.problem.is_some());
    assert_eq!(app.look(&order.token).await["status"], "REFUND_PROCESSING");
    for _ in 0..2 {
        app.advance(5 * 60);
        app.state.checkout.sweep_refunds().await.expect("sweeps");
    }
    let refused = app.state.checkout.load_refund(&refused.out_refund_no).await.expect("is there");
    assert_eq!((refused.state, refused.refusals), (RefundState::Refused, 3));
    assert_eq!(app.look(&order.token).await["status"], "SUCCESS");
    assert_eq!(given_back(&app).await, [0_i64; 0]);
}

#[tokio::test]
async fn the_refund_route_refuses_what_the_payment_route_refuses() {
    let app = App::start().await;
    let (order, _) = paid(&app, 1).await;
    let good = app.forger.payment(&order);
    for (callback, status) in [
        (good.clone().without("wechatpay-signature"), 400),
        (good.clone().with("wechatpay-timestamp", "1"), 401),
        (good.clone().with_body("<xml></xml>"), 401),
        // Verified, but about a payment: kept, and not to be sent again.
        (good, 200),
    ] {
        let request = app.request(reqwest::Method::POST, REFUNDS_NOTIFY).headers(callback.headers.clone());
        let request = request.body(callback.body.clone());
        assert_eq!(app.send(request).await.status, status);
    }
    assert_eq!(app.callbacks("MISMATCH_EVENT").await, 1);
    assert_eq!(app.books.count("refunds").await, 0);
}
