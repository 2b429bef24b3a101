//! Who of those that want to ask WeChat something may ask now: never more than the limit in any second,
//! and each kind of question its share. Pure: the time is told, nobody is woken here.
//!
//! Shares are counted in turns, not in seconds, so that they hold for any limit. While somebody of a kind
//! waits, the kind earns its share with every turn that is given to anybody; once it has earned a whole one,
//! the next turn is its own. Kinds of which nobody waits earn nothing, so what they do not use goes to the
//! others: to people first, then to whoever has been due longest.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use jiff::Timestamp;

/// On whose behalf a question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asker {
    /// Somebody has pressed a button and waits for the answer.
    Button,
    /// A page that waits for its order.
    Page,
    /// An order at its end that nobody looks at: it has to be asked about and closed.
    Ending,
    Refund,
    /// An order that can be paid and that nobody looks at.
    Quiet,
    /// Never waits, since callbacks cannot be read without them; asked for once a minute at the most.
    Certificates,
}

impl Asker {
    pub const ALL: [Self; 6] = [Self::Button, Self::Page, Self::Ending, Self::Refund, Self::Quiet, Self::Certificates];

    /// As counted in `/metrics`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Button => "button",
            Self::Page => "page",
            Self::Ending => "ending",
            Self::Refund => "refund",
            Self::Quiet => "quiet",
            Self::Certificates => "certificates",
        }
    }

    /// Its place in [`Asker::ALL`].
    pub const fn place(self) -> usize {
        match self {
            Self::Button => 0,
            Self::Page => 1,
            Self::Ending => 2,
            Self::Refund => 3,
            Self::Quiet => 4,
            Self::Certificates => 5,
        }
    }

    /// Of a hundred turns, those that are its own when it wants them. What is left of the hundred goes by
    /// [`Budget::first`]: to buttons, then to pages, then to the longest due.
    const fn share(self) -> u32 {
        match self {
            Self::Ending | Self::Page => 25,
            Self::Refund | Self::Quiet => 10,
            Self::Button | Self::Certificates => 0,
        }
    }
}

/// A whole turn, in what [`Asker::share`] is counted in.
const WHOLE: u32 = 100;
/// The limit is one for each of these, wherever it begins.
const WINDOW: Duration = Duration::from_secs(1);
/// How far ahead [`Budget::room`] looks: about as long as the jobs sleep.
const AHEAD: Duration = Duration::from_millis(300);
/// After a refusal for asking too often the limit is halved, at most this often: the answers to what was
/// asked together come together.
const HALVED: Duration = Duration::from_secs(2);
/// And a tenth of the setting comes back so often.
const EASED: Duration = Duration::from_secs(10);
/// Calls under way at once, unless the limit is higher: what is slow at WeChat slows us down as well.
const AT_ONCE: u32 = 32;

/// Somebody who waits for a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    asker: Asker,
    due: Timestamp,
    number: u64,
}

impl Ticket {
    pub(crate) const fn asker(self) -> Asker {
        self.asker
    }

    pub(crate) const fn number(self) -> u64 {
        self.number
    }
}

/// Those of one kind that wait, the longest due first, each with when it came.
#[derive(Debug, Default)]
struct Queue {
    waiting: BTreeMap<(Timestamp, u64), Duration>,
    earned: u32,
}

#[derive(Debug)]
pub(crate) struct Budget {
    /// Questions a second that the merchant may ask, over all instances.
    setting: u32,
    instances: u32,
    /// What refusals have left of the setting.
    eased: u32,
    /// When that changed last.
    changed: Duration,
    /// The turns of the last second, oldest first.
    given: VecDeque<(Duration, Asker)>,
    /// When the questions of the last second were sent, oldest first.
    sent: VecDeque<Duration>,
    under_way: u32,
    queues: BTreeMap<Asker, Queue>,
    tickets: u64,
}

