//! The money rules (design §3.2) as a stranger would check them, from the two sides' books alone.
//! Shares no code with the shop: what a status means is written down here once more.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    books::{Books, Order, Refund},
    platform::{Line, Platform},
};

/// A rule that does not hold, with what breaks it.
pub type Violation = String;

macro_rules! rule {
    ($holds:expr, $($broken:tt)+) => {
        if !$holds {
            return Err(format!($($broken)+));
        }
    };
}

fn is_paid(status: &str) -> bool {
    !matches!(status, "NOTPAY" | "CLOSED")
}

/// What must be true at every moment.
pub fn hold(before: &Books, books: &Books, platform: &Platform, line: &Line) -> Result<(), Violation> {
    payments_are_proved(books, platform)?;
    for order in &books.orders {
        order_is_what_its_money_says(order, books)?;
    }
    refunds_stay_within_payments(books, platform, line)?;
    closed_here_is_closed_there(books, platform, line)?;
    intents_come_first(books, platform)?;
    nothing_is_taken_back(before, books)
}

/// Rules 1 and 3.
fn payments_are_proved(books: &Books, platform: &Platform) -> Result<(), Violation> {
    let mut seen = BTreeSet::new();
    for payment in &books.payments {
        let id = &payment.transaction_id;
        rule!(seen.insert(id), "transaction {id} is booked twice");
        let proof = platform.payment(id);
        let Some(proof) = proof else { return Err(format!("nobody paid transaction {id}: {payment:?}")) };
        rule!(proof.total == payment.total, "transaction {id} is booked with {} fen, {proof:?}", payment.total);
        let attempt = books.attempt_of(&proof.out_trade_no);
        let fits = attempt.is_some_and(|it| it.id == payment.attempt && it.order == payment.order);
        rule!(fits, "transaction {id} is booked on another order than {}", proof.out_trade_no);
        let order = books.order(payment.order);
        rule!(order.is_some_and(|it| it.total == payment.total), "transaction {id} does not pay its order's total");
    }
    Ok(())
}

/// Rules 2, 3 and 5: the status is a function of payments and refunds, the timeline tells each
/// payment once, and surplus money goes back once.
fn order_is_what_its_money_says(order: &Order, books: &Books) -> Result<(), Violation> {
    let id = order.id;
    let (surplus, paying): (Vec<_>, Vec<_>) =
        books.payments.iter().filter(|it| it.order == id).partition(|it| it.kind == "SURPLUS");
    let happened = |kind: &str| books.events.iter().filter(|it| it.order == id && it.kind == kind).count();
    rule!(paying.len() <= 1, "order {id} was paid by {} payments: {paying:?}", paying.len());
    let paid_events = happened("PAID") + happened("PAID_LATE");
    rule!(paid_events == paying.len(), "order {id} has {paid_events} paid events and {} payments", paying.len());
    rule!(happened("SURPLUS_PAYMENT") == surplus.len(), "order {id}: surplus events and payments differ: {surplus:?}");
    let Some(paying) = paying.first() else {
        rule!(!is_paid(&order.status), "order {id} is {} and nobody paid it", order.status);
        rule!(surplus.is_empty(), "order {id} has surplus payments and was never paid: {surplus:?}");
        return Ok(());
    };
    let refunds: Vec<_> = books.refunds.iter().filter(|it| it.payment == paying.id).collect();
    let status = status_of(paying.total, &refunds);
    rule!(order.status == status, "order {id} is {}, its money says {status}", order.status);
    for payment in surplus {
        let automatic: Vec<_> =
            books.refunds.iter().filter(|it| it.payment == payment.id && it.source == "AUTOMATIC").collect();
        let id = &payment.transaction_id;
        let Some((_, before)) = automatic.split_last() else {
            return Err(format!("surplus {id} does not go back by itself"));
        };
        rule!(before.iter().all(|it| it.has_failed()), "surplus {id} goes back twice at once: {automatic:?}");
        rule!(automatic[0].amount == payment.total, "surplus {id} does not go back in whole: {automatic:?}");
        for (index, refund) in automatic.iter().enumerate() {
            let number = if index == 0 { format!("S{id}") } else { format!("S{id}-{}", index + 1) };
            rule!(refund.out_refund_no == number, "refund {} of {id} should be {number}", refund.out_refund_no);
        }
    }
    Ok(())
}

