//! One step of a refund with all that follows from it, and what contradicts the books.

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;

use super::next_number::next_try;
use crate::{
    checkout::{contradiction, verdict::RefundVerdict},
    domain::{OrderStatus, RefundState},
    storage::{
        StorageError,
        events::{self, EventKind, Source},
        orders,
        payments::{self, Payment},
        refunds::{self, Progress, Refund},
    },
};

/// How often a refund is asked about that WeChat has accepted: its notice is faster in general.
pub(super) const FIRST_LOOK: SignedDuration = SignedDuration::from_secs(60);
const LONGEST_LOOK: SignedDuration = SignedDuration::from_secs(30 * 60);

/// What WeChat says of the refund of this number does not go with the books. Its order has been locked.
pub(super) async fn contradict(
    c: &mut AnyConnection,
    order_id: i64,
    number: &str,
    what: &str,
    source: Source,
    now: Timestamp,
) -> Result<(), StorageError> {
    let detail = format!("{number} {what}");
    contradiction::contradict(c, order_id, (EventKind::RefundContradicted, &detail), source, now).await
}

/// WeChat gives back more than the books have left: another refund of the payment fails at WeChat and
/// this one fits then, or more went back than came.
pub(super) async fn does_not_fit(
    c: &mut AnyConnection,
    payment: &Payment,
    number: &str,
    source: Source,
    now: Timestamp,
) -> Result<RefundVerdict, StorageError> {
    let may_fail = |it: &Refund| it.state.holds_money() && it.state.may_become(RefundState::Closed);
    if refunds::list_of_payment(c, payment.id).await?.iter().any(may_fail) {
        return Ok(RefundVerdict::TooEarly);
    }
    contradict(c, payment.order_id, number, "EXCEEDS", source, now).await?;
    Ok(RefundVerdict::Exceeds)
}

/// When it is asked about again (`wechatpay-v3.md` §7.3): until it has ended, and until WeChat has told
/// when it accepted what went back.
pub(super) fn next_look(
    state: RefundState,
    accepted: Option<Timestamp>,
    created: Timestamp,
    now: Timestamp,
) -> Option<Timestamp> {
    let is_undated = state == RefundState::Success && accepted.is_none();
    let is_open = state.may_become(RefundState::Success);
    (is_open || is_undated).then(|| now + (now.duration_since(created) / 4).clamp(FIRST_LOOK, LONGEST_LOOK))
}

/// One step of a refund with all that follows from it. Whoever takes one up again that held no money has
/// set its amount aside.
pub(super) async fn take_step(
    c: &mut AnyConnection,
    refund: &Refund,
    progress: &Progress<'_>,
    source: Source,
    now: Timestamp,
) -> Result<(), StorageError> {
    orders::touch(c, refund.order_id, now).await?;
    let check = if progress.state.has_failed() { next_try(c, refund, now).await? } else { progress.check };
    refunds::advance(c, refund, &Progress { check, ..*progress }, now).await?;
    if refund.state.holds_money() && progress.state.has_failed() {
        payments::release(c, refund.payment_id, refund.amount).await?;
    }
    let kind = match progress.state {
        RefundState::Requested => EventKind::RefundAsked,
        RefundState::Processing => EventKind::RefundProcessing,
        RefundState::Success => EventKind::RefundSuccess,
        RefundState::Closed => EventKind::RefundClosed,
        RefundState::Abnormal => EventKind::RefundAbnormal,
        RefundState::Refused => EventKind::RefundRefused,
    };
    events::append(c, refund.order_id, now, kind, source, refund.out_refund_no.as_str()).await?;
    show_in_order(c, refund.order_id, now).await
}

/// The order's status as its refunds have it. Those of surplus payments do not count: the order stays
/// paid by the other one.
pub(super) async fn show_in_order(c: &mut AnyConnection, order_id: i64, now: Timestamp) -> Result<(), StorageError> {
    let (Some(order), Some(paying)) = (orders::find(c, order_id).await?, payments::find_paying(c, order_id).await?)
    else {
        return Ok(());
    };
    let refunds = refunds::list_of_order(c, order_id).await?;
    let of_paying = refunds.iter().filter(|refund| refund.payment_id == paying.id);
    let status = OrderStatus::after_refunds(paying.total, of_paying.map(|refund| (refund.amount, refund.state)));
    if status == order.status { Ok(()) } else { orders::mark_status(c, &order, status, now).await }
}
