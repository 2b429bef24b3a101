//! What may be refunded, and what becomes of refunds (`wechatpay-v3.md` §7.2, §7.3).

use jiff::{SignedDuration, Timestamp};

use super::{Change, CommitError, Ledger};
use crate::sandbox::{
    books::{
        delivery::NewDelivery,
        order::{Order, Payment},
        refund::{Card, Ending, Refund, RefundRequest, RefundStatus},
    },
    error::ApiError,
};

/// How long after the payment an order can be refunded.
const TERM: SignedDuration = SignedDuration::from_hours(365 * 24);
/// Refunds of one order.
const PARTS: usize = 50;
/// How long a refund waits that could not be written down when its time had come.
const AGAIN_MS: i64 = 1000;

impl Ledger {
    pub(in crate::sandbox) fn refund(&self, out_refund_no: &str) -> Option<&Refund> {
        self.books.refunds.get(out_refund_no)
    }

    /// By WeChat's number.
    pub(in crate::sandbox) fn refund_by_id(&self, refund_id: &str) -> Option<&Refund> {
        self.refund(self.books.refund_ids.get(refund_id)?)
    }

    /// In the order in which they were made.
    pub(in crate::sandbox) fn refunds(&self) -> impl DoubleEndedIterator<Item = &Refund> {
        self.books.refund_order.iter().filter_map(|number| self.refund(number))
    }

    fn refunds_of(&self, order: &Order) -> impl DoubleEndedIterator<Item = &Refund> {
        order.refunds.iter().filter_map(|number| self.refund(number))
    }

    /// What can still be refunded, in fen: closed refunds took nothing.
    pub(in crate::sandbox) fn refundable(&self, order: &Order) -> i64 {
        let taken = self.refunds_of(order).filter(|refund| refund.status != RefundStatus::Closed);
        order.total - taken.map(|refund| refund.amount).sum::<i64>()
    }

    /// The paid order that a request names, by either number or by both.
    pub(in crate::sandbox) fn find_paid(&self, request: &RefundRequest) -> Result<(&Order, &Payment), ApiError> {
        let by_transaction = request.transaction_id.as_deref().map(|number| self.find_transaction(number));
        let by_trade = request.out_trade_no.as_deref().map(|number| self.find(number));
        let order = match (by_transaction, by_trade) {
            (Some(Some(one)), Some(Some(other))) if one.out_trade_no != other.out_trade_no => {
                return Err(ApiError::invalid_request("transaction_id与out_trade_no不是同一订单"));
            }
            (Some(order), None) | (None, Some(order)) => order,
            (Some(one), Some(other)) => one.and(other),
            (None, None) => None,
        };
        order
            .and_then(|order| order.payment.as_ref().map(|payment| (order, payment)))
            .ok_or_else(|| ApiError::resource_not_exists("订单不存在或未支付"))
    }

    /// Whether so much of a paid order can be refunded now.
    pub(in crate::sandbox) fn check_refund(
        &self,
        order: &Order,
        payment: &Payment,
        amount: i64,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let term_ms = i64::try_from(TERM.as_millis()).unwrap_or(i64::MAX);
        let left = self.refundable(order);
        if now.as_millisecond() > payment.success_ms.saturating_add(term_ms) {
            Err(ApiError::trade_overdue())
        } else if left == 0 {
            Err(ApiError::invalid_request("订单已全额退款"))
        } else if amount > left {
            Err(ApiError::invalid_request("申请退款金额超过订单可退金额"))
        } else if order.refunds.len() >= PARTS {
            Err(ApiError::invalid_request("一笔订单最多退款50次"))
        } else {
            Ok(())
        }
    }

    /// Two refunds of one order are at least `gap` apart.
    pub(in crate::sandbox) fn check_refund_gap(
        &self,
        order: &Order,
        gap: SignedDuration,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let last = self.refunds_of(order).next_back().map(|refund| refund.created_ms);
        let gap_ms = i64::try_from(gap.as_millis()).unwrap_or(i64::MAX);
        match last {
            Some(last) if now.as_millisecond() < last.saturating_add(gap_ms) => Err(ApiError::frequency_limited()),
            _ => Ok(()),
        }
    }

    pub(in crate::sandbox) fn add_refund(&mut self, refund: Refund) -> Result<(), CommitError> {
        self.commit(vec![Change::Refund(Box::new(refund))])
    }

    /// The refund that has waited longest for its end.
    pub(in crate::sandbox) fn due_refund(&self, now: Timestamp) -> Option<(&Refund, Ending)> {
        let (_, number) = self.books.refunds_due.first().filter(|(at, _)| *at <= now.as_millisecond())?;
        let refund = self.refund(number)?;
        Some((refund, refund.ending?))
    }

    /// Ends a refund, together with the notification that tells of it, whose number this returns.
    pub(in crate::sandbox) fn end_refund(
        &mut self,
        out_refund_no: &str,
        ending: Ending,
        delivery: Option<NewDelivery>,
    ) -> Result<Option<u64>, CommitError> {
        let delivery = delivery.map(|delivery| self.number(delivery));
        let number = delivery.as_ref().map(|delivery| delivery.number);
        let mut changes = vec![Change::RefundEnded { out_refund_no: out_refund_no.to_owned(), ending }];
        changes.extend(delivery.map(|delivery| Change::Delivery(Box::new(delivery))));
        self.commit(changes)?;
        Ok(number)
    }

    /// An abnormal refund goes its way again, to a card.
    pub(in crate::sandbox) fn resume_refund(
        &mut self,
        out_refund_no: &str,
        card: Card,
        ending: Ending,
    ) -> Result<(), CommitError> {
        self.commit(vec![Change::RefundResumed { out_refund_no: out_refund_no.to_owned(), card, ending }])
    }

    /// Lets a refund that could not be ended wait a little.
    pub(in crate::sandbox) fn postpone_refund(&mut self, out_refund_no: &str, now: Timestamp) {
        let due = &mut self.books.refunds_due;
        due.retain(|(_, number)| number != out_refund_no);
        due.insert((now.as_millisecond().saturating_add(AGAIN_MS), out_refund_no.to_owned()));
    }
}
