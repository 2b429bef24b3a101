//! A verified statement beats our guess, whenever it comes; what contradicts the books is never "repeated"
//! (money rule 12). And what is collected of a refund beside its state.

use reqwest::Method;
use saoma::{
    checkout::{RefundError, RefundOrder},
    domain::{OutTradeNo, RefundState},
    storage::{events::Source, refunds::Refund},
};
use serde_json::{Value, json};

use crate::support::{App, Notice, Placed, paid_under, until, wanted};

/// An order that a forged callback has paid: the sandbox knows of no payment, so that it refuses every refund of it.
struct Paid {
    app: App,
    order: Placed,
    transaction_id: String,
}

impl Paid {
    async fn start() -> Self {
        let app = App::start_with_mock_clock().await;
        let order = app.order(2).await;
        let transaction_id = app.pay_by_forgery(&order).await;
        Self { app, order, transaction_id }
    }

    async fn ask(&self, amount: Option<i64>) -> Result<Refund, RefundError> {
        let wanted = RefundOrder { another: true, ..wanted(amount) };
        self.app.state.checkout.refund(&paid_under(&self.order.order_no), wanted).await
    }

    /// Asked for, and refused by WeChat until it is given up here.
    async fn give_up(&self, amount: Option<i64>) -> String {
        let refund = self.ask(amount).await.expect("written down");
        self.until_given_up(&refund.out_refund_no.to_string()).await;
        refund.out_refund_no.to_string()
    }

    async fn until_given_up(&self, number: &str) {
        for _ in 0..9 {
            self.app.advance(6 * 60);
            self.app.state.checkout.sweep_refunds().await.expect("sweeps");
        }
        assert_eq!(self.state(number).await, "REFUSED");
    }

    async fn state(&self, number: &str) -> String {
        let refunds = self.app.books.refunds().await;
        refunds.into_iter().find(|it| it.out_refund_no == number).expect("is there").state
    }

    /// WeChat's signed word about a refund.
    fn notice(&self, number: &str, amount: i64, status: &str) -> Notice {
        Notice {
            event_type: format!("REFUND.{status}"),
            original_type: "refund".to_owned(),
            associated_data: "refund".to_owned(),
            ..Notice::of(json!({
                "mchid": self.app.forger.mchid, "transaction_id": self.transaction_id,
                "out_trade_no": self.order.order_no, "refund_id": format!("5030{number}"), "out_refund_no": number,
                "refund_status": status, "user_received_account": "支付用户零钱",
                "success_time": "2026-11-23T14:05:09+08:00",
                "amount": {
                    "total": self.order.total, "refund": amount, "payer_total": self.order.total, "payer_refund": amount,
                },
            }))
        }
    }

    /// Status of the answer, and the verdict that the inbox has of it.
    async fn deliver(&self, notice: &Notice) -> (u16, String) {
        let callback = self.app.forger.callback(notice);
        let request = self.app.request(Method::POST, "/api/wx-pay/refunds/notify").headers(callback.headers);
        let status = self.app.send(request.body(callback.body)).await.status;
        let received = self.app.books.received().await;
        (status, received.into_iter().find(|it| it.notify_id == notice.id).expect("is kept").verdict)
    }

    async fn status(&self) -> String {
        self.app.books.status(&self.order.order_no).await
    }

    async fn contradictions(&self) -> usize {
        let events = self.app.books.events(&self.order.order_no).await;
        events.iter().filter(|event| event.starts_with("REFUND_CONTRADICTED/")).count()
    }
}

#[tokio::test]
async fn what_was_given_up_here_and_succeeded_there_is_booked() {
    let paid = Paid::start().await;
    let number = paid.give_up(Some(2_800)).await;
    assert_eq!(paid.status().await, "SUCCESS");
    let notice = paid.notice(&number, 2_800, "SUCCESS");
    assert_eq!(paid.deliver(&notice).await, (200, "REFUND_REVIVED".to_owned()));
    assert_eq!((paid.state(&number).await, paid.status().await), ("SUCCESS".to_owned(), "REFUND_PARTIAL".to_owned()));
    // Nobody gives the same money back again.
    let error = paid.ask(Some(10_001)).await.expect_err("too much");
    assert!(matches!(error, RefundError::Amount { left } if left.get() == 10_000), "{error}");
    // Told again it is the same.
    let again = Notice { id: format!("{}again", notice.id), ..notice };
    assert_eq!(paid.deliver(&again).await, (200, "REFUND_REPEATED".to_owned()));
    let page = paid.app.look(&paid.order.token).await;
    assert_eq!((&page["status"], &page["refunded"]), (&json!("REFUND_PARTIAL"), &json!(2_800)));
}

