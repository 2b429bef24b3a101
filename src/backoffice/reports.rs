//! What each Beijing day came to. The sums are a table; one job makes those of a day anew from the rows whenever
//! something of that day is new. A line that every payment changed would be the one row that all instances wait for.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::Ordering,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};

use super::{days::Day, office::Office};
use crate::storage::{
    StorageError,
    day_sums::{self, PAID, PLACED, REFUNDED, REFUSED, SURPLUS, Sum},
    leases, orders,
    removal::{self, Walk},
};

/// How soon the sums tell of a payment.
const EVERY: Duration = Duration::from_secs(2);
/// Adding up takes one part in so many of the time.
const SHARE: u32 = 20;
/// Payments looked at by one step.
const STEP: i64 = 5_000;
/// So many of the last ones are looked at again: a payment may be committed after one with a higher number.
const AGAIN: i64 = 500;
/// So far back refunds are added up again: a refund that was accepted may fail weeks later.
const REFUND_DAYS: i32 = 40;
/// How long one may add up before another instance does so too, which does no harm. Not longer than that of any other
/// job: a lease that lies further ahead was written by a clock that is wrong.
const LEASE: SignedDuration = SignedDuration::from_secs(15);
const NAME: &str = "sums";
/// How far the sums have got, and how far back.
const FORTH: &str = "sums_forth";
const BACK: &str = "sums_back";
/// Days a report shows.
pub const SHOWN: i32 = 30;
/// Lines of a transaction: callbacks are booked in between.
const TOGETHER: usize = 32;
/// Of old books, days added up by one step.
const BACK_STEP: i32 = 31;
const HOUR_MS: i64 = 3_600_000;

/// One day, or several together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub placed: i64,
    /// Payments that paid an order.
    pub paid: i64,
    /// All money that came, surplus too.
    pub paid_fen: i64,
    pub refunds: i64,
    pub refunded_fen: i64,
    pub surplus: i64,
    /// By how they were found.
    pub found: BTreeMap<String, i64>,
    /// What callbacks took from the payment to the books, all together.
    pub lag_ms: i64,
    /// Callbacks that took more than a minute.
    pub slow: i64,
    /// Deliveries that were refused, by reason.
    pub refused: BTreeMap<String, i64>,
}

impl Totals {
    pub const fn net_fen(&self) -> i64 {
        self.paid_fen.saturating_sub(self.refunded_fen)
    }

    pub fn by_callback(&self) -> i64 {
        self.found.get("CALLBACK").copied().unwrap_or_default()
    }

    /// Found by asking WeChat, because no callback had come.
    pub fn by_question(&self) -> i64 {
        self.paid.saturating_sub(self.by_callback())
    }

    /// On average, of those found by callback.
    pub fn lag(&self) -> Option<Duration> {
        let average = self.lag_ms.checked_div(self.by_callback())?;
        u64::try_from(average).ok().map(Duration::from_millis)
    }

    pub fn refused_in_all(&self) -> i64 {
        self.refused.values().sum()
    }

    /// In thousandths; `None` where there is nothing to divide by. What was placed before midnight and paid after it is
    /// none of these orders: more than all of them cannot be paid.
    pub fn paid_of_placed(&self) -> Option<i64> {
        self.paid.min(self.placed).saturating_mul(1000).checked_div(self.placed)
    }

    pub fn asked_of_paid(&self) -> Option<i64> {
        self.by_question().saturating_mul(1000).checked_div(self.paid)
    }

    fn add(&mut self, sum: &Sum) {
        let more = |to: &mut i64, by: i64| *to = to.saturating_add(by);
        let count = |to: &mut BTreeMap<String, i64>, what: &str| {
            *to.entry(what.to_owned()).or_default() += sum.quantity;
        };
        if let Some(found) = sum.measure.strip_prefix(PAID) {
            more(&mut self.paid, sum.quantity);
            more(&mut self.paid_fen, sum.fen);
            count(&mut self.found, found);
            if found == "CALLBACK" {
                more(&mut self.lag_ms, sum.lag_ms);
                more(&mut self.slow, sum.slow);
            }
        } else if let Some(reason) = sum.measure.strip_prefix(REFUSED) {
            count(&mut self.refused, reason);
        } else {
            match &*sum.measure {
                PLACED => more(&mut self.placed, sum.quantity),
                REFUNDED => {
                    more(&mut self.refunds, sum.quantity);
                    more(&mut self.refunded_fen, sum.fen);
                }
                SURPLUS => {
                    more(&mut self.surplus, sum.quantity);
                    more(&mut self.paid_fen, sum.fen);
                }
                // Of a newer version.
                _ => {}
            }
        }
    }
}

