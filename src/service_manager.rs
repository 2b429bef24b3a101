//! What a service manager is told that wants to be told (systemd's `Type=notify`): that the server is ready, that
//! it is alive, that it stops. A datagram each, to the socket that the manager has named: see `sd_notify(3)`.
//!
//! The crates for it read the environment themselves, know no abstract sockets, and wait for a manager that has
//! stopped reading. Nothing here may wait for one.

use std::{
    fmt, io,
    os::unix::net::{SocketAddr, UnixDatagram},
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// The socket's path, or its abstract name after an `@`.
pub const SOCKET: &str = "NOTIFY_SOCKET";
/// How long the server may be silent, in microseconds, before it is killed and started again.
pub const WATCHDOG: &str = "WATCHDOG_USEC";
/// Whose silence that is: a shell in between has the same environment.
pub const WATCHDOG_PID: &str = "WATCHDOG_PID";

/// Why the manager hears nothing.
#[derive(Debug, thiserror::Error)]
#[error("NOTIFY_SOCKET: {0}")]
pub struct NoManager(#[from] io::Error);

/// Who started this server and looks after it.
#[derive(Clone, Debug)]
pub struct ServiceManager {
    socket: SocketAddr,
    watchdog: Option<Duration>,
    /// Said once: it is tried ten times a second for as long as nobody takes it.
    has_complained: Arc<AtomicBool>,
}

impl ServiceManager {
    /// From `lookup`, which answers a variable's name with its value; `None` when nobody wants to be told.
    ///
    /// # Errors
    /// The socket's name is none.
    pub fn from_lookup(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>, NoManager> {
        let Some(socket) = lookup(SOCKET).filter(|name| !name.is_empty()) else { return Ok(None) };
        let is_ours = lookup(WATCHDOG_PID).is_none_or(|pid| pid == process::id().to_string());
        let limit = lookup(WATCHDOG).and_then(|limit| limit.parse().ok()).filter(|limit| is_ours && *limit > 0);
        let watchdog = limit.map(Duration::from_micros);
        Ok(Some(Self { socket: address(&socket)?, watchdog, has_complained: Arc::default() }))
    }

    /// How long it waits for the next sign of life; `None` for as long as it takes.
    pub const fn watchdog(&self) -> Option<Duration> {
        self.watchdog
    }

    /// `false` when it was not taken: a manager that is busy reads no more than it has.
    pub fn tell(&self, state: State<'_>) -> bool {
        let sent = UnixDatagram::unbound().and_then(|socket| {
            socket.set_nonblocking(true)?;
            socket.send_to_addr(state.to_string().as_bytes(), &self.socket)
        });
        let had_complained = self.has_complained.swap(sent.is_err(), Ordering::Relaxed);
        if let Err(error) = &sent
            && !had_complained
        {
            tracing::warn!(%error, "the service manager (NOTIFY_SOCKET) cannot be told: {state}");
        }
        sent.is_ok()
    }
}

#[cfg(target_os = "linux")]
fn address(socket: &str) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt as _;
    match socket.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(socket),
    }
}

#[cfg(not(target_os = "linux"))]
fn address(socket: &str) -> io::Result<SocketAddr> {
    SocketAddr::from_pathname(socket)
}

/// What can be said.
#[derive(Clone, Copy, Debug)]
pub enum State<'a> {
    Ready,
    Alive,
    /// For people who ask the manager how the server is.
    Status(&'a str),
    Stopping,
}

impl fmt::Display for State<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("READY=1"),
            Self::Alive => f.write_str("WATCHDOG=1"),
            Self::Status(text) => write!(f, "STATUS={}", text.replace('\n', " ")),
            Self::Stopping => f.write_str("STOPPING=1"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manager(pairs: &[(&str, &str)]) -> Option<ServiceManager> {
        let lookup = |name: &str| pairs.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned());
        ServiceManager::from_lookup(&lookup).ok().flatten()
    }

    #[test]
    fn whose_silence_counts_and_for_how_long() {
        let socket = (SOCKET, "/run/systemd/notify");
        let limit = |pairs: &[(&str, &str)]| manager(pairs).and_then(|it| it.watchdog());
        assert!(manager(&[]).is_none() && manager(&[(SOCKET, "")]).is_none());
        assert!(manager(&[socket]).is_some_and(|it| it.watchdog().is_none()));
        assert_eq!(limit(&[socket, (WATCHDOG, "3000000")]), Some(Duration::from_secs(3)));
        let own = process::id().to_string();
        assert_eq!(limit(&[socket, (WATCHDOG, "1"), (WATCHDOG_PID, &own)]), Some(Duration::from_micros(1)));
        for nobody in [[(WATCHDOG, "1"), (WATCHDOG_PID, "1")], [(WATCHDOG, "0"), (WATCHDOG_PID, &own)]] {
            assert_eq!(limit(&[&[socket][..], &nobody].concat()), None);
        }
    }

    #[test]
    fn a_manager_that_does_not_read_is_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        let manager = manager(&[(SOCKET, path.to_str().expect("UTF-8"))]).expect("a manager");
        // More than any queue takes; a send that waits would never come back.
        let taken = (0..10_000).filter(|_| manager.tell(State::Status("two\nlines"))).count();
        assert!((1..10_000).contains(&taken), "{taken}");
        let mut read = [0; 64];
        let length = socket.recv(&mut read).expect("a datagram");
        assert_eq!(read.get(..length), Some(&b"STATUS=two lines"[..]));
    }
}