impl Budget {
    /// At most `setting` questions a second; at least one.
    pub(crate) fn new(setting: u32) -> Self {
        Self {
            setting: setting.max(1),
            instances: 1,
            eased: setting.max(1),
            changed: Duration::ZERO,
            given: VecDeque::new(),
            sent: VecDeque::new(),
            under_way: 0,
            queues: Asker::ALL.into_iter().map(|asker| (asker, Queue::default())).collect(),
            tickets: 0,
        }
    }

    /// So many instances ask on behalf of the merchant.
    pub(crate) fn divide_by(&mut self, instances: u32) {
        self.instances = instances.max(1);
    }

    /// Questions a second that this instance may ask now.
    pub(crate) fn limit(&self) -> u32 {
        (self.eased / self.instances).max(1)
    }

    /// Turns given within the last second.
    pub(crate) fn used(&mut self, now: Duration) -> usize {
        self.forget(now);
        self.given.len()
    }

    pub(crate) fn waiting(&self, asker: Asker) -> usize {
        self.queues.get(&asker).map_or(0, |queue| queue.waiting.len())
    }

    /// For how long the first one of its kind has been waiting.
    pub(crate) fn oldest_wait(&self, asker: Asker, now: Duration) -> Duration {
        let oldest = self.queues.get(&asker).and_then(|queue| queue.waiting.values().min());
        oldest.map_or(Duration::ZERO, |since| now.saturating_sub(*since))
    }

    /// WeChat has said that we ask too often.
    pub(crate) fn refused(&mut self, now: Duration) {
        if self.eased < self.setting && now.saturating_sub(self.changed) < HALVED {
            return;
        }
        self.eased = (self.eased / 2).max(1);
        self.changed = now;
    }

