//! Money that came once too often (money rule 5): whatever WeChat says, it is not forgotten while WeChat
//! still takes refunds of it, and it goes back once.

use jiff::SignedDuration;
use reqwest::Method;
use saoma::{
    checkout::{RefundError, RefundOf},
    domain::{OrderToken, RefundState},
};
use serde_json::{Value, json};

use crate::support::{App, Placed, paid_under, until, wanted};

const DAY: i64 = 24 * 3600;

/// An order whose first number a forged callback has paid, and whose second one was paid at the sandbox:
/// the second payment is surplus, and the sandbox knows it.
struct Twice {
    app: App,
    order: Placed,
    first: String,
    /// The number that was paid once too often, and its transaction.
    number: String,
    surplus: String,
}

impl Twice {
    async fn start(faults: Value) -> Self {
        let app = App::start_with_mock_clock().await;
        let order = app.order(2).await;
        let checkout = &app.state.checkout;
        let token = OrderToken::parse(&order.token).expect("a token");
        let shopper = checkout.load_snapshot(&token).await.expect("is there").order.shopper;
        checkout.renew_code(&token, &shopper).await.expect("renews");
        let placed = until("another code", async || {
            let snapshot = checkout.load_snapshot(&token).await.expect("is there");
            match snapshot.code() {
                saoma::checkout::CodeState::Ready(code) => {
                    Some((snapshot.attempt.out_trade_no.to_string(), code.to_owned()))
                }
                _ => None,
            }
        });
        let (number, code_url) = placed.await;
        let first = app.pay_by_forgery(&order).await;
        app.faults(faults).await;
        let surplus = app.pay(&code_url).await;
        until("both are booked", async || (app.books.payments().await.len() == 2).then_some(())).await;
        let kinds: Vec<_> = app.books.payments().await.into_iter().map(|it| it.kind).collect();
        assert_eq!(kinds, ["LATE", "SURPLUS"]);
        Self { app, order, first, number, surplus }
    }

    async fn sweep(&self) {
        self.app.state.checkout.sweep_refunds().await.expect("sweeps");
    }

    /// Lets time pass until something is due, and does it.
    async fn next(&self) {
        let due = self.app.books.refunds().await.iter().filter_map(|it| it.check_ms).min();
        // Nothing any more: its notice was faster.
        let Some(due) = due else { return };
        let wait = SignedDuration::from_millis(due - self.app.clock.now().as_millisecond());
        self.app.clock.advance(wait.max(SignedDuration::ZERO));
        self.sweep().await;
    }

    async fn states(&self) -> Vec<(String, String)> {
        self.app.books.refunds().await.into_iter().map(|it| (it.out_refund_no, it.state)).collect()
    }

    /// What the sandbox has given back of it, in fen.
    async fn given_back(&self) -> i64 {
        let ledger = self.app.get("/_sandbox/ledger").await;
        let lines = ledger.text().lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let refunds = lines.filter(|line| line["type"] == "refund" && line["status"] == "SUCCESS");
        refunds.map(|refund| refund["amount"].as_i64().expect("fen")).sum()
    }

    async fn stuck(&self) -> u64 {
        self.app.metric("saoma_surplus_payments_stuck", "").await
    }

    async fn until_home(&self) {
        until("it is back", async || {
            self.next().await;
            (self.given_back().await == self.order.total).then_some(())
        })
        .await;
        until("and booked", async || {
            let states = self.states().await;
            states.last().is_some_and(|(_, state)| state == "SUCCESS").then_some(())
        })
        .await;
        assert_eq!(self.app.books.status(&self.order.order_no).await, "SUCCESS", "paid by the other one");
    }
}

