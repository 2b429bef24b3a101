//! The one budget of the questions that Saoma asks WeChat of its own accord: how orders and refunds stand,
//! closes, certificates. Prepay and the asking for a refund are not counted: somebody wants those now.
//!
//! A [`Turn`] is the right to ask one question. Whoever waits for one holds nothing else that others need:
//! no lease, no transaction, no place.

mod budget;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::oneshot;

use self::budget::{Budget, Ticket};
use super::GatewayError;
use crate::clock::Clock;

pub(crate) use self::budget::Asker;

/// Clones share one budget.
#[derive(Clone)]
pub struct Questions(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    clock: Clock,
}

struct State {
    /// `None` for no limit.
    budget: Option<Budget>,
    waiters: HashMap<u64, oneshot::Sender<Turn>>,
    asked: [u64; Asker::ALL.len()],
    /// Somebody sees to it that turns are given when their time comes.
    is_attended: bool,
    is_closed: bool,
}

/// How the budget stands, for `/metrics`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Questions a second that this instance may ask now; 0 when there is no limit.
    pub limit: u32,
    /// Asked within the last second.
    pub used: usize,
    pub lines: Vec<Line>,
}

/// Of one kind of question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub asker: Asker,
    /// Since the start.
    pub asked: u64,
    pub waiting: usize,
    pub oldest_wait: Duration,
}

/// The right to ask one question; its place is free again when this is dropped.
#[derive(Debug)]
pub struct Turn {
    questions: Questions,
    asker: Asker,
    is_needed: bool,
}

/// Somebody who waits; when he goes away, his place is free.
struct Waiting<'a> {
    questions: &'a Questions,
    ticket: Ticket,
}

impl Questions {
    /// At most `per_second` questions, for the merchant and so for all instances together; 0 means no limit.
    pub fn new(per_second: u32, clock: Clock) -> Self {
        let budget = (per_second > 0).then(|| Budget::new(per_second));
        let state =
            State { budget, waiters: HashMap::new(), asked: Default::default(), is_attended: false, is_closed: false };
        Self(Arc::new(Shared { state: Mutex::new(state), clock }))
    }

    /// Waits for a turn. `due` is when the question should have been asked: of one kind, the longest due comes
    /// first. `None` once the server stops.
    pub async fn turn(&self, asker: Asker, due: Timestamp) -> Option<Turn> {
        let (ticket, turn) = {
            let mut state = self.lock();
            let now = self.0.clock.elapsed();
            if state.is_closed {
                return None;
            }
            let Some(budget) = &mut state.budget else {
                state.note(asker);
                return Some(self.given(asker));
            };
            let ticket = budget.enter(asker, due, now);
            let (waiter, turn) = oneshot::channel();
            state.waiters.insert(ticket.number(), waiter);
            (ticket, turn)
        };
        let waiting = Waiting { questions: self, ticket };
        self.serve();
        let turn = turn.await.ok();
        drop(waiting);
        turn
    }

    /// For a question that cannot wait; it counts all the same.
    pub fn at_once(&self, asker: Asker) -> Turn {
        let mut state = self.lock();
        state.note(asker);
        if let Some(budget) = &mut state.budget {
            let now = self.0.clock.elapsed();
            budget.count(asker, now);
            budget.sent_at_once(now);
        }
        self.given(asker)
    }

    /// Waits until one more question may leave, and counts it: whoever has his turn may come late to use it.
    pub(super) async fn leave(&self) {
        loop {
            let sent = match &mut self.lock().budget {
                Some(budget) => budget.send(self.0.clock.elapsed()),
                None => Ok(()),
            };
            match sent {
                Ok(()) => return,
                Err(pause) => self.0.clock.sleep(pause.max(LOOKS.0)).await,
            }
        }
    }

    /// How many questions of this kind may be taken on now that have to be claimed first; so many of other
    /// kinds are about to come besides.
    pub fn room(&self, asker: Asker, besides: usize) -> usize {
        let now = self.0.clock.elapsed();
        self.lock().budget.as_mut().map_or(usize::MAX, |budget| budget.room(asker, besides, now))
    }

    /// Listens for WeChat's word that we ask too often.
    pub fn hear(&self, error: &GatewayError) {
        if error.is_limited() {
            self.refused();
        }
    }

    fn refused(&self) {
        let now = self.0.clock.elapsed();
        if let Some(budget) = &mut self.lock().budget {
            let before = budget.limit();
            budget.refused(now);
            let limit = budget.limit();
            if limit < before {
                tracing::warn!(limit, "WeChat Pay is asked too often, it says: {limit} questions a second from now on");
            }
        }
    }

