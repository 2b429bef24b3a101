//! What can happen, and which of it happens next.

use saoma::{
    checkout::{CheckoutError, Numbered, RefundOf, RefundOrder},
    domain::{Fen, OrderToken, OutRefundNo, ProductId},
    storage::events::Source,
};
use serde_json::{Value, json};

use crate::{dice::Dice, seed::Scene};

/// One thing that somebody does. What it is about is chosen when it is drawn, so that the list of
/// steps tells everything.
#[derive(Clone, Debug)]
pub enum Step {
    Place {
        shopper: usize,
        product: i64,
        stays: bool,
    },
    Reload {
        order: i64,
    },
    Pay {
        code_url: String,
    },
    FailToPay {
        code_url: String,
    },
    TellPayment {
        transaction_id: String,
    },
    TellRefund {
        out_refund_no: String,
    },
    Forge {
        lie: Lie,
    },
    Check {
        token: String,
    },
    SweepOrders,
    SweepRefunds,
    Cancel {
        token: String,
        shopper: String,
    },
    Renew {
        token: String,
        shopper: String,
    },
    Refund {
        transaction_id: String,
        amount: Option<i64>,
        out_refund_no: Option<String>,
        another: bool,
    },
    /// Somebody gives money back in the merchant console, without the shop.
    RefundInConsole {
        out_trade_no: String,
        amount: i64,
    },
    Query {
        out_trade_no: String,
    },
    Wait {
        seconds: i64,
    },
    Fault {
        patch: Value,
    },
    HollowClose,
    /// From now on refunds are taken, and called refused and unknown.
    DenyRefunds,
    Heal,
    Crash,
    /// The shop's clock is set wrong; or the time has `gone` by without it, and the clock is right.
    ClockJumps {
        seconds: i64,
        gone: bool,
    },
    /// It is set right again, with the shop crashing before and starting after that; and lost callbacks are looked
    /// for.
    ClockIsRight {
        restarts: bool,
        finds: bool,
    },
    /// Looking after some order is a panic.
    TaskPanics,
}

/// A callback that must change nothing.
#[derive(Clone, Debug)]
pub enum Lie {
    /// More money than anybody paid, for this order.
    Amount {
        out_trade_no: String,
        total: i64,
    },
    Mchid {
        out_trade_no: String,
        total: i64,
    },
    Unpaid {
        out_trade_no: String,
        total: i64,
    },
    UnknownOrder,
    /// A true one whose body was changed on its way.
    Altered {
        transaction_id: String,
    },
    /// A true one, ten minutes old.
    Stale {
        transaction_id: String,
    },
    /// A payment that was booked, for another order.
    OtherOrder {
        transaction_id: String,
        out_trade_no: String,
        total: i64,
    },
}

#[derive(Clone, Copy)]
enum Kind {
    Place,
    Reload,
    Pay,
    FailToPay,
    TellPayment,
    TellRefund,
    Forge,
    Check,
    SweepOrders,
    SweepRefunds,
    Cancel,
    Renew,
    Refund,
    RefundInConsole,
    Query,
    Wait,
    Fault,
    HollowClose,
    DenyRefunds,
    Heal,
    Crash,
    ClockJumps,
    TaskPanics,
}

const KINDS: [(usize, Kind); 23] = [
    (10, Kind::Place),
    (3, Kind::Reload),
    (14, Kind::Pay),
    (2, Kind::FailToPay),
    (12, Kind::TellPayment),
    (6, Kind::TellRefund),
    (4, Kind::Forge),
    (6, Kind::Check),
    (7, Kind::SweepOrders),
    (6, Kind::SweepRefunds),
    (5, Kind::Cancel),
    (6, Kind::Renew),
    (9, Kind::Refund),
    (2, Kind::RefundInConsole),
    (2, Kind::Query),
    (12, Kind::Wait),
    (8, Kind::Fault),
    (5, Kind::HollowClose),
    (3, Kind::DenyRefunds),
    (8, Kind::Heal),
    (4, Kind::Crash),
    (4, Kind::ClockJumps),
    (3, Kind::TaskPanics),
];

