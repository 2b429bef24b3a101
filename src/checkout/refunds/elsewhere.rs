//! Refunds that were not made here, but in the merchant console: booked when WeChat tells of them, and
//! looked for when WeChat says that money of a payment went back which our books do not explain.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{
    hold::reserve_over_holds,
    statement::RefundBooking,
    step::{does_not_fit, next_look, show_in_order},
};
use crate::{
    checkout::{error::CheckoutError, shared::Checkout, verdict::RefundVerdict},
    domain::{Fen, OutRefundNo, RefundState},
    storage::{
        StorageError,
        attempts::Attempt,
        concerns,
        events::{self, EventKind, Source},
        orders,
        payments::{self, Payment},
        refunds::{self, NewRefund, Refund},
        rows::{self, Rows, Table},
    },
};

impl Checkout {
    /// WeChat says that money of an attempt went back. What we have given up is asked about; when the
    /// books still know of no refund that explains it, somebody made one elsewhere: staff must look, since
    /// WeChat lists no refunds of an order (`wechatpay-v3.md` §7.2).
    pub(crate) async fn explain_refund(&self, attempt: &Attempt, source: Source) -> Result<(), CheckoutError> {
        let (now, order_id, attempt_id) = (self.now(), attempt.order_id, attempt.id);
        let refunds = list_of_attempt(&mut *self.0.db.read().await?, order_id, attempt_id).await?;
        for refund in refunds.iter().filter(|refund| refund.state == RefundState::Refused) {
            self.look_after_refund(refund.id, source).await?;
        }
        let noted = self.0.db.write(move |c| {
            Box::pin(async move {
                orders::lock(c, order_id).await?;
                let refunds = list_of_attempt(c, order_id, attempt_id).await?;
                let is_explained = refunds.iter().any(|refund| refund.state != RefundState::Refused);
                if is_explained || events::has(c, order_id, EventKind::RefundElsewhere).await? {
                    return Ok(false);
                }
                orders::touch(c, order_id, now).await?;
                events::append(c, order_id, now, EventKind::RefundElsewhere, source, "").await?;
                concerns::insert(c, order_id, EventKind::RefundElsewhere, "", now).await?;
                Ok(true)
            })
        });
        if noted.await? {
            tracing::error!(order.id = order_id, "order {order_id} was refunded in the merchant console");
            self.announce(order_id).await?;
        }
        Ok(())
    }
}

async fn list_of_attempt(c: &mut AnyConnection, order_id: i64, attempt_id: i64) -> Result<Vec<Refund>, StorageError> {
    let payments = payments::list_of_order(c, order_id).await?;
    let mut refunds = refunds::list_of_order(c, order_id).await?;
    refunds.retain(|it| payments.iter().any(|paid| paid.id == it.payment_id && paid.attempt_id == attempt_id));
    Ok(refunds)
}

/// A refund that was not made here. It is booked, so that nobody gives the same money back again.
pub(super) async fn elsewhere(
    c: &mut AnyConnection,
    booking: &RefundBooking,
    number: Option<OutRefundNo>,
    state: RefundState,
    rows: Rows,
) -> Result<(RefundVerdict, Option<i64>), StorageError> {
    let &RefundBooking { ref statement, at: now, .. } = booking;
    let payment = match &statement.transaction_id {
        Some(id) => payments::find_by_transaction(c, id).await?,
        None => None,
    };
    let Some(payment) = payment else { return Ok((RefundVerdict::UnknownPayment, None)) };
    let amount = Fen::new(statement.amount).ok().filter(|amount| *amount > Fen::ZERO);
    let (Some(amount), Some(out_refund_no)) = (amount, number) else { return Ok((RefundVerdict::Mismatch, None)) };
    if statement.total != payment.total.get() {
        return Ok((RefundVerdict::Mismatch, None));
    }
    let refund = NewRefund {
        out_refund_no,
        order_id: payment.order_id,
        payment_id: payment.id,
        amount,
        reason: String::new(),
        source: Source::Console,
        request: Vec::new(),
        state,
        refund_id: Some(statement.refund_id.clone()),
        check: next_look(state, statement.accepted, now, now),
        created: now,
        accepted: statement.accepted,
        success: (state == RefundState::Success).then(|| statement.success.unwrap_or(now)),
    };
    orders::lock_as(c, payment.order_id, rows).await?;
    rows::lock(c, Table::Payments, &[payment.id], rows).await?;
    let verdict = book_elsewhere(c, &payment, &refund, now).await?;
    Ok((verdict, Some(payment.order_id)))
}

/// Of an order that has been locked.
async fn book_elsewhere(
    c: &mut AnyConnection,
    payment: &Payment,
    refund: &NewRefund,
    now: Timestamp,
) -> Result<RefundVerdict, StorageError> {
    if refund.state.holds_money() && !reserve_over_holds(c, payment.id, refund.amount, now).await? {
        return does_not_fit(c, payment, refund.out_refund_no.as_str(), Source::Console, now).await;
    }
    if !refunds::insert(c, refund).await? {
        return Err(StorageError::Raced { table: "refunds", row: 0 });
    }
    orders::touch(c, payment.order_id, now).await?;
    let number = refund.out_refund_no.as_str();
    events::append(c, payment.order_id, now, EventKind::RefundElsewhere, Source::Console, number).await?;
    show_in_order(c, payment.order_id, now).await?;
    Ok(RefundVerdict::Elsewhere)
}
