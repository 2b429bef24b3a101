//! Pages that wait for their orders, thousands at a time: what one costs in memory, what all of them cost in
//! processor time, and how long after a callback its page is told. `cargo bench --bench waiting`; `WAITING`, `PAID`
//! and `SECONDS` change the size.
//!
//! The orders are closed, so that WeChat is not to be asked about them: questions have a budget of their own. Money
//! for a closed order is booked like any other.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads its own size from the environment")]

#[path = "support/exchange.rs"]
mod exchange;
#[path = "support/genuine.rs"]
mod genuine;
#[path = "support/process.rs"]
mod process;

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
    time::Duration,
};

use saoma::{domain::OrderToken, storage::Database};
use tokio::{
    net::{TcpSocket, TcpStream},
    sync::Barrier,
    task::JoinSet,
    time::{Instant, sleep},
};

use self::{
    exchange::exchange,
    genuine::{Failure, Genuine, database, prepare, start},
    process::cpu_time,
};

/// In KB: 26 with the 2 that the kernel keeps of a socket, which are no memory of the process; and of these
/// what the connection keeps that has made one request and waits for nothing.
const MEMORY_BUDGET: u64 = 24;
const SUSPENDED_BUDGET: u64 = 7;
/// In thousandths of a processor.
const CPU_BUDGET: u128 = 30;
const P99_BUDGET: Duration = Duration::from_millis(20);
/// Callbacks a second.
const RATE: u32 = 20;
/// As a browser sends them.
const HEADERS: &str = "user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/130.0.0.0 Safari/537.36\r\naccept: application/json\r\n\
    accept-language: zh-CN,zh;q=0.9\r\ncookie: saoma=0123456789abcdef0123456789abcdef\r\n\
    sec-fetch-dest: empty\r\nsec-fetch-mode: cors\r\nsec-fetch-site: same-origin\r\n";

fn size(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Of the process, in KB.
fn resident(id: u32) -> Result<u64, Failure> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no such line")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

async fn connect(site: SocketAddr, index: usize) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    // As many addresses as customers might have.
    let host = u8::try_from(index % 100).unwrap_or(0);
    socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 4, host + 1)), 0))?;
    socket.connect(site).await
}

/// How the page of an order asks; `after` none of its versions, unless it is to wait for the next one.
fn ask(token: &OrderToken, after: i64, wait: u32) -> String {
    format!(
        "GET /api/ui/watch_order?token={token}&after={after}&wait={wait} HTTP/1.1\r\nhost: 127.0.0.1\r\n{HEADERS}\r\n"
    )
}

/// Opens, asks once, and then waits again and again.
struct Crowd {
    connected: Arc<Barrier>,
    asked: Arc<Barrier>,
}

async fn page(
    site: SocketAddr,
    index: usize,
    token: OrderToken,
    hold: Duration,
    crowd: Arc<Crowd>,
) -> Result<(), Failure> {
    // One after the other, as people come.
    sleep(hold).await;
    let mut stream = connect(site, index).await?;
    exchange(&mut stream, ask(&token, -1, 0).as_bytes()).await?;
    crowd.connected.wait().await;
    crowd.asked.wait().await;
    sleep(hold).await;
    loop {
        exchange(&mut stream, ask(&token, 1_000, 25).as_bytes()).await?;
    }
}

/// Nobody is to be asked about them.
async fn close_all(folder: &Path) -> Result<(), Failure> {
    let db = Database::open(&database(folder)).await?;
    db.write(move |c| {
        Box::pin(async move {
            let sql = "UPDATE orders SET status = 'CLOSED', closed_reason = 'EXPIRED', live_key = NULL, check_ms = NULL, \
                       end_ms = NULL";
            sqlx::query(sql).execute(c).await?;
            Ok(())
        })
    })
    .await?;
    db.close().await;
    Ok(())
}

