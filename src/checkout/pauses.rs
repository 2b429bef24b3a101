//! How long something waits that has been due for a while.

use jiff::SignedDuration;

/// The shortest and the longest pause before an order is tried again that should have ended.
pub(super) const RETRY: (SignedDuration, SignedDuration) =
    (SignedDuration::from_secs(5), SignedDuration::from_secs(300));

/// The longer something has been due, the longer the pause: half of that time, within bounds.
pub(super) fn pause(overdue: SignedDuration) -> SignedDuration {
    let (shortest, longest) = RETRY;
    (overdue / 2).clamp(shortest, longest)
}
