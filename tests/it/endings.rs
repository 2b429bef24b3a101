//! How an order ends before it is paid, or goes on under another number: cancel, a new code, and the
//! races with money. Query, close upstream, only then close here (money rules 5 and 6).

use saoma::{
    checkout::{Checkout, CheckoutError, OrderSnapshot},
    domain::{ClosedReason, OrderStatus, OrderToken, Wish},
};
use serde_json::json;

use crate::{
    callbacks::assert_acknowledged,
    support::{App, Outside, Placed, Relay, Stage, free_port, mock_clock, until},
};

const PAY_TIME: i64 = 15 * 60;

/// An order with the key that its shopper is known by.
struct Own<'a> {
    app: &'a App,
    placed: Placed,
    token: OrderToken,
    shopper: String,
}

impl<'a> Own<'a> {
    async fn place(app: &'a App, product: i64) -> Self {
        let placed = app.order(product).await;
        let token = OrderToken::parse(&placed.token).expect("a token");
        let shopper = checkout(app).load_snapshot(&token).await.expect("there").order.shopper;
        Self { app, placed, token, shopper }
    }

    async fn cancel(&self) -> OrderSnapshot {
        checkout(self.app).cancel_order(&self.token, &self.shopper).await.expect("cancels")
    }

    async fn renew(&self) -> OrderSnapshot {
        checkout(self.app).renew_code(&self.token, &self.shopper).await.expect("renews")
    }

    async fn code(&self) -> String {
        until("a code", async || {
            let snapshot = checkout(self.app).load_snapshot(&self.token).await.expect("there");
            match snapshot.code() {
                saoma::checkout::CodeState::Ready(code_url) => Some(code_url.to_owned()),
                _ => None,
            }
        })
        .await
    }

    /// The timeline after the code was there.
    async fn events(&self) -> Vec<String> {
        self.app.books.events(&self.placed.order_no).await[2..].to_vec()
    }
}

fn checkout(app: &App) -> &Checkout {
    &app.state.checkout
}

#[tokio::test]
async fn a_cancelled_order_is_closed_there_first_and_then_here() {
    let app = App::start().await;
    let own = Own::place(&app, 1).await;
    let cancelled = own.cancel().await;
    assert_eq!(cancelled.order.status, OrderStatus::Closed(ClosedReason::Cancelled));
    assert_eq!(own.events().await, ["CANCEL_ASKED/SHOPPER", "CLOSED/SHOPPER"]);
    let scanned = app.scan(&own.placed.code_url).await;
    assert_eq!((scanned.status, scanned.json()["code"].as_str()), (409, Some("ORDER_CLOSED")));
    // Once more is fine, and changes nothing.
    assert_eq!(own.cancel().await.order.version, cancelled.order.version);
}

#[tokio::test]
async fn nobody_cancels_or_renews_the_order_of_another_shopper() {
    let app = App::start().await;
    let own = Own::place(&app, 1).await;
    let stranger = "0".repeat(64);
    let cancelled = checkout(&app).cancel_order(&own.token, &stranger).await;
    assert!(matches!(cancelled, Err(CheckoutError::NoSuchOrder)), "{cancelled:?}");
    let renewed = checkout(&app).renew_code(&own.token, &stranger).await;
    assert!(matches!(renewed, Err(CheckoutError::NoSuchOrder)), "{renewed:?}");
    assert_eq!(app.books.status(&own.placed.order_no).await, "NOTPAY");
}

#[tokio::test]
async fn cancelling_what_has_just_been_paid_ends_in_paid() {
    let app = App::start().await;
    app.faults(json!({"drop": "all"})).await;
    let own = Own::place(&app, 1).await;
    app.pay(&own.placed.code_url).await;
    assert_eq!(own.cancel().await.order.status, OrderStatus::Success);
    assert_eq!(own.events().await, ["CANCEL_ASKED/SHOPPER", "PAID/SHOPPER"]);
}

#[tokio::test]
async fn a_cancel_that_wechat_does_not_confirm_stays_a_wish_and_comes_true_later() {
    let app = App::start().await;
    let own = Own::place(&app, 1).await;
    app.faults(json!({"error_500": {"close": "all"}})).await;
    let waiting = own.cancel().await;
    assert_eq!((waiting.order.status, waiting.order.wish), (OrderStatus::NotPay, Some(Wish::Cancel)));
    // A new order of the same product can be placed meanwhile.
    let next = checkout(&app).place_order(&own.shopper, waiting.order.product_id).await.expect("places");
    assert_ne!(next.order.token, own.token);
    app.faults(json!({"error_500": {"close": 0}})).await;
    until("cancelled by a job", async || {
        checkout(&app).sweep_orders().await.expect("sweeps");
        (app.books.status(&own.placed.order_no).await == "CLOSED").then_some(())
    })
    .await;
    assert_eq!(own.events().await, ["CANCEL_ASKED/SHOPPER", "CLOSED/SWEEP"]);
}