    /// So many instances share what the merchant may ask.
    pub fn divide_by(&self, instances: usize) {
        if let Some(budget) = &mut self.lock().budget {
            budget.divide_by(u32::try_from(instances).unwrap_or(u32::MAX));
        }
    }

    /// Nobody waits any longer: the server stops.
    pub fn close(&self) {
        let waiters = {
            let mut state = self.lock();
            state.is_closed = true;
            std::mem::take(&mut state.waiters)
        };
        drop(waiters);
    }

    pub fn standing(&self) -> Standing {
        let now = self.0.clock.elapsed();
        let mut state = self.lock();
        let asked = state.asked;
        let used = state.budget.as_mut().map_or(0, |budget| budget.used(now));
        let limit = state.budget.as_ref().map_or(0, Budget::limit);
        let lines = Asker::ALL.into_iter().zip(asked).map(|(asker, asked)| {
            let budget = state.budget.as_ref();
            let waiting = budget.map_or(0, |budget| budget.waiting(asker));
            let oldest_wait = budget.map_or(Duration::ZERO, |budget| budget.oldest_wait(asker, now));
            Line { asker, asked, waiting, oldest_wait }
        });
        Standing { limit, used, lines: lines.collect() }
    }

    /// Gives the turns whose time has come, and sees to it that somebody comes back for the others.
    fn serve(&self) {
        // A turn whose waiter has gone gives itself back, which must not happen while the state is locked.
        let mut unwanted = Vec::new();
        let mut state = self.lock();
        loop {
            let now = self.0.clock.elapsed();
            let Some(ticket) = state.budget.as_mut().and_then(|budget| budget.give(now)) else { break };
            let turn = self.given(ticket.asker());
            state.note(ticket.asker());
            match state.waiters.remove(&ticket.number()) {
                Some(waiter) => unwanted.extend(waiter.send(turn).err()),
                None => unwanted.push(turn),
            }
        }
        let wants_attendant = !state.is_attended && !state.waiters.is_empty();
        state.is_attended |= wants_attendant;
        drop(state);
        unwanted.into_iter().for_each(Turn::give_back);
        if wants_attendant {
            tokio::spawn(Attendant { questions: self.clone(), is_done: false }.attend());
        }
    }

    fn given(&self, asker: Asker) -> Turn {
        Turn { questions: self.clone(), asker, is_needed: true }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn note(&mut self, asker: Asker) {
        if let Some(asked) = self.asked.get_mut(asker.place()) {
            *asked += 1;
        }
    }
}

impl Turn {
    /// It turned out that there is nothing to ask.
    pub fn give_back(mut self) {
        self.is_needed = false;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        {
            let mut state = self.questions.lock();
            if !self.is_needed
                && let Some(asked) = state.asked.get_mut(self.asker.place())
            {
                *asked = asked.saturating_sub(1);
            }
            match &mut state.budget {
                Some(budget) if self.is_needed => budget.finish(),
                Some(budget) => budget.give_back(self.asker),
                None => return,
            }
        }
        self.questions.serve();
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let waiter = {
            let mut state = self.questions.lock();
            if let Some(budget) = &mut state.budget {
                budget.leave(self.ticket);
            }
            state.waiters.remove(&self.ticket.number())
        };
        drop(waiter);
    }
}

/// Comes back when the next turn can be given, as long as somebody waits.
struct Attendant {
    questions: Questions,
    is_done: bool,
}

/// Between two looks of the attendant.
const LOOKS: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(1));

impl Attendant {
    async fn attend(mut self) {
        loop {
            let clock = &self.questions.0.clock;
            let pause = {
                let mut state = self.questions.lock();
                if state.waiters.is_empty() {
                    state.is_attended = false;
                    self.is_done = true;
                    return;
                }
                state.budget.as_ref().and_then(|budget| budget.pause(clock.elapsed()))
            };
            // Where it is not a matter of time, whoever ends a call gives the next turn.
            clock.sleep(pause.unwrap_or(LOOKS.1).clamp(LOOKS.0, LOOKS.1)).await;
            self.questions.serve();
        }
    }
}

impl Drop for Attendant {
    fn drop(&mut self) {
        if !self.is_done {
            self.questions.lock().is_attended = false;
        }
    }
}

impl fmt::Debug for Questions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Questions")
    }
}

#[cfg(test)]
mod tests;
