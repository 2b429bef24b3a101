//! When each order is asked about next, and by whom: one question per order at a time, however many pages,
//! buttons and jobs want one.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, futures::Notified};

use super::STEP;

/// Orders remembered before those that nobody asks about any more are dropped.
const REMEMBERED: usize = 20_000;

/// When each order is asked about next.
#[derive(Debug, Default)]
pub(crate) struct Inquiries {
    plans: Mutex<HashMap<i64, Plan>>,
    /// Some question has come to its end.
    ended: Notify,
}

#[derive(Clone, Copy, Debug)]
struct Plan {
    next: Timestamp,
    last: Option<Timestamp>,
    /// When this was planned.
    planned: Timestamp,
    /// When WeChat last said that it is not paid.
    unpaid: Option<Timestamp>,
    asked: usize,
    busy: bool,
    /// A page's question waits for its turn.
    queued: bool,
}

/// When it is time to ask.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Due {
    AsPlanned,
    /// Plan or not, once the last question is this long ago.
    After(SignedDuration),
}

impl Plan {
    const fn new(next: Timestamp, planned: Timestamp) -> Self {
        Self { next, last: None, planned, unpaid: None, asked: 0, busy: false, queued: false }
    }

    /// Planned by a clock that was ahead. The heartbeat forgets such plans, but others may come before its next beat.
    fn is_of_wrong_clock(&self, now: Timestamp) -> bool {
        self.planned > now + STEP
    }

    fn is_due(&self, now: Timestamp, due: Due) -> bool {
        let is_time = match due {
            Due::AsPlanned => now >= self.next,
            Due::After(pause) => self.last.is_none_or(|last| now >= last + pause),
        };
        (is_time || self.is_of_wrong_clock(now)) && !self.busy
    }
}

impl Inquiries {
    fn with<T>(&self, f: impl FnOnce(&mut HashMap<i64, Plan>) -> T) -> T {
        f(&mut self.plans.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// When to ask about this order, counted from its placing.
    pub(crate) fn next(&self, order_id: i64, created: Timestamp, now: Timestamp, gaps: &[SignedDuration]) -> Timestamp {
        self.with(|plans| {
            if plans.len() >= REMEMBERED {
                plans.retain(|_, plan| plan.busy || plan.queued || plan.next > now);
            }
            // One that was placed by a clock that was ahead is not asked about only when that time comes.
            let first = created.min(now) + gaps.first().copied().unwrap_or(SignedDuration::ZERO);
            let plan = plans.entry(order_id).or_insert(Plan::new(first, now));
            if plan.is_of_wrong_clock(now) { first } else { plan.next }
        })
    }

    /// A place for the order's question among those that wait for their turn; `None` when it has one, or
    /// before it is time.
    pub(crate) fn queue(&self, order_id: i64, now: Timestamp, due: Due) -> Option<Timestamp> {
        self.with(|plans| {
            let plan = plans.entry(order_id).or_insert(Plan::new(now, now));
            if plan.queued || !plan.is_due(now, due) {
                return None;
            }
            plan.queued = true;
            Some(plan.next.min(now))
        })
    }

    pub(crate) fn leave_queue(&self, order_id: i64) {
        self.with(|plans| {
            if let Some(plan) = plans.get_mut(&order_id) {
                plan.queued = false;
            }
        });
    }

    /// Whether a question could be asked now.
    pub(crate) fn is_due(&self, order_id: i64, now: Timestamp, due: Due) -> bool {
        self.with(|plans| plans.get(&order_id).is_none_or(|plan| plan.is_due(now, due)))
    }

    /// The right to ask now; `None` while somebody else asks, or before it is time.
    pub(crate) fn begin(&self, order_id: i64, now: Timestamp, due: Due, gaps: &[SignedDuration]) -> Option<Asking<'_>> {
        let begun = self.with(|plans| {
            let plan = plans.entry(order_id).or_insert(Plan::new(now, now));
            if !plan.is_due(now, due) {
                return false;
            }
            plan.busy = true;
            plan.asked += 1;
            plan.last = Some(now);
            plan.planned = now;
            let gap = gaps.get(plan.asked).or(gaps.last()).copied().unwrap_or(SignedDuration::from_secs(30));
            plan.next = now + gap;
            true
        });
        // Not `then_some`: an `Asking` that is made and dropped would end somebody else's question.
        begun.then(|| Asking { inquiries: self, order_id, forget: false })
    }

    /// Until some question comes to its end, counted from this call.
    pub(crate) fn ended(&self) -> Notified<'_> {
        self.ended.notified()
    }