#[tokio::test]
async fn another_code_is_another_number_of_the_same_order_and_the_old_one_is_dead() {
    let app = App::start().await;
    let own = Own::place(&app, 2).await;
    own.renew().await;
    let code_url = own.code().await;
    assert_ne!(code_url, own.placed.code_url);
    let snapshot = checkout(&app).load_snapshot(&own.token).await.expect("there");
    assert_ne!(snapshot.attempt.out_trade_no.as_str(), own.placed.order_no);
    assert_eq!(snapshot.order.wish, None);
    assert_eq!(app.scan(&own.placed.code_url).await.status, 409);
    app.pay(&code_url).await;
    app.until_status(own.token.as_str(), "SUCCESS").await;
    // Both numbers tell of the same order.
    assert_eq!(app.order_status(&own.placed.order_no).await.0, 0);
    assert_eq!(app.order_status(snapshot.attempt.out_trade_no.as_str()).await.0, 0);
    let events = own.events().await;
    assert_eq!(events, ["RENEW_ASKED/SHOPPER", "RENEWED/SHOPPER", "CODE_READY/SHOPPER", "PAID/CALLBACK"]);
}

#[tokio::test]
async fn an_expired_order_goes_on_with_a_fresh_code_and_its_full_time() {
    let app = App::start_with_mock_clock().await;
    let own = Own::place(&app, 1).await;
    app.advance(PAY_TIME + 1);
    app.until_status(own.token.as_str(), "CLOSED").await;
    let renewed = own.renew().await;
    assert_eq!((renewed.order.token.as_str(), renewed.order.status), (own.token.as_str(), OrderStatus::NotPay));
    assert_eq!(renewed.seconds_left(), PAY_TIME);
    checkout(&app).fetch_code(renewed.order.id).await.expect("a code");
    app.pay(&own.code().await).await;
    app.until_status(own.token.as_str(), "SUCCESS").await;
    assert_eq!(app.books.payments().await[0].kind, "FIRST");
}

#[tokio::test]
async fn an_expired_order_of_a_product_that_costs_more_now_does_not_come_back_at_the_old_price() {
    let app = App::start_with_mock_clock().await;
    let own = Own::place(&app, 1).await;
    app.advance(PAY_TIME + 1);
    app.until_status(own.token.as_str(), "CLOSED").await;
    let product = checkout(&app).find_product(saoma::domain::ProductId(1)).await.expect("on sale");
    let dearer = saoma::domain::Product { price: saoma::domain::Fen::new(500).expect("money"), ..product };
    saoma::checkout::catalogue::put(&app.state.db, dearer, false).await.expect("writes");
    let renewed = own.renew().await;
    assert_ne!(renewed.order.token, own.token);
    assert_eq!(renewed.order.total.get(), 500);
    assert_eq!(app.books.status(&own.placed.order_no).await, "CLOSED");
}

#[tokio::test]
async fn an_expired_order_whose_place_is_taken_leads_to_the_order_that_took_it() {
    let app = App::start_with_mock_clock().await;
    let own = Own::place(&app, 1).await;
    app.advance(PAY_TIME + 1);
    app.until_status(own.token.as_str(), "CLOSED").await;
    let product = saoma::domain::ProductId(1);
    let next = checkout(&app).place_order(&own.shopper, product).await.expect("places");
    assert_eq!(own.renew().await.order.token, next.order.token);
    assert_eq!(app.books.status(&own.placed.order_no).await, "CLOSED");
}

#[tokio::test]
async fn money_on_the_old_number_pays_the_order_late_and_the_new_number_is_closed() {
    let app = App::start().await;
    let own = Own::place(&app, 1).await;
    own.renew().await;
    let code_url = own.code().await;
    // WeChat has said it was closed; here somebody's payment was under way all the same.
    assert_acknowledged(&app.deliver(&app.forger.payment(&own.placed)).await);
    assert_eq!(app.books.status(&own.placed.order_no).await, "SUCCESS");
    assert_eq!(app.books.payments().await[0].kind, "LATE");
    checkout(&app).sweep_orders().await.expect("sweeps");
    assert_eq!(app.scan(&code_url).await.status, 409, "the other code is dead");
    assert_eq!(checkout(&app).sweep_orders().await.expect("sweeps"), 0, "nothing is left to do");
}

#[tokio::test]
async fn both_numbers_paid_is_one_paid_order_and_one_surplus_refund() {
    let app = App::start().await;
    app.faults(json!({"drop": "all", "refund_ms": 0})).await;
    let own = Own::place(&app, 2).await;
    own.renew().await;
    let code_url = own.code().await;
    assert_acknowledged(&app.deliver(&app.forger.payment(&own.placed)).await);
    app.pay(&code_url).await;
    until("both are booked", async || {
        checkout(&app).sweep_orders().await.expect("sweeps");
        (app.books.payments().await.len() == 2).then_some(())
    })
    .await;
    let kinds: Vec<_> = app.books.payments().await.into_iter().map(|it| it.kind).collect();
    assert_eq!(kinds, ["LATE", "SURPLUS"]);
    for _ in 0..3 {
        checkout(&app).sweep_refunds().await.expect("sweeps");
    }
    let snapshot = checkout(&app).load_snapshot(&own.token).await.expect("there");
    let surplus: Vec<_> = snapshot.surplus_refunds().collect();
    assert_eq!((surplus.len(), surplus[0].amount.get()), (1, own.placed.total));
    assert_eq!(snapshot.order.status, OrderStatus::Success, "paid by the other one");
    let ledger = app.get("/_sandbox/ledger").await;
    assert_eq!(ledger.text().matches("\"type\":\"refund\"").count(), 1);
}

