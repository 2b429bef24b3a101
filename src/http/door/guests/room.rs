//! For whom there is room while so many requests are in flight.

use std::{collections::HashMap, net::IpAddr};

use crate::http::door::allowance::DoorLimits;

/// Requests of all but the extra guests.
#[derive(Default)]
pub(super) struct InFlightCounts {
    all: usize,
    per_address: HashMap<IpAddr, usize>,
}

/// Whom there is room for at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl InFlightCounts {
    pub(super) fn begin(&mut self, address: Option<IpAddr>, limits: &DoorLimits) -> Room {
        self.all += 1;
        let room = Room::left(self.all, limits.connections, limits.extra);
        let Some(address) = address else { return room };
        let own = self.per_address.entry(address).or_default();
        *own += 1;
        match (room, Room::left(*own, limits.per_address, limits.extra)) {
            (Room::Everybody, own) => own,
            (Room::Callbacks, Room::Nobody) | (Room::Nobody, _) => Room::Nobody,
            (Room::Callbacks, _) => Room::Callbacks,
        }
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
