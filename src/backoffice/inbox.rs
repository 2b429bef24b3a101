//! What WeChat has delivered, and what others have who are not WeChat: looked through, and verified and booked again.

mod refused;
mod replay;

pub use replay::{CannotReplay, Replayed};

use super::{
    acted::{Acted, Deed},
    office::Office,
    staff::audit::what,
};
use crate::storage::{
    StorageError,
    audit::Outcome,
    inbox::{self, Entry, Kept, Lead},
    refused::{self as refused_rows, Refused},
};

/// Notifications on a page.
const PAGE: i64 = 50;

/// Some of the inbox, newest first.
#[derive(Clone, Debug)]
pub struct InboxPage<T> {
    pub entries: Vec<T>,
    /// Where the next page goes on.
    pub below: Option<i64>,
}

impl<T> InboxPage<T> {
    fn of(mut entries: Vec<T>, id: fn(&T) -> i64) -> Self {
        let most = usize::try_from(PAGE).unwrap_or_default();
        let below = if entries.len() > most { entries.get(most - 1).map(id) } else { None };
        entries.truncate(most);
        Self { entries, below }
    }
}

impl Office {
    /// Verified notifications.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn list_inbox(&self, lead: &Lead, below: Option<i64>) -> Result<InboxPage<Entry>, StorageError> {
        let mut c = self.0.db.read().await?;
        let entries = inbox::list(&mut c, lead, below.unwrap_or(i64::MAX), PAGE + 1).await?;
        Ok(InboxPage::of(entries, |entry| entry.id))
    }

    /// # Errors
    /// The books cannot be read.
    pub async fn find_notification(&self, id: i64) -> Result<Option<Kept>, StorageError> {
        inbox::find(&mut *self.0.db.read().await?, id).await
    }

    /// Deliveries that were not believed.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn list_refused(&self, below: Option<i64>) -> Result<InboxPage<Refused>, StorageError> {
        let mut c = self.0.db.read().await?;
        let entries = refused_rows::list(&mut c, below.unwrap_or(i64::MAX), PAGE + 1).await?;
        Ok(InboxPage::of(entries, |entry| entry.id))
    }

    /// # Errors
    /// The books cannot be read.
    pub async fn find_refused(&self, id: i64) -> Result<Option<Refused>, StorageError> {
        refused_rows::find(&mut *self.0.db.read().await?, id).await
    }

    /// Somebody has seen that a notification did not fit. `false` when there is none; said twice, the first stands.
    ///
    /// # Errors
    /// The books cannot be written.
    pub async fn settle_notification(&self, id: i64, who: &Acted) -> Result<bool, StorageError> {
        let noted = self.noted(who, &deed(what::NOTIFICATION_SEEN, id), Outcome::Done, "");
        let (now, by) = (self.0.surroundings.clock.now(), who.actor.name.clone());
        let settle = self.0.db.write(move |c| {
            let (by, noted) = (by.clone(), noted.clone());
            Box::pin(async move {
                if inbox::settle(c, id, &by, now).await? {
                    noted.write(c).await?;
                    return Ok(true);
                }
                Ok(inbox::find(c, id).await?.is_some())
            })
        });
        settle.await
    }
}

fn deed(what: &'static str, id: i64) -> Deed {
    Deed { what, subject: format!("notification:{id}") }
}