/// From the callback's first byte to the page's last.
async fn told(site: SocketAddr, index: usize, (token, callback): Genuine) -> Result<Duration, Failure> {
    let mut page = connect(site, index).await?;
    let request = ask(&token, 1, 25);
    let waiting = async {
        exchange(&mut page, request.as_bytes()).await?;
        Ok::<_, Failure>(Instant::now())
    };
    let paying = async {
        // Until it waits.
        sleep(Duration::from_secs(1)).await;
        let mut stream = TcpStream::connect(site).await?;
        let began = Instant::now();
        exchange(&mut stream, &callback).await?;
        Ok::<_, Failure>(began)
    };
    let (seen, began) = tokio::try_join!(waiting, paying)?;
    Ok(seen.duration_since(began))
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let (waiting, paid, seconds) = (size("WAITING", 10_000), size("PAID", 400), size("SECONDS", 50));
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let site = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let orders = prepare(folder.path(), site, paid + waiting).await?;
    close_all(folder.path()).await?;
    let server = start(folder.path(), site, None).await?;
    let id = server.0.id();
    // What the first request of all makes.
    exchange(&mut connect(site, 0).await?, ask(&orders[0].0, -1, 0).as_bytes()).await?;

    let alone = resident(id)?;
    let barrier = || Arc::new(Barrier::new(waiting + 1));
    let crowd = Arc::new(Crowd { connected: barrier(), asked: barrier() });
    let mut pages = JoinSet::new();
    for (index, order) in orders[paid..].iter().enumerate() {
        let hold = Duration::from_secs(25) * u32::try_from(index)? / u32::try_from(waiting)?;
        pages.spawn(page(site, index, order.0.clone(), hold, Arc::clone(&crowd)));
    }
    tokio::select! {
        _ = crowd.connected.wait() => {}
        Some(ended) = pages.join_next() => ended??,
    }
    let connected = resident(id)?;
    crowd.asked.wait().await;
    sleep(Duration::from_secs(26)).await;
    let all = resident(id)?;
    let (began, cpu_began) = (Instant::now(), cpu_time(id)?);
    sleep(Duration::from_secs(u64::try_from(seconds)?)).await;
    let (took, cpu) = (began.elapsed(), cpu_time(id)?.saturating_sub(cpu_began));

    let mut callbacks = JoinSet::new();
    for (index, order) in orders[..paid].iter().cloned().enumerate() {
        callbacks.spawn(told(site, index, order));
        sleep(Duration::from_secs(1) / RATE).await;
    }
    let mut times = Vec::new();
    while let Some(ended) = callbacks.join_next().await {
        times.push(ended??);
    }
    if let Some(ended) = pages.try_join_next() {
        ended??;
    }
    drop(server);

    let each = |from: u64, to: u64| to.saturating_sub(from) / u64::try_from(waiting.max(1)).unwrap_or(1);
    let (memory, suspended) = (each(alone, all), each(connected, all));
    let thousandths = cpu.as_micros() * 1_000 / took.as_micros().max(1);
    times.sort_unstable();
    let at =
        |permille: usize| times.get((times.len() * permille / 1000).min(times.len() - 1)).copied().unwrap_or_default();
    println!("{waiting} pages wait, each for an order of its own, and ask again every 25 s");
    println!("  KB of each              {memory:>8}      budget ≤ {MEMORY_BUDGET} (and 2 of the kernel's)");
    println!("    of it while it waits  {suspended:>8}      budget ≤ {SUSPENDED_BUDGET}");
    println!("  ‰ of a core, all        {thousandths:>8}      budget ≤ {CPU_BUDGET}");
    println!("{paid} callbacks, {RATE} a second: until the page has its answer");
    println!("  p50                     {:>8.1?}", at(500));
    println!("  p99                     {:>8.1?}      budget ≤ {P99_BUDGET:?}", at(990));
    println!("  slowest                 {:>8.1?}", at(1000));
    let is_small = memory <= MEMORY_BUDGET && suspended <= SUSPENDED_BUDGET;
    let kept = is_small && thousandths <= CPU_BUDGET && at(990) <= P99_BUDGET;
    println!("budget: {}", if kept { "kept" } else { "EXCEEDED" });
    Ok(())
}