    /// WeChat says that it is not paid.
    pub(crate) fn note_unpaid(&self, order_id: i64, now: Timestamp) {
        self.with(|plans| {
            if let Some(plan) = plans.get_mut(&order_id) {
                plan.unpaid = Some(now);
            }
        });
    }

    /// When WeChat last said so.
    pub(crate) fn unpaid(&self, order_id: i64) -> Option<Timestamp> {
        self.with(|plans| plans.get(&order_id)?.unpaid)
    }

    /// They were made by a clock that has been set back.
    pub(crate) fn forget_plans(&self) {
        self.with(|plans| {
            plans.retain(|_, plan| plan.busy || plan.queued);
            for plan in plans.values_mut() {
                (plan.next, plan.last, plan.planned, plan.unpaid) = (Timestamp::MIN, None, Timestamp::MIN, None);
            }
        });
    }

    fn end(&self, order_id: i64, forget: bool) {
        self.with(|plans| match plans.get_mut(&order_id) {
            Some(plan) if forget && !plan.queued => {
                plans.remove(&order_id);
            }
            Some(plan) => plan.busy = false,
            None => {}
        });
        self.ended.notify_waiters();
    }
}

/// Gives the place back however the question ends.
#[derive(Debug)]
pub(crate) struct Asking<'a> {
    inquiries: &'a Inquiries,
    order_id: i64,
    pub(crate) forget: bool,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.inquiries.end(self.order_id, self.forget);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(second: i64) -> Timestamp {
        Timestamp::constant(second, 0)
    }

    #[test]
    fn an_order_is_asked_about_after_5_and_10_and_then_every_9_seconds() {
        let gaps = crate::checkout::settings::CheckoutSettings::default_query_gaps();
        let inquiries = Inquiries::default();
        let mut asked = Vec::new();
        for second in 0..=95 {
            let now = at(second);
            if now >= inquiries.next(1, at(0), now, &gaps) && inquiries.begin(1, now, Due::AsPlanned, &gaps).is_some() {
                asked.push(second);
            }
        }
        assert_eq!(asked, [5, 10, 19, 28, 37, 46, 55, 64, 73, 82, 91]);
    }

    #[test]
    fn one_question_at_a_time_however_many_ask() {
        let inquiries = Inquiries::default();
        let now = Due::After(SignedDuration::ZERO);
        let asking = inquiries.begin(1, at(0), now, &[]);
        assert!(asking.is_some());
        assert!(inquiries.begin(1, at(100), now, &[]).is_none());
        assert!(inquiries.begin(2, at(0), now, &[]).is_some(), "another order is another matter");
        drop(asking);
        assert!(inquiries.begin(1, at(100), now, &[]).is_some());
    }

    #[test]
    fn whoever_asks_unplanned_leaves_a_pause_after_the_last_question() {
        let inquiries = Inquiries::default();
        let due = Due::After(SignedDuration::from_secs(5));
        assert!(inquiries.begin(1, at(10), due, &[]).is_some(), "never asked before");
        assert!(inquiries.begin(1, at(14), due, &[]).is_none());
        assert!(inquiries.begin(1, at(15), due, &[]).is_some());
    }

    #[test]
    fn a_plan_of_a_clock_that_was_ahead_keeps_nobody_from_asking() {
        let (inquiries, gaps) = (Inquiries::default(), [SignedDuration::from_secs(9)]);
        let lately = Due::After(SignedDuration::from_secs(9));
        drop(inquiries.begin(1, at(10_000), lately, &gaps));
        assert!(!inquiries.is_due(1, at(9_999), lately), "who looked at the clock a moment before");
        assert!(inquiries.is_due(1, at(100), lately) && inquiries.is_due(1, at(100), Due::AsPlanned));
        assert_eq!(inquiries.next(1, at(90), at(100), &gaps), at(99));
        drop(inquiries.begin(1, at(100), lately, &gaps).expect("it is due"));
        assert!(!inquiries.is_due(1, at(108), lately), "and now it has been asked");
    }

    #[test]
    fn an_order_waits_for_its_turn_once_and_a_button_need_not_wait_for_that() {
        let inquiries = Inquiries::default();
        let gaps = [SignedDuration::from_secs(9)];
        assert_eq!(inquiries.queue(1, at(9), Due::AsPlanned), Some(at(9)));
        assert_eq!(inquiries.queue(1, at(10), Due::AsPlanned), None, "it waits");
        let button = Due::After(SignedDuration::from_secs(2));
        assert!(inquiries.begin(1, at(11), button, &gaps).is_some());
        assert!(inquiries.begin(1, at(12), Due::AsPlanned, &gaps).is_none(), "its turn comes and is not needed");
        inquiries.leave_queue(1);
        assert_eq!(inquiries.queue(1, at(20), Due::AsPlanned), Some(at(20)));
    }
}