/// Who comes and goes. Who is counted from here on comes once, for a step of its own.
pub const SHOPPERS: usize = 2;

/// The next step; instead of one that has nothing to be about somebody buys.
pub fn draw(dice: &mut Dice, scene: &Scene) -> Step {
    // A clock that is wrong is noticed some day.
    if scene.is_clock_wrong() && dice.percent(15) {
        return Step::ClockIsRight { restarts: dice.percent(40), finds: dice.percent(60) };
    }
    let kind = dice.weighted(&KINDS);
    try_draw(dice, scene, kind).unwrap_or_else(|| draw_place(dice))
}

/// A step that can be done while another one is.
pub fn draw_beside(dice: &mut Dice, scene: &Scene) -> Step {
    loop {
        let kind = dice.weighted(&KINDS);
        // Time stands still, and what the platform does is decided, while two do something at once.
        let is_alone = matches!(
            kind,
            Kind::Wait
                | Kind::Fault
                | Kind::Heal
                | Kind::Crash
                | Kind::HollowClose
                | Kind::DenyRefunds
                | Kind::Check
                | Kind::ClockJumps
                | Kind::TaskPanics
        );
        if !is_alone && let Some(step) = try_draw(dice, scene, kind) {
            return step;
        }
        if scene.books.orders.is_empty() {
            return Step::SweepOrders;
        }
    }
}

fn try_draw(dice: &mut Dice, scene: &Scene, kind: Kind) -> Option<Step> {
    let books = &scene.books;
    Some(match kind {
        Kind::Place => draw_place(dice),
        Kind::Reload => Step::Reload { order: dice.pick(&books.orders)?.id },
        Kind::Pay => Step::Pay { code_url: recent(dice, &scene.codes)?.clone() },
        Kind::FailToPay => Step::FailToPay { code_url: recent(dice, &scene.codes)?.clone() },
        Kind::TellPayment => {
            let untold: Vec<_> =
                scene.platform.payments.iter().filter(|it| !scene.is_told(&it.transaction_id)).collect();
            let payment = match dice.pick(&untold) {
                Some(payment) if dice.percent(75) => payment,
                _ => dice.pick(&scene.platform.payments)?,
            };
            Step::TellPayment { transaction_id: payment.transaction_id.clone() }
        }
        Kind::TellRefund => {
            let ended: Vec<_> = scene.platform.refunds.values().filter(|it| it.status != "PROCESSING").collect();
            Step::TellRefund { out_refund_no: dice.pick(&ended)?.out_refund_no.clone() }
        }
        Kind::Forge => Step::Forge { lie: draw_lie(dice, scene)? },
        Kind::Check => Step::Check { token: dice.pick(&books.orders)?.token.clone() },
        Kind::SweepOrders => Step::SweepOrders,
        Kind::SweepRefunds => Step::SweepRefunds,
        Kind::Cancel => {
            let order = dice.pick(&books.orders)?;
            Step::Cancel { token: order.token.clone(), shopper: order.shopper.clone() }
        }
        Kind::Renew => {
            let order = dice.pick(&books.orders)?;
            Step::Renew { token: order.token.clone(), shopper: order.shopper.clone() }
        }
        Kind::Refund => {
            let payment = dice.pick(&books.payments)?;
            let amount = if dice.percent(40) {
                None
            } else {
                Some(1 + i64::try_from(dice.below(usize::try_from(payment.total).ok()?)).ok()?)
            };
            let out_refund_no =
                if dice.percent(20) { dice.pick(&books.refunds).map(|it| it.out_refund_no.clone()) } else { None };
            let transaction_id = payment.transaction_id.clone();
            Step::Refund { transaction_id, amount, out_refund_no, another: dice.percent(60) }
        }
        Kind::RefundInConsole => {
            let payment = dice.pick(&scene.platform.payments)?;
            let amount = 1 + i64::try_from(dice.below(usize::try_from(payment.total).ok()?)).ok()?;
            Step::RefundInConsole { out_trade_no: payment.out_trade_no.clone(), amount }
        }
        Kind::Query => Step::Query { out_trade_no: dice.pick(&books.attempts)?.out_trade_no.clone() },
        Kind::Wait => Step::Wait { seconds: [1, 3, 6, 16, 31, 61, 125, 301, 901, 1900][dice.below(10)] },
        Kind::Fault => Step::Fault { patch: draw_fault(dice) },
        Kind::HollowClose => Step::HollowClose,
        Kind::DenyRefunds => Step::DenyRefunds,
        Kind::Heal => Step::Heal,
        Kind::Crash => Step::Crash,
        Kind::ClockJumps if scene.is_clock_wrong() => return None,
        Kind::ClockJumps => {
            let seconds = 7_200 + i64::try_from(dice.below(6 * 3_600)).ok()?;
            match dice.below(5) {
                0 => Step::ClockJumps { seconds, gone: true },
                1 => Step::ClockJumps { seconds: -seconds, gone: false },
                _ => Step::ClockJumps { seconds, gone: false },
            }
        }
        // Times far ahead are mended after the clock was wrong.
        Kind::TaskPanics => (!scene.has_jumped).then_some(Step::TaskPanics)?,
    })
}

