//! Who does something in the back office, and what is written down of it.

use super::{office::Office, staff::Actor};
use crate::storage::{
    StorageError,
    audit::{NewEntry, Noted, Outcome},
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

/// What is done, and on what (`order:3`).
#[derive(Clone, Debug)]
pub(super) struct Deed {
    pub(super) what: &'static str,
    pub(super) subject: String,
}

impl Office {
    /// An entry of the audit log, to be written in the transaction that does what it tells.
    pub(super) fn noted(&self, who: &Acted, deed: &Deed, outcome: Outcome, detail: &str) -> Noted {
        let actor = &who.actor;
        let entry = NewEntry {
            entry: self.new_form(),
            at: self.0.surroundings.clock.now(),
            staff_id: actor.staff.map(|(id, _)| id),
            who: actor.name.clone(),
            what: deed.what,
            subject: deed.subject.clone(),
            detail: detail.to_owned(),
            address: actor.address.clone(),
            request_id: actor.request_id.clone(),
            outcome,
        };
        Noted { chain: self.0.surroundings.chain.clone(), entry }
    }

    /// By itself: of what changes nothing in the books, and of what WeChat is asked for.
    ///
    /// # Errors
    /// The books cannot be written.
    pub(super) async fn write_down(
        &self,
        who: &Acted,
        deed: &Deed,
        outcome: Outcome,
        detail: &str,
    ) -> Result<(), StorageError> {
        let noted = self.noted(who, deed, outcome, detail);
        let written = self.0.db.write(move |c| {
            let noted = noted.clone();
            Box::pin(async move { noted.write(c).await })
        });
        written.await
    }

    /// For a form that must not count twice.
    pub fn new_form(&self) -> String {
        format!("{:032x}", self.0.surroundings.entropy.u128())
    }
}
