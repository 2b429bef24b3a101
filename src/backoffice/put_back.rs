//! Books that were put back from a copy: how far they know again what they have forgotten, what only WeChat knows, and
//! the word of whoever ends the waiting.

use super::{
    acted::{Acted, Deed},
    office::Office,
    staff::audit::what,
};
use crate::{
    checkout::Awaited,
    storage::{
        StorageError,
        audit::Outcome,
        bills::{days, differences},
        inbox,
        restorations::{self, Restoration},
    },
};

/// Of what only WeChat knows; past it somebody works with the bill itself.
const MOST: i64 = 200;
/// Verdicts of what WeChat has delivered, and nobody here knows.
const UNKNOWN: [&str; 2] = ["UNKNOWN_ORDER", "UNKNOWN_REFUND"];

/// The last time that it happened.
#[derive(Clone, Debug)]
pub struct PutBack {
    pub of: Restoration,
    /// Attempts that WeChat is still to be asked about.
    pub left: i64,
    /// Days whose bills are waited for. Nothing is waited for when it is over.
    pub bills: Vec<Awaited>,
    /// What only WeChat knows, and nobody has looked at.
    pub unknown: Vec<Unknown>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownKind {
    Order,
    Refund,
}

/// Where it stands, and is decided about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// In a bill: the difference.
    Difference(i64),
    Notification(i64),
}

/// An order or a refund that WeChat knows and these books do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    pub kind: UnknownKind,
    /// Ours.
    pub number: String,
    /// WeChat's.
    pub transaction_id: Option<String>,
    /// A notification is sealed.
    pub fen: Option<i64>,
    /// `2026-01-31`, in Beijing.
    pub day: String,
    pub told: Told,
}

impl Office {
    /// `None` where it has never happened.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn find_put_back(&self) -> Result<Option<PutBack>, StorageError> {
        let mut c = self.0.db.read().await?;
        let last = match restorations::find_open(&mut c).await? {
            Some(open) => Some(open),
            None => restorations::find_last(&mut c).await?,
        };
        let Some(of) = last else { return Ok(None) };
        let is_over = of.over.is_some();
        let left = if is_over || of.asked.is_some() { 0 } else { restorations::count_to_ask(&mut c, &of).await? };
        drop(c);
        let bills = if is_over { Vec::new() } else { self.0.checkout.list_bills_of_gap(&of).await? };
        let unknown = self.list_unknown(&of).await?;
        Ok(Some(PutBack { of, left, bills, unknown }))
    }

    /// By the bills, and by what WeChat still delivers.
    async fn list_unknown(&self, of: &Restoration) -> Result<Vec<Unknown>, StorageError> {
        let mut c = self.0.db.read().await?;
        let day = days::day_of(of.since).to_string();
        let in_bills = differences::list_only_theirs(&mut c, &day, MOST).await?;
        let delivered = inbox::list_unsettled(&mut c, &UNKNOWN, MOST).await?;
        let mut unknown: Vec<Unknown> = in_bills
            .into_iter()
            .map(|it| Unknown {
                kind: if it.kind == "UNKNOWN_HERE" { UnknownKind::Order } else { UnknownKind::Refund },
                number: if it.kind == "UNKNOWN_HERE" { it.out_trade_no.unwrap_or(it.subject) } else { it.subject },
                transaction_id: it.transaction_id,
                fen: it.theirs_fen,
                day: it.day,
                told: Told::Difference(it.id),
            })
            .collect();
        for it in delivered.into_iter().filter(|it| it.received >= of.since) {
            let kind = if it.verdict == "UNKNOWN_ORDER" { UnknownKind::Order } else { UnknownKind::Refund };
            let is_known = |known: &Unknown| {
                known.kind == kind && known.transaction_id.is_some() && known.transaction_id == it.transaction_id
            };
            // Said already, with its amount.
            if !unknown.iter().any(is_known) {
                unknown.push(Unknown {
                    kind,
                    number: it.out_trade_no.unwrap_or(it.notify_id),
                    transaction_id: it.transaction_id,
                    fen: None,
                    day: days::day_of(it.received).to_string(),
                    told: Told::Notification(it.id),
                });
            }
        }
        Ok(unknown)
    }

    /// Somebody has put these books in the place of others, or says so: `from`.
    ///
    /// # Errors
    /// The books cannot be written.
    pub async fn note_put_back(&self, who: &Acted, from: &str) -> Result<(), StorageError> {
        let deed = Deed { what: what::BOOKS_PUT_BACK, subject: "books".to_owned() };
        let noted = self.noted(who, &deed, Outcome::Done, from);
        let writing = self.0.db.write(move |c| {
            let noted = noted.clone();
            Box::pin(async move { noted.write(c).await })
        });
        writing.await
    }

    /// Refunds are made again, whatever is still open: somebody vouches for it. `false` where nothing was.
    ///
    /// # Errors
    /// The books cannot be written.
    pub async fn release_put_back(&self, who: &Acted, why: &str) -> Result<bool, StorageError> {
        let deed = Deed { what: what::BOOKS_RELEASED, subject: "books".to_owned() };
        let noted = self.noted(who, &deed, Outcome::Done, why);
        let now = self.0.surroundings.clock.now();
        let release = self.0.db.write(move |c| {
            let noted = noted.clone();
            Box::pin(async move {
                let was_open = restorations::end_all(c, now).await?;
                if was_open {
                    noted.write(c).await?;
                }
                Ok(was_open)
            })
        });
        let was_open = release.await?;
        if was_open {
            tracing::warn!(by = %who.actor.name, why, "somebody vouches for the put back books: refunds are made again");
            self.0.checkout.readiness().note("put_back", None);
        }
        Ok(was_open)
    }
}
