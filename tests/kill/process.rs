//! The program as processes of its own: the sandbox, the shop, the command line.

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
const START_LIMIT: Duration = Duration::from_secs(30);

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

/// What a program is started with.
#[derive(Clone)]
pub struct Program {
    pub arguments: Vec<String>,
    pub variables: BTreeMap<String, String>,
    pub log: PathBuf,
}

impl Program {
    pub fn start(&self) -> Running {
        let log = || File::options().create(true).append(true).open(&self.log).expect("a log");
        let program = std::env::var("SAOMA_PROGRAM").unwrap_or_else(|_| env!("CARGO_BIN_EXE_saoma").to_owned());
        let child = Command::new(program)
            .args(&self.arguments)
            .env_clear()
            .envs(&self.variables)
            .stdin(Stdio::null())
            .stdout(log())
            .stderr(log())
            .spawn();
        Running { child: child.expect("starts"), log: self.log.clone() }
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
        self.child.kill().expect("kills");
        self.child.wait().expect("is gone");
    }

    /// Whether it has ended well; `None` while it runs.
    pub fn ended(&mut self) -> Option<bool> {
        self.child.try_wait().expect("a child").map(|status| status.success())
    }

    pub async fn until_it_answers(&mut self, client: &reqwest::Client, url: &str) {
        let end = Instant::now() + START_LIMIT;
        loop {
            if client.get(url).send().await.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            assert!(self.ended().is_none(), "ended by itself: {}", self.log());
            assert!(Instant::now() < end, "does not answer: {}", self.log());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn log(&self) -> String {
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
