//! Who is in: connections are let in, looked at while requests come and go, and sent away.

mod farewell;
mod inside;
mod room;

use std::{
    collections::BTreeSet,
    fmt,
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use ipnet::IpNet;
use tokio::time::{Instant, sleep_until};

use self::room::Begun;
use self::{
    farewell::Signal,
    inside::{Inside, Known, Phase},
};
pub(crate) use self::{
    farewell::{Farewell, Reason},
    room::Room,
};

use super::{
    super::address::{is_among, network},
    allowance::DoorLimits,
    crowd::{CountedFor, Crowd},
};
use crate::metrics::Metrics;

/// Requests that one connection may give up before they are answered, beyond those that it has taken the answers
/// of. A page that is left gives up one.
const GIVEN_UP: usize = 100;

struct Shared {
    inside: Mutex<Inside>,
    limits: DoorLimits,
    trusted_proxies: Arc<[IpNet]>,
    crowd: Crowd,
    complaints: DefaultDirectRateLimiter,
    metrics: Metrics,
}

/// The list of all. Clones share it.
#[derive(Clone)]
pub(crate) struct Guests(Arc<Shared>);

/// One of them, as its connection sees it.
pub(crate) struct Guest {
    id: u64,
    is_extra: bool,
    counted: CountedFor,
    /// The next byte begins a head.
    expects_head: AtomicBool,
    /// Many requests at the same time (HTTP/2).
    takes_many: AtomicBool,
    owing: Mutex<Owing>,
    signal: Arc<Signal>,
    guests: Guests,
}

/// What a guest has still to take, where the stream alone does not tell: on HTTP/2 it opens a window for each answer.
#[derive(Default)]
struct Owing {
    next: u64,
    /// Parts of answers, since when each waits. Whoever takes of one answer leaves another one all the same.
    parts: BTreeSet<Owed>,
}

type Owed = (Instant, u64);

/// While a request is in flight.
pub(crate) struct InFlight {
    guest: Arc<Guest>,
    owed: Option<Owed>,
    was_taken: bool,
}

impl Guests {
    pub(crate) fn new(limits: DoorLimits, trusted_proxies: Arc<[IpNet]>, crowd: Crowd, metrics: Metrics) -> Self {
        let complaints = RateLimiter::direct(Quota::per_minute(NonZeroU32::MIN));
        Self(Arc::new(Shared { inside: Mutex::default(), limits, trusted_proxies, crowd, complaints, metrics }))
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Once a minute.
    pub(crate) fn may_complain(&self) -> bool {
        self.0.complaints.check().is_ok()
    }

    /// Lets the longest-idle one go, whoever it is.
    pub(crate) fn make_room(&self) {
        self.inside().make_room(|_| true);
    }

    /// `None` when there is no room at all.
    pub(crate) fn admit(&self, peer: IpAddr) -> Option<Arc<Guest>> {
        let limits = &self.0.limits;
        let address = self.counted(peer);
        let mut inside = self.inside();
        let is_crowded = address.is_some_and(|address| inside.of(address) >= limits.per_address);
        let mut is_extra = is_crowded && !inside.make_room(|known| known.address == address);
        if is_extra {
            self.0.crowd.press(address);
        }
        if is_extra && self.may_complain() {
            tracing::warn!(
                %peer,
                "{} connections of {peer} are busy, and more are taken for callbacks only: if it is your proxy, set \
                 SAOMA_TRUSTED_PROXIES={peer}",
                limits.per_address
            );
        }
        if !is_extra && inside.regular() >= limits.connections {
            is_extra = !inside.make_room(|known| !known.is_extra);
            if is_extra {
                self.0.crowd.press(None);
            }
        }
        if is_extra && !inside.make_room_for_extra(address, limits) {
            return None;
        }
        inside.next += 1;
        let id = inside.next;
        let signal = Arc::<Signal>::default();
        let guest = Arc::new(Guest {
            id,
            is_extra,
            counted: CountedFor(address),
            expects_head: AtomicBool::new(false),
            takes_many: AtomicBool::new(false),
            owing: Mutex::default(),
            signal: Arc::clone(&signal),
            guests: self.clone(),
        });
        inside.extra += usize::from(is_extra);
        if let Some(address) = address {
            *inside.per_address.entry(address).or_default() += 1;
        }
        let phase = Phase::New(Instant::now());
        inside.known.insert(id, Known { address, is_extra, phase, waits: None, given_up: 0, signal });
        inside.set_phase(id, phase);
        drop(inside);
        self.0.metrics.connection_opened();
        Some(guest)
    }

    /// The address that a connection counts for.
    fn counted(&self, peer: IpAddr) -> Option<IpAddr> {
        let is_own = matches!(peer, IpAddr::V4(v4) if v4 == std::net::Ipv4Addr::LOCALHOST)
            || matches!(peer, IpAddr::V6(v6) if v6 == std::net::Ipv6Addr::LOCALHOST);
        (!is_own && !is_among(&self.0.trusted_proxies, peer)).then(|| network(peer))
    }
}

impl Guest {
    pub(crate) const fn is_extra(&self) -> bool {
        self.is_extra
    }

    pub(crate) const fn counted(&self) -> CountedFor {
        self.counted
    }

    /// From now on it may ask for many things at the same time. Bytes tell nothing then: they may be part of anything,
    /// so a head that comes slowly has as long as a connection without a request.
    pub(crate) fn takes_many(&self) {
        self.takes_many.store(true, Ordering::Relaxed);
    }

    /// Bytes have come.
    pub(crate) fn heard(&self) {
        if self.expects_head.swap(false, Ordering::Relaxed) {
            self.guests.inside().set_phase(self.id, Phase::Head(Instant::now()));
            self.signal.changed.notify_one();
        }
    }

    /// The head of a request is whole, and of an extra one all of it. `None` when this connection was sent away a
    /// moment ago.
    pub(crate) fn begin(self: &Arc<Self>) -> Option<(InFlight, Room)> {
        let limits = &self.guests.0.limits;
        let mut inside = self.guests.inside();
        let Known { phase, address, .. } = inside.known.get(&self.id)?;
        let (phase, address) = (*phase, *address);
        let others = if let Phase::Busy(others) = phase { others } else { 0 };
        let Begun { room, crowded } = if self.is_extra {
            Begun { room: Room::Callbacks, crowded: None }
        } else {
            inside.in_flight.begin(address, limits)
        };
        if let Some(crowded) = crowded {
            self.guests.0.crowd.press(crowded.address());
        }
        inside.set_phase(self.id, Phase::Busy(others + 1));
        drop(inside);
        self.expects_head.store(false, Ordering::Relaxed);
        if others == 0 && self.takes_many.load(Ordering::Relaxed) {
            // From now on it counts what it does not take.
            self.signal.changed.notify_one();
        }
        Some((InFlight { guest: Arc::clone(self), owed: None, was_taken: false }, room))
    }

    fn end(&self, was_taken: bool) {
        let mut inside = self.guests.inside();
        let Some(known) = inside.known.get_mut(&self.id) else { return };
        let Phase::Busy(count) = known.phase else { return };
        if self.takes_many.load(Ordering::Relaxed) {
            known.given_up = if was_taken { known.given_up.saturating_sub(1) } else { known.given_up + 1 };
        }
        let (address, is_restless) = (known.address, known.given_up > GIVEN_UP);
        if !self.is_extra {
            inside.in_flight.end(address, 1);
        }
        let phase = if count > 1 { Phase::Busy(count - 1) } else { Phase::Idle(Instant::now()) };
        inside.set_phase(self.id, phase);
        if is_restless {
            inside.send_away(self.id, Reason::GaveUp);
            return;
        }
        drop(inside);
        if matches!(phase, Phase::Idle(_)) {
            self.expects_head.store(!self.takes_many.load(Ordering::Relaxed), Ordering::Relaxed);
            self.signal.changed.notify_one();
        }
    }

    fn owing(&self) -> MutexGuard<'_, Owing> {
        self.owing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until no request is in flight.
    pub(crate) async fn rests(&self) {
        while matches!(self.guests.inside().known.get(&self.id), Some(Known { phase: Phase::Busy(_), .. })) {
            self.signal.changed.notified().await;
        }
    }

    /// Why, if it was.
    pub(crate) fn was_sent_away(&self) -> Option<Reason> {
        self.signal.farewell.get().map(|farewell| farewell.reason)
    }

    /// Waits until this connection has to go.
    pub(crate) async fn farewell(&self) -> Farewell {
        loop {
            if let Some(farewell) = self.signal.farewell.get() {
                return *farewell;
            }
            // A change that comes from here on is kept for `notified`.
            let Some((until, _)) = self.may_stay_until() else {
                self.signal.changed.notified().await;
                continue;
            };
            tokio::select! {
                () = self.signal.changed.notified() => {}
                () = sleep_until(until) => self.overstay(),
            }
        }
    }

    /// `None` while a request is in flight, but for one whose answer is not taken.
    fn may_stay_until(&self) -> Option<(Instant, Reason)> {
        let limits = &self.guests.0.limits;
        let head = if self.is_extra { limits.extra_request } else { limits.head };
        match self.guests.inside().known.get(&self.id)?.phase {
            Phase::New(since) | Phase::Head(since) => Some((since + head, Reason::Head)),
            Phase::Idle(since) => Some((since + limits.idle, Reason::Idle)),
            Phase::Busy(_) if self.takes_many.load(Ordering::Relaxed) => {
                // Looked at now and then: who waits for an answer of ours owes nothing.
                let since = self.owing().parts.first().map_or_else(Instant::now, |(since, _)| *since);
                Some((since + limits.stalled, Reason::Stalled))
            }
            Phase::Busy(_) => None,
        }
    }

    /// By now something else may be true of it.
    fn overstay(&self) {
        if let Some((until, reason)) = self.may_stay_until()
            && until <= Instant::now()
        {
            self.guests.inside().send_away(self.id, reason);
        }
    }

    /// The server stops. `false` while a request is in flight: it may finish.
    pub(crate) fn stop(&self) -> bool {
        let mut inside = self.guests.inside();
        match inside.known.get(&self.id) {
            Some(Known { phase: Phase::Busy(_), .. }) => false,
            Some(_) => inside.send_away(self.id, Reason::Stopping),
            None => true,
        }
    }

    /// Its connection is over.
    pub(crate) fn leave(&self, reason: Reason) {
        self.guests.inside().remove(self.id);
        self.guests.0.metrics.connection_closed(reason.code());
    }
}

impl InFlight {
    /// A part of the answer waits for the client to take it.
    pub(crate) fn owes(&mut self) {
        // On HTTP/1 the stream tells it.
        if self.takes_many() {
            let mut owing = self.guest.owing();
            owing.next += 1;
            let owed = (Instant::now(), owing.next);
            owing.parts.insert(owed);
            self.owed = Some(owed);
        }
    }

    /// The client has room for more.
    pub(crate) fn takes(&mut self) {
        if let Some(owed) = self.owed.take() {
            self.guest.owing().parts.remove(&owed);
        }
    }

    /// All of the answer was handed over.
    pub(crate) const fn was_taken(&mut self) {
        self.was_taken = true;
    }

    pub(crate) fn takes_many(&self) -> bool {
        self.guest.takes_many.load(Ordering::Relaxed)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.takes();
        self.guest.end(self.was_taken);
    }
}

impl fmt::Debug for Guests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guests")
    }
}

#[cfg(test)]
mod tests;