fn status_of(paid: i64, refunds: &[&Refund]) -> &'static str {
    let is = |state: &'static str| refunds.iter().filter(move |it| it.state == state);
    let returned: i64 = is("SUCCESS").map(|it| it.amount).sum();
    if is("ABNORMAL").next().is_some() {
        "REFUND_ABNORMAL"
    } else if is("REQUESTED").chain(is("PROCESSING")).next().is_some() {
        "REFUND_PROCESSING"
    } else if returned == 0 {
        "SUCCESS"
    } else if returned < paid {
        "REFUND_PARTIAL"
    } else {
        "REFUND_SUCCESS"
    }
}

/// Never more than was paid, on both sides; and no refund that the other side tells otherwise.
fn refunds_stay_within_payments(books: &Books, platform: &Platform, line: &Line) -> Result<(), Violation> {
    for payment in &books.payments {
        let held: i64 =
            books.refunds.iter().filter(|it| it.payment == payment.id && !it.has_failed()).map(|it| it.amount).sum();
        let id = &payment.transaction_id;
        rule!(held <= payment.total, "{held} fen go back of the {} of transaction {id}", payment.total);
        rule!(held == payment.refunding, "transaction {id} has {} fen set aside for {held}", payment.refunding);
        let there = platform.refunds.values().filter(|it| it.transaction_id == *id && it.status != "CLOSED");
        let there: i64 = there.map(|it| it.amount).sum();
        rule!(there <= payment.total, "WeChat gives back {there} fen of the {} of {id}", payment.total);
    }
    let mut seen = BTreeSet::new();
    for refund in &books.refunds {
        let number = &refund.out_refund_no;
        rule!(seen.insert(number), "refund {number} is booked twice");
        let payment = books.payment(refund.payment);
        rule!(payment.is_some_and(|it| it.order == refund.order), "refund {number} is of another order's payment");
        let Some(there) = platform.refunds.get(number) else {
            let unheard = refund.refund_id.is_none() && matches!(refund.state.as_str(), "REQUESTED" | "REFUSED");
            rule!(unheard, "WeChat has never heard of refund {number}: {refund:?}");
            continue;
        };
        let same = there.amount == refund.amount
            && payment.is_some_and(|it| it.transaction_id == there.transaction_id)
            && refund.refund_id.as_ref().is_none_or(|id| *id == there.refund_id);
        rule!(same, "refund {number} is another one there: {refund:?}, {there:?}");
        let may_be: &[&str] = match refund.state.as_str() {
            "SUCCESS" => &["SUCCESS"],
            "CLOSED" => &["CLOSED"],
            "ABNORMAL" => &["ABNORMAL", "SUCCESS"],
            // Our guess, and wrong where somebody has made up the errors.
            "REFUSED" if line.has_denied_refunds() => &["PROCESSING", "SUCCESS", "CLOSED", "ABNORMAL"],
            "REFUSED" => &[],
            _ => &["PROCESSING", "SUCCESS", "CLOSED", "ABNORMAL"],
        };
        rule!(may_be.contains(&&*there.status), "refund {number} is {} here, {} there", refund.state, there.status);
    }
    Ok(())
}

/// Rule 6.
fn closed_here_is_closed_there(books: &Books, platform: &Platform, line: &Line) -> Result<(), Violation> {
    let is_payable = |number: &str| {
        let order = platform.orders.get(number);
        order.is_some_and(|it| !it.is_closed && it.payment.is_none()) && !line.was_closed_hollowly(number)
    };
    for attempt in &books.attempts {
        let number = &attempt.out_trade_no;
        let order = books.order(attempt.order).map_or("", |order| &order.status);
        let is_over = attempt.state == "CLOSED" || order == "CLOSED";
        rule!(!is_over || !is_payable(number), "{number} is over here (order {order}) and can be paid at WeChat");
    }
    Ok(())
}

