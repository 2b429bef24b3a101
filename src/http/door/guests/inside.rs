//! The list of connections: since when each is without a request, and who has to go when there is no room.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    sync::Arc,
};

use tokio::time::Instant;

use super::{
    farewell::{Farewell, Reason, Signal},
    room::InFlightCounts,
};
use crate::http::door::allowance::DoorLimits;

/// What a connection is at.
#[derive(Clone, Copy)]
pub(super) enum Phase {
    /// No whole head has come yet; since the connection was made.
    New(Instant),
    /// Between two requests.
    Idle(Instant),
    /// The head of another request has begun.
    Head(Instant),
    /// Requests in flight.
    Busy(usize),
}

/// A connection as the list knows it.
pub(super) struct Known {
    /// `None` where its connections are not counted.
    pub(super) address: Option<IpAddr>,
    pub(super) is_extra: bool,
    pub(super) phase: Phase,
    /// Its place among those without a request.
    pub(super) waits: Option<Instant>,
    /// Requests that it gave up, less those that it took the answers of.
    pub(super) given_up: usize,
    pub(super) signal: Arc<Signal>,
}

/// Who is in.
#[derive(Default)]
pub(super) struct Inside {
    pub(super) next: u64,
    pub(super) known: HashMap<u64, Known>,
    /// Those without a request, longest first.
    pub(super) waiting: BTreeSet<(Instant, u64)>,
    pub(super) per_address: HashMap<IpAddr, usize>,
    pub(super) extra: usize,
    /// Of all but the extra ones, which are as many as their requests. On HTTP/1 that is so for everybody.
    pub(super) in_flight: InFlightCounts,
}

impl Inside {
    pub(super) fn regular(&self) -> usize {
        self.known.len() - self.extra
    }

    pub(super) fn of(&self, address: IpAddr) -> usize {
        self.per_address.get(&address).copied().unwrap_or(0)
    }

    pub(super) fn set_phase(&mut self, id: u64, phase: Phase) {
        let Some(known) = self.known.get_mut(&id) else { return };
        known.phase = phase;
        let waits = match phase {
            Phase::New(since) | Phase::Idle(since) => Some(since),
            Phase::Head(_) => known.waits,
            Phase::Busy(_) => None,
        };
        if let Some(before) = std::mem::replace(&mut known.waits, waits) {
            self.waiting.remove(&(before, id));
        }
        self.waiting.extend(waits.map(|since| (since, id)));
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<Known> {
        let known = self.known.remove(&id)?;
        if let Phase::Busy(count) = known.phase
            && !known.is_extra
        {
            self.in_flight.end(known.address, count);
        }
        if let Some(since) = known.waits {
            self.waiting.remove(&(since, id));
        }
        self.extra -= usize::from(known.is_extra);
        if let Some(address) = known.address
            && let Some(count) = self.per_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                self.per_address.remove(&address);
            }
        }
        Some(known)
    }

    /// Sends the one away that has been without a request the longest, of those that `may_go`.
    pub(super) fn make_room(&mut self, may_go: impl Fn(&Known) -> bool) -> bool {
        let longest = self.waiting.iter().map(|(_, id)| *id);
        let found = longest.into_iter().find(|id| self.known.get(id).is_some_and(&may_go));
        found.is_some_and(|id| self.send_away(id, Reason::Room))
    }

    /// Whether there is a place among the extra ones, perhaps that of one whose request is not whole yet.
    pub(super) fn make_room_for_extra(&mut self, address: Option<IpAddr>, limits: &DoorLimits) -> bool {
        let is_of = |known: &Known| known.is_extra && known.address == address;
        let own = || self.known.values().filter(|known| is_of(known)).count();
        if address.is_some() && own() >= limits.extra_per_address {
            return self.make_room(is_of);
        }
        self.extra < limits.extra || self.make_room(|known| known.is_extra)
    }

    pub(super) fn send_away(&mut self, id: u64, reason: Reason) -> bool {
        let Some(Known { phase, signal, .. }) = self.remove(id) else { return false };
        signal.send_away(Farewell { reason, gently: matches!(phase, Phase::Idle(_)) });
        true
    }
}
