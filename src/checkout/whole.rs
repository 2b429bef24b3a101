//! Whether the books know everything that happened. Older ones that were put back do not: payments that were
//! acknowledged and refunds that were made since are forgotten, and WeChat tells of neither again. Until they have
//! been asked for, no money goes back.

use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date};

use super::shared::Checkout;
use crate::storage::{
    StorageError,
    bills::days,
    generation,
    restorations::{self, FoundBy, Restoration},
};

/// So long after books were put back a refund may be missing that no bill has told of yet: the bill of a day is there
/// on the next one.
const UNTOLD: SignedDuration = SignedDuration::from_hours(48);
/// By WeChat (`wechatpay-v3.md` §1.6), and by the calendar.
const MONTHS: i64 = 3;
/// As the calendar calls a day whose bill WeChat does not keep any more, which depends on WeChat's own reckoning.
const TOO_OLD: &str = "TOO_OLD";
const DAY: SignedDuration = SignedDuration::from_hours(24);

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
        beside.follow_or_warn(risen.number);
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
        let Some(last) = restorations::find_last(&mut *self.0.db.read().await?).await? else { return Ok(false) };
        // Until that moment the books that are gone were still written.
        Ok(now.duration_since(last.noticed) < UNTOLD
            || !self.list_awaited_bills(last.noticed, last.noticed).await?.is_empty())
    }

    /// The days whose bills books that were put back wait for: refunds that they have forgotten stand nowhere else.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn list_bills_of_gap(&self, open: &Restoration) -> Result<Vec<Awaited>, StorageError> {
        // What was made since then is known: a day that cannot be compared much later keeps nobody waiting.
        let last = self.0.clock.now().saturating_sub(DAY).unwrap_or(Timestamp::MIN).min(open.noticed);
        self.list_awaited_bills(open.asks_from(), last).await
    }

    /// The days between two moments, both included, that have not been compared to the end. A day that the calendar
    /// of bills never holds is waited for by nobody: one before the first order, which nothing can be given back of,
    /// one before bills were looked after, and one whose bill WeChat does not keep any more.
    async fn list_awaited_bills(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Awaited>, StorageError> {
        let mut c = self.0.db.read().await?;
        let since = days::find_since(&mut c).await?.and_then(|day| day.parse::<Date>().ok());
        let first = days::first_order_ms(&mut c).await?.and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let (Some(since), Some(first)) = (since, first) else { return Ok(Vec::new()) };
        let kept = days::day_of(self.0.clock.now()).saturating_sub(MONTHS.months());
        let from = days::day_of(from).max(since).max(days::day_of(first)).max(kept);
        let to = days::day_of(to);
        let known = days::list(&mut c, &from.to_string(), &to.to_string()).await?;
        let awaited = from.series(1.day()).take_while(|day| *day <= to).filter_map(|day| {
            let known = known.iter().find(|it| it.day == day.to_string());
            let problem = known.and_then(|it| it.problem.clone());
            let is_told = known.is_some_and(|it| it.is_compared() || it.problem.as_deref() == Some(TOO_OLD));
            (!is_told).then_some(Awaited { day, problem })
        });
        Ok(awaited.collect())
    }
}

/// A day whose bill is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaited {
    pub day: Date,
    /// Why the last try came to no end.
    pub problem: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_of_beijing() {
        // 2026-11-25T16:00:00Z is midnight there.
        assert_eq!(days::day_of(Timestamp::constant(1_795_622_399, 0)).to_string(), "2026-11-25");
        assert_eq!(days::day_of(Timestamp::constant(1_795_622_400, 0)).to_string(), "2026-11-26");
    }
}
