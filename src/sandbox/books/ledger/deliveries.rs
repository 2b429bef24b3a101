//! Which notification is to be delivered when.

use jiff::Timestamp;

use super::{Change, CommitError, Ledger};
use crate::sandbox::books::delivery::{Attempt, Delivery, NewDelivery, Progress, Subject};

impl Ledger {
    pub(in crate::sandbox) fn add_delivery(&mut self, delivery: NewDelivery) -> Result<(), CommitError> {
        let delivery = self.number(delivery);
        self.commit(vec![Change::Delivery(Box::new(delivery))])
    }

    /// Gives a delivery the number after the last one.
    pub(super) fn number(&self, delivery: NewDelivery) -> Delivery {
        delivery.into_delivery(self.last_number() + 1)
    }

    pub(super) fn last_number(&self) -> u64 {
        self.books.deliveries.last_key_value().map_or(self.books.last_forgotten, |(last, _)| *last)
    }

    /// Has it delivered once more, also when it has been acknowledged or given up; none when there is no such one.
    pub(in crate::sandbox) fn redeliver(
        &mut self,
        number: u64,
        now: Timestamp,
    ) -> Result<Option<&Delivery>, CommitError> {
        if self.delivery(number).is_none() {
            return Ok(None);
        }
        self.commit(vec![Change::Redelivered { number, at_ms: now.as_millisecond() }])?;
        Ok(self.delivery(number))
    }

    pub(in crate::sandbox) fn delivery(&self, number: u64) -> Option<&Delivery> {
        self.books.deliveries.get(&number)
    }

    /// Newest first.
    pub(in crate::sandbox) fn deliveries(&self) -> impl Iterator<Item = &Delivery> {
        self.books.deliveries.values().rev()
    }

    /// Takes the delivery that has waited longest out of the queue; [`Ledger::attempted`] or
    /// [`Ledger::put_back`] returns it.
    pub(in crate::sandbox) fn take_due(&mut self, now: Timestamp) -> Option<u64> {
        let first = self.books.due.first().copied().filter(|(at, _)| *at <= now.as_millisecond())?;
        self.books.due.remove(&first);
        Some(first.1)
    }

    /// Takes this delivery out of the queue.
    pub(in crate::sandbox) fn take(&mut self, number: u64) -> bool {
        let at = self.delivery(number).and_then(|delivery| delivery.progress.next_try_ms);
        at.is_some_and(|at| self.books.due.remove(&(at, number)))
    }

    pub(in crate::sandbox) fn put_back(&mut self, number: u64) {
        let at = self.delivery(number).and_then(|delivery| delivery.progress.next_try_ms);
        self.books.due.extend(at.map(|at| (at, number)));
    }

    /// When something is to be done next: a delivery, or the end of a refund.
    pub(in crate::sandbox) fn next_due(&self) -> Option<Timestamp> {
        let delivery = self.books.due.first().map(|(at, _)| *at);
        let refund = self.books.refunds_due.first().map(|(at, _)| *at);
        let next = delivery.into_iter().chain(refund).min();
        next.and_then(|at| Timestamp::from_millisecond(at).ok())
    }

    /// True in memory even if it cannot be written down: a delivery too many after a restart is
    /// better than one that is tried again and again now.
    pub(in crate::sandbox) fn attempted(&mut self, number: u64, attempts: Vec<Attempt>, progress: Progress) {
        let released = self.released_by(number, &attempts);
        let mut changes = vec![Change::Attempted { number, attempts, progress }];
        changes.extend(released);
        if let Err(error) = self.commit(changes.clone()) {
            tracing::error!(error = &error as &dyn std::error::Error, "sandbox journal");
            for change in changes {
                self.books.apply(change);
            }
        }
    }

    /// The first word of a refund lets go the payment's notification that was held for it.
    fn released_by(&self, number: u64, attempts: &[Attempt]) -> Option<Change> {
        let order = match &self.delivery(number)?.subject {
            Subject::Refund { out_trade_no, .. } | Subject::RefundV2 { out_trade_no, .. } => out_trade_no,
            Subject::Payment { .. } | Subject::Echo { .. } => return None,
        };
        let at_ms = attempts.last()?.at_ms;
        self.books.held.get(order).map(|held| Change::Released { number: *held, at_ms })
    }
}