/// Rule 4: whatever WeChat knows was written down here before.
fn intents_come_first(books: &Books, platform: &Platform) -> Result<(), Violation> {
    for (number, order) in &platform.orders {
        let known = books.attempt_of(number).and_then(|it| books.order(it.order));
        rule!(known.is_some_and(|it| it.total == order.total), "order {number} is not in our books as it is at WeChat");
    }
    for (number, refund) in platform.refunds.iter().filter(|(_, it)| !it.is_from_console) {
        let known = books.refunds.iter().any(|it| it.out_refund_no == *number && it.amount == refund.amount);
        rule!(known, "refund {number} is not in our books as it is at WeChat");
    }
    Ok(())
}

/// Versions only rise, every change raises one, and what has been written stays written.
fn nothing_is_taken_back(before: &Books, books: &Books) -> Result<(), Violation> {
    for old in &before.orders {
        let Some(new) = books.order(old.id) else { return Err(format!("order {} is gone", old.id)) };
        rule!(new.version >= old.version, "order {} fell from version {} to {}", old.id, old.version, new.version);
        let told = |order: &Order, books: &Books| {
            let payments = books.payments.iter().filter(|it| it.order == order.id).count();
            let refunds = books.refunds.iter().filter(|it| it.order == order.id);
            let refunds: Vec<_> = refunds.map(|it| (it.id, it.state.clone())).collect();
            (order.status.clone(), order.reason.clone(), order.wish.clone(), payments, refunds)
        };
        let is_silent = new.version == old.version && told(new, books) != told(old, before);
        rule!(!is_silent, "order {} changed and its version stayed {}", old.id, old.version);
        let fell_back = is_paid(&old.status) && !is_paid(&new.status);
        rule!(!fell_back, "order {} was {} and is {}", old.id, old.status, new.status);
    }
    rule!(books.events.starts_with(&before.events), "the timeline was rewritten: {:?}", before.events);
    let same = before.payments.iter().zip(&books.payments).all(|(old, new)| old.transaction_id == new.transaction_id);
    rule!(same && before.payments.len() <= books.payments.len(), "a payment is gone: {:?}", before.payments);
    let kept = before.refunds.iter().all(|old| books.refunds.iter().any(|it| it.out_refund_no == old.out_refund_no));
    rule!(kept, "a refund is gone: {:?}", before.refunds);
    Ok(())
}

/// What must be true once everything has come to its end: both sides' books, line by line.
pub fn agree(books: &Books, ledger: &[Value]) -> Result<(), Violation> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = |kind: &'static str| ledger.iter().filter(move |line| line["type"] == kind);
    let number = |attempt: i64| books.attempts.iter().find(|it| it.id == attempt).map(|it| it.out_trade_no.clone());
    let there: BTreeSet<_> = of("payment")
        .map(|it| (text(&it["transaction_id"]), Some(text(&it["out_trade_no"])), it["total"].as_i64()))
        .collect();
    let here: BTreeSet<_> =
        books.payments.iter().map(|it| (it.transaction_id.clone(), number(it.attempt), Some(it.total))).collect();
    rule!(here == there, "payments differ, here {here:?}, there {there:?}");
    let there: BTreeSet<_> = of("refund")
        .map(|it| {
            (text(&it["out_refund_no"]), Some(text(&it["refund_id"])), it["amount"].as_i64(), text(&it["status"]))
        })
        .collect();
    let here: BTreeSet<_> = books
        .refunds
        .iter()
        .filter(|it| it.state != "REFUSED")
        .map(|it| (it.out_refund_no.clone(), it.refund_id.clone(), Some(it.amount), it.state.clone()))
        .collect();
    rule!(here == there, "refunds differ, here {here:?}, there {there:?}");
    for order in &books.orders {
        rule!(order.status != "NOTPAY" && order.wish.is_none(), "an order never ends: {order:?}");
    }
    for payment in books.payments.iter().filter(|it| it.kind == "SURPLUS") {
        let of = books.refunds.iter().filter(|it| it.payment == payment.id && it.state == "SUCCESS");
        let returned: i64 = of.map(|it| it.amount).sum();
        rule!(returned == payment.total, "of surplus {} {returned} fen have gone back", payment.transaction_id);
    }
    Ok(())
}
