//! Two troubles of the shop's own: its clock is wrong for a while, and the care of one order panics.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;

use super::Scene;
use crate::{
    rules::Violation,
    shop,
    steps::{SHOPPERS, Step},
};

/// A minute, after which all of it is due that was planned by a clock that was wrong.
const MINUTE: i64 = 61;
/// What the heartbeats do after the clock was set takes no longer, in real time.
const SOON: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_millis(5);
/// The last moment that can be reckoned with: a second later is a panic.
const LAST_MS: i64 = 253_402_207_200_000;
const PAY_TIME: i64 = 15 * 60;

impl Scene {
    pub fn is_clock_wrong(&self) -> bool {
        self.shop_clock.now() != self.clock.now()
    }

    /// The same time passes for everybody.
    pub(super) fn pass(&self, seconds: i64) {
        let by = SignedDuration::from_secs(seconds);
        self.clock.advance(by);
        self.shop_clock.advance(by);
    }

    /// Somebody sets the shop's clock, or it was asleep and the time has `gone` by.
    pub(super) async fn jump(&mut self, seconds: i64, gone: bool) -> Result<(), Violation> {
        let by = SignedDuration::from_secs(seconds);
        self.has_jumped = true;
        self.shop_clock.set(by);
        if gone {
            self.clock.advance(by);
            // Refunds end when somebody looks.
            self.platform.ledger().await;
        }
        let now = self.shop_clock.now().as_millisecond();
        let all = self.shops.len();
        let (mut ahead, mut beats) = (Vec::new(), 0);
        for _ in 0..SOON.as_millis() / LOOK.as_millis() {
            // A clock that was set back makes due what lies ahead of it; a plan that is still there later was made
            // by a right clock, and would look like one of the wrong one.
            if seconds < 0 {
                ahead = self.reader.list_ahead(now, PAY_TIME).await;
            }
            beats = self.reader.count_beats_at(now).await;
            if ahead.is_empty() && beats >= all {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(format!("after the clock has jumped {beats} of {all} instances have beaten, and ahead of it lie {ahead:?}"))
    }

    /// The shop's clock is right again. What was planned by the wrong one does not wait for it.
    pub(super) async fn set_clock_right(&mut self, shop: usize, restarts: bool, finds: bool) -> Result<(), Violation> {
        let by = self.clock.now().duration_since(self.shop_clock.now());
        if restarts {
            self.crash_and(shop, |scene| scene.shop_clock.set(by)).await;
        } else {
            self.shop_clock.set(by);
        }
        let now = self.clock.now().as_millisecond();
        let mut ahead = Vec::new();
        for _ in 0..SOON.as_millis() / LOOK.as_millis() {
            ahead = self.reader.list_ahead(now, PAY_TIME).await;
            if ahead.is_empty() {
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
        if !ahead.is_empty() {
            return Err(format!("the clock is right again and the books are ahead of it: {ahead:?}"));
        }
        if finds { self.find_lost_callbacks(shop).await } else { Ok(()) }
    }

    /// With a platform that answers, every payment is found within a minute.
    async fn find_lost_callbacks(&mut self, shop: usize) -> Result<(), Violation> {
        self.heal().await;
        self.pass(MINUTE);
        self.platform.read();
        for _ in 0..2 {
            self.perform_simply(&Step::SweepOrders, shop).await?;
            self.pass(1);
        }
        let books = self.reader.read().await;
        let lost = self.platform.payments.iter().find_map(|payment| {
            let number = &payment.out_trade_no;
            let attempt = books.attempt_of(number);
            let order = attempt.and_then(|attempt| books.order(attempt.order));
            let is_open = order.is_none_or(|order| order.status == "NOTPAY");
            (is_open && !self.line.was_closed_hollowly(number))
                .then(|| format!("{payment:?} of {attempt:?} and {order:?}"))
        });
        lost.map_or(Ok(()), |lost| Err(format!("a minute after the clock was set right nobody has found {lost}")))
    }

    /// An order's care panics; the others are looked after, and so is that one once its row is right again.
    pub(super) async fn panic_over_an_order(&mut self, shop: usize) -> Result<(), Violation> {
        self.heal().await;
        // WeChat never hears of it.
        self.platform.control("PUT", "/_sandbox/faults", &json!({ "error_500": { "prepay": "all" } })).await;
        let known = self.books.orders.iter().map(|order| order.id).max().unwrap_or(0);
        let place = Step::Place { shopper: SHOPPERS + self.books.orders.len(), product: 1, stays: true };
        self.perform_simply(&place, shop).await?;
        self.heal().await;
        let books = self.reader.read().await;
        let attempt = books.attempts.iter().find(|it| it.order > known && it.state == "PREPARING");
        let Some(attempt) = attempt.cloned() else { return Err(format!("nothing was placed: {books:?}")) };
        self.reader.allow_prepay(attempt.id, LAST_MS).await;

        self.pass(PAY_TIME + 1);
        let before = self.reader.read().await;
        let now = self.shop_clock.now().as_millisecond();
        let panics = shop::count_panics();
        self.perform_simply(&Step::SweepOrders, shop).await?;
        let books = self.reader.read().await;
        let is_open = books.order(attempt.order).is_some_and(|order| order.status == "NOTPAY");
        if shop::count_panics() == panics || !is_open {
            return Err(format!("no panic over order {}", attempt.order));
        }
        let is_due = |check: Option<i64>| check.is_some_and(|at| at <= now);
        let due = before.orders.iter().filter(|it| is_due(it.check));
        if let Some(left) = due.filter_map(|it| books.order(it.id)).find(|it| is_due(it.check)) {
            return Err(format!("order {} is not looked after, another one has panicked", left.id));
        }

        self.reader.allow_prepay(attempt.id, attempt.until).await;
        for _ in 0..4 {
            self.pass(MINUTE);
            self.perform_simply(&Step::SweepOrders, shop).await?;
            let books = self.reader.read().await;
            if books.order(attempt.order).is_some_and(|order| order.status == "CLOSED") {
                return Ok(());
            }
        }
        Err(format!("order {} does not come to its end after its row was mended", attempt.order))
    }
}
