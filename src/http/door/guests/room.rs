//! For whom there is room while so many requests are in flight.

use std::{collections::HashMap, net::IpAddr};

use crate::http::door::allowance::DoorLimits;

/// Requests of all but the extra guests.
#[derive(Default)]
pub(super) struct InFlightCounts {
    all: usize,
    per_address: HashMap<IpAddr, usize>,
}

/// What came of one more request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun {
    pub(super) room: Room,
    /// Whose places have run out, if any have.
    pub(super) crowded: Option<Crowded>,
}

/// Whose places have run out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Crowded {
    House,
    Address(IpAddr),
}

/// Whom there is room for at the moment, the most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Room {
    Everybody,
    /// All places are taken but those kept for callbacks.
    Callbacks,
    Nobody,
}

impl Room {
    pub(crate) const fn is_for(self, comes_first: bool) -> bool {
        match self {
            Self::Everybody => true,
            Self::Callbacks => comes_first,
            Self::Nobody => false,
        }
    }

    const fn left(used: usize, limit: usize, extra: usize) -> Self {
        if used <= limit {
            Self::Everybody
        } else if used <= limit + extra {
            Self::Callbacks
        } else {
            Self::Nobody
        }
    }
}

impl Crowded {
    /// The address, where it is only that.
    pub(super) const fn address(self) -> Option<IpAddr> {
        match self {
            Self::House => None,
            Self::Address(address) => Some(address),
        }
    }
}

impl InFlightCounts {
    pub(super) fn begin(&mut self, address: Option<IpAddr>, limits: &DoorLimits) -> Begun {
        self.all += 1;
        let house = Room::left(self.all, limits.connections, limits.extra);
        let own = address.map_or(Room::Everybody, |address| {
            let own = self.per_address.entry(address).or_default();
            *own += 1;
            Room::left(*own, limits.per_address, limits.extra)
        });
        let crowded = match (house, own, address) {
            (Room::Callbacks | Room::Nobody, _, _) => Some(Crowded::House),
            (Room::Everybody, Room::Callbacks | Room::Nobody, Some(address)) => Some(Crowded::Address(address)),
            (Room::Everybody, ..) => None,
        };
        Begun { room: house.max(own), crowded }
    }

    pub(super) fn end(&mut self, address: Option<IpAddr>, count: usize) {
        self.all -= count;
        let Some(address) = address else { return };
        if let Some(own) = self.per_address.get_mut(&address) {
            *own -= count;
            if *own == 0 {
                self.per_address.remove(&address);
            }
        }
    }
}
