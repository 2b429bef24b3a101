//! Deliveries that were not believed. Anybody can send some, so what is kept of them is bounded in every direction,
//! and gathered in memory: however many come, the disk is written once a second at most.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::Instant;

use super::days::Day;
use crate::storage::refused::Refused;

/// Kept of those of one minute …
const A_MINUTE: usize = 50;
/// … and in all.
pub(super) const IN_ALL: i64 = 1000;
/// Of the body of each.
const BODY: usize = 4096;
const MINUTE: Duration = Duration::from_mins(1);

/// One as it came.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// A fixed word.
    pub reason: &'static str,
    pub is_probe: bool,
    /// Which route it came to.
    pub about: &'static str,
    pub serial: Option<&'a str>,
    pub sent: Option<Timestamp>,
    pub address: std::net::IpAddr,
    pub headers: &'a str,
    pub body: &'a [u8],
    pub at: Timestamp,
}

/// Clones share one content.
#[derive(Clone, Debug, Default)]
pub struct Gatherer(Arc<Mutex<Gathered>>);

/// By the day's beginning and the reason.
pub(super) type Counts = BTreeMap<(i64, &'static str), i64>;

#[derive(Debug, Default)]
struct Gathered {
    waiting: Vec<Refused>,
    counts: Counts,
    /// Since when, and how many of them were taken.
    minute: Option<(Instant, usize)>,
}

impl Gatherer {
    pub fn note(&self, delivery: &Delivery<'_>) {
        let day = Day::of(delivery.at).begin().as_millisecond();
        let mut gathered = self.gathered();
        *gathered.counts.entry((day, delivery.reason)).or_default() += 1;
        let now = Instant::now();
        let taken = match &mut gathered.minute {
            Some((since, taken)) if now.duration_since(*since) < MINUTE => taken,
            minute => &mut minute.insert((now, 0)).1,
        };
        if *taken >= A_MINUTE {
            return;
        }
        *taken += 1;
        gathered.waiting.push(kept(delivery));
    }

    pub(super) fn take(&self) -> (Vec<Refused>, Counts) {
        let mut gathered = self.gathered();
        (std::mem::take(&mut gathered.waiting), std::mem::take(&mut gathered.counts))
    }

    /// After they could not be written.
    pub(super) fn put_back(&self, waiting: Vec<Refused>, counts: Counts) {
        let mut gathered = self.gathered();
        for (what, count) in counts {
            *gathered.counts.entry(what).or_default() += count;
        }
        gathered.waiting.splice(0..0, waiting);
        gathered.waiting.truncate(usize::try_from(IN_ALL).unwrap_or_default());
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn kept(delivery: &Delivery<'_>) -> Refused {
    let clip = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    Refused {
        id: 0,
        at: delivery.at,
        reason: delivery.reason.to_owned(),
        is_probe: delivery.is_probe,
        about: delivery.about.to_owned(),
        serial: delivery.serial.map(|serial| clip(serial, 64)),
        sent: delivery.sent,
        address: delivery.address.to_string(),
        headers: clip(delivery.headers, 2048),
        body: delivery.body.iter().take(BODY).copied().collect(),
        body_bytes: i64::try_from(delivery.body.len()).unwrap_or(i64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_costs_no_memory_and_is_counted() {
        let gatherer = Gatherer::default();
        let body = vec![b'x'; 60_000];
        let delivery = Delivery {
            reason: "signature",
            is_probe: false,
            about: "payments",
            serial: Some("a"),
            sent: None,
            address: [192, 0, 2, 1].into(),
            headers: "",
            body: &body,
            at: Timestamp::constant(1_767_196_800, 0),
        };
        (0..10_000).for_each(|_| gatherer.note(&delivery));
        let (waiting, counts) = gatherer.take();
        assert_eq!((waiting.len(), waiting[0].body.len(), waiting[0].body_bytes), (A_MINUTE, BODY, 60_000));
        assert_eq!(counts.into_values().collect::<Vec<_>>(), [10_000]);
        gatherer.note(&delivery);
        assert_eq!(gatherer.take().0.len(), 0, "still the same minute");
    }
}
