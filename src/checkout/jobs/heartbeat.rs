//! The heartbeat of this instance: every few seconds a row is written, committed, and read back through
//! another connection. That is the proof behind `/readyz` that what is acknowledged is on disk; it tells the
//! other instances that this one lives; and it notices when the wall clock has been set back.

use std::{collections::HashMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};

use super::lease::LIFE;
use crate::{
    checkout::{
        error::CheckoutError,
        memory::{Complaint, STEP},
        shared::Checkout,
        time_limits::{READ_MOST, in_time},
    },
    metrics::Upkeep,
    storage::{
        StorageError,
        generation::{self, Risen, UNNOTICED},
        heartbeats::{self, Heartbeat},
        leases, orders, refunds,
        restorations::FoundBy,
    },
};

/// How soon it is tried again after a beat that failed.
const AGAIN: Duration = Duration::from_secs(1);
/// A server behind a balancer may show a commit a moment later.
const LOOKS: u32 = 5;
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// How long what began before the clock was set back may still write down what it planned by it.
const UNDER_WAY: Duration = Duration::from_secs(30);
/// Clocks that are this far apart are not both WeChat's: it refuses one of them.
const APART: SignedDuration = SignedDuration::from_mins(5);
/// A durable write that is longer ago is a trouble.
const STALE: Duration = Duration::from_secs(20);
/// A beat comes to an end, good or bad, well within this.
const ROUND: Duration = Duration::from_mins(1);
/// An instance whose heart has not beaten for so long is no help, and shares in nothing.
const ALIVE: SignedDuration = SignedDuration::from_secs(30);
/// Beats missed by another instance before it is taken for dead.
const MISSED: u32 = 4;
/// Rows of dead instances are cleared away after this.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(24);

/// What is remembered from one beat to the next.
#[derive(Debug, Default)]
struct Pulse {
    /// Wall clock and a clock that nobody can set, at the last beat.
    last: Option<(Timestamp, Instant)>,
    has_beaten: bool,
    /// Until when, at least, what was made while the clock was ahead is mended.
    mending: Option<Instant>,
    /// Beats of others whose clock is ahead of ours, and when we first saw that many.
    ahead: HashMap<String, (i64, Instant)>,
    /// When what one of them goes on planning was last looked after, by a clock that nobody can set.
    apart: Option<Duration>,
    /// When WeChat was last asked what time it is, by the same.
    asked: Option<Duration>,
    /// That the file beside the books cannot be written.
    unfollowed: Complaint,
}

impl Pulse {
    /// How far the wall clock has fallen back since the last beat.
    fn step_back(&mut self, wall: Timestamp, steady: Instant) -> Option<SignedDuration> {
        let (last_wall, last_steady) = self.last.replace((wall, steady))?;
        let passed = SignedDuration::try_from(steady.duration_since(last_steady)).unwrap_or(SignedDuration::MAX);
        let behind = passed.saturating_sub(wall.duration_since(last_wall));
        (behind > STEP).then_some(behind)
    }

    fn mend(&mut self) {
        self.mending = Some(Instant::now() + UNDER_WAY);
    }

    /// Whether `other`, which is ahead of us, has stopped: then it is we, or it, whose clock was wrong.
    /// One that goes on beating simply has another clock.
    fn has_stopped(&mut self, other: &Heartbeat, now: Instant, every: Duration) -> bool {
        let (beats, since) = self.ahead.entry(other.instance.clone()).or_insert((other.beats, now));
        if *beats != other.beats {
            (*beats, *since) = (other.beats, now);
        }
        now.duration_since(*since) > every * MISSED
    }
}

