//! Durable callbacks a second: genuine notifications, each for an order of its own, over HTTP to a
//! server process of its own with SQLite on disk, load generator on the same machine. Then counts
//! the payments in the books. `cargo bench --bench callbacks`; `CALLBACKS` and `CONNECTIONS` change
//! the size.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads its own size from the environment")]

#[path = "support/genuine.rs"]
mod genuine;

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use saoma::storage::Database;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

use self::genuine::{Failure, database, is_whole, prepare, start};

const RATE_BUDGET: u128 = 5_000;
const P99_BUDGET: Duration = Duration::from_millis(50);

fn size(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (callbacks, connections) = (size("CALLBACKS", 20_000), size("CONNECTIONS", 64));
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let requests = prepare(folder.path(), address, callbacks).await?;
    let server = start(folder.path(), address, None).await?;

    let began = Instant::now();
    let shares = requests.chunks(callbacks.div_ceil(connections)).map(<[_]>::to_vec);
    let senders: Vec<_> = shares.map(|share| tokio::spawn(send(address, share))).collect();
    let mut times = Vec::with_capacity(callbacks);
    for sender in senders {
        times.extend(sender.await??);
    }
    let took = began.elapsed();
    drop(server);

    let db = Database::open(&database(folder.path())).await?;
    let booked: i64 = {
        let mut c = db.read().await?;
        let sql = "SELECT COUNT(*) FROM payments JOIN orders ON orders.id = order_id WHERE status = 'SUCCESS'";
        sqlx::query_scalar(sql).fetch_one(&mut *c).await?
    };
    report(&mut times, took, connections, booked);
    Ok(())
}

fn report(times: &mut [Duration], took: Duration, connections: usize, booked: i64) {
    times.sort_unstable();
    let at =
        |permille: usize| times.get((times.len() * permille / 1000).min(times.len() - 1)).copied().unwrap_or_default();
    let rate = times.len() as u128 * 1_000_000 / took.as_micros().max(1);
    println!(
        "{} callbacks over {connections} connections in {took:.2?}, server killed right after the last answer",
        times.len()
    );
    println!("  per second  {rate:>8}      budget ≥ {RATE_BUDGET}");
    println!("  p50         {:>8.1?}", at(500));
    println!("  p99         {:>8.1?}      budget ≤ {P99_BUDGET:?}", at(990));
    println!("  slowest     {:>8.1?}", at(1000));
    println!("  booked      {booked:>8}      of {}", times.len());
    let kept = rate >= RATE_BUDGET && at(990) <= P99_BUDGET && usize::try_from(booked) == Ok(times.len());
    println!("budget: {}", if kept { "kept" } else { "EXCEEDED" });
}

/// One connection: a request, its answer, the next request, as a busy platform would.
async fn send(address: SocketAddr, requests: Vec<Arc<[u8]>>) -> Result<Vec<Duration>, Failure> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut times = Vec::with_capacity(requests.len());
    let mut buffer = vec![0; 16 * 1024];
    for request in requests {
        let began = Instant::now();
        stream.write_all(&request).await?;
        let mut length = 0;
        while !is_whole(&buffer[..length]) {
            let read = stream.read(&mut buffer[length..]).await?;
            if read == 0 {
                return Err("the server hung up".into());
            }
            length += read;
        }
        if !buffer.starts_with(b"HTTP/1.1 200 ") {
            return Err(String::from_utf8_lossy(&buffer[..length]).into_owned().into());
        }
        times.push(began.elapsed());
    }
    Ok(times)
}
