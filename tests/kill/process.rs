//! Programs as processes of their own: the sandbox, the shop, the command line, database servers.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use saoma::entropy::Entropy;
use tokio::time::Instant;

/// Long, since the machine may be busy.
const START_LIMIT: Duration = Duration::from_mins(1);

/// A number below `end`, from the operating system: no two runs kill at the same moments.
pub fn random(end: u64) -> u64 {
    u64::from_be_bytes(Entropy::system().bytes()) % end.max(1)
}

/// A loopback port below the range from which the system takes its own, so that nobody else gets it
/// while its owner is dead.
pub fn free_port() -> u16 {
    loop {
        let port = u16::try_from(12_000 + random(18_000)).expect("a port");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The program under test.
pub fn saoma() -> PathBuf {
    std::env::var_os("SAOMA_PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_saoma").into(), PathBuf::from)
}

/// A program and what it is started with.
#[derive(Clone)]
pub struct Program {
    pub path: PathBuf,
    pub arguments: Vec<String>,
    pub variables: BTreeMap<String, String>,
    pub log: PathBuf,
}

impl Program {
    pub fn start(&self) -> Running {
        let log = || File::options().create(true).append(true).open(&self.log).expect("a log");
        let child = Command::new(&self.path)
            .args(&self.arguments)
            .env_clear()
            .envs(&self.variables)
            .stdin(Stdio::null())
            .stdout(log())
            .stderr(log())
            .spawn();
        let child = child.unwrap_or_else(|error| panic!("{}: {error}", self.path.display()));
        Running { child, log: self.log.clone() }
    }
}

/// Ends with its owner.
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// SIGKILL: nothing can be saved any more.
    pub fn kill(&mut self) {
        self.assert_alive();
        self.child.kill().expect("kills");
        self.child.wait().expect("is gone");
    }

    /// Whether it has ended well; `None` while it runs.
    pub fn ended(&mut self) -> Option<bool> {
        self.child.try_wait().expect("a child").map(|status| status.success())
    }

    pub async fn until_it_answers(&mut self, client: &reqwest::Client, url: &str) {
        self.until(async || client.get(url).send().await.is_ok_and(|answer| answer.status() == 200)).await;
    }

    /// Waits until `ready`, unless it ends before.
    pub async fn until(&mut self, ready: impl AsyncFn() -> bool) {
        let end = Instant::now() + START_LIMIT;
        loop {
            if ready().await {
                return;
            }
            assert!(self.ended().is_none(), "ended by itself: {}", self.log());
            assert!(Instant::now() < end, "does not answer: {}", self.log());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Whoever ends without being killed has something to hide.
    pub fn assert_alive(&mut self) {
        assert!(self.ended().is_none(), "ended by itself: {}", self.log());
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// `credentials.env`, as dotenv reads it.
pub fn credentials(dir: &Path) -> BTreeMap<String, String> {
    let pairs = dotenvy::from_path_iter(dir.join("credentials.env")).expect("is there");
    pairs.map(|pair| pair.expect("dotenv")).collect()
}