/// The last days, oldest first, and all of them together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub days: Vec<(Day, Totals)>,
    pub total: Totals,
}

impl Report {
    pub fn today(&self) -> Totals {
        self.days.last().map(|day| day.1.clone()).unwrap_or_default()
    }
}

impl Office {
    /// The last thirty days.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn report(&self) -> Result<Report, StorageError> {
        let today = Day::of(self.0.surroundings.clock.now());
        let mut days: Vec<(Day, Totals)> =
            (0..SHOWN).rev().map(|before| (today.before(before), Totals::default())).collect();
        let first = today.before(SHOWN - 1).begin().as_millisecond();
        let mut total = Totals::default();
        for sum in day_sums::list(&mut *self.0.db.read().await?, first).await? {
            let day = days.iter_mut().find(|day| day.0.begin().as_millisecond() == sum.day_ms);
            // A day that lies ahead: some clock was wrong.
            let Some((_, totals)) = day else { continue };
            totals.add(&sum);
            total.add(&sum);
        }
        Ok(Report { days, total })
    }

    /// Keeps the sums up; runs until it is dropped.
    pub async fn keep_sums(&self) -> ! {
        loop {
            let began = Instant::now();
            if let Err(error) = self.sum_up().await {
                tracing::warn!(%error, "the sums of days could not be made; tried again");
            }
            sleep(EVERY.max(began.elapsed() * SHARE)).await;
        }
    }

    /// One step: of what is new, and of what lies further back.
    ///
    /// # Errors
    /// The books are out of reach: it is tried again.
    pub async fn sum_up(&self) -> Result<(), StorageError> {
        let now = self.0.surroundings.clock.now();
        let plan = self.plan(now).await?;
        if plan.is_nothing() || !self.may_sum(now).await? {
            return Ok(());
        }
        let mut sums = Vec::new();
        {
            let mut c = self.0.db.read().await?;
            for &day in &plan.paid {
                sums.extend(day_sums::sum_paid(&mut c, day).await?);
            }
            for &day in &plan.refunded {
                sums.extend(day_sums::sum_refunded(&mut c, day).await?);
            }
            for &day in &plan.placed {
                sums.extend(day_sums::sum_placed(&mut c, day).await?);
            }
        }
        let known = day_sums::list(&mut *self.0.db.read().await?, plan.first()).await?;
        // What has not changed is not written.
        sums.retain(|sum| !known.contains(sum) && (sum.quantity > 0 || known.iter().any(|it| it.is_of(sum))));
        for lot in sums.chunks(TOGETHER).map(<[Sum]>::to_vec) {
            let written = self.0.db.write(move |c| {
                let lot = lot.clone();
                Box::pin(async move { day_sums::replace(c, &lot).await })
            });
            written.await?;
        }
        let holder = self.0.holder.clone();
        // Last: whoever is interrupted before adds the same days up again.
        let written = self.0.db.write(move |c| {
            let (plan, holder) = (plan.clone(), holder.clone());
            Box::pin(async move {
                removal::keep_walk(c, FORTH, plan.forth).await?;
                removal::keep_walk(c, BACK, plan.back).await?;
                leases::note_good(c, NAME, &holder, now).await
            })
        });
        written.await
    }

    async fn may_sum(&self, now: Timestamp) -> Result<bool, StorageError> {
        let holder = self.0.holder.clone();
        let taken = self.0.db.write(move |c| {
            let holder = holder.clone();
            Box::pin(async move { leases::take(c, NAME, &holder, now, now + LEASE).await })
        });
        taken.await
    }

    /// Which days have to be added up.
    async fn plan(&self, now: Timestamp) -> Result<Plan, StorageError> {
        let mut c = self.0.db.read().await?;
        let (forth, back) = (removal::find_walk(&mut c, FORTH).await?, removal::find_walk(&mut c, BACK).await?);
        let first = day_sums::first_ms(&mut c).await?;
        let (times, last) = day_sums::list_new(&mut c, (forth.reached_id - AGAIN).max(0), STEP).await?;
        let begins = |at: Timestamp| Day::of(at).begin().as_millisecond();
        let today = begins(now);
        let is_news = last.is_some_and(|last| last > forth.reached_id);
        let mut plan = Plan { forth, back, ..Plan::default() };
        if is_news {
            let days = times.iter().filter_map(|&at| Timestamp::from_millisecond(at).ok()).map(begins);
            plan.paid.extend(days);
            plan.forth.reached_id = last.unwrap_or(forth.reached_id);
        }
        let newest = orders::last_id(&mut c).await?;
        let hour = now.as_millisecond().div_euclid(HOUR_MS);
        let is_new_hour = forth.through_ms.is_none_or(|at| at.div_euclid(HOUR_MS) != hour);
        // Beside the payments, the number of the newest order tells that something is new.
        let has_orders = newest != self.0.newest_order.swap(newest, Ordering::Relaxed);
        // Nor need a refund come with either: several may be accepted within one second, and one of them fail later.
        let accepted = day_sums::last_accepted_ms(&mut c).await?.unwrap_or(-1);
        let has_refunds = accepted != self.0.last_accepted.swap(accepted, Ordering::Relaxed);
        let yesterday = begins(Day::of(now).before(1).begin());
        let sum = day_sums::mark_of_refunds(&mut c, yesterday).await?;
        let has_refunds = (sum != self.0.refunds_mark.swap(sum, Ordering::Relaxed)) | has_refunds;
        if let Some(at) = Some(accepted).filter(|_| has_refunds).and_then(|at| Timestamp::from_millisecond(at).ok()) {
            plan.refunded.insert(begins(at));
        }
        if is_news || is_new_hour || has_orders || has_refunds {
            plan.placed.extend([yesterday, today]);
            plan.paid.extend([yesterday, today]);
            plan.refunded.extend([yesterday, today]);
        }
        if forth.through_ms.is_none_or(|at| now.as_millisecond() - at >= HOUR_MS) {
            plan.refunded.extend((0..REFUND_DAYS).map(|before| begins(Day::of(now).before(before).begin())));
            plan.forth.through_ms = Some(now.as_millisecond());
        }
        plan.go_back(first, today);
        Ok(plan)
    }
}

