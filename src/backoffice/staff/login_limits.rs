//! How often one may be wrong. In memory, by a clock that nobody can set: strangers who guess make nobody write.
//! A lockout slows an account down for whoever knocks from elsewhere; devices that somebody has logged in with are
//! counted by themselves, so that strangers cannot shut a person out.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::SignedDuration;

/// So often nobody waits.
const FREE: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_secs(15);
const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// After so long without a mistake all is forgotten.
const FORGOTTEN: Duration = Duration::from_hours(1);
/// Of a flood of names the oldest are forgotten first.
const MOST: usize = 20_000;

/// Who is counted: a name that was typed, a device, an address. The hash or text of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    Name(String),
    Device(String),
    Address(String),
}

impl Subject {
    /// An office goes by one address.
    const fn free(&self) -> u32 {
        match self {
            Self::Name(_) | Self::Device(_) => FREE,
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
    /// How long whoever it is has to wait; `None`: not at all.
    pub(super) fn wait(&self, subjects: &[Subject], now: Duration) -> Option<SignedDuration> {
        let counts = self.counts();
        let waits = subjects.iter().filter_map(|subject| counts.get(subject)?.until.checked_sub(now));
        let longest = waits.max().filter(|wait| !wait.is_zero())?;
        SignedDuration::try_from(longest).ok()
    }

    pub(super) fn failed(&self, subjects: &[Subject], now: Duration) {
        let mut counts = self.counts();
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
            if let Some(past) = count.failures.checked_sub(subject.free()) {
                count.until = now + FIRST_PAUSE.saturating_mul(1 << past.min(10)).min(LONGEST_PAUSE);
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

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(second: u64) -> Duration {
        Duration::from_secs(second)
    }

    #[test]
    fn who_is_wrong_too_often_waits_longer_and_longer() {
        let limits = LoginLimits::default();
        let name = [Subject::Name("a".to_owned())];
        for _ in 0..4 {
            limits.failed(&name, at(0));
            assert_eq!(limits.wait(&name, at(0)), None);
        }
        limits.failed(&name, at(0));
        assert_eq!(limits.wait(&name, at(0)), Some(SignedDuration::from_secs(15)));
        assert_eq!(limits.wait(&name, at(15)), None);
        limits.failed(&name, at(15));
        assert_eq!(limits.wait(&name, at(15)), Some(SignedDuration::from_secs(30)));
        for _ in 0..20 {
            limits.failed(&name, at(60));
        }
        assert_eq!(limits.wait(&name, at(60)), Some(SignedDuration::from_secs(900)));
        let device = Subject::Device("d".to_owned());
        assert_eq!(limits.wait(&[device], at(60)), None, "counted by itself");
        limits.failed(&name, at(60 + 3600));
        assert_eq!(limits.wait(&name, at(60 + 3600)), None, "forgotten");
        limits.succeeded(&name);
        assert_eq!(limits.wait(&name, at(60 + 3600)), None);
    }

    #[test]
    fn a_flood_of_names_takes_no_more_room() {
        let limits = LoginLimits::default();
        for name in 0..MOST + 10 {
            limits.failed(&[Subject::Name(name.to_string())], at(0));
        }
        assert!(limits.counts().len() <= MOST);
    }
}