#[tokio::test]
async fn what_was_given_up_may_become_whatever_wechat_signs() {
    for (told, status) in [("PROCESSING", "REFUND_PROCESSING"), ("ABNORMAL", "REFUND_ABNORMAL"), ("CLOSED", "SUCCESS")]
    {
        let paid = Paid::start().await;
        let number = paid.give_up(None).await;
        assert_eq!(paid.deliver(&paid.notice(&number, paid.order.total, told)).await.1, "REFUND_REVIVED");
        assert_eq!((paid.state(&number).await.as_str(), paid.status().await.as_str()), (told, status));
        // Money is set aside for as long as it may be gone.
        let left = match paid.ask(Some(paid.order.total)).await {
            Err(RefundError::Amount { left }) => left.get(),
            other => other.map(|_| paid.order.total).expect("all is free again"),
        };
        assert_eq!(left, if told == "CLOSED" { paid.order.total } else { 0 }, "{told}");
    }
}

#[tokio::test]
async fn what_was_given_up_and_no_longer_fits_is_said_loudly() {
    let paid = Paid::start().await;
    let number = paid.give_up(None).await;
    let elsewhere = paid.notice("CONSOLE1", paid.order.total, "SUCCESS");
    assert_eq!(paid.deliver(&elsewhere).await, (200, "REFUND_ELSEWHERE".to_owned()));
    let notice = paid.notice(&number, paid.order.total, "SUCCESS");
    for _ in 0..2 {
        assert_eq!(paid.deliver(&notice).await, (200, "REFUND_EXCEEDS".to_owned()));
    }
    assert_eq!((paid.state(&number).await.as_str(), paid.contradictions().await), ("REFUSED", 1));
    assert_eq!((paid.status().await.as_str(), paid.app.callbacks("REFUND_EXCEEDS").await), ("REFUND_SUCCESS", 2));
}

#[tokio::test]
async fn what_was_given_up_waits_for_the_end_of_the_one_that_took_its_place() {
    let paid = Paid::start().await;
    let number = paid.give_up(None).await;
    paid.app.faults(json!({"platform_down": "503"})).await;
    let other = paid.ask(None).await.expect("written down");
    assert_eq!(other.state, RefundState::Requested);
    let notice = paid.notice(&number, paid.order.total, "SUCCESS");
    assert_eq!(paid.deliver(&notice).await, (409, "REFUND_TOO_EARLY".to_owned()));
    paid.app.faults(json!({"platform_down": "off"})).await;
    paid.app.advance(3600);
    paid.until_given_up(other.out_refund_no.as_str()).await;
    assert_eq!(paid.deliver(&notice).await, (200, "REFUND_REVIVED".to_owned()));
    assert_eq!(paid.status().await, "REFUND_SUCCESS");
}

#[tokio::test]
async fn what_contradicts_the_books_is_never_repeated() {
    let paid = Paid::start().await;
    for (number, end, opposite) in [("CONSOLE1", "CLOSED", "SUCCESS"), ("CONSOLE2", "SUCCESS", "CLOSED")] {
        assert_eq!(paid.deliver(&paid.notice(number, 100, end)).await.1, "REFUND_ELSEWHERE");
        let before = (paid.state(number).await, paid.status().await, paid.contradictions().await);
        let told = paid.deliver(&paid.notice(number, 100, opposite)).await;
        assert_eq!(told, (200, "REFUND_CONTRADICTION".to_owned()), "{number}");
        assert_eq!((paid.state(number).await, paid.status().await), (before.0, before.1), "{number}");
        assert_eq!(paid.contradictions().await, before.2 + 1, "{number}");
        // An old word is none.
        assert_eq!(paid.deliver(&paid.notice(number, 100, "ABNORMAL")).await.1, "REFUND_REPEATED", "{number}");
    }
    let changed = |pointer: &str, value: Value| {
        let mut notice = paid.notice("CONSOLE2", 100, "SUCCESS");
        *notice.content.pointer_mut(pointer).expect("is there") = value;
        notice
    };
    let cases = [
        changed("/amount/refund", json!(101)),
        changed("/amount/total", json!(1)),
        changed("/transaction_id", json!("4200000000000000000000000001")),
        changed("/refund_id", json!("50300000000000000000000000099")),
        changed("/refund_id", json!("")),
        changed("/refund_id", json!("5".repeat(65))),
        // WeChat's number of one refund on another one.
        changed("/out_refund_no", json!("CONSOLE3")),
        changed("/refund_id", json!("5030CONSOLE1")),
    ];
    let before = (paid.app.books.refunds().await, paid.status().await);
    for notice in cases {
        assert_eq!(paid.deliver(&notice).await, (200, "MISMATCH_REFUND".to_owned()), "{notice:?}");
        assert_eq!((paid.app.books.refunds().await, paid.status().await), before, "{notice:?}");
    }
}