#[tokio::test]
async fn both_numbers_paid_at_the_same_moment_are_one_paid_order_and_one_surplus() {
    let app = App::start().await;
    app.faults(json!({"drop": "all"})).await;
    let (other, own) = (app.order(1).await, Own::place(&app, 2).await);
    own.renew().await;
    own.code().await;
    let snapshot = checkout(&app).load_snapshot(&own.token).await.expect("there");
    let renewed = Placed { order_no: snapshot.attempt.out_trade_no.to_string(), ..own.placed.clone() };
    let callbacks = [&other, &own.placed, &renewed].map(|order| app.forger.payment(order));
    // While the first one waits for the books, the two come together.
    let hold = app.books.hold().await;
    let delivered = futures::future::join_all(callbacks.iter().map(|callback| app.deliver(callback)));
    let (answers, ()) = tokio::join!(delivered, async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        hold.let_go().await;
    });
    answers.iter().for_each(assert_acknowledged);
    let booked = app.books.payments().await;
    let mut kinds: Vec<_> = booked.iter().filter(|it| it.total_fen == own.placed.total).map(|it| &*it.kind).collect();
    kinds.sort_unstable();
    assert!(matches!(kinds[..], ["FIRST" | "LATE", "SURPLUS"]), "{booked:?}");
    let paid = app.books.events(&own.placed.order_no).await;
    assert_eq!(paid.iter().filter(|event| event.starts_with("PAID")).count(), 1, "{paid:?}");
    assert_eq!(app.books.count("refunds").await, 1);
}

#[tokio::test]
async fn a_close_that_comes_too_late_settles_and_cancels_nothing() {
    let clock = mock_clock();
    let outside = Outside::start(&clock).await;
    let relay = Relay::start(&outside.site.origin).await;
    let app = Stage::new().clock(&clock).live(&outside, free_port()).set("WXPAY_DOMAIN", &relay.origin).start().await;
    outside.site.faults(json!({"drop": "all"})).await;
    let own = Own::place(&app, 1).await;
    let held = relay.hold("/close");
    let (cancelled, ()) = tokio::join!(own.cancel(), async {
        held.arrived().await;
        // Between our query and our close.
        app.platform.pay(&own.placed.code_url).await;
        held.release();
    });
    assert_eq!(cancelled.order.status, OrderStatus::Success);
    assert_eq!(own.events().await, ["CANCEL_ASKED/SHOPPER", "PAID/SHOPPER"]);
}

#[tokio::test]
async fn a_number_that_wechat_has_closed_is_replaced_without_anybody_asking() {
    let app = App::start().await;
    let own = Own::place(&app, 1).await;
    // Closed by somebody at the merchant console, and the code was lost: the page asks for it again.
    let attempt = checkout(&app).load_snapshot(&own.token).await.expect("there").attempt;
    checkout(&app).gateway().close(&attempt.out_trade_no).await.expect("closes");
    let sql = "UPDATE attempts SET state = 'PREPARING', code_url = NULL, prepay_until_ms = 0";
    app.state
        .db
        .write(move |c| {
            Box::pin(async move {
                sqlx::query(sql).execute(c).await?;
                Ok(())
            })
        })
        .await
        .expect("writes");
    drop(checkout(&app).fetch_code(attempt.order_id).await);
    let code_url = own.code().await;
    assert_ne!(code_url, own.placed.code_url);
    app.pay(&code_url).await;
    app.until_status(own.token.as_str(), "SUCCESS").await;
}

#[tokio::test]
async fn pressing_one_button_after_the_other_does_not_fill_the_timeline() {
    let app = App::start().await;
    let own = Own::place(&app, 1).await;
    // Nothing can be closed, and each press is another wish.
    app.faults(json!({"error_500": {"query": "all", "close": "all"}})).await;
    for _ in 0..15 {
        own.cancel().await;
        own.renew().await;
    }
    let asked = app.books.events(&own.placed.order_no).await;
    let asked = asked.iter().filter(|event| event.ends_with("_ASKED/SHOPPER")).count();
    assert_eq!(asked, 20, "of thirty");
    app.faults(json!({"error_500": {"query": 0, "close": 0}})).await;
    own.cancel().await;
    until("the last wish counts", async || (app.books.status(&own.placed.order_no).await == "CLOSED").then_some(()))
        .await;
}
