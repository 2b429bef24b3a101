//! What a verified callback leads to (design §2.4): what it says may not be what the order needs, the
//! order may be unknown, the database may be in trouble.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    callbacks::{assert_acknowledged, assert_refused},
    support::{App, Forger, Notice},
};

#[tokio::test]
async fn a_verified_statement_that_does_not_fit_is_kept_and_acknowledged_and_pays_nothing() {
    let app = App::start().await;
    let order = app.order(2).await;
    let untouched = app.books.picture().await;
    let changed = |pointer: &str, value: Value| {
        let mut transaction = app.forger.transaction(&order);
        *transaction.pointer_mut(pointer).expect("is there") = value;
        Notice::of(transaction)
    };
    let without = |pointer: &str, name: &str| {
        let mut transaction = app.forger.transaction(&order);
        let object = transaction.pointer_mut(pointer).expect("is there").as_object_mut().expect("an object");
        object.remove(name).expect("is there");
        Notice::of(transaction)
    };
    let event = |event_type: &str, original_type: &str| Notice {
        event_type: event_type.to_owned(),
        original_type: original_type.to_owned(),
        ..Notice::of(app.forger.transaction(&order))
    };
    let cases = [
        ("MISMATCH_MCHID", changed("/mchid", json!("1900000001"))),
        ("MISMATCH_MCHID", changed("/mchid", json!(""))),
        ("MISMATCH_APPID", changed("/appid", json!("wx0000000000000000"))),
        ("MISMATCH_APPID", changed("/appid", json!(app.forger.appid.to_uppercase()))),
        ("MISMATCH_AMOUNT", changed("/amount/total", json!(12_801))),
        ("MISMATCH_AMOUNT", changed("/amount/total", json!(12_799))),
        ("MISMATCH_AMOUNT", changed("/amount/total", json!(0))),
        ("MISMATCH_AMOUNT", changed("/amount/total", json!(-12_800))),
        ("MISMATCH_AMOUNT", changed("/amount/total", json!(i64::MAX))),
        ("MISMATCH_AMOUNT", without("/amount", "total")),
        ("MISMATCH_CURRENCY", changed("/amount/currency", json!("HKD"))),
        ("MISMATCH_CURRENCY", changed("/amount/currency", json!("cny"))),
        ("MISMATCH_CURRENCY", without("/amount", "currency")),
        ("MISMATCH_CURRENCY", without("", "amount")),
        ("MISMATCH_STATE", changed("/trade_state", json!("NOTPAY"))),
        ("MISMATCH_STATE", changed("/trade_state", json!("CLOSED"))),
        ("MISMATCH_STATE", changed("/trade_state", json!("REFUND"))),
        ("MISMATCH_STATE", changed("/trade_state", json!("success"))),
        ("MISMATCH_STATE", changed("/trade_state", json!("INVENTED"))),
        ("MISMATCH_TRANSACTION_ID", without("", "transaction_id")),
        ("MISMATCH_TRANSACTION_ID", changed("/transaction_id", json!(""))),
        ("MISMATCH_TRANSACTION_ID", changed("/transaction_id", json!("4".repeat(33)))),
        ("MISMATCH_EVENT", event("TRANSACTION.UNKNOWN", "transaction")),
        ("MISMATCH_EVENT", event("transaction.success", "transaction")),
        ("MISMATCH_EVENT", event("REFUND.SUCCESS", "transaction")),
        ("MISMATCH_EVENT", event("TRANSACTION.SUCCESS", "invented")),
        ("MISMATCH_EVENT", event(&"X".repeat(200), "transaction")),
    ];
    let mut counts = BTreeMap::<&str, u64>::new();
    for (number, (verdict, notice)) in cases.iter().enumerate() {
        assert_acknowledged(&app.deliver(&app.forger.callback(notice)).await);
        assert_eq!(app.books.picture().await, untouched, "{verdict}: {notice:?}");
        let received = app.books.received().await;
        assert_eq!(received.len(), number + 1, "{verdict}: {notice:?}");
        let last = received.last().expect("kept");
        assert_eq!((last.verdict.as_str(), last.notify_id.as_str()), (*verdict, notice.id.as_str()), "{notice:?}");
        *counts.entry(verdict).or_default() += 1;
    }
    for (verdict, count) in counts {
        assert_eq!(app.callbacks(verdict).await, count, "{verdict}");
    }
    assert_eq!(app.order_status(&order.order_no).await.0, 101);

    // Sent again, it is the same notification with the same verdict.
    let (verdict, notice) = &cases[4];
    assert_acknowledged(&app.deliver(&app.forger.callback(notice)).await);
    let received = app.books.received().await;
    assert_eq!(received.len(), cases.len());
    assert_eq!((received[4].verdict.as_str(), received[4].deliveries), (*verdict, 2));
    // None of it stands in the way of the real one.
    assert_acknowledged(&app.deliver(&app.forger.payment(&order)).await);
    assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
}

