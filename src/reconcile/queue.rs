//! The calendar and the queue of differences, as staff sees and works on them.

use jiff::Timestamp;

use super::{BillDay, Reconcile, ReconcileError, error::REASON_MOST, totals::Totals};
use crate::{
    storage::{
        audit::Noted,
        bills::{
            days::{self, Day, DayState},
            differences::{self, Difference, DifferenceState},
            files::{self, BillFile},
        },
    },
    wechatpay::model::is_disruptive,
};

/// How a day of the calendar stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calendar {
    /// Before bills were looked after: only when somebody asks for it.
    Before,
    /// Its bill is not due yet.
    NotYet,
    /// It should have been compared by now.
    Missing,
    Agrees,
    Differs,
}

impl Calendar {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Before => "BEFORE",
            Self::NotYet => "NOT_YET",
            Self::Missing => "MISSING",
            Self::Agrees => "AGREES",
            Self::Differs => "DIFFERS",
        }
    }
}

#[derive(Clone, Debug)]
pub struct CalendarDay {
    pub day: BillDay,
    pub standing: Calendar,
    pub open: i64,
    pub problem: Option<String>,
    pub totals: Option<Totals>,
    pub checked: Option<Timestamp>,
}

/// As somebody has typed it; what would change the lines or the direction of what stands around it is a mark instead.
fn reason(typed: &str) -> Result<String, ReconcileError> {
    let typed = typed.trim().replace("\r\n", "\n");
    let is_odd = |it: char| (it.is_control() && it != '\n') || is_disruptive(it);
    match typed.chars().count() {
        0 => Err(ReconcileError::NoReason),
        1..=REASON_MOST => Ok(typed.replace(is_odd, "\u{fffd}")),
        _ => Err(ReconcileError::LongReason),
    }
}

impl Reconcile {
    /// From one day to another, both included.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn calendar(&self, from: BillDay, to: BillDay) -> Result<Vec<CalendarDay>, ReconcileError> {
        let (begin, now) = (self.begin().await?, self.0.clock.now());
        let mut reader = self.0.db.read().await?;
        let known = days::list(&mut reader, &from.to_string(), &to.to_string()).await?;
        let open = differences::count_open(&mut reader, &from.to_string(), &to.to_string()).await?;
        let mut listed = Vec::new();
        let mut day = from;
        while day <= to {
            let name = day.to_string();
            let stored = known.iter().find(|it| it.day == name);
            listed.push(CalendarDay {
                day,
                standing: standing(day, stored, begin, now),
                open: open.iter().find(|(it, _)| *it == name).map_or(0, |(_, count)| *count),
                problem: stored.and_then(|it| it.problem.clone()),
                totals: stored.and_then(totals),
                checked: stored.and_then(|it| it.checked),
            });
            day = day.plus_days(1);
        }
        Ok(listed)
    }

    /// # Errors
    /// The books cannot be read.
    pub async fn files(&self, day: BillDay) -> Result<Vec<BillFile>, ReconcileError> {
        let mut found = Vec::new();
        for kind in super::KINDS {
            found.extend(files::find(&mut *self.0.db.read().await?, &day.to_string(), kind.code()).await?);
        }
        Ok(found)
    }

    /// A page of a day's differences behind `after`.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn differences(&self, day: BillDay, after: i64, most: i64) -> Result<Vec<Difference>, ReconcileError> {
        Ok(differences::list_of_day(&mut *self.0.db.read().await?, &day.to_string(), after, most).await?)
    }

    /// A page of those that are open, of all days, behind `after`.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn open_differences(&self, after: i64, most: i64) -> Result<Vec<Difference>, ReconcileError> {
        Ok(differences::list_open(&mut *self.0.db.read().await?, after, most).await?)
    }

    /// # Errors
    /// There is none, or the books cannot be read.
    pub async fn difference(&self, id: i64) -> Result<Difference, ReconcileError> {
        let found = differences::find(&mut *self.0.db.read().await?, id).await?;
        found.ok_or(ReconcileError::NoSuchDifference)
    }

    /// A person's word about a difference: explained, settled, or open again.
    ///
    /// # Errors
    /// It is not in the state in which that person saw it, the reason is missing or too long; or the books cannot be
    /// written.
    pub async fn decide(
        &self,
        id: i64,
        (from, to): (DifferenceState, DifferenceState),
        (who, why): (&str, &str),
        noted: Option<Noted>,
    ) -> Result<(), ReconcileError> {
        let now = self.0.clock.now();
        let day = self.difference(id).await?.day;
        let (who, why): (String, String) = (who.chars().take(64).collect(), reason(why)?);
        let decided = self.0.db.write(move |c| {
            let (who, why, day, noted) = (who.clone(), why.clone(), day.clone(), noted.clone());
            Box::pin(async move {
                if !differences::decide(c, id, from, to, (&who, &why), now).await? {
                    return Ok(false);
                }
                let open = differences::count_open_of(c, &day).await?;
                let unlisted = days::find(c, &day).await?.as_ref().and_then(totals).map_or(0, |it| it.unlisted);
                days::set_state(c, &day, state_of(open, unlisted)).await?;
                if let Some(noted) = &noted {
                    noted.write(c).await?;
                }
                Ok(true)
            })
        });
        if decided.await? { Ok(()) } else { Err(ReconcileError::NoSuchDifference) }
    }

    /// Why a comparison that somebody has asked for came to no end, for the calendar.
    pub async fn note_problem(&self, day: BillDay, error: &ReconcileError) {
        let label = error.label();
        let noted = self.0.db.write(move |c| {
            let label = label.clone();
            Box::pin(async move { days::note_problem(c, &day.to_string(), &label).await })
        });
        if let Err(error) = noted.await {
            tracing::error!(%error, %day, "noting why a bill was not compared");
        }
    }

    /// The first day that is looked after without anybody's asking: that of the first order, or that on which the job
    /// was switched on, whichever comes later. `None` before both.
    pub(super) async fn begin(&self) -> Result<Option<BillDay>, ReconcileError> {
        let mut reader = self.0.db.read().await?;
        let since = days::find_since(&mut reader).await?.and_then(|day| day.parse::<BillDay>().ok());
        let first = days::first_order_ms(&mut reader).await?.and_then(|ms| Timestamp::from_millisecond(ms).ok());
        Ok(since.zip(first.map(BillDay::of)).map(|(since, first)| since.max(first)))
    }
}

fn standing(day: BillDay, stored: Option<&Day>, begin: Option<BillDay>, now: Timestamp) -> Calendar {
    match stored.map(|it| it.state) {
        Some(DayState::Agrees) => Calendar::Agrees,
        Some(DayState::Differs) => Calendar::Differs,
        Some(DayState::Waiting) | None => match begin {
            Some(begin) if day >= begin && now >= day.ready() => Calendar::Missing,
            Some(begin) if day >= begin => Calendar::NotYet,
            _ if stored.is_some() => Calendar::Missing,
            _ if day >= BillDay::of(now) => Calendar::NotYet,
            _ => Calendar::Before,
        },
    }
}

/// A day with more differences than are listed does not agree, whatever is said of those that are.
pub(super) const fn state_of(open: i64, unlisted: u64) -> DayState {
    if open == 0 && unlisted == 0 { DayState::Agrees } else { DayState::Differs }
}

fn totals(day: &Day) -> Option<Totals> {
    serde_json::from_str(day.totals.as_deref()?).ok()
}