impl Checkout {
    /// Beats `every` so often; runs until it is dropped.
    pub async fn beat(&self, every: Duration) -> ! {
        let mut pulse = Pulse::default();
        let mut complaint = Complaint::default();
        self.0.readiness.expect_durable_writes((every * MISSED).max(STALE));
        self.0.readiness.expect_rounds("heartbeat", (every * MISSED).max(ROUND));
        while !self.0.instance.has_left() {
            self.0.readiness.note_round("heartbeat");
            let pause = match in_time(READ_MOST, self.beat_once(&mut pulse, every)).await {
                Ok(()) => {
                    self.0.readiness.report("books", None);
                    every
                }
                Err(error) => {
                    if let Some(kept) = complaint.is_due() {
                        tracing::error!(%error, kept, "no heartbeat could be stored; said once a minute");
                    }
                    self.0.readiness.report("books", Some("the last heartbeat could not be stored".to_owned()));
                    every.min(AGAIN)
                }
            };
            sleep(pause).await;
        }
        // It stops: whatever it said now would be taken for a sign of life.
        std::future::pending().await
    }

    /// How many instances live, this one among them.
    pub(super) async fn count_live(&self) -> Result<i64, CheckoutError> {
        let since = self.now() - ALIVE;
        in_time(READ_MOST, async { Ok(heartbeats::count_live(&mut *self.0.db.read().await?, since).await?) }).await
    }

    /// For `/metrics`.
    ///
    /// # Errors
    /// The books are out of reach.
    pub async fn upkeep(&self) -> Result<Upkeep, StorageError> {
        let mut c = self.0.db.read().await?;
        let last_good = leases::list_last_good(&mut c).await?.into_iter();
        let now = self.now().as_millisecond();
        let waiting =
            |check_ms: Option<i64>| SignedDuration::from_millis(now.saturating_sub(check_ms.unwrap_or(now)).max(0));
        Ok(Upkeep {
            last_good: last_good.map(|(job, millis)| (job, millis.div_euclid(1000))).collect(),
            oldest_due_order: waiting(orders::first_check_ms(&mut c).await?),
            oldest_due_refund: waiting(refunds::first_check_ms(&mut c).await?),
        })
    }

    /// Another instance lives by a clock that cannot be WeChat's if ours is. What it plans, this one makes due.
    fn look_after_wrong_clock(&self, pulse: &mut Pulse) {
        let passed = Some(self.0.clock.elapsed());
        if self.0.gateway.proven_time().is_some() {
            if pulse.mending.is_none() && self.is_time_again(pulse.apart) {
                pulse.apart = passed;
                pulse.mending = Some(Instant::now());
                tracing::warn!(
                    "another instance lives by a clock that is far ahead of WeChat Pay's: what it has planned is due"
                );
            }
        } else if self.is_time_again(pulse.asked) {
            pulse.asked = passed;
            let checkout = self.clone();
            self.spawn(async move { checkout.ask_what_time_it_is().await });
        }
    }

    fn follow_generation(&self, risen: Risen, unfollowed: &mut Complaint) {
        if risen.was_behind {
            tracing::error!("older books have been put in the place of these while this server was running");
        }
        let followed = self.0.settings.beside.follow(risen.number);
        self.0.readiness.note("generation", followed.is_err().then(|| UNNOTICED.to_owned()));
        if let Err(error) = followed
            && let Some(kept) = unfollowed.is_due()
        {
            tracing::warn!(%error, kept, "{UNNOTICED}; said once a minute");
        }
    }

