//! Who is in, since when without a request, and who has to go when there is no room.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use ipnet::IpNet;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use super::{
    super::address::{is_among, network},
    allowance::DoorLimits,
};
use crate::metrics::Metrics;

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// By whoever made it, or after an answer that was to be the last.
    Done,
    /// The head of a request was not whole in time.
    Head,
    /// No request for a long time.
    Idle,
    /// Another one needed its place.
    Room,
    /// The server stops.
    Stopping,
    Broken,
}

impl Reason {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Head => "head",
            Self::Idle => "idle",
            Self::Room => "room",
            Self::Stopping => "stopping",
            Self::Broken => "broken",
        }
    }
}

/// How a connection has to go.
#[derive(Clone, Copy, Debug)]
pub struct Farewell {
    pub reason: Reason,
    /// The end of its last answer may still be on the way.
    pub gently: bool,
}

#[derive(Clone, Copy)]
enum Phase {
    /// No whole head has come yet; since the connection was made.
    New(Instant),
    /// Between two requests.
    Idle(Instant),
    /// The head of another request has begun.
    Head(Instant),
    /// Requests in flight.
    Busy(usize),
}

struct Known {
    /// `None` where its connections are not counted.
    address: Option<IpAddr>,
    is_extra: bool,
    phase: Phase,
    /// Its place among those without a request.
    waits: Option<Instant>,
    guest: Arc<Guest>,
}

#[derive(Default)]
struct Inside {
    next: u64,
    known: HashMap<u64, Known>,
    /// Those without a request, longest first.
    waiting: BTreeSet<(Instant, u64)>,
    per_address: HashMap<IpAddr, usize>,
    extra: usize,
}

struct Shared {
    inside: Mutex<Inside>,
    limits: DoorLimits,
    trusted_proxies: Arc<[IpNet]>,
    complaints: DefaultDirectRateLimiter,
    metrics: Metrics,
}

/// The list of all. Clones share it.
#[derive(Clone)]
pub struct Guests(Arc<Shared>);

/// One of them, as its connection sees it.
pub struct Guest {
    id: u64,
    is_extra: bool,
    /// The next byte begins a head.
    expects_head: AtomicBool,
    farewell: OnceLock<Farewell>,
    changed: Notify,
    guests: Guests,
}

/// While a request is in flight.
pub struct InFlight(Arc<Guest>);

impl Inside {
    fn regular(&self) -> usize {
        self.known.len() - self.extra
    }

    fn of(&self, address: IpAddr) -> usize {
        self.per_address.get(&address).copied().unwrap_or(0)
    }

