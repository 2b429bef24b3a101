//! Durable callbacks a second: genuine notifications, each for an order of its own, over HTTP to a
//! server process of its own with SQLite on disk, load generator on the same machine. Then counts
//! the payments in the books. Also what processor time the server takes for one, which a busy machine changes
//! little. `cargo bench --bench callbacks`; `CALLBACKS` and `CONNECTIONS` change the size, `OPEN` puts so many
//! orders into the books that are asked about meanwhile.
//!
//! Orders are paid in about the order in which they were placed, as customers do it, over any of the connections.
//! With `SCATTERED=1` each connection has a stretch of its own of them: those that are booked together then lie on as
//! many pages of every table and index, which doubles what SQLite writes.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads its own size from the environment")]

#[path = "support/exchange.rs"]
mod exchange;
#[path = "support/genuine.rs"]
mod genuine;
#[path = "support/process.rs"]
mod process;

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    time::Duration,
};

use saoma::{clock::Clock, storage::Database};
use tokio::{net::TcpStream, time::Instant};

use self::{
    exchange::exchange,
    genuine::{Failure, Genuine, database, prepare, start},
    process::cpu_time,
};

const RATE_BUDGET: u128 = 9_000;
/// Without other open orders, and with.
const CPU_BUDGET: [u128; 2] = [110, 130];
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
    let open = size("OPEN", 0);
    put_open_orders(folder.path(), open).await?;
    let server = start(folder.path(), address, None).await?;

    let (began, cpu_began) = (Instant::now(), cpu_time(server.0.id())?);
    let is_scattered = size("SCATTERED", 0) > 0;
    let shares = share(&requests, connections, is_scattered).into_iter();
    let senders: Vec<_> = shares.map(|share| tokio::spawn(send(address, share))).collect();
    let mut times = Vec::with_capacity(callbacks);
    for sender in senders {
        times.extend(sender.await??);
    }
    let (took, cpu) = (began.elapsed(), cpu_time(server.0.id())?.saturating_sub(cpu_began));
    drop(server);

    let db = Database::open(&database(folder.path())).await?;
    let booked: i64 = {
        let mut c = db.read().await?;
        let sql = "SELECT COUNT(*) FROM payments JOIN orders ON orders.id = order_id WHERE status = 'SUCCESS'";
        sqlx::query_scalar(sql).fetch_one(&mut *c).await?
    };
    report(&mut times, &Run { took, cpu, connections, open, is_scattered, booked });
    Ok(())
}

/// So many that have shown their code, are due to be asked about, and that nobody looks at.
async fn put_open_orders(folder: &Path, count: usize) -> Result<(), Failure> {
    const ORDERS: &str = "WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < ?) \
        INSERT INTO orders (token, shopper, product_id, title, total_fen, status, version, created_ms, expires_ms, end_ms, \
        check_ms, updated_ms) SELECT lower(hex(randomblob(16))), 'open-' || n, 1, 'benchmark', 1, 'NOTPAY', 2, ?, ?, ?, ?, ? \
        FROM count";
    const ATTEMPTS: &str = "INSERT INTO attempts (order_id, out_trade_no, appid, trade_type, state, request, code_url, \
        prepay_until_ms, created_ms) SELECT id, printf('20261123120001%018d', id), 'wx0000000000000000', 'NATIVE', 'OPEN', \
        x'7b7d', 'weixin://wxpay/bizpayurl?pr=benchmark', 0, created_ms FROM orders WHERE shopper LIKE 'open-%'";
    if count == 0 {
        return Ok(());
    }
    let (now, count) = (Clock::system().now().as_millisecond(), i64::try_from(count)?);
    let end = now + 2 * 60 * 60 * 1000;
    let db = Database::open(&database(folder)).await?;
    db.write(move |c| {
        Box::pin(async move {
            let orders = sqlx::query(ORDERS).bind(count).bind(now).bind(end).bind(end).bind(now).bind(now);
            orders.execute(&mut *c).await?;
            sqlx::query(ATTEMPTS).execute(c).await?;
            Ok(())
        })
    })
    .await?;
    db.close().await;
    Ok(())
}

/// What goes over each connection.
fn share(requests: &[Genuine], connections: usize, is_scattered: bool) -> Vec<Vec<Genuine>> {
    let each = |index| if is_scattered { index * connections / requests.len() } else { index % connections };
    let mut shares = vec![Vec::new(); connections];
    for (index, request) in requests.iter().enumerate() {
        shares[each(index)].push(request.clone());
    }
    shares
}

struct Run {
    took: Duration,
    /// Of the server.
    cpu: Duration,
    connections: usize,
    open: usize,
    is_scattered: bool,
    booked: i64,
}

fn report(times: &mut [Duration], &Run { took, cpu, connections, open, is_scattered, booked }: &Run) {
    times.sort_unstable();
    let at =
        |permille: usize| times.get((times.len() * permille / 1000).min(times.len() - 1)).copied().unwrap_or_default();
    let rate = times.len() as u128 * 1_000_000 / took.as_micros().max(1);
    let each = cpu.as_micros() / times.len().max(1) as u128;
    let cpu_budget = CPU_BUDGET[usize::from(open > 0)];
    println!(
        "{} callbacks over {connections} connections in {took:.2?}, {open} other open orders{}, server killed right \
         after the last answer",
        times.len(),
        if is_scattered { ", scattered" } else { "" }
    );
    println!("  per second  {rate:>8}      budget ≥ {RATE_BUDGET}");
    println!("  µs of CPU   {each:>8}      budget ≤ {cpu_budget}");
    println!("  p50         {:>8.1?}", at(500));
    println!("  p99         {:>8.1?}      budget ≤ {P99_BUDGET:?}", at(990));
    println!("  slowest     {:>8.1?}", at(1000));
    println!("  booked      {booked:>8}      of {}", times.len());
    let is_cheap = each <= cpu_budget && rate >= RATE_BUDGET && at(990) <= P99_BUDGET;
    let kept = is_cheap && usize::try_from(booked) == Ok(times.len());
    println!("budget: {}", if kept { "kept" } else { "EXCEEDED" });
}

/// One connection: a request, its answer, the next request, as a busy platform would.
async fn send(address: SocketAddr, requests: Vec<Genuine>) -> Result<Vec<Duration>, Failure> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut times = Vec::with_capacity(requests.len());
    for (_, request) in requests {
        let began = Instant::now();
        exchange(&mut stream, &request).await?;
        times.push(began.elapsed());
    }
    Ok(times)
}
