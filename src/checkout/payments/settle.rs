//! The transaction that books payments: guarded statements, for all that is waiting at this moment.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::Arc,
};

use jiff::Timestamp;
use sqlx::AnyConnection;
use url::Url;

use super::claim::{Proof, SURPLUS_REASON};
use crate::{
    checkout::verdict::{Mismatch, Verdict},
    domain::{OrderStatus, OutRefundNo, OutTradeNo, RefundState},
    storage::{
        Expect, StorageError,
        attempts::{self, Owed},
        events::{self, EventKind, NewEvent, Source},
        notifications::{self, Received},
        orders::{self, PaidOrder},
        paid::Paid,
        payments::{self, NewPayment, PaymentKind},
        refunds::{self, NewRefund},
    },
    wechatpay::model::StoredPrepay,
};

/// A verified statement on its way into the books.
#[derive(Clone, Debug)]
pub(crate) struct Booking {
    pub(crate) claim: Result<Proof, Verdict>,
    pub(crate) source: Source,
    /// Serial of the key that signed it.
    pub(crate) vouched_by: String,
    /// How it came, if it came by itself.
    pub(crate) received: Option<Received>,
    pub(crate) at: Timestamp,
    /// Where WeChat is to tell that the money went back, should it be surplus.
    pub(crate) refund_notify_url: Url,
}

impl Booking {
    /// The number of the order that it may change.
    pub(super) fn out_trade_no(&self) -> Option<&OutTradeNo> {
        self.claim.as_ref().ok().map(|proof| &proof.out_trade_no)
    }
}

/// What became of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Booked {
    pub(crate) verdict: Verdict,
    /// 0 when it concerns none.
    pub(crate) order_id: i64,
    /// The order's new version, when this has paid it.
    pub(crate) became_paid: Option<i64>,
}

/// A payment that is to be booked.
struct Entry<'a> {
    booking: &'a Booking,
    proof: &'a Proof,
    owed: &'a Owed,
    kind: PaymentKind,
    verdict: Verdict,
}

/// The guarded statements (money rule 2), for all that is waiting to be booked at this moment. Several
/// deliveries of one statement are one: the first is booked, the others are its duplicates.
///
/// # Errors
/// [`StorageError::ThereAlready`] when something was expected to be new and is not.
pub(super) async fn settle(
    c: &mut AnyConnection,
    bookings: &[Arc<Booking>],
    expect: Expect,
) -> Result<Vec<Booked>, StorageError> {
    let mut places: HashMap<&Proof, usize> = HashMap::new();
    let mut distinct = Vec::with_capacity(bookings.len());
    // For each booking its place in `distinct`, and whether somebody else has put it there.
    let mut found = Vec::with_capacity(bookings.len());
    for booking in bookings {
        let next = distinct.len();
        let place = booking.claim.as_ref().map_or(next, |proof| *places.entry(proof).or_insert(next));
        found.push((place, place < next));
        if place == next {
            distinct.push(&**booking);
        }
    }
    let settled = settle_distinct(c, &distinct, expect).await?;
    let mut booked = Vec::with_capacity(bookings.len());
    for (place, is_repeated) in found {
        let first = settled.get(place).copied().ok_or(StorageError::WriterGone)?;
        booked.push(if is_repeated { first.again() } else { first });
    }
    let received =
        bookings.iter().zip(&booked).filter_map(|(it, booked)| Some((it.received.as_ref()?, booked.verdict.code())));
    notifications::record(c, &received.collect::<Vec<_>>(), expect).await?;
    Ok(booked)
}

