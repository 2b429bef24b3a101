//! A shop whose disk fails, and what could be seen of it: nothing that it acknowledged may be missing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::atomic::Ordering,
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    books::Books,
    control::Fault,
    load::Town,
    plan::{End, Event},
    power::Unsynced,
    process::{Program, Running},
    relay::{Relay, Subject},
};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(2);
/// A fault that hits nothing is none: it goes on for so long until it does.
const PATIENCE: Duration = Duration::from_secs(10);
/// Who has not recovered by then is killed and started again, as somebody would in the end.
const STUCK: Duration = Duration::from_secs(30);
/// A service that has ended is started again after so long.
const RESTART: Duration = Duration::from_millis(50);

pub struct Scene<'s> {
    pub books: Books,
    pub shop: &'s Program,
    pub running: Running,
    pub town: &'s Town,
    pub relay: &'s Relay,
    pub seen: Seen,
}

#[derive(Default)]
pub struct Seen {
    /// How many there were of each kind.
    pub events: BTreeMap<&'static str, usize>,
    pub power_lost: usize,
    pub torn: usize,
    /// Changes of files and of names that were taken back.
    pub taken_back: (usize, usize),
    pub killed: usize,
    /// How often the shop ended without being killed.
    pub ended: usize,
    /// Times from the end of a fault to the first acknowledgement.
    pub recovered: Vec<Duration>,
    /// Did not recover by itself.
    pub stuck: BTreeMap<&'static str, usize>,
    /// Acknowledged, and not in the books after a kill.
    pub missing: BTreeSet<Subject>,
    pub looks: usize,
}

impl Scene<'_> {
    /// Evenly over so many payments.
    pub async fn play(&mut self, plan: &[Event], payments: usize) {
        for (index, event) in plan.iter().enumerate() {
            tokio::time::sleep(event.after).await;
            let began = Instant::now();
            while self.town.paid.load(Ordering::SeqCst) < index * payments / plan.len() {
                self.look_after().await;
                assert!(began.elapsed() < 2 * STUCK, "nobody pays any more: {}", self.last_words());
            }
            self.happen(event).await;
        }
    }

    async fn happen(&mut self, event: &Event) {
        *self.seen.events.entry(event.name()).or_default() += 1;
        if let Some(fault) = event.fault {
            self.fail(fault, event).await;
        }
        let mended = match event.end {
            End::Mended => {
                self.books.control.off();
                Instant::now()
            }
            End::Killed => {
                self.seen.killed += 1;
                self.end_all(None).await
            }
            End::PowerLost(unsynced) => {
                self.seen.power_lost += 1;
                self.seen.torn += usize::from(matches!(unsynced, Unsynced::Torn(_)));
                self.end_all(Some(unsynced)).await
            }
        };
        self.recover(event, mended).await;
    }

    fn last_words(&self) -> String {
        last_lines(&self.shop.log) + &self.books.last_words()
    }

    async fn fail(&mut self, fault: Fault, event: &Event) {
        let (began, before) = (Instant::now(), self.books.control.hits(fault));
        self.books.control.set(fault, event.share, event.seed);
        if fault == Fault::OpenError {
            self.end_shop();
            self.books.kill_server();
        }
        while began.elapsed() < event.lasts || (self.books.control.hits(fault) == before && began.elapsed() < PATIENCE)
        {
            self.look_after().await;
        }
    }

    /// Whoever has ended is started again. Returns since when books on a server can be used.
    async fn look_after(&mut self) -> Option<Instant> {
        if self.running.ended().is_some() {
            self.seen.ended += 1;
            tokio::time::sleep(RESTART).await;
            self.running = self.shop.start();
        }
        tokio::time::sleep(LOOK).await;
        self.books.look_after().await
    }

    fn end_shop(&mut self) {
        if self.running.ended().is_none() {
            self.running.kill();
            self.running = self.shop.start();
        }
    }

    /// Kills whatever has the files open, looks what is in them, and starts it again. Returns when.
    pub async fn end_all(&mut self, unsynced: Option<Unsynced>) -> Instant {
        self.books.kill_server();
        let acknowledged;
        {
            let dark = self.books.control.kill_all();
            self.books.control.off();
            if let Some(unsynced) = unsynced {
                let lost = dark.take_back(unsynced);
                let (changes, names) = self.seen.taken_back;
                self.seen.taken_back = (changes + lost.changes, names + lost.names);
            }
            acknowledged = self.relay.acknowledged();
            if self.books.are_shops_own() {
                let written = self.books.read().await;
                self.seen.compare(&acknowledged, &written);
                self.running = self.shop.start();
            }
        }
        let began = Instant::now();
        if self.books.are_shops_own() {
            return began;
        }
        while self.look_after().await.is_none() {
            let words = || format!("after {:?}: {}", self.seen.events, self.books.last_words());
            assert!(began.elapsed() < STUCK, "the server does not come back {}", words());
        }
        let written = self.books.read().await;
        self.seen.compare(&acknowledged, &written);
        began
    }

    /// A server's recovery is not ours: ours is counted from its first connection.
    async fn recover(&mut self, event: &Event, mended: Instant) {
        loop {
            let open = self.look_after().await;
            if let Some(open) = open
                && let Some(first) = self.relay.first_after(mended)
            {
                let from = if self.books.are_shops_own() { mended } else { mended.max(open) };
                self.seen.recovered.push(first.saturating_duration_since(from));
                return;
            }
            if mended.elapsed() > STUCK {
                println!("does not recover: {event:?}\n{}", self.last_words());
                *self.seen.stuck.entry(event.name()).or_default() += 1;
                self.end_all(None).await;
                return;
            }
        }
    }
}

/// Of a log.
pub fn last_lines(log: &Path) -> String {
    let log = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(30)..].iter().map(|line| format!("{line}\n")).collect()
}

impl Seen {
    fn compare(&mut self, acknowledged: &[Subject], written: &BTreeSet<Subject>) {
        self.looks += 1;
        self.missing.extend(acknowledged.iter().filter(|subject| !written.contains(subject)).cloned());
    }
}