/// The number that the console drew may have characters that we make none with.
#[tokio::test]
async fn a_refund_made_elsewhere_under_any_number_is_counted() {
    let app = App::start_with_mock_clock().await;
    app.faults(json!({"refund_ms": 0})).await;
    let order = app.order(2).await;
    app.pay(&order.code_url).await;
    app.until_status(&order.token, "SUCCESS").await;
    let number = format!("REF|2026*1@shop_-{}", "x".repeat(47));
    assert_eq!(number.len(), 64);
    let body = json!({"out_trade_no": order.order_no, "amount": 2_800, "notice": "v3", "out_refund_no": number});
    assert_eq!(app.control(Method::POST, "/_sandbox/refund", &body).await.status, 200);
    app.until_status(&order.token, "REFUND_PARTIAL").await;
    assert_eq!(app.callbacks("REFUND_ELSEWHERE").await, 1);
    // A notice has no date: WeChat is asked for it, by that number.
    assert_eq!(app.books.refunds().await[0].accepted_ms, None);
    app.advance(61);
    app.state.checkout.sweep_refunds().await.expect("sweeps");
    let refund = app.books.refunds().await.remove(0);
    assert_eq!((refund.out_refund_no, refund.check_ms), (number, None));
    assert!(refund.accepted_ms.is_some() && refund.request_id.is_some());
    // The same number is no number of ours.
    assert_eq!(app.state.checkout.sweep_refunds().await.expect("sweeps"), 0);
}

#[tokio::test]
async fn when_wechat_accepted_a_refund_and_how_its_support_finds_it_is_kept() {
    for faults in [json!({"refund_ms": 0}), json!({"refund_ms": 0, "refund_notify_before_reply": 1})] {
        let app = App::start_with_mock_clock().await;
        app.faults(faults).await;
        let order = app.order(2).await;
        app.pay(&order.code_url).await;
        app.until_status(&order.token, "SUCCESS").await;
        app.advance(3600);
        let at = app.clock.now().as_millisecond();
        app.state.checkout.refund(&paid_under(&order.order_no), wanted(None)).await.expect("accepted");
        app.until_status(&order.token, "REFUND_SUCCESS").await;
        until("the reply is booked", async || (app.books.refunds().await[0].request_id.is_some()).then_some(())).await;
        assert_eq!(app.books.refunds().await[0].accepted_ms, Some(at));
    }
}

/// The notice of what had been given up is lost, and somebody gives the money back again.
#[tokio::test]
async fn whoever_gives_back_again_what_was_given_up_asks_wechat_first() {
    let app = App::start_with_mock_clock().await;
    let order = app.order(2).await;
    app.pay(&order.code_url).await;
    app.until_status(&order.token, "SUCCESS").await;
    let of = paid_under(&order.order_no);
    let another = |amount| RefundOrder { another: true, ..wanted(amount) };
    app.faults(json!({"refund_ms": 0, "drop": "all"})).await;
    let refund = app.state.checkout.refund(&of, another(2_800)).await.expect("accepted");
    // As if WeChat had refused it, and then had not.
    let given_up = "UPDATE refunds SET state = 'REFUSED', refund_id = NULL, check_ms = NULL, success_ms = NULL";
    for sql in [given_up, "UPDATE payments SET refunding_fen = 0"] {
        sqlx::query(sql).execute(&app.books.pool).await.expect("changes");
    }
    let error = app.state.checkout.refund(&of, another(10_001)).await.expect_err("more than is left");
    assert!(matches!(error, RefundError::Amount { left } if left.get() == 10_000), "{error}");
    let found = app.state.checkout.load_refund(&refund.out_refund_no).await.expect("is there");
    assert_eq!(found.state, RefundState::Success);
}

/// The sandbox knows of no payment under a number that WeChat's signature has called paid.
#[tokio::test]
async fn a_paid_number_that_wechat_calls_unpaid_is_told_once_and_stays_paid() {
    let paid = Paid::start().await;
    let number = OutTradeNo::parse(&paid.order.order_no).expect("a number");
    for _ in 0..2 {
        paid.app.state.checkout.query_order(&number, Source::CommandLine).await.expect("asks");
    }
    let events = paid.app.books.events(&paid.order.order_no).await;
    assert_eq!(events.iter().filter(|event| *event == "PAYMENT_CONTRADICTED/COMMAND_LINE").count(), 1, "{events:?}");
    assert_eq!(paid.status().await, "SUCCESS");
}

/// Money went back, WeChat says, and all that the books know of is a refund that was given up: that one is
/// asked about before anybody looks for another.
#[tokio::test]
async fn what_was_given_up_is_found_when_its_order_is_asked_about() {
    let app = App::start_with_mock_clock().await;
    let order = app.order(2).await;
    app.pay(&order.code_url).await;
    app.until_status(&order.token, "SUCCESS").await;
    let number = OutTradeNo::parse(&order.order_no).expect("a number");
    app.faults(json!({"refund_ms": 0, "drop": "all"})).await;
    app.state.checkout.refund(&paid_under(&order.order_no), wanted(2_800)).await.expect("accepted");
    let given_up = "UPDATE refunds SET state = 'REFUSED', refund_id = NULL, check_ms = NULL, success_ms = NULL";
    for sql in [given_up, "UPDATE payments SET refunding_fen = 0", "UPDATE orders SET status = 'SUCCESS'"] {
        sqlx::query(sql).execute(&app.books.pool).await.expect("changes");
    }
    app.state.checkout.query_order(&number, Source::CommandLine).await.expect("asks");
    assert_eq!(app.books.status(&order.order_no).await, "REFUND_PARTIAL");
    let events = app.books.events(&order.order_no).await;
    assert!(!events.iter().any(|event| event.starts_with("REFUND_ELSEWHERE")), "{events:?}");
}