    /// Waits from now on. `due` is when the question should have been asked.
    pub(crate) fn enter(&mut self, asker: Asker, due: Timestamp, now: Duration) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket { asker, due, number: self.tickets };
        self.queues.entry(asker).or_default().waiting.insert((due, ticket.number), now);
        ticket
    }

    /// Does not wait any longer.
    pub(crate) fn leave(&mut self, ticket: Ticket) {
        let Some(queue) = self.queues.get_mut(&ticket.asker) else { return };
        queue.waiting.remove(&(ticket.due, ticket.number));
        if queue.waiting.is_empty() {
            queue.earned = 0;
        }
    }

    /// Counts a question that could not wait.
    pub(crate) fn count(&mut self, asker: Asker, now: Duration) {
        self.forget(now);
        self.given.push_back((now, asker));
        self.under_way += 1;
    }

    /// Gives the next turn, if it is time for one.
    pub(crate) fn give(&mut self, now: Duration) -> Option<Ticket> {
        self.forget(now);
        if self.slots(now) == 0 {
            return None;
        }
        let ticket = self.first()?;
        for (asker, queue) in self.queues.iter_mut().filter(|(_, queue)| !queue.waiting.is_empty()) {
            queue.earned = (queue.earned + asker.share()).min(2 * WHOLE);
        }
        if let Some(queue) = self.queues.get_mut(&ticket.asker) {
            queue.earned = queue.earned.saturating_sub(WHOLE);
        }
        self.leave(ticket);
        self.count(ticket.asker, now);
        Some(ticket)
    }

    /// A question that has its turn wants to leave now. It has left, or has to wait so long: a busy machine sends at
    /// once what was given out one after the other.
    ///
    /// # Errors
    /// The pause.
    pub(crate) fn send(&mut self, now: Duration) -> Result<(), Duration> {
        self.forget(now);
        // The one whose second has to be over; with a limit that has fallen, not the oldest.
        let place = self.sent.len().checked_sub(count(self.limit()));
        if let Some(at) = place.and_then(|place| self.sent.get(place)) {
            return Err((*at + WINDOW).saturating_sub(now));
        }
        self.sent.push_back(now);
        Ok(())
    }

    /// One that could not wait has left.
    pub(crate) fn sent_at_once(&mut self, now: Duration) {
        self.forget(now);
        self.sent.push_back(now);
    }

    /// A turn has been used: the call has come to its end.
    pub(crate) fn finish(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// A turn that nobody needs any more.
    pub(crate) fn give_back(&mut self, asker: Asker) {
        self.finish();
        if let Some(place) = self.given.iter().rposition(|(_, it)| *it == asker) {
            self.given.remove(place);
        }
    }

    /// How long until the next turn can be given to those who wait; `None` when that is not a matter of time.
    pub(crate) fn pause(&self, now: Duration) -> Option<Duration> {
        let is_wanted = self.queues.values().any(|queue| !queue.waiting.is_empty());
        if !is_wanted || self.under_way >= self.at_once() {
            return None;
        }
        // The one whose end makes room; with a limit that has fallen, not the oldest.
        let place = self.given.len().checked_sub(count(self.limit()));
        let first = place.and_then(|place| self.given.get(place));
        Some(first.map_or(Duration::ZERO, |(at, _)| (*at + WINDOW).saturating_sub(now)))
    }

    /// How many more of this kind would have their turn soon, if they came now and so many others besides.
    /// Whoever has to claim what he asks about claims no more than that.
    pub(crate) fn room(&mut self, asker: Asker, besides: usize, now: Duration) -> usize {
        self.forget(now);
        let slots = self.slots(now + AHEAD);
        if slots == 0 {
            return 0;
        }
        let own = self.waiting(asker);
        let all: usize = self.queues.values().map(|queue| queue.waiting.len()).sum();
        let share = slots * count(asker.share()) / count(WHOLE);
        // One at any rate: however small its share, its turn comes.
        slots.saturating_sub(all + besides).max(share.max(1).saturating_sub(own))
    }

    /// Turns that are left at `now`.
    fn slots(&self, now: Duration) -> usize {
        let is_recent = |at: Duration| now.saturating_sub(at) < WINDOW;
        let given = self.given.iter().rev().take_while(|(at, _)| is_recent(*at)).count();
        let places = self.at_once().saturating_sub(self.under_way);
        count(self.limit()).saturating_sub(given).min(count(places))
    }

    fn at_once(&self) -> u32 {
        self.limit().max(AT_ONCE)
    }

    /// Whose turn it is.
    fn first(&self) -> Option<Ticket> {
        let waiting = |asker: &Asker| self.queues.get(asker).and_then(|queue| queue.head(*asker));
        let owed = self.queues.iter().filter(|(_, queue)| !queue.waiting.is_empty());
        let owed = owed.filter(|(asker, queue)| queue.earned + asker.share() >= WHOLE);
        if let Some((asker, _)) = owed.max_by_key(|(_, queue)| queue.earned) {
            return waiting(asker);
        }
        waiting(&Asker::Button).or_else(|| waiting(&Asker::Page)).or_else(|| {
            let rest = [Asker::Ending, Asker::Refund, Asker::Quiet];
            rest.iter().filter_map(waiting).min_by_key(|ticket| (ticket.due, ticket.number))
        })
    }

    /// What is older than a second counts no more; and with every ten seconds without a refusal a tenth of
    /// the setting comes back.
    fn forget(&mut self, now: Duration) {
        // Only a test sets its clock back.
        if self.given.back().is_some_and(|(at, _)| *at > now) {
            self.given.clear();
        }
        while self.given.front().is_some_and(|(at, _)| now.saturating_sub(*at) >= WINDOW) {
            self.given.pop_front();
        }
        if self.sent.back().is_some_and(|at| *at > now) {
            self.sent.clear();
        }
        while self.sent.front().is_some_and(|at| now.saturating_sub(*at) >= WINDOW) {
            self.sent.pop_front();
        }
        while self.eased < self.setting && now.saturating_sub(self.changed) >= EASED {
            self.eased = (self.eased + self.setting.div_ceil(10)).min(self.setting);
            self.changed += EASED;
        }
    }
}

impl Queue {
    fn head(&self, asker: Asker) -> Option<Ticket> {
        self.waiting.keys().next().map(|(due, number)| Ticket { asker, due: *due, number: *number })
    }
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
