//! What tests stand on: an application to start, a browser, a forger, the books, a lying platform.

mod app;
mod books;
mod clerk;
mod database;
mod desk;
mod forger;
mod give_back;
mod https;
mod limited_acme;
pub mod old_books;
mod outside;
mod pebble;
mod process;
mod raw;
mod relay;
mod shown;
mod site;

use std::{
    collections::BTreeMap,
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::{
        LazyLock,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use saoma::{
    entropy::Entropy,
    sandbox::{Sandbox, SandboxOptions},
};
use tempfile::TempDir;
use tokio::time::Instant;

pub use self::{
    app::{App, Stage, mock_clock},
    books::Books,
    clerk::{Clerk, hidden},
    database::{database_url, is_file, password},
    desk::{Desk, Member, PASSWORD, code_at, code_of},
    forger::{Callback, Forger, KeyKind, NATIVE_NOTIFY, Notice, SIGNING_HEADERS},
    give_back::{paid_under, wanted},
    https::{Caller, Http2, Shown, hear},
    limited_acme::{LimitedAcme, WAIT_HOURS},
    outside::Outside,
    pebble::Pebble,
    process::{Process, command, program, system_user},
    raw::{connect_and_say, connect_from, raw, rest, trickle},
    relay::Relay,
    site::{Answer, Browser, Placed, Site},
};

/// How long a test waits for something that must come. Long, since the machine may be busy; a test
/// that succeeds never waits for it.
const DEADLINE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Asks again and again until there is an answer.
pub async fn until<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    until_within(DEADLINE, what, ask).await
}

/// The same, where what must come may take its time.
pub async fn until_within<T>(limit: Duration, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(Instant::now() < end, "in {limit:?} never: {what}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The key files of a sandbox. They take a while to make, so all tests use the same.
static KEYS: LazyLock<BTreeMap<PathBuf, Vec<u8>>> = LazyLock::new(|| {
    let dir = folder();
    let options = SandboxOptions::new(SocketAddr::from(([127, 0, 0, 1], 9090))).expect("an address");
    drop(Sandbox::open(dir.path(), options).expect("a sandbox"));
    let files = ["account.json", "apiclient_key.pem", "apiclient_cert.pem", "pub_key.pem"];
    let platform = ["pub_key_private.pem", "cert_key.pem", "cert.pem"].map(|it| Path::new("platform").join(it));
    let files = files.map(PathBuf::from).into_iter().chain(platform);
    files.map(|file| (file.clone(), fs::read(dir.path().join(&file)).expect("a key file"))).collect()
});

/// Puts ready-made keys into a sandbox's folder.
pub fn lay_keys(dir: &Path) {
    fs::create_dir_all(dir.join("platform")).expect("a folder");
    for (file, bytes) in KEYS.iter() {
        fs::write(dir.join(file), bytes).expect("writes");
    }
}

/// A loopback port for somebody who must know it before he can listen. Below the range from which
/// the system takes its own, so that nobody else gets it meanwhile.
pub fn free_port() -> u16 {
    const FIRST: u16 = 12_000;
    const COUNT: u16 = 18_000;
    static NEXT: LazyLock<AtomicU16> =
        LazyLock::new(|| AtomicU16::new(u16::from_be_bytes(Entropy::system().bytes()) % COUNT));
    loop {
        let port = FIRST + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
