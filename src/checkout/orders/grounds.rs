//! Why no money can arrive under a number any more: WeChat's word that it is closed, or, long after its time, that
//! it does not know the number.

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;

use crate::{
    checkout::snapshot::OrderSnapshot,
    storage::{
        StorageError,
        attempts::{self, Attempt, AttemptState},
    },
};

/// How long after the last prepay can have been under way an order that WeChat does not know is
/// taken for never created.
const NEVER_CREATED: SignedDuration = SignedDuration::from_secs(60);

/// How long a code lives at WeChat, whatever the time of its order (`wechatpay-v3.md` §5.1).
const CODE_LIFE: SignedDuration = SignedDuration::from_hours(2);

/// Why no money can arrive under a number any more.
#[derive(Clone, Copy, Debug)]
pub(super) enum Grounds {
    /// WeChat's own word.
    Closed,
    /// WeChat does not know it, and nobody has prepaid since this was read of the attempt.
    NeverCreated { not_before: Timestamp },
    /// WeChat does not know it although it once gave a code, and nobody can pay by that code any more.
    Forgotten,
}

impl Grounds {
    /// What follows from WeChat's word that it does not know the number, given for a query and for a close.
    ///
    /// It is not signed, and so no proof (money rule 7): a prepay may be under way, or one part of WeChat does
    /// not know yet what another does. So it counts only when, whatever is true of it, no money can arrive
    /// under the number any more. Where there was never a code, that is a minute after the last prepay can have
    /// been under way: its code reaches nobody. Where there was one, `time_expire` is the last moment to pay,
    /// and no code lives for longer than two hours from its making, which was before that. A verified payment
    /// that comes all the same is booked as late.
    pub(crate) fn of_unknown(attempt: &Attempt, expires: Timestamp, since: Timestamp, now: Timestamp) -> Option<Self> {
        match attempt.state {
            AttemptState::Open { .. } => (now >= expires + CODE_LIFE).then_some(Self::Forgotten),
            _ => (now >= since + NEVER_CREATED).then_some(Self::NeverCreated { not_before: attempt.not_before }),
        }
    }
}

pub(super) fn grounds_of_unknown(snapshot: &OrderSnapshot) -> Option<Grounds> {
    let (quiet, expires) = (snapshot.attempt.not_before, snapshot.order.expires);
    let since = if snapshot.is_overdue() { quiet.max(expires) } else { quiet };
    Grounds::of_unknown(&snapshot.attempt, expires, since, snapshot.now)
}

/// `false` when a prepay has begun since it was found out that there had never been one.
pub(super) async fn mark_closed(
    c: &mut AnyConnection,
    attempt_id: i64,
    grounds: Grounds,
) -> Result<bool, StorageError> {
    match grounds {
        // Again is fine, and a payment that was booked meanwhile stays what it is.
        Grounds::Closed => attempts::mark_closed(c, attempt_id).await.map(|_| true),
        Grounds::NeverCreated { not_before } => attempts::mark_never_created(c, attempt_id, not_before).await,
        Grounds::Forgotten => attempts::mark_forgotten(c, attempt_id).await,
    }
}