#[tokio::test]
async fn a_transaction_that_paid_another_order_pays_no_second_one() {
    let app = App::start().await;
    let (paid, open) = (app.order(1).await, app.order(1).await);
    let transaction = app.forger.transaction(&paid);
    assert_acknowledged(&app.deliver(&app.forger.callback(&Notice::of(transaction.clone()))).await);
    let before = app.books.picture().await;
    let mut again = transaction;
    again["out_trade_no"] = json!(open.order_no);
    assert_acknowledged(&app.deliver(&app.forger.callback(&Notice::of(again))).await);
    assert_eq!(app.books.picture().await, before);
    let verdicts: Vec<_> = app.books.received().await.into_iter().map(|it| it.verdict).collect();
    assert_eq!(verdicts, ["PAID", "MISMATCH_TRANSACTION_ID"], "no duplicate: staff must see it");
}

#[tokio::test]
async fn what_the_payer_paid_in_coupons_does_not_matter() {
    let app = App::start().await;
    let order = app.order(2).await;
    let mut transaction = app.forger.transaction(&order);
    transaction["amount"]["payer_total"] = json!(10_000);
    transaction["amount"]["payer_currency"] = json!("HKD");
    assert_acknowledged(&app.deliver(&app.forger.callback(&Notice::of(transaction))).await);
    assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
}

#[tokio::test]
async fn refunds_and_self_tests_at_this_route_are_kept_and_acknowledged() {
    let app = App::start().await;
    let order = app.order(1).await;
    let untouched = app.books.picture().await;
    let refund = json!({
        "mchid": app.forger.mchid, "out_trade_no": order.order_no, "transaction_id": Forger::transaction_id(),
        "out_refund_no": "R0000001", "refund_id": "50000000382019052709732678859",
        "refund_status": "SUCCESS", "success_time": "2026-11-23T14:05:09+08:00",
        "user_received_account": "招商银行信用卡0403",
        "amount": {"total": 1, "refund": 1, "payer_total": 1, "payer_refund": 1},
    });
    let refund =
        Notice { event_type: "REFUND.SUCCESS".to_owned(), original_type: "refund".to_owned(), ..Notice::of(refund) };
    let echo = Notice {
        event_type: "SECURITY_ECHO.SUCCESS".to_owned(),
        original_type: "security".to_owned(),
        ..Notice::of(json!({"echo_message": "hello", "encrypt_echo_message": "AAAA"}))
    };
    assert_acknowledged(&app.deliver(&app.forger.callback(&refund)).await);
    assert_acknowledged(&app.deliver(&app.forger.callback(&echo)).await);
    assert_eq!(app.books.picture().await, untouched);
    let verdicts: Vec<_> = app.books.received().await.into_iter().map(|it| it.verdict).collect();
    assert_eq!(verdicts, ["MISMATCH_EVENT", "ECHO"]);
    assert_eq!((app.callbacks("MISMATCH_EVENT").await, app.callbacks("ECHO").await), (1, 1));
}

// 404.

