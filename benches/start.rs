//! From `exec` to the first answer with an empty folder (keys of the sandbox are made, the database
//! is made and migrated), with a folder from before, and the memory of an idle server.
//! `cargo bench --bench start`

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::{
    error::Error,
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::time::Instant;

type Failure = Box<dyn Error>;

const STARTS: usize = 7;
const START_BUDGET: Duration = Duration::from_millis(200);
const MEMORY_BUDGET_KIB: u64 = 40 * 1024;

/// Ends the server however the benchmark ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn main() -> Result<(), Failure> {
    let mut first = Vec::new();
    let mut again = Vec::new();
    let mut memory = 0;
    for _ in 0..STARTS {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        first.push(start(folder.path())?.1);
        let (server, took) = start(folder.path())?;
        again.push(took);
        std::thread::park_timeout(Duration::from_secs(1));
        memory = memory.max(resident_kib(&server)?);
    }
    let (first, again) = (median(&mut first), median(&mut again));
    println!("start to first answer, median of {STARTS}; idle memory, most of {STARTS}");
    println!("  empty folder        {first:>8.1?}      budget ≤ {START_BUDGET:?}");
    println!("  folder from before  {again:>8.1?}");
    println!("  resident memory     {memory:>6} KiB   budget ≤ {MEMORY_BUDGET_KIB} KiB");
    let kept = first <= START_BUDGET && memory <= MEMORY_BUDGET_KIB;
    println!("budget: {}", if kept { "kept" } else { "EXCEEDED" });
    Ok(())
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn start(folder: &Path) -> Result<(Server, Duration), Failure> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let began = Instant::now();
    let server = Command::new(env!("CARGO_BIN_EXE_saoma"))
        .args(["serve", "--sandbox"])
        .env("SAOMA_DATA_DIR", folder)
        .env("DATABASE_URL", format!("sqlite://{}/saoma.db", folder.display()))
        .env("LEPTOS_SITE_ADDR", address.to_string())
        .env("RUST_LOG", "error")
        .stderr(Stdio::inherit())
        .spawn()?;
    let server = Server(server);
    while began.elapsed() < Duration::from_secs(20) {
        if answers(address) {
            return Ok((server, began.elapsed()));
        }
        std::thread::park_timeout(Duration::from_millis(2));
    }
    Err("the server does not answer".into())
}

fn answers(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer.starts_with(b"HTTP/1.1 200 "))
    };
    ask().unwrap_or(false)
}

fn resident_kib(server: &Server) -> Result<u64, Failure> {
    let status = fs::read_to_string(format!("/proc/{}/status", server.0.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
}
