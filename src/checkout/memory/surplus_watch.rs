//! When it was last looked what is not on its way back, and told.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// How often it is looked what is not on its way back.
const SURVEY: SignedDuration = SignedDuration::from_mins(1);
/// How often the same alarm is repeated in the log.
const ALARM: SignedDuration = SignedDuration::from_hours(24);

/// What the last survey has seen.
#[derive(Debug, Default)]
pub(crate) struct SurplusWatch(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    surveyed: Option<Timestamp>,
    alarm: Option<(Timestamp, usize)>,
}

impl SurplusWatch {
    fn with<T>(&self, f: impl FnOnce(&mut Seen) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.with(|seen| {
            // A clock that was put back makes it due as well.
            let is_due = seen.surveyed.is_none_or(|last| now.duration_since(last).abs() >= SURVEY);
            if is_due {
                seen.surveyed = Some(now);
            }
            is_due
        })
    }

    /// Whether somebody must be told now: there are more than the last time, or it was long ago.
    pub(crate) fn is_alarm(&self, now: Timestamp, count: usize) -> bool {
        self.with(|seen| {
            let is_news = seen.alarm.is_none_or(|(at, told)| count > told || now.duration_since(at).abs() >= ALARM);
            if count == 0 {
                seen.alarm = None;
            } else if is_news {
                seen.alarm = Some((now, count));
            }
            count > 0 && is_news
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_is_told_once_a_day_and_when_there_are_more() {
        let (watch, hour) = (SurplusWatch::default(), |hour: i64| Timestamp::constant(hour * 3600, 0));
        let told: Vec<_> = [(0, 0), (1, 1), (2, 1), (3, 2), (4, 1), (28, 1), (29, 0), (30, 1)]
            .into_iter()
            .filter(|(at, count)| watch.is_alarm(hour(*at), *count))
            .collect();
        assert_eq!(told, [(1, 1), (3, 2), (28, 1), (30, 1)]);
    }

    #[test]
    fn a_survey_is_due_every_minute_whichever_way_the_clock_goes() {
        let (watch, at) = (SurplusWatch::default(), |second| Timestamp::constant(second, 0));
        let due: Vec<_> = [1000, 1059, 1060, 900, 930].into_iter().filter(|it| watch.is_due(at(*it))).collect();
        assert_eq!(due, [1000, 1060, 900]);
    }
}
