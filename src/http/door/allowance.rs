//! What a connection may take of us.

use std::time::Duration;

#[derive(Clone, Copy, Debug)]
pub struct DoorLimits {
    /// At the same time; fewer where the process may not open as many files.
    pub connections: usize,
    /// Past that, for callbacks only.
    pub extra: usize,
    /// Of one address (of one /64 network). Behind a carrier's NAT many customers have the same.
    pub per_address: usize,
    /// Of the extra ones, of one address; of a named proxy, all.
    pub extra_per_address: usize,
    /// For the whole head of a request, the first one's counted from the connection's beginning, handshake
    /// and all.
    pub head: Duration,
    /// For the whole request of one of the extra ones, its body included. WeChat hangs up after 5 s.
    pub extra_request: Duration,
    /// Without a request. Longer than the minute for which proxies keep unused connections.
    pub idle: Duration,
    /// For a client that takes nothing of its answer.
    pub stalled: Duration,
}

/// What is answered whoever else is in.
#[derive(Clone, Copy, Debug)]
pub struct First {
    pub paths: &'static [&'static str],
    /// Longest body that its routes take.
    pub most: usize,
}

impl Default for DoorLimits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            extra: 64,
            per_address: 512,
            extra_per_address: 4,
            head: Duration::from_secs(10),
            extra_request: Duration::from_secs(4),
            idle: Duration::from_secs(75),
            stalled: Duration::from_secs(30),
        }
    }
}