#[tokio::test]
async fn an_unknown_order_is_kept_and_not_found_so_that_it_comes_again() {
    let app = App::start().await;
    let order = app.order(1).await;
    let untouched = app.books.picture().await;
    let numbers = ["NOBODY0HAS0THIS0NUMBER", "x", "", "12345|*", &"9".repeat(64), "'; DROP TABLE orders; --"];
    for (number, out_trade_no) in numbers.into_iter().enumerate() {
        let mut transaction = app.forger.transaction(&order);
        transaction["out_trade_no"] = json!(out_trade_no);
        let notice = Notice::of(transaction);
        assert_refused(&app.deliver(&app.forger.callback(&notice)).await, 404);
        assert_refused(&app.deliver(&app.forger.callback(&notice)).await, 404);
        let received = app.books.received().await;
        assert_eq!(received.len(), number + 1);
        let last = received.last().expect("kept");
        assert_eq!((last.verdict.as_str(), last.deliveries), ("UNKNOWN_ORDER", 2), "{out_trade_no:?}");
        assert_eq!(last.out_trade_no.as_deref(), Some(out_trade_no));
    }
    assert_eq!(app.books.picture().await, untouched);
    assert_eq!(app.callbacks("UNKNOWN_ORDER").await, 12);
    // Somebody else's order is more of a stranger than an unknown one: that is for staff.
    let mut transaction = app.forger.transaction(&order);
    transaction["out_trade_no"] = json!("NOBODY0HAS0THIS0NUMBER");
    transaction["mchid"] = json!("1900000001");
    assert_acknowledged(&app.deliver(&app.forger.callback(&Notice::of(transaction))).await);
}

// 503.

#[tokio::test]
async fn without_its_database_the_site_acknowledges_nothing() {
    let app = App::start().await;
    let order = app.order(1).await;
    let before = (app.books.picture().await, app.books.received().await);
    app.state.db.close().await;
    for _ in 0..3 {
        assert_refused(&app.deliver(&app.forger.payment(&order)).await, 503);
    }
    let mut unknown = app.forger.transaction(&order);
    unknown["out_trade_no"] = json!("NOBODY0HAS0THIS0NUMBER");
    assert_refused(&app.deliver(&app.forger.callback(&Notice::of(unknown))).await, 503);
    let mut mismatch = app.forger.transaction(&order);
    mismatch["amount"]["total"] = json!(2);
    assert_refused(&app.deliver(&app.forger.callback(&Notice::of(mismatch))).await, 503);
    assert_eq!((app.books.picture().await, app.books.received().await), before);
    // What cannot be believed is still refused as such.
    let wrong = app.forger.payment(&order).with("wechatpay-nonce", "another");
    assert_refused(&app.deliver(&wrong).await, 401);
    assert_eq!((app.callbacks("storage").await, app.callbacks("PAID").await), (5, 0));
}

#[tokio::test]
async fn a_database_that_somebody_else_holds_is_not_waited_for_longer_than_wechat_waits() {
    let app = App::start().await;
    let order = app.order(1).await;
    let notice = Notice::of(app.forger.transaction(&order));
    let held = app.books.hold().await;
    let started = Instant::now();
    assert_refused(&app.deliver(&app.forger.callback(&notice)).await, 503);
    let took = started.elapsed();
    println!("database held by somebody else: 503 after {took:?}");
    assert!(took < Duration::from_secs(5), "WeChat waits 5 s: {took:?}");
    assert_eq!(app.books.status(&order.order_no).await, "NOTPAY");
    held.let_go().await;

    assert_acknowledged(&app.deliver(&app.forger.callback(&notice)).await);
    assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
    assert_eq!(app.books.payments().await.len(), 1);
}

#[tokio::test]
async fn a_database_that_somebody_else_holds_for_a_moment_only_takes_longer() {
    let app = App::start().await;
    let order = app.order(1).await;
    let held = app.books.hold().await;
    let callback = app.forger.payment(&order);
    let letting_go = async {
        // As long as a slow commit of a command line takes.
        tokio::time::sleep(Duration::from_millis(600)).await;
        held.let_go().await;
    };
    let (answer, ()) = tokio::join!(app.deliver(&callback), letting_go);
    assert_acknowledged(&answer);
    assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
}
