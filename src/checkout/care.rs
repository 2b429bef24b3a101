//! One order or refund is looked after in a task of its own. What goes wrong there, be it a panic over data
//! that nobody expected, costs that one: it is said, counted, and tried again ever more rarely.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

use super::{Checkout, CheckoutError};
use crate::{
    storage::{StorageError, orders, refunds},
    supervise::{Apart, apart},
};

/// The first pause after a failure of its own, and the longest; each is twice the one before.
const PAUSES: (SignedDuration, SignedDuration) = (SignedDuration::from_secs(10), SignedDuration::from_hours(1));
/// Remembered at most; past it the oldest count begins anew.
const REMEMBERED: usize = 10_000;

/// What is looked after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Charge {
    Order(i64),
    Refund(i64),
}

impl Charge {
    const fn kind(self) -> &'static str {
        match self {
            Self::Order(_) => "order",
            Self::Refund(_) => "refund",
        }
    }

    const fn id(self) -> i64 {
        match self {
            Self::Order(id) | Self::Refund(id) => id,
        }
    }
}

/// How often each has failed by itself, in this process.
#[derive(Debug, Default)]
pub(super) struct Stumbles(Mutex<HashMap<Charge, u32>>);

impl Stumbles {
    /// The pause after one more.
    fn note(&self, charge: Charge) -> SignedDuration {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= REMEMBERED {
            counts.clear();
        }
        let count = counts.entry(charge).or_insert(0);
        let pause = PAUSES.0.saturating_mul(1 << (*count).min(16));
        *count += 1;
        pause.min(PAUSES.1)
    }

    fn forget(&self, charge: Charge) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&charge);
    }
}

impl Checkout {
    /// Does `work` for one that is claimed until `claimed`.
    pub(super) async fn take_care(
        &self,
        charge: Charge,
        claimed: Timestamp,
        work: impl Future<Output = Result<(), CheckoutError>> + Send + 'static,
    ) {
        let (kind, id) = (charge.kind(), charge.id());
        let is_its_own_fault = match apart(work).await {
            Apart::Done(Ok(())) => {
                self.0.stumbles.forget(charge);
                false
            }
            Apart::Done(Err(error)) => {
                tracing::error!(%error, id, "looking after {kind} {id}");
                matches!(&error, CheckoutError::Storage(error) if error.is_about_one_row())
            }
            Apart::Panicked => {
                self.0.metrics.panicked(kind);
                tracing::error!(id, "looking after {kind} {id} has panicked");
                true
            }
        };
        if is_its_own_fault {
            let next = claimed.max(self.0.clock.now() + self.0.stumbles.note(charge));
            if let Err(error) = self.put_off(charge, claimed, next).await {
                tracing::error!(%error, id, "putting {kind} {id} off");
            }
        }
    }

    async fn put_off(&self, charge: Charge, claimed: Timestamp, next: Timestamp) -> Result<(), StorageError> {
        let put_off = self.0.db.write(move |c| {
            Box::pin(async move {
                match charge {
                    Charge::Order(id) => orders::put_off(c, id, claimed, next).await,
                    Charge::Refund(id) => refunds::put_off(c, id, claimed, next).await,
                }
            })
        });
        put_off.await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_by_itself_is_tried_ever_more_rarely_until_it_succeeds() {
        let stumbles = Stumbles::default();
        let order = Charge::Order(1);
        let pauses: Vec<_> = (0..11).map(|_| stumbles.note(order).as_secs()).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
        assert_eq!(stumbles.note(Charge::Refund(1)).as_secs(), 10, "another one");
        stumbles.forget(order);
        assert_eq!(stumbles.note(order).as_secs(), 10);
    }
}