/// A statement for many rows costs hardly more than for one. What does not fit together (two payments of
/// one order) is booked one by one in the same transaction.
async fn settle_distinct(
    c: &mut AnyConnection,
    bookings: &[&Booking],
    expect: Expect,
) -> Result<Vec<Booked>, StorageError> {
    let numbers: Vec<&OutTradeNo> =
        bookings.iter().filter_map(|it| Some(&it.claim.as_ref().ok()?.out_trade_no)).collect();
    let transactions: Vec<&str> =
        bookings.iter().filter_map(|it| Some(&*it.claim.as_ref().ok()?.transaction_id)).collect();
    if !all_different(&numbers) || !all_different(&transactions) {
        return one_by_one(c, bookings, expect).await;
    }
    let mut owed = if numbers.is_empty() { Vec::new() } else { attempts::list_owed(c, &numbers).await? };
    for owed in owed.iter_mut().filter(|owed| owed.appid.is_empty()) {
        let request = attempts::find_request(c, owed.attempt_id).await?;
        owed.appid = StoredPrepay::read(&request).map(|prepay| prepay.appid).unwrap_or_default();
    }
    let owed: HashMap<&OutTradeNo, &Owed> = owed.iter().map(|owed| (&owed.out_trade_no, owed)).collect();
    let booked_before = match expect {
        Expect::Anything if !owed.is_empty() => payments::list_booked(c, &transactions).await?,
        Expect::Anything | Expect::New => HashMap::new(),
    };
    let decided: Vec<Result<Entry<'_>, Verdict>> =
        bookings.iter().map(|booking| decide(booking, &owed, &booked_before)).collect();
    let entries: Vec<&Entry<'_>> = decided.iter().filter_map(|it| it.as_ref().ok()).collect();
    if !all_different(&entries.iter().map(|it| it.owed.order_id).collect::<Vec<_>>()) {
        return one_by_one(c, bookings, expect).await;
    }
    if !entries.is_empty() {
        write(c, &entries, expect).await?;
    }
    let booked = decided.iter().map(|decided| match decided {
        Err(verdict) => Booked { verdict: *verdict, order_id: 0, became_paid: None },
        Ok(entry) => Booked {
            verdict: entry.verdict,
            order_id: entry.owed.order_id,
            became_paid: (entry.kind != PaymentKind::Surplus).then_some(entry.owed.version + 1),
        },
    });
    Ok(booked.collect())
}

fn all_different<T: Eq + Hash>(values: &[T]) -> bool {
    values.iter().collect::<HashSet<_>>().len() == values.len()
}

async fn one_by_one(c: &mut AnyConnection, bookings: &[&Booking], expect: Expect) -> Result<Vec<Booked>, StorageError> {
    let mut booked = Vec::with_capacity(bookings.len());
    for booking in bookings {
        booked.extend(Box::pin(settle_distinct(c, std::slice::from_ref(booking), expect)).await?);
    }
    Ok(booked)
}

impl Booked {
    /// What another delivery of the same statement hears.
    const fn again(self) -> Self {
        let verdict = match self.verdict {
            Verdict::Paid | Verdict::PaidLate | Verdict::Surplus => Verdict::Duplicate,
            other => other,
        };
        Self { verdict, became_paid: None, ..self }
    }
}

/// What is to be booked; otherwise the verdict. `booked_before` has the attempts of transactions.
fn decide<'a>(
    booking: &'a Booking,
    owed: &HashMap<&OutTradeNo, &'a Owed>,
    booked_before: &HashMap<String, i64>,
) -> Result<Entry<'a>, Verdict> {
    let proof = booking.claim.as_ref().map_err(|verdict| *verdict)?;
    let owed = *owed.get(&proof.out_trade_no).ok_or(Verdict::UnknownOrder)?;
    if owed.appid != proof.appid {
        return Err(Verdict::Mismatch(Mismatch::Appid));
    }
    if owed.total != proof.total {
        return Err(Verdict::Mismatch(Mismatch::Amount));
    }
    match booked_before.get(&proof.transaction_id) {
        None => {}
        Some(attempt_id) if *attempt_id == owed.attempt_id => return Err(Verdict::Duplicate),
        Some(_) => return Err(Verdict::Mismatch(Mismatch::TransactionId)),
    }
    let (verdict, kind) = meaning(owed.status, owed.was_closed);
    Ok(Entry { booking, proof, owed, kind, verdict })
}

