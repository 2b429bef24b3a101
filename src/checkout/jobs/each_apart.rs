//! One order or refund is looked after in a task of its own. What goes wrong there, be it a panic over data
//! that nobody expected, costs that one: it is said, counted, and tried again ever more rarely.

use std::future::Future;

use jiff::Timestamp;

use crate::{
    checkout::{error::CheckoutError, memory::Subject, shared::Checkout},
    storage::{StorageError, orders, refunds},
    supervise::{Apart, apart},
};

impl Checkout {
    /// Does `work` for one that is claimed until `claimed`.
    pub(super) async fn look_after_apart(
        &self,
        subject: Subject,
        claimed: Timestamp,
        work: impl Future<Output = Result<(), CheckoutError>> + Send + 'static,
    ) {
        let (kind, id) = (subject.kind(), subject.id());
        let is_its_own_fault = match apart(work).await {
            Apart::Done(Ok(())) => {
                self.0.stumbles.forget(subject);
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
            let next = claimed.max(self.now() + self.0.stumbles.note(subject));
            if let Err(error) = self.put_off(subject, claimed, next).await {
                tracing::error!(%error, id, "putting {kind} {id} off");
            }
        }
    }

    async fn put_off(&self, subject: Subject, claimed: Timestamp, next: Timestamp) -> Result<(), StorageError> {
        let put_off = self.0.db.write(move |c| {
            Box::pin(async move {
                match subject {
                    Subject::Order(id) => orders::put_off(c, id, claimed, next).await,
                    Subject::Refund(id) => refunds::put_off(c, id, claimed, next).await,
                }
            })
        });
        put_off.await
    }
}