fn draw_place(dice: &mut Dice) -> Step {
    let product = [1, 2, 2, 3][dice.below(4)];
    Step::Place { shopper: dice.below(SHOPPERS), product, stays: dice.percent(90) }
}

/// Rather one of the last than one of the first: those can still be paid.
fn recent<'a, T>(dice: &mut Dice, from: &'a [T]) -> Option<&'a T> {
    let start = if dice.percent(70) { from.len().saturating_sub(3) } else { 0 };
    dice.pick(&from[start..])
}

fn draw_lie(dice: &mut Dice, scene: &Scene) -> Option<Lie> {
    let books = &scene.books;
    let attempt = dice.pick(&books.attempts)?;
    let out_trade_no = attempt.out_trade_no.clone();
    let total = books.order(attempt.order)?.total;
    let paid = dice.pick(&scene.platform.payments).map(|it| it.transaction_id.clone());
    Some(match (dice.below(7), paid) {
        (0, _) => Lie::Amount { out_trade_no, total: total + 1 },
        (1, _) => Lie::Mchid { out_trade_no, total },
        (2, _) => Lie::Unpaid { out_trade_no, total },
        (3, _) => Lie::UnknownOrder,
        (4, Some(transaction_id)) => Lie::Altered { transaction_id },
        (5, Some(transaction_id)) => Lie::Stale { transaction_id },
        (_, Some(transaction_id)) if books.payments.iter().any(|it| it.transaction_id == transaction_id) => {
            Lie::OtherOrder { transaction_id, out_trade_no, total }
        }
        _ => Lie::Amount { out_trade_no, total: total + 1 },
    })
}

fn draw_fault(dice: &mut Dice) -> Value {
    let count = 1 + dice.below(3);
    let single = [
        "error_429",
        "error_500",
        "error_500_after_commit",
        "error_429_after_commit",
        "accepted_202",
        "accepted_202_after_commit",
        "stale_connection",
        "stale_connection_after_commit",
        "timeout_after_commit",
    ];
    match dice.below(18) {
        place @ 0..9 => json!({ single[place]: count, "timeout_ms": 15 }),
        9 => json!({ "signtest_replies": 0.5 }),
        10 => json!({ "platform_down": if dice.percent(50) { "closed" } else { "503" } }),
        11 | 12 => json!({ "pay_before_reply": count }),
        13 => json!({ "refund_outcome": "closed", "refund_outcome_count": count }),
        14 => json!({ "refund_outcome": "abnormal", "refund_outcome_count": count }),
        15 => json!({ "refund_outcome": "processing", "refund_outcome_count": count }),
        16 => {
            let codes = ["NOT_ENOUGH", "USER_ACCOUNT_ABNORMAL", "NO_AUTH", "RESOURCE_NOT_EXISTS"];
            json!({ "refund_refused": count, "refund_refusal": codes[dice.below(codes.len())] })
        }
        _ => json!({ "refund_notify_before_reply": count }),
    }
}