/// New payments, and all that follows from them.
async fn write(c: &mut AnyConnection, entries: &[&Entry<'_>], expect: Expect) -> Result<(), StorageError> {
    let Some(at) = entries.iter().map(|entry| entry.booking.at).max() else { return Ok(()) };
    let paying = entries.iter().filter(|entry| entry.kind != PaymentKind::Surplus);
    let paid = Paid {
        payments: &entries.iter().map(|entry| entry.payment()).collect::<Vec<_>>(),
        attempts: &entries.iter().map(|entry| entry.owed.attempt_id).collect::<Vec<_>>(),
        events: &entries.iter().map(|entry| entry.event()).collect::<Vec<_>>(),
        orders: &paying.map(|entry| entry.order(at)).collect::<Vec<_>>(),
    };
    paid.write(c, at, expect).await?;
    for entry in entries.iter().filter(|entry| entry.kind == PaymentKind::Surplus) {
        give_back(c, entry, at).await?;
    }
    Ok(())
}

/// A surplus payment goes back by itself, all of it and once: its refund's number follows from the
/// transaction, and the intent is written with the payment (money rules 4 and 5).
async fn give_back(c: &mut AnyConnection, entry: &Entry<'_>, at: Timestamp) -> Result<(), StorageError> {
    orders::touch(c, entry.owed.order_id, at).await?;
    let transaction_id = &entry.proof.transaction_id;
    let payment = payments::find_by_transaction(c, transaction_id).await?;
    let number = OutRefundNo::surplus_of(transaction_id, 0).ok();
    let request = entry.proof.way_back(&entry.booking.refund_notify_url);
    let (Some(payment), Some(out_refund_no), Some(request)) = (payment, number, request) else {
        return Err(StorageError::Raced { table: "payments", row: 0 });
    };
    let refund = NewRefund {
        out_refund_no,
        order_id: entry.owed.order_id,
        payment_id: payment.id,
        amount: payment.total,
        reason: SURPLUS_REASON.to_owned(),
        source: Source::Automatic,
        request,
        state: RefundState::Requested,
        refund_id: None,
        check: Some(at),
        created: at,
        accepted: None,
        success: None,
    };
    if payments::reserve(c, payment.id, payment.total).await? && refunds::insert(c, &refund).await? {
        let number = refund.out_refund_no.as_str();
        events::append(c, refund.order_id, at, EventKind::RefundAsked, Source::Automatic, number).await?;
    }
    Ok(())
}

impl Entry<'_> {
    fn payment(&self) -> NewPayment<'_> {
        NewPayment {
            transaction_id: &self.proof.transaction_id,
            order_id: self.owed.order_id,
            attempt_id: self.owed.attempt_id,
            kind: self.kind,
            source: self.booking.source,
            total: self.proof.total,
            success: self.proof.success,
            booked: self.booking.at,
            vouched_by: &self.booking.vouched_by,
        }
    }

    fn event(&self) -> NewEvent<'_> {
        let kind = match self.kind {
            PaymentKind::First => EventKind::Paid,
            PaymentKind::Late => EventKind::PaidLate,
            PaymentKind::Surplus => EventKind::SurplusPayment,
        };
        let (order_id, source) = (self.owed.order_id, self.booking.source);
        NewEvent { order_id, kind, source, detail: &self.proof.transaction_id }
    }

    /// Other numbers of the order that can still be paid have to be closed at WeChat.
    fn order(&self, at: Timestamp) -> PaidOrder {
        let check = self.owed.has_open_others.then_some(at);
        PaidOrder { id: self.owed.order_id, version: self.owed.version, paid: self.proof.success, check }
    }
}

/// What new money means to an order in this state (money rules 3 and 5).
const fn meaning(status: OrderStatus, was_closed: bool) -> (Verdict, PaymentKind) {
    match status {
        OrderStatus::NotPay if !was_closed => (Verdict::Paid, PaymentKind::First),
        OrderStatus::NotPay | OrderStatus::Closed(_) => (Verdict::PaidLate, PaymentKind::Late),
        OrderStatus::Success
        | OrderStatus::RefundProcessing
        | OrderStatus::RefundPartial
        | OrderStatus::RefundSuccess
        | OrderStatus::RefundAbnormal => (Verdict::Surplus, PaymentKind::Surplus),
    }
}

#[cfg(test)]
mod tests;