/// Days, by their beginnings.
#[derive(Clone, Debug, Default)]
struct Plan {
    paid: BTreeSet<i64>,
    refunded: BTreeSet<i64>,
    placed: BTreeSet<i64>,
    forth: Walk,
    /// `through_ms`: the first day that was added up.
    back: Walk,
}

impl Plan {
    fn is_nothing(&self) -> bool {
        self.paid.is_empty() && self.refunded.is_empty() && self.placed.is_empty()
    }

    fn first(&self) -> i64 {
        let all = [&self.paid, &self.refunded, &self.placed];
        all.into_iter().filter_map(BTreeSet::first).min().copied().unwrap_or_default()
    }

    /// Books from before there were sums: their days, newest first, some at a time.
    fn go_back(&mut self, first_ms: Option<i64>, today: i64) {
        let Some(first) = first_ms.and_then(|at| Timestamp::from_millisecond(at).ok()) else { return };
        let reached = self.back.through_ms.unwrap_or(today);
        let first = Day::of(first).begin().as_millisecond();
        if reached <= first {
            self.back.through_ms = Some(reached);
            return;
        }
        let Ok(from) = Timestamp::from_millisecond(reached) else { return };
        let days: BTreeSet<i64> = (0..=BACK_STEP)
            .map(|before| Day::of(from).before(before).begin().as_millisecond())
            .filter(|day| *day >= first)
            .collect();
        self.back.through_ms = days.first().copied();
        for of in [&mut self.paid, &mut self.refunded, &mut self.placed] {
            of.extend(&days);
        }
    }
}
