//! How often one may be wrong. In memory, by a clock that nobody can set: strangers who guess make nobody write.
//! A lockout slows an account down for whoever knocks from elsewhere; devices that somebody has logged in with are
//! counted by themselves, so that strangers cannot shut a person out.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::SignedDuration;

use super::error::StaffError;

/// So often nobody waits.
const FREE: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_secs(15);
const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// After so long without a mistake all is forgotten.
const FORGOTTEN: Duration = Duration::from_hours(1);
/// Of a flood of names the oldest are forgotten first.
const MOST: usize = 20_000;

/// Who is counted: a name that was typed, a device, an address. The hash or text of it. Codes are counted apart from
/// passwords: whoever has guessed a password gets no more tries at the code by typing it again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    Name(String),
    Device(String),
    Address(String),
    /// Codes from a device that the account knows.
    DeviceCode(String),
    /// Codes for this account, from anywhere else.
    CodeOf(i64),
}

impl Subject {
    /// An office goes by one address.
    const fn free(&self) -> u32 {
        match self {
            Self::Name(_) | Self::Device(_) | Self::DeviceCode(_) | Self::CodeOf(_) => FREE,
            Self::Address(_) => 4 * FREE,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Count {
    failures: u32,
    last: Duration,
    until: Duration,
}

#[derive(Debug, Default)]
pub(super) struct LoginLimits(Mutex<HashMap<Subject, Count>>);

impl LoginLimits {
    /// Takes a try before anything is looked at, so that a thousand at once are not all looked at: it counts as a
    /// mistake until it has [`Self::succeeded`] or is given back.
    pub(super) fn take(&self, subjects: &[Subject], now: Duration) -> Result<(), StaffError> {
        let mut counts = self.counts();
        if let Some(wait) = longest_wait(&counts, subjects, now) {
            return Err(StaffError::TooMany { wait });
        }
        count(&mut counts, subjects, now);
        Ok(())
    }

    /// Of what came to no answer.
    pub(super) fn give_back(&self, subjects: &[Subject]) {
        let mut counts = self.counts();
        for subject in subjects {
            if let Some(count) = counts.get_mut(subject) {
                count.failures = count.failures.saturating_sub(1);
                count.until = count.last + pause(subject, count.failures);
            }
        }
    }

    pub(super) fn succeeded(&self, subjects: &[Subject]) {
        let mut counts = self.counts();
        for subject in subjects {
            counts.remove(subject);
        }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Subject, Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `None`: not at all.
fn longest_wait(counts: &HashMap<Subject, Count>, subjects: &[Subject], now: Duration) -> Option<SignedDuration> {
    let waits = subjects.iter().filter_map(|subject| counts.get(subject)?.until.checked_sub(now));
    let longest = waits.max().filter(|wait| !wait.is_zero())?;
    SignedDuration::try_from(longest).ok()
}

fn pause(subject: &Subject, failures: u32) -> Duration {
    let past = failures.checked_sub(subject.free());
    past.map_or(Duration::ZERO, |past| FIRST_PAUSE.saturating_mul(1 << past.min(10)).min(LONGEST_PAUSE))
}

fn count(counts: &mut HashMap<Subject, Count>, subjects: &[Subject], now: Duration) {
    if counts.len() >= MOST {
        counts.retain(|_, count| now.saturating_sub(count.last) < FORGOTTEN);
        if counts.len() >= MOST {
            counts.clear();
        }
    }
    for subject in subjects {
        let count = counts.entry(subject.clone()).or_insert(Count { failures: 0, last: now, until: now });
        if now.saturating_sub(count.last) >= FORGOTTEN {
            count.failures = 0;
        }
        count.failures = count.failures.saturating_add(1);
        count.last = now;
        count.until = now + pause(subject, count.failures);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(second: u64) -> Duration {
        Duration::from_secs(second)
    }

    /// `None`: it was let through, and was wrong.
    fn wrong(limits: &LoginLimits, subjects: &[Subject], now: Duration) -> Option<SignedDuration> {
        match limits.take(subjects, now) {
            Err(StaffError::TooMany { wait }) => Some(wait),
            _ => None,
        }
    }

    #[test]
    fn who_is_wrong_too_often_waits_longer_and_longer() {
        let limits = LoginLimits::default();
        let name = [Subject::Name("a".to_owned())];
        for _ in 0..5 {
            assert_eq!(wrong(&limits, &name, at(0)), None);
        }
        assert_eq!(wrong(&limits, &name, at(0)), Some(SignedDuration::from_secs(15)));
        assert_eq!(wrong(&limits, &name, at(15)), None);
        assert_eq!(wrong(&limits, &name, at(15)), Some(SignedDuration::from_secs(30)));
        for more in 0..20 {
            assert_eq!(wrong(&limits, &name, at(60 + more * 900)), None);
        }
        let last = 60 + 19 * 900;
        assert_eq!(wrong(&limits, &name, at(last)), Some(SignedDuration::from_secs(900)));
        assert_eq!(wrong(&limits, &[Subject::Device("a".to_owned())], at(last)), None, "counted by itself");
        for _ in 0..5 {
            assert_eq!(wrong(&limits, &name, at(last + 3600)), None, "forgotten");
        }
        assert!(wrong(&limits, &name, at(last + 3600)).is_some());
        limits.succeeded(&name);
        assert_eq!(wrong(&limits, &name, at(last + 3600)), None);
    }

    #[test]
    fn what_came_to_no_answer_does_not_count() {
        let limits = LoginLimits::default();
        let name = [Subject::Name("a".to_owned())];
        for _ in 0..20 {
            assert_eq!(wrong(&limits, &name, at(0)), None);
            limits.give_back(&name);
        }
    }

    #[test]
    fn a_right_password_gives_no_more_tries_at_the_code() {
        let limits = LoginLimits::default();
        for code in [Subject::DeviceCode("d".to_owned()), Subject::CodeOf(1)] {
            let code = [code];
            for _ in 0..5 {
                limits.succeeded(&[Subject::Device("d".to_owned()), Subject::Name("code of a".to_owned())]);
                assert_eq!(wrong(&limits, &code, at(0)), None);
            }
            limits.succeeded(&[Subject::Device("d".to_owned()), Subject::Name("code of a".to_owned())]);
            assert!(wrong(&limits, &code, at(0)).is_some());
        }
    }

    #[test]
    fn a_flood_of_names_takes_no_more_room() {
        let limits = LoginLimits::default();
        for name in 0..MOST + 10 {
            assert_eq!(wrong(&limits, &[Subject::Name(name.to_string())], at(0)), None);
        }
        assert!(limits.counts().len() <= MOST);
    }
}
