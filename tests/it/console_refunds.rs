//! Refunds that somebody made in the merchant console while one of ours is under way.

use reqwest::Method;
use saoma::{
    checkout::RefundOrder,
    clock::Clock,
    domain::{OutTradeNo, RefundState},
    storage::events::Source,
};
use serde_json::json;

use crate::support::{App, Forger, Notice, Process, folder, lay_keys, paid_under, until, wanted};

#[tokio::test]
async fn a_notice_that_does_not_fit_yet_comes_again_until_it_does() {
    let app = App::start_with_mock_clock().await;
    let order = app.order(2).await;
    let paid = app.forger.transaction(&order);
    app.deliver(&app.forger.callback(&Notice::of(paid.clone()))).await;
    // The sandbox knows no such payment, so that our refund of it is refused in the end.
    app.faults(json!({"platform_down": "503"})).await;
    let checkout = &app.state.checkout;
    let of = paid_under(&order.order_no);
    let ours = checkout.refund(&of, wanted(None)).await.expect("written down");
    assert_eq!(ours.state, RefundState::Requested);

    let id = paid["transaction_id"].as_str().expect("a text");
    let notice = app.forger.refund(&order, id, "20261123CONSOLE", 100);
    let deliver = async || app.deliver_refund(&app.forger.callback(&notice)).await.status;
    assert_eq!(deliver().await, 409, "ours may still take all of it");

    app.faults(json!({"platform_down": "off"})).await;
    for minutes in [1, 20, 11] {
        app.advance(minutes * 60);
        checkout.sweep_refunds().await.expect("looks");
    }
    assert_eq!(checkout.load_refund(&ours.out_refund_no).await.expect("is there").state, RefundState::Refused);
    assert_eq!(deliver().await, 200);
    assert_eq!(app.books.status(&order.order_no).await, "REFUND_PARTIAL");
    let received = app.books.received().await;
    let kept = received.iter().find(|it| it.notify_id == notice.id).expect("is kept");
    assert_eq!((kept.verdict.as_str(), kept.deliveries), ("REFUND_ELSEWHERE", 2));
}

#[tokio::test]
async fn what_went_back_in_the_console_is_not_given_back_again_unseen() {
    let app = App::start().await;
    app.faults(json!({"refund_gap_seconds": 0})).await;
    let order = app.order(2).await;
    app.pay(&order.code_url).await;
    app.until_status(&order.token, "SUCCESS").await;
    let body = json!({"out_trade_no": order.order_no, "amount": 4000, "notice": "none"});
    assert_eq!(app.send(app.request(Method::POST, "/_sandbox/refund").json(&body)).await.status, 200);
    let checkout = &app.state.checkout;
    let number = OutTradeNo::parse(&order.order_no).expect("a number");
    checkout.query_order(&number, Source::CommandLine).await.expect("asks");
    let of = paid_under(&order.order_no);
    let refused = checkout.refund(&of, wanted(4000)).await;
    assert!(matches!(refused, Err(saoma::checkout::RefundError::GivenBackElsewhere)), "{refused:?}");
    assert_eq!(app.books.count("refunds").await, 0);
    checkout.refund(&of, RefundOrder { another: true, ..wanted(4000) }).await.expect("somebody has looked");
}

#[tokio::test]
async fn a_notice_of_a_refund_that_is_none_of_ours_is_acknowledged_and_said() {
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    let forger = Forger::read(&folder.path().join("data/sandbox"), Clock::system());
    let shop = Process::serve(folder.path(), &[("RUST_LOG", "warn")]).await;
    let order = shop.order(2).await;
    let mut strange = forger.refund(&order, "4200000000000000000000000001", "CONSOLE1", 100);
    strange.content["mchid"] = json!("1900000001");
    // About a payment, at the door of the refunds.
    let payment = Notice::of(forger.transaction(&order));
    for (notice, verdict) in [(strange, "MISMATCH_MCHID"), (payment, "MISMATCH_EVENT")] {
        assert_eq!(shop.deliver_refund(&forger.callback(&notice)).await.status, 200);
        until("a line", async || {
            let log = shop.log();
            log.lines().any(|line| line.contains(&notice.id) && line.contains(verdict)).then_some(())
        })
        .await;
    }
}
