//! Whether the books know everything that happened. Older ones that were put back do not: payments that were
//! acknowledged and refunds that were made since are forgotten, and WeChat tells of neither again. Until they have
//! been asked for, no money goes back.

use jiff::{SignedDuration, Timestamp};

use super::shared::Checkout;
use crate::storage::{
    StorageError, generation,
    restorations::{self, FoundBy, Restoration},
};

/// So long after books were put back a refund may be missing that no bill has told of yet: the bill of a day is there
/// on the next one.
const UNTOLD: SignedDuration = SignedDuration::from_hours(48);

impl Checkout {
    /// The books have come further: older ones that are put in their place are noticed. Before anything is done with
    /// them that must not be forgotten.
    ///
    /// # Errors
    /// The books cannot be written.
    pub async fn rise(&self, found_by: FoundBy) -> Result<(), StorageError> {
        let beside = &self.0.settings.beside;
        let (seen, now) = (beside.seen(), self.0.clock.now());
        let risen = self.0.db.write_first(move |c| Box::pin(generation::rise(c, seen, found_by, now))).await?;
        beside.follow(risen.number);
        Ok(())
    }

    /// The same for commands: one on books that cannot be written says so itself.
    ///
    /// # Errors
    /// Any other than that.
    pub async fn rise_if_possible(&self) -> Result<(), StorageError> {
        match self.rise(FoundBy::File).await {
            Err(error) if error.is_read_only() || error.is_outcome_unknown() || error.is_transient() => {
                tracing::debug!(%error, "the books do not rise");
                Ok(())
            }
            risen => risen,
        }
    }

    /// What stands against giving money back, if anything does.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn find_gap(&self) -> Result<Option<Restoration>, StorageError> {
        restorations::find_open(&mut *self.0.db.read().await?).await
    }

    /// Whether of each payment WeChat has to be asked whether something of it went back already.
    pub(crate) async fn has_untold_refunds(&self, now: Timestamp) -> Result<bool, StorageError> {
        let last = restorations::find_last(&mut *self.0.db.read().await?).await?;
        Ok(last.is_some_and(|last| now.duration_since(last.noticed) < UNTOLD))
    }
}
