//! Whether somebody has asked for the same before: of the same payment, as much. Whoever asks again has not seen the end
//! of the first one, or does not know of it (money rule 13).

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;

use super::draft::{Numbered, RefundError, RefundOrder};
use crate::{
    domain::{Fen, OutRefundNo, RefundState},
    storage::{
        StorageError,
        events::Source,
        payments::Payment,
        refund_holds::{self, Hold},
        refunds::{self, Refund},
    },
};

/// So long a refund that is over is taken for the same one.
const SAME_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What is there of the same payment and amount.
pub(super) enum Same {
    Refund(Box<Refund>),
    /// It waits for a second person.
    Waits(Hold),
}

impl Same {
    /// What it is gone on with by whoever has no number of his own.
    ///
    /// # Errors
    /// He has been shown another one, or it is not his to decide.
    pub(super) fn gone_on_with(self, wanted: &RefundOrder) -> Result<Refund, RefundError> {
        match (self, &wanted.number) {
            (Self::Refund(known), Numbered::Fresh) => Ok(*known),
            (Self::Refund(known), _) => Err(RefundError::Same { created: known.created, amount: known.amount }),
            (Self::Waits(hold), _) => Err(RefundError::Waits { number: hold.out_refund_no, amount: hold.amount }),
        }
    }
}

/// In a transaction that has locked the order, it stays so until its end.
pub(super) async fn find_same(
    c: &mut AnyConnection,
    payment: &Payment,
    wanted: &RefundOrder,
    now: Timestamp,
) -> Result<Option<Same>, StorageError> {
    if wanted.another || matches!(wanted.number, Numbered::Chosen(_)) {
        return Ok(None);
    }
    // Where nothing is left, whatever took it.
    let left = payment.left();
    let amount = wanted.amount.or((left > Fen::ZERO).then_some(left));
    if let Some(known) = find_refund(c, payment.id, amount, now).await? {
        return Ok(Some(Same::Refund(Box::new(known))));
    }
    let is_same = |it: &Hold| amount.is_none_or(|amount| amount == it.amount) && !is_its(it, wanted.number.number());
    Ok(refund_holds::list_of_payment(c, payment.id).await?.into_iter().find(is_same).map(Same::Waits))
}

fn is_its(hold: &Hold, number: Option<&OutRefundNo>) -> bool {
    number == Some(&hold.out_refund_no)
}

/// The latest one.
pub(super) async fn find_refund(
    c: &mut AnyConnection,
    payment_id: i64,
    amount: Option<Fen>,
    now: Timestamp,
) -> Result<Option<Refund>, StorageError> {
    let is_same = |it: &Refund| {
        let is_over = matches!(it.state, RefundState::Success | RefundState::Closed | RefundState::Refused);
        it.source != Source::Console
            && amount.is_none_or(|amount| amount == it.amount)
            && (!is_over || now.duration_since(it.created) < SAME_FOR)
    };
    Ok(refunds::list_of_payment(c, payment_id).await?.into_iter().rev().find(is_same))
}
