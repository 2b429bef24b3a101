//! How a connection is told to go, and why it went.

use std::sync::OnceLock;

use tokio::sync::Notify;

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// By whoever made it, or after an answer that was to be the last.
    Done,
    /// The head of a request was not whole in time, or the handshake before it.
    Head,
    /// No TLS came about.
    Handshake,
    /// It gave up one request after another before they were answered.
    GaveUp,
    /// It takes nothing of its answers.
    Stalled,
    /// No request for a long time.
    Idle,
    /// Another one needed its place.
    Room,
    /// The server stops.
    Stopping,
    Broken,
}

impl Reason {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Head => "head",
            Self::Handshake => "handshake",
            Self::GaveUp => "gave_up",
            Self::Stalled => "stalled",
            Self::Idle => "idle",
            Self::Room => "room",
            Self::Stopping => "stopping",
            Self::Broken => "broken",
        }
    }
}

/// How a connection has to go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Farewell {
    pub reason: Reason,
    /// The end of its last answer may still be on the way.
    pub gently: bool,
}

/// What the list of all and a connection tell each other.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    pub farewell: OnceLock<Farewell>,
    /// Its phase, or its farewell.
    pub changed: Notify,
}

impl Signal {
    /// Nobody is sent away twice: the first word counts.
    pub(crate) fn send_away(&self, farewell: Farewell) {
        self.farewell.set(farewell).ok();
        self.changed.notify_one();
    }
}