#[tokio::test]
async fn a_surplus_that_is_refused_is_tried_ever_more_rarely_under_the_next_number() {
    let twice = Twice::start(json!({
        "refund_ms": 0, "refund_gap_seconds": 0, "refund_refused": "all", "refund_refusal": "USER_ACCOUNT_ABNORMAL",
    }))
    .await;
    let mut asked = Vec::new();
    let began = twice.app.clock.now();
    for tries in 0.. {
        if asked.len() == 9 {
            break;
        }
        assert!(tries < 200, "nobody goes on: {:?}", twice.app.books.refunds().await);
        twice.next().await;
        let count = twice.app.books.refunds().await.len();
        if count > asked.len() {
            asked.push(twice.app.clock.now().duration_since(began).as_mins());
        }
    }
    let numbers: Vec<_> = twice.states().await.into_iter().map(|(number, _)| number).collect();
    let expected: Vec<_> = (1..=numbers.len())
        .map(|n| if n == 1 { format!("S{}", twice.surplus) } else { format!("S{}-{n}", twice.surplus) })
        .collect();
    assert_eq!(numbers, expected);
    let gaps: Vec<_> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.windows(2).all(|pair| pair[0] <= pair[1]) && gaps[0] < gaps[7], "{gaps:?}");
    assert_eq!(twice.stuck().await, 1);
    let states = twice.states().await;
    let (_, before) = states.split_last().expect("some");
    assert!(before.iter().all(|(_, state)| state == "REFUSED"), "one at a time: {states:?}");

    twice.app.faults(json!({"refund_refused": 0})).await;
    twice.until_home().await;
    assert_eq!(twice.stuck().await, 0);
    // Once.
    twice.app.advance(30 * DAY);
    twice.sweep().await;
    assert_eq!(twice.given_back().await, twice.order.total);
}

#[tokio::test]
async fn a_surplus_whose_refund_is_closed_goes_back_under_the_next_number() {
    let twice = Twice::start(json!({
        "refund_ms": 0, "refund_gap_seconds": 0, "refund_outcome": "closed", "refund_outcome_count": 2,
    }))
    .await;
    twice.until_home().await;
    let states: Vec<_> = twice.states().await.into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, ["CLOSED", "CLOSED", "SUCCESS"]);
}

#[tokio::test]
async fn there_is_no_next_number_before_the_end_of_the_former_is_verified() {
    let twice = Twice::start(
        json!({"refund_ms": 0, "refund_gap_seconds": 0, "refund_refused": "all", "refund_refusal": "REQUEST_BLOCKED"}),
    )
    .await;
    until("given up", async || {
        twice.next().await;
        twice.states().await.last().is_some_and(|(_, state)| state == "REFUSED").then_some(())
    })
    .await;
    let count = twice.states().await.len();
    // WeChat takes refunds again, and does not say how the former stands.
    twice.app.faults(json!({"refund_refused": 0, "error_500": {"refund_query": "all"}})).await;
    for _ in 0..6 {
        twice.next().await;
    }
    assert_eq!((twice.states().await.len(), twice.given_back().await), (count, 0));
    twice.app.faults(json!({"error_500": {"refund_query": 0}})).await;
    twice.until_home().await;
}

#[tokio::test]
async fn after_a_year_wechat_takes_none_and_nobody_tries_any_more() {
    let twice = Twice::start(json!({"refund_refused": "all", "refund_refusal": "USER_ACCOUNT_ABNORMAL"})).await;
    twice.sweep().await;
    assert_eq!(twice.stuck().await, 0, "not yet");
    twice.app.advance(DAY);
    assert_eq!(twice.stuck().await, 1);
    let mut tries = 0;
    while twice.app.books.refunds().await.iter().any(|it| it.check_ms.is_some()) {
        twice.next().await;
        tries += 1;
        assert!(tries < 600, "{:?}", twice.app.books.refunds().await);
    }
    let count = twice.states().await.len();
    println!("a surplus that nobody takes for a year: {count} numbers, {tries} tries");
    assert!(count < 100, "{count}");
    twice.app.advance(DAY);
    twice.sweep().await;
    assert_eq!(twice.states().await.len(), count);
    assert!(twice.app.books.refunds().await.iter().all(|it| it.check_ms.is_none()));
}

