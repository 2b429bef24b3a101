//! From where on a second person is needed: what one may give back alone, by refund and by Beijing day.

use jiff::{Timestamp, tz};

use super::{
    audit::what,
    error::StaffError,
    shared::{Actor, Staff},
};
use crate::storage::{
    approvals::{self, Limits},
    audit, refund_holds,
};

/// What they are called in the audit log.
pub(super) const SUBJECT: &str = "limits:refunds";

/// `2026-11-26`.
pub(super) fn beijing_day(at: Timestamp) -> String {
    tz::offset(8).to_datetime(at).date().to_string()
}

/// For people and the audit log.
pub(super) fn in_words(limits: Limits) -> String {
    let part = |limit: Option<crate::domain::Fen>| limit.map_or_else(|| "none".to_owned(), |fen| fen.to_string());
    format!("per refund {}, per day {}", part(limits.per_refund), part(limits.per_day))
}

/// Also for the command line, which sets them at once.
///
/// # Errors
/// [`StaffError::Split`]: they would stop nobody.
pub fn check_limits(limits: Limits) -> Result<(), StaffError> {
    if limits.per_refund.is_some() && limits.per_day.is_none() { Err(StaffError::Split) } else { Ok(()) }
}

impl Staff {
    /// # Errors
    /// The books are out of reach.
    pub async fn limits(&self) -> Result<Limits, StaffError> {
        Ok(approvals::limits(&mut *self.0.db.read().await?).await?)
    }

    /// At once: for the command line. A page asks a second manager (`approvals`).
    ///
    /// # Errors
    /// The books cannot be written.
    pub async fn set_limits(&self, limits: Limits, actor: &Actor) -> Result<(), StaffError> {
        let (now, chain) = (self.now(), self.0.chain.clone());
        let entry = self.entry(actor, what::LIMITS_SET, SUBJECT, &in_words(limits));
        let set = self.0.db.write(move |c| {
            let (entry, chain) = (entry.clone(), chain.clone());
            Box::pin(async move {
                if audit::is_there(c, &entry.entry).await? {
                    return Ok(());
                }
                approvals::set_limits(c, limits, now).await?;
                audit::append(c, &chain, &entry).await
            })
        });
        Ok(set.await?)
    }

    /// What somebody has given back today without a second person, in fen.
    ///
    /// # Errors
    /// The books are out of reach.
    pub async fn refunded_today(&self, staff_id: i64) -> Result<i64, StaffError> {
        let day = beijing_day(self.now());
        Ok(refund_holds::sum_of(&mut *self.0.db.read().await?, staff_id, &day).await?.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::beijing_day;

    #[test]
    fn a_day_is_beijings() {
        let at = |text: &str| text.parse().expect("a time");
        assert_eq!(beijing_day(at("2026-11-25T15:59:59Z")), "2026-11-25");
        assert_eq!(beijing_day(at("2026-11-25T16:00:00Z")), "2026-11-26");
    }
}
