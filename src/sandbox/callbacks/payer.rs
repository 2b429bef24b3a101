//! The shopper's phone: opens what a code stands for, pays or fails (`wechatpay-v3.md` §5.1).

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::sandbox::{
    books::{
        delivery::{FirstTry, NewDelivery, Subject},
        ledger::{Booked, CommitError, ScanError},
        order::Payment,
    },
    crypto::seal,
    platform::Platform,
    wire_time,
};

/// Who pays when nobody else is named.
pub(in crate::sandbox) const DEFAULT_OPENID: &str = "oSandboxShopper0000000000001";

#[derive(Debug, thiserror::Error)]
pub(in crate::sandbox) enum PayError {
    #[error(transparent)]
    Scan(#[from] ScanError),
    #[error("the books cannot be written")]
    Commit(#[from] CommitError),
}

/// Pays. Once this returns the money is booked; the notification is on its way.
pub(in crate::sandbox) fn pay(platform: &Platform, token: &str, openid: &str) -> Result<Booked, PayError> {
    pay_at(platform, token, openid, platform.now())
}

/// The same at another time than now, as far as everybody is told.
pub(in crate::sandbox) fn pay_at(
    platform: &Platform,
    token: &str,
    openid: &str,
    at: Timestamp,
) -> Result<Booked, PayError> {
    let paid = book(platform, token, openid, at, false)?;
    platform.wake.notify_one();
    Ok(paid)
}

/// Pays, and leaves the notification, whose number this is, to the caller.
pub(in crate::sandbox) fn pay_held(platform: &Platform, token: &str) -> Result<u64, PayError> {
    Ok(book(platform, token, DEFAULT_OPENID, platform.now(), true)?.delivery)
}

/// Opens the cashier and does not get through: the order stays NOTPAY, nobody is notified (§6.1).
pub(in crate::sandbox) fn fail(platform: &Platform, token: &str, openid: &str) -> Result<String, PayError> {
    let lives = platform.lives();
    let now = platform.now();
    let mut ledger = platform.ledger();
    ledger.open_cashier(token, openid, now, lives)??;
    Ok(ledger.scan(token, now, lives)?.out_trade_no.clone())
}

/// How long notifications are to be held back.
pub(in crate::sandbox) fn delay(platform: &Platform) -> SignedDuration {
    SignedDuration::from_millis(i64::try_from(platform.faults().delay_ms).unwrap_or(i64::MAX))
}

/// A notification about `subject`, due after `delay`.
pub(in crate::sandbox) fn notification(
    platform: &Platform,
    subject: Subject,
    url: String,
    delay: SignedDuration,
) -> NewDelivery {
    let created = platform.now();
    let first_try = created.saturating_add(delay).unwrap_or(created);
    let id = Uuid::from_u128(platform.entropy.u128());
    NewDelivery { id: id.to_string(), subject, notify_url: url, created, first_try: FirstTry::At(first_try) }
}

fn book(platform: &Platform, token: &str, openid: &str, at: Timestamp, held: bool) -> Result<Booked, PayError> {
    let lives = platform.lives();
    let now = platform.now();
    let delay = delay(platform);
    let mut ledger = platform.ledger();
    ledger.open_cashier(token, openid, now, lives)??;
    let order = ledger.scan(token, now, lives)?;
    let (out_trade_no, notify_url) = (order.out_trade_no.clone(), order.notify_url.clone());
    let transaction_id = loop {
        let (front, back) = (seal::digits::<6>(&platform.entropy), seal::digits::<10>(&platform.entropy));
        let number = format!("4200{front}{}{back}", wire_time::date(at));
        if ledger.find_transaction(&number).is_none() {
            break number;
        }
    };
    let payment = Payment { transaction_id, openid: openid.to_owned(), success_ms: at.as_millisecond() };
    let subject = Subject::Payment { out_trade_no: out_trade_no.clone() };
    let mut delivery = notification(platform, subject, notify_url, delay);
    if !held && platform.faults().out_of_order.take() {
        delivery.first_try = FirstTry::AfterRefund;
    }
    let paid = ledger.pay(&out_trade_no, payment, delivery)?;
    if held {
        ledger.take(paid.delivery);
    }
    tracing::info!(order.out_trade_no = out_trade_no, "sandbox payment of {out_trade_no}");
    Ok(paid)
}