/// Of the version before: refused once and forgotten.
#[tokio::test]
async fn a_surplus_that_an_older_version_gave_up_is_taken_up_again() {
    let twice = Twice::start(json!({"refund_ms": 0, "refund_gap_seconds": 0})).await;
    let given_up = "UPDATE refunds SET state = 'REFUSED', problem = 'REQUEST_BLOCKED', check_ms = NULL";
    for sql in [given_up, "UPDATE payments SET refunding_fen = 0"] {
        sqlx::query(sql).execute(&twice.app.books.pool).await.expect("changes");
    }
    assert_eq!(twice.stuck().await, 1);
    twice.sweep().await;
    twice.until_home().await;
    let numbers: Vec<_> = twice.states().await.into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers, [format!("S{}", twice.surplus), format!("S{}-2", twice.surplus)]);
}

#[tokio::test]
async fn what_staff_gave_back_meanwhile_does_not_go_back_again() {
    let twice = Twice::start(json!({
        "refund_ms": 0, "refund_gap_seconds": 0, "refund_refused": "all", "refund_refusal": "REQUEST_BLOCKED",
    }))
    .await;
    until("given up", async || {
        twice.next().await;
        twice.states().await.last().is_some_and(|(_, state)| state == "REFUSED").then_some(())
    })
    .await;
    twice.app.faults(json!({"refund_refused": 0})).await;
    let body = json!({"out_trade_no": twice.number, "notice": "v3"});
    assert_eq!(twice.app.control(Method::POST, "/_sandbox/refund", &body).await.status, 200);
    until("booked", async || twice.states().await.last().is_some_and(|(_, state)| state == "SUCCESS").then_some(()))
        .await;
    let count = twice.states().await.len();
    twice.app.advance(30 * DAY);
    twice.sweep().await;
    twice.app.advance(30 * DAY);
    twice.sweep().await;
    assert_eq!((twice.states().await.len(), twice.given_back().await), (count, twice.order.total));
    assert_eq!(twice.stuck().await, 0);
}

#[tokio::test]
async fn a_refund_is_of_the_payment_that_is_named_and_of_no_other() {
    let twice = Twice::start(json!({"refund_ms": 0, "refund_gap_seconds": 0, "platform_down": "503"})).await;
    let checkout = &twice.app.state.checkout;
    // The surplus is on its way by itself: it is gone on with.
    let surplus = checkout.refund(&paid_under(&twice.number), wanted(None)).await.expect("is there");
    assert_eq!(surplus.out_refund_no.as_str(), format!("S{}", twice.surplus));
    let by_id = RefundOf::Transaction(twice.surplus.clone());
    assert_eq!(checkout.refund(&by_id, wanted(None)).await.expect("is there").id, surplus.id);
    // What paid the order is another payment.
    let part = checkout.refund(&paid_under(&twice.order.order_no), wanted(100)).await.expect("written down");
    assert_ne!(part.payment_id, surplus.payment_id);
    let by_id = RefundOf::Transaction(twice.first.clone());
    assert_eq!(checkout.refund(&by_id, wanted(100)).await.expect("the same").id, part.id);
    assert_eq!(part.state, RefundState::Requested);
    let unknown = RefundOf::Transaction("4200000000000000000000000001".to_owned());
    assert!(matches!(checkout.refund(&unknown, wanted(None)).await, Err(RefundError::NoSuchPayment)));
}

#[tokio::test]
async fn two_payments_under_one_number_are_told_apart_by_hand() {
    let app = App::start().await;
    let order = app.order(2).await;
    let mut transactions = Vec::new();
    for _ in 0..2 {
        transactions.push(app.pay_by_forgery(&order).await);
    }
    match app.state.checkout.refund(&paid_under(&order.order_no), wanted(None)).await {
        Err(RefundError::Ambiguous(listed)) => assert_eq!(listed, transactions),
        other => panic!("{other:?}"),
    }
}