/// What somebody in the shop does, ready to run.
pub type Work = std::pin::Pin<Box<dyn Future<Output = String> + Send>>;

/// The part of a step that the shop does; `None` when it is not the shop's.
pub fn work(step: &Step, scene: &Scene, shop: usize) -> Option<Work> {
    let checkout = scene.shops[shop].checkout.clone();
    let told = |result: Result<String, CheckoutError>| result.unwrap_or_else(|error| format!("error: {error}"));
    Some(match step.clone() {
        Step::Place { shopper, product, stays } => Box::pin(async move {
            let placed = checkout.place_order(&format!("{:02x}", 10 + shopper), ProductId(product)).await;
            let snapshot = match placed {
                Ok(snapshot) => snapshot,
                Err(error) => return format!("error: {error}"),
            };
            // A code that somebody else fetches is not waited for: that takes real time.
            if !stays || snapshot.attempt.not_before > snapshot.now {
                return "placed".to_owned();
            }
            told(checkout.fetch_code(snapshot.order.id).await.map(|it| format!("{:?}", it.order.status)))
        }),
        Step::Reload { order } => {
            let is_claimed = scene.books.attempts.iter().any(|it| {
                it.order == order && it.state == "PREPARING" && it.until > scene.shop_clock.now().as_millisecond()
            });
            if is_claimed {
                return None;
            }
            Box::pin(async move { told(checkout.fetch_code(order).await.map(|it| format!("{:?}", it.order.status))) })
        }
        Step::Check { token } => Box::pin(async move {
            let token = OrderToken::parse(&token).expect("a token");
            told(checkout.check_payment(&token).await.map(|answer| format!("{answer:?}")))
        }),
        Step::SweepOrders => Box::pin(async move { told(checkout.sweep_orders().await.map(|it| it.to_string())) }),
        Step::SweepRefunds => Box::pin(async move { told(checkout.sweep_refunds().await.map(|it| it.to_string())) }),
        Step::Cancel { token, shopper } => Box::pin(async move {
            let token = OrderToken::parse(&token).expect("a token");
            told(checkout.cancel_order(&token, &shopper).await.map(|it| format!("{:?}", it.order.status)))
        }),
        Step::Renew { token, shopper } => Box::pin(async move {
            let token = OrderToken::parse(&token).expect("a token");
            told(checkout.renew_code(&token, &shopper).await.map(|it| format!("{:?}", it.order.status)))
        }),
        Step::Refund { transaction_id, amount, out_refund_no, another } => Box::pin(async move {
            let wanted = RefundOrder {
                amount: amount.map(|fen| Fen::new(fen).expect("an amount")),
                reason: "退货".to_owned(),
                source: Source::CommandLine,
                number: out_refund_no.map_or(Numbered::Fresh, |number| {
                    Numbered::Chosen(OutRefundNo::parse_any(&number).expect("a number"))
                }),
                another,
            };
            match checkout.refund(&RefundOf::Transaction(transaction_id), wanted).await {
                Ok(refund) => format!("{} {}", refund.out_refund_no, refund.state),
                Err(error) => format!("error: {error}"),
            }
        }),
        Step::Query { out_trade_no } => Box::pin(async move {
            let number = saoma::domain::OutTradeNo::parse(&out_trade_no).expect("a number");
            told(
                checkout
                    .query_order(&number, Source::CommandLine)
                    .await
                    .map(|(_, it)| format!("{:?}", it.order.status)),
            )
        }),
        _ => return None,
    })
}