    fn set_phase(&mut self, id: u64, phase: Phase) {
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

    fn remove(&mut self, id: u64) -> Option<Known> {
        let known = self.known.remove(&id)?;
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
    fn make_room(&mut self, may_go: impl Fn(&Known) -> bool) -> bool {
        let longest = self.waiting.iter().map(|(_, id)| *id);
        let found = longest.into_iter().find(|id| self.known.get(id).is_some_and(&may_go));
        found.is_some_and(|id| self.send_away(id, Reason::Room))
    }

    fn send_away(&mut self, id: u64, reason: Reason) -> bool {
        let Some(Known { phase, guest, .. }) = self.remove(id) else { return false };
        let gently = matches!(phase, Phase::Idle(_));
        // Nobody is sent away twice: it is known no longer.
        guest.farewell.set(Farewell { reason, gently }).ok();
        guest.changed.notify_one();
        true
    }
}

impl Guests {
    pub fn new(limits: DoorLimits, trusted_proxies: Arc<[IpNet]>, metrics: Metrics) -> Self {
        let complaints = RateLimiter::direct(Quota::per_minute(NonZeroU32::MIN));
        Self(Arc::new(Shared { inside: Mutex::default(), limits, trusted_proxies, complaints, metrics }))
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Once a minute.
    pub fn may_complain(&self) -> bool {
        self.0.complaints.check().is_ok()
    }

    /// Lets the longest-idle one go, whoever it is.
    pub fn make_room(&self) {
        self.inside().make_room(|_| true);
    }

    /// `None` when there is no room at all.
    pub fn admit(&self, peer: IpAddr) -> Option<Arc<Guest>> {
        let limits = &self.0.limits;
        let address = self.counted(peer);
        let mut inside = self.inside();
        let is_crowded = address.is_some_and(|address| inside.of(address) >= limits.per_address);
        let mut is_extra = is_crowded && !inside.make_room(|known| known.address == address);
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
        }
        if is_extra && inside.extra >= limits.extra && !inside.make_room(|known| known.is_extra) {
            return None;
        }
        inside.next += 1;
        let id = inside.next;
        let guest = Arc::new(Guest {
            id,
            is_extra,
            expects_head: AtomicBool::new(false),
            farewell: OnceLock::new(),
            changed: Notify::new(),
            guests: self.clone(),
        });
        inside.extra += usize::from(is_extra);
        if let Some(address) = address {
            *inside.per_address.entry(address).or_default() += 1;
        }
        let phase = Phase::New(Instant::now());
        inside.known.insert(id, Known { address, is_extra, phase, waits: None, guest: Arc::clone(&guest) });
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
    pub const fn is_extra(&self) -> bool {
        self.is_extra
    }

    /// Bytes have come.
    pub fn heard(&self) {
        if self.expects_head.swap(false, Ordering::Relaxed) {
            self.guests.inside().set_phase(self.id, Phase::Head(Instant::now()));
            self.changed.notify_one();
        }
    }

    /// The head of a request is whole. `None` when this connection was sent away a moment ago.
    pub fn begin(self: &Arc<Self>) -> Option<InFlight> {
        let mut inside = self.guests.inside();
        let others = match inside.known.get(&self.id)?.phase {
            Phase::Busy(others) => others,
            Phase::New(_) | Phase::Idle(_) | Phase::Head(_) => 0,
        };
        inside.set_phase(self.id, Phase::Busy(others + 1));
        self.expects_head.store(false, Ordering::Relaxed);
        Some(InFlight(Arc::clone(self)))
    }

    fn end(&self) {
        let mut inside = self.guests.inside();
        let Some(Known { phase: Phase::Busy(count), .. }) = inside.known.get(&self.id) else { return };
        let phase = if *count > 1 { Phase::Busy(count - 1) } else { Phase::Idle(Instant::now()) };
        inside.set_phase(self.id, phase);
        drop(inside);
        if matches!(phase, Phase::Idle(_)) {
            self.expects_head.store(true, Ordering::Relaxed);
            self.changed.notify_one();
        }
    }

    /// Why, if it was.
    pub fn was_sent_away(&self) -> Option<Reason> {
        self.farewell.get().map(|farewell| farewell.reason)
    }

    /// Waits until this connection has to go.
    pub async fn farewell(&self) -> Farewell {
        loop {
            if let Some(farewell) = self.farewell.get() {
                return *farewell;
            }
            // A change that comes from here on is kept for `notified`.
            let Some((until, reason)) = self.may_stay_until() else {
                self.changed.notified().await;
                continue;
            };
            tokio::select! {
                () = self.changed.notified() => {}
                () = sleep_until(until) => self.overstay(until, reason),
            }
        }
    }

    /// `None` while a request is in flight.
    fn may_stay_until(&self) -> Option<(Instant, Reason)> {
        let limits = &self.guests.0.limits;
        let head = if self.is_extra { limits.extra_head } else { limits.head };
        match self.guests.inside().known.get(&self.id)?.phase {
            Phase::New(since) | Phase::Head(since) => Some((since + head, Reason::Head)),
            Phase::Idle(since) => Some((since + limits.idle, Reason::Idle)),
            Phase::Busy(_) => None,
        }
    }

    /// Nothing has changed meanwhile, or it may stay.
    fn overstay(&self, until: Instant, reason: Reason) {
        if self.may_stay_until().is_some_and(|(now, _)| now <= until) {
            self.guests.inside().send_away(self.id, reason);
        }
    }

    /// The server stops. `false` while a request is in flight: it may finish.
    pub fn stop(&self) -> bool {
        let mut inside = self.guests.inside();
        match inside.known.get(&self.id) {
            Some(Known { phase: Phase::Busy(_), .. }) => false,
            Some(_) => inside.send_away(self.id, Reason::Stopping),
            None => true,
        }
    }

    /// Its connection is over.
    pub fn leave(&self, reason: Reason) {
        self.guests.inside().remove(self.id);
        self.guests.0.metrics.connection_closed(reason.code());
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl fmt::Debug for Guests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guests")
    }
}

#[cfg(test)]
mod tests;
