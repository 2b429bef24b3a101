//! What lies in books, and why they are not this start's.

use std::{collections::BTreeMap, fmt};

use crate::{
    config::live::is_loopback,
    storage::{
        backfill::StoredRequest,
        books::{Mark, PlatformKind},
    },
    wechatpay::model::StoredPrepay,
};

/// The books are not this start's. No order in them has been changed; the operator decides.
#[derive(Debug, thiserror::Error)]
pub enum NotOurBooks {
    #[error(
        "the books in {place} are of {theirs}, but this is {ours}. No order in them was changed. Start it with the \
         WXPAY_* of their merchant, or name other books in DATABASE_URL (or SAOMA_DATA_DIR). A new merchant number opens \
         new books beside the old ones: docs/new-merchant-number.md"
    )]
    Another { place: String, theirs: Mark, ours: Mark },
    #[error(
        "the books in {place} have no mark yet, and this start, {ours}, cannot have them: they hold {found}. No order in \
         them was changed. Either put them aside (rename them; they stay readable) and start again, or name new books in \
         DATABASE_URL: docs/new-merchant-number.md"
    )]
    Mixed { place: String, ours: Mark, found: Found },
    #[error(
        "the books in {place} were moved to {to} and are no longer kept. Set DATABASE_URL to that, with its user and \
         password"
    )]
    Moved { place: String, to: String },
    #[error(
        "the books that lie in {place} were moved to {to}: those are the shop's, and a copy put back here would be a second \
         set of books beside them, by which money could go back twice. Nothing was changed. Set DATABASE_URL to that; only \
         where those are lost: `saoma restore FILE --although-moved`"
    )]
    StayBehind { place: String, to: String },
    #[error(
        "the books in {place} are gone: what lies there is empty, and the numbers beside it ({numbers}) tell of books that \
         were kept here. A new shop in their place would know nothing of its orders and refunds. Put the latest copy back \
         (`saoma restore FILE`), or, to begin anew without them, remove those numbers: docs/operating.md"
    )]
    Gone { place: String, numbers: String },
    #[error(
        "the books in {place} are half of a move from {from}, which was cut off: run `saoma move` there again, with the \
         settings of the old books. Until it has ended, those are the shop's"
    )]
    HalfMoved { place: String, from: String },
    #[error("the books in {place} have no mark yet: `saoma serve` gives it to them (--sandbox for a sandbox's)")]
    Unmarked { place: String },
}

/// How many attempts of whom.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Found {
    attempts: BTreeMap<Mark, u64>,
    /// Damaged: they say nothing.
    pub(super) unreadable: u64,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> =
            self.attempts.iter().map(|(mark, count)| format!("{count} attempts of {mark}")).collect();
        if self.unreadable > 0 {
            parts.push(format!("{} attempts that cannot be read", self.unreadable));
        }
        f.write_str(&parts.join(", "))
    }
}

impl Found {
    pub(super) fn count(&mut self, request: &StoredRequest) {
        match StoredPrepay::read(&request.request) {
            Some(prepay) => *self.attempts.entry(mark_of(prepay)).or_default() += 1,
            None => self.unreadable += 1,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.attempts.is_empty() && self.unreadable == 0
    }

    /// What lies in them may be `ours` alone: nothing, or attempts of this one merchant and kind.
    pub(super) fn is_of(&self, ours: &Mark) -> bool {
        let known = self.attempts.keys().all(|mark| mark == ours);
        known && (self.unreadable == 0 || !self.attempts.is_empty())
    }
}

fn mark_of(prepay: StoredPrepay) -> Mark {
    Mark { mchid: prepay.mchid, platform: kind(is_loopback(&prepay.notify_url)) }
}

pub(super) const fn kind(is_loopback: bool) -> PlatformKind {
    if is_loopback { PlatformKind::Loopback } else { PlatformKind::WechatPay }
}
