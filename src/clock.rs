//! Time as a parameter: nothing below start-up asks the operating system what time it is, so a
//! test moves the clock instead of sleeping.

use std::{
    fmt,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Tells the time. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Mock(Arc<Mock>),
}

/// In milliseconds.
struct Mock {
    wall: AtomicI64,
    /// What nobody can set.
    steady: AtomicI64,
}

impl Clock {
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it, for all its clones.
    pub fn mock(start: Timestamp) -> Self {
        let start = start.as_millisecond();
        Self(Source::Mock(Arc::new(Mock { wall: AtomicI64::new(start), steady: AtomicI64::new(start) })))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that asks the operating system")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp::now(),
            Source::Mock(mock) => {
                Timestamp::from_millisecond(mock.wall.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
            }
        }
    }

    /// Time that has passed since a moment that stays the same while the program runs. Setting the machine's
    /// clock does not change it.
    pub fn elapsed(&self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        match &self.0 {
            Source::System => START.elapsed(),
            Source::Mock(mock) => {
                Duration::from_millis(mock.steady.load(Ordering::SeqCst).try_into().unwrap_or_default())
            }
        }
    }

    /// Until so much has [elapsed](Self::elapsed); with a mock clock, until somebody has moved it on.
    pub async fn sleep(&self, pause: Duration) {
        const LOOK: Duration = Duration::from_millis(2);
        if matches!(self.0, Source::System) {
            return tokio::time::sleep(pause).await;
        }
        let end = self.elapsed().saturating_add(pause);
        while self.elapsed() < end {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Moves a mock clock; the system clock stays as it is.
    pub fn advance(&self, by: SignedDuration) {
        self.set(by);
        if let Source::Mock(mock) = &self.0 {
            mock.steady.fetch_add(millis(by), Ordering::SeqCst);
        }
    }

    /// Sets a mock clock, as somebody sets a machine's: it jumps, and no time has passed.
    pub fn set(&self, by: SignedDuration) {
        if let Source::Mock(mock) = &self.0 {
            mock.wall.fetch_add(millis(by), Ordering::SeqCst);
        }
    }
}

fn millis(by: SignedDuration) -> i64 {
    i64::try_from(by.as_millis()).unwrap_or(i64::MAX)
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::System => "Clock::System",
            Source::Mock(_) => "Clock::Mock",
        })
    }
}
