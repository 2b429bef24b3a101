//! Who does something in the back office, and what is written down of it.

use std::fmt::Display;

use super::{office::Office, staff::Actor};
use crate::storage::{
    StorageError,
    audit::{self, NewEntry, Outcome},
    events::Source,
};

/// Who does something, and how the timeline calls it.
#[derive(Clone, Debug)]
pub struct Acted {
    pub actor: Actor,
    pub source: Source,
}

impl Acted {
    /// Of somebody on a page.
    pub const fn by(actor: Actor) -> Self {
        Self { actor, source: Source::Staff }
    }
}

impl Office {
    /// In the audit log, before it is done.
    ///
    /// # Errors
    /// The books cannot be written: then nothing is done.
    pub(super) async fn write_down(
        &self,
        who: &Acted,
        what: &'static str,
        subject: impl Display,
        detail: &str,
    ) -> Result<(), StorageError> {
        let actor = &who.actor;
        let entry = NewEntry {
            entry: self.new_form(),
            at: self.0.surroundings.clock.now(),
            staff_id: actor.staff.map(|(id, _)| id),
            who: actor.name.clone(),
            what,
            subject: subject.to_string(),
            detail: detail.to_owned(),
            address: actor.address.clone(),
            request_id: actor.request_id.clone(),
            outcome: Outcome::Done,
        };
        let chain = self.0.surroundings.chain.clone();
        let written = self.0.db.write(move |c| {
            let (entry, chain) = (entry.clone(), chain.clone());
            Box::pin(async move { audit::append(c, &chain, &entry).await })
        });
        written.await
    }

    /// For a form that must not count twice.
    pub fn new_form(&self) -> String {
        format!("{:032x}", self.0.surroundings.entropy.u128())
    }
}
