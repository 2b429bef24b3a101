//! The refund that follows one that failed, of a payment that came once too often: when it is tried, and under
//! which number.

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;

use crate::{
    domain::OutRefundNo,
    storage::{
        StorageError,
        events::Source,
        payments::{self, Payment, PaymentKind},
        refunds::{self, Refund},
    },
};

/// The pauses between one number and the next.
const PAUSES: (SignedDuration, SignedDuration) = (SignedDuration::from_mins(10), SignedDuration::from_hours(7 * 24));

/// When the refund that comes after this one, which has failed, is tried; `None` if none does.
pub(super) async fn next_try(
    c: &mut AnyConnection,
    refund: &Refund,
    now: Timestamp,
) -> Result<Option<Timestamp>, StorageError> {
    if refund.source != Source::Automatic {
        return Ok(None);
    }
    let payment = payments::find(c, refund.payment_id).await?;
    Ok(payment.filter(|it| it.kind == PaymentKind::Surplus).map(|payment| now + pause(&payment, now)))
}

pub(super) fn pause(payment: &Payment, now: Timestamp) -> SignedDuration {
    (now.duration_since(payment.success) / 2).clamp(PAUSES.0, PAUSES.1)
}

/// The first of the payment's numbers from there on that nobody has taken by hand.
pub(super) async fn next_number(
    c: &mut AnyConnection,
    payment: &Payment,
    before: usize,
) -> Result<Option<OutRefundNo>, StorageError> {
    for before in before..before + 100 {
        let Ok(number) = OutRefundNo::surplus_of(&payment.transaction_id, before) else { return Ok(None) };
        if refunds::find(c, &number).await?.is_none() {
            return Ok(Some(number));
        }
    }
    Ok(None)
}