    async fn beat_once(&self, pulse: &mut Pulse, every: Duration) -> Result<(), CheckoutError> {
        let is_first = !pulse.has_beaten;
        let now = self.0.clock.now();
        let has_fallen_back = self.0.latest.has_fallen_back(|| self.0.clock.now());
        if pulse.step_back(now, Instant::now()).is_some() || has_fallen_back {
            tracing::warn!("this machine's clock has been set back");
            pulse.mend();
        }
        // Held from before the write, so that it is another connection than the one that writes.
        let mut reader = self.0.db.read().await?;
        let (instance, started) = (self.0.instance.id.clone(), self.0.instance.started);
        let own = instance.clone();
        let seen = self.0.settings.beside.seen();
        let beats = self.0.db.write_first(move |c| {
            let instance = own.clone();
            Box::pin(async move {
                // Before the beat: what they know last is what they knew then.
                let risen = generation::rise(c, seen, FoundBy::Memory, now).await?;
                Ok((heartbeats::beat(c, &instance, started, now).await?, risen))
            })
        });
        let (beats, risen) = beats.await?;
        self.follow_generation(risen, &mut pulse.unfollowed);
        let mut all = Vec::new();
        let mut is_there = false;
        for look in 0..LOOKS {
            if look > 0 {
                sleep(LOOK_AGAIN).await;
            }
            all = heartbeats::list(&mut reader).await?;
            is_there = all.iter().any(|row| row.instance == instance && row.beats >= beats);
            if is_there {
                break;
            }
        }
        let leased_until = leases::last_until_ms(&mut reader).await?.unwrap_or(0);
        drop(reader);
        // It may have waited for long: what has been read by now does not lie ahead of a clock that is right.
        let now = self.0.clock.now();
        if !is_there {
            return Err(StorageError::NoAnswer.into());
        }
        self.0.readiness.note_durable_write();
        // Its own row stays ahead until all is mended, or another instance that comes after it has mended it.
        if all.iter().any(|own| own.instance == instance && own.wall > now + STEP) && pulse.mending.is_none() {
            pulse.mend();
        }
        let mut is_apart = false;
        for other in all.iter().filter(|it| it.instance != instance && it.wall > now + STEP) {
            is_apart |= other.beats > 0 && other.wall > now + APART;
            // At the start nobody knows whether it still beats; to look once too often does no harm.
            if is_first || pulse.has_stopped(other, Instant::now(), every) {
                let seconds = other.wall.duration_since(now).as_secs();
                tracing::warn!(
                    seconds,
                    instance = other.instance,
                    "a heartbeat lies ahead: the clock has been set back"
                );
                pulse.mend();
            }
        }
        // Of an instance that has not come to a beat while it was ahead.
        if is_first && leased_until > (now + STEP + LIFE).as_millisecond() {
            tracing::warn!("a lease lies ahead: the clock has been set back");
            pulse.mend();
        }
        if is_apart {
            self.look_after_wrong_clock(pulse);
        }
        if let Some(until) = pulse.mending {
            self.mend_after_set_back().await?;
            pulse.ahead.clear();
            if Instant::now() >= until {
                pulse.mending = None;
            }
        }
        pulse.has_beaten = true;
        let silent = now - FORGOTTEN;
        if all.iter().any(|row| row.wall < silent) {
            self.0.db.write_first(move |c| Box::pin(heartbeats::remove_silent(c, silent))).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(second: i64) -> Timestamp {
        Timestamp::constant(second, 0)
    }

    #[test]
    fn a_step_back_shows_against_a_clock_that_nobody_can_set() {
        let mut pulse = Pulse::default();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(pulse.step_back(at(1000), after(0)), None, "nothing to compare with");
        assert_eq!(pulse.step_back(at(1005), after(5)), None);
        assert_eq!(pulse.step_back(at(8210), after(10)), None, "two hours ahead");
        let step = pulse.step_back(at(1015), after(15));
        assert_eq!(step, Some(SignedDuration::from_secs(7200)));
        assert_eq!(pulse.step_back(at(1020), after(20)), None, "told once");
        assert_eq!(pulse.step_back(at(1000), after(60)), None, "a minute is not too much");
        assert_eq!(pulse.step_back(at(1000), after(121)), Some(SignedDuration::from_secs(61)));
    }

    #[test]
    fn an_instance_with_another_clock_is_not_one_that_has_died() {
        let mut pulse = Pulse::default();
        let (start, every) = (Instant::now(), Duration::from_secs(5));
        let other = |beats| Heartbeat { instance: "b".to_owned(), beats, wall: at(0) };
        for beat in 0..20 {
            let now = start + Duration::from_secs(5) * beat;
            assert!(!pulse.has_stopped(&other(i64::from(beat)), now, every));
        }
        let last = start + Duration::from_secs(95);
        assert!(!pulse.has_stopped(&other(19), last + every * 3, every));
        assert!(pulse.has_stopped(&other(19), last + every * 5, every));
    }
}
