//! What of the findings has become of a comparison.

use super::answer::{Answer, NOT_EXIST, clip};
use crate::{
    checkout::Hinted,
    reconcile::{row::Row, totals::Sum},
};

/// So many questions without an answer, one after the other, and this comparison asks no more.
const IN_VAIN_MOST: usize = 10;

/// What of the findings has become of a comparison.
#[derive(Debug, Default)]
pub(in crate::reconcile) struct Judged {
    asked: usize,
    in_vain: usize,
    pub(in crate::reconcile) answered: u64,
    pub(super) listed: u64,
    pub(in crate::reconcile) unlisted: u64,
    pub(in crate::reconcile) unasked: u64,
    /// Refunds that looked like another system's, of payments of ours: how many, and their fees.
    pub(in crate::reconcile) ours_after_all: Sum,
    pub(in crate::reconcile) fees_after_all: i64,
}

impl Judged {
    pub(super) const fn may_ask(&self, most: usize) -> bool {
        self.asked < most && self.in_vain < IN_VAIN_MOST
    }

    pub(super) fn hear<T>(&mut self, hinted: Hinted<T>, told: impl FnOnce(T) -> Answer) -> Option<Answer> {
        self.asked += 1;
        let answer = match hinted {
            Hinted::Told(it) => told(it),
            Hinted::NotExist => Answer::open(NOT_EXIST),
            Hinted::Refused(code) => Answer::open(clip(&code, 64)),
            Hinted::NoAnswer => {
                self.in_vain += 1;
                self.unasked += 1;
                return None;
            }
        };
        self.in_vain = 0;
        self.answered += 1;
        Some(answer)
    }

    /// A refund that was counted as another system's turns out to be of ours.
    pub(super) const fn after_all(&mut self, row: &Row) {
        if !row.is_ours && !row.has_failed {
            self.ours_after_all.add(row.fen);
            self.fees_after_all = self.fees_after_all.saturating_add(row.fee);
        }
    }
}
