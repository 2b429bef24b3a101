//! Callbacks while staff is at work: a comparison of yesterday with its bill, an export of all orders and a backup run
//! beside each other, again and again, as commands beside the server, and callbacks come in at a steady rate. SQLite on
//! disk. `cargo bench --bench together`; `ORDERS` is what lies in the books, `CALLBACKS` and `RATE` (a second) what
//! comes in.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads its own size from the environment")]

#[path = "support/bill.rs"]
mod bill;
#[path = "support/exchange.rs"]
mod exchange;
#[path = "support/genuine.rs"]
mod genuine;

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::SignedDuration;
use saoma::storage::Database;
use sqlx::AssertSqlSafe;
use tokio::net::TcpStream;

use self::{
    bill::{day, lay_bills},
    exchange::exchange,
    genuine::{Failure, Genuine, database, prepare, start},
};

const P99_BUDGET: Duration = Duration::from_millis(50);
const CONNECTIONS: usize = 16;
/// Of the callbacks, before staff begins: what they take by themselves.
const ALONE: usize = 1_000;
/// How often each of the commands runs at least.
const ROUNDS: usize = 2;

fn size(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (orders, rate, callbacks) = (size("ORDERS", 1_000_000), size("RATE", 100), size("CALLBACKS", 12_000));
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    // Products, and what is asked of WeChat for an order. The first start marks the books as its own: it would read all
    // of those of another version before.
    let first = prepare(folder.path(), address, 1).await?;
    let server = start(folder.path(), address, None).await?;
    deliver(address, &first, rate).await?;
    drop(server);
    let db = Database::open(&database(folder.path())).await?;
    put_paid_orders(&db, orders).await?;
    lay_bills(&db, &folder.path().join("sandbox/bills"), orders).await?;
    db.close().await;
    let requests = prepare(folder.path(), address, callbacks + ALONE).await?;
    let server = start(folder.path(), address, None).await?;

    let (first, rest) = requests.split_at(ALONE);
    let goes_on = Arc::new(AtomicBool::new(true));
    let alone = deliver(address, first, rate).await?;
    let work = tokio::spawn(all_work(folder.path().to_owned(), Arc::clone(&goes_on)));
    let beside = deliver(address, rest, rate).await?;
    goes_on.store(false, Ordering::Relaxed);
    let rounds = work.await??;
    drop(server);

    println!("{orders} orders in the books, {rate} callbacks a second over {CONNECTIONS} connections, SQLite");
    for (name, times) in &rounds {
        println!("  {name:<12} {} times, {:.1?} on average", times.len(), average(times));
    }
    told("alone", alone);
    let is_whole = rounds.iter().all(|(_, times)| times.len() >= ROUNDS);
    let kept = told("beside them", beside) <= P99_BUDGET && is_whole;
    println!("budget: {}", if kept { "kept" } else { "EXCEEDED" });
    Ok(())
}

fn average(times: &[Duration]) -> Duration {
    times.iter().sum::<Duration>() / u32::try_from(times.len().max(1)).unwrap_or(1)
}

fn told(name: &str, mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    let at = |permille: usize| times.get(times.len() * permille / 1000).or(times.last()).copied().unwrap_or_default();
    println!(
        "  {name:<12} {} callbacks, p50 {:.1?}, p99 {:.1?}, slowest {:.1?}   budget p99 ≤ {P99_BUDGET:?}",
        times.len(),
        at(500),
        at(990),
        at(1000)
    );
    at(990)
}

/// The day's, each paid by a payment that stands in the bill.
async fn put_paid_orders(db: &Database, count: usize) -> Result<(), Failure> {
    const FIRST: i64 = 10_000_000;
    const COUNT: &str = "WITH RECURSIVE count (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM count WHERE n < ?1 - 1)";
    const ORDERS: &str = "INSERT INTO orders (id, token, shopper, product_id, title, total_fen, status, version, created_ms, \
        expires_ms, paid_ms, updated_ms) SELECT ?2 + n, printf('%032d', n), 's', 1, 'benchmark', 1000, 'SUCCESS', 3, \
        ?3 + n % 43000 * 1000, ?3 + 900000, ?3 + n % 43000 * 1000, ?3 + n % 43000 * 1000 FROM count";
    const ATTEMPTS: &str = "INSERT INTO attempts (id, order_id, out_trade_no, appid, trade_type, state, request, \
        prepay_until_ms, created_ms) SELECT ?2 + n, ?2 + n, printf('20261123120001%018d', n), 'wx0000000000000000', \
        'NATIVE', 'PAID', known.request, 0, ?3 FROM count, (SELECT request FROM attempts LIMIT 1) AS known";
    const PAYMENTS: &str = "INSERT INTO payments (id, transaction_id, order_id, attempt_id, kind, source, total_fen, \
        success_ms, booked_ms) SELECT ?2 + n, printf('4200%08d%016d', n * 2654435761 % 100000000, n), ?2 + n, ?2 + n, \
        'FIRST', 'CALLBACK', 1000, ?3 + n % 43000 * 1000, ?3 + n % 43000 * 1000 FROM count";
    let noon = (day().ready() - SignedDuration::from_hours(22)).as_millisecond();
    let count = i64::try_from(count)?;
    let put = db.write(move |c| {
        Box::pin(async move {
            for insert in [ORDERS, ATTEMPTS, PAYMENTS] {
                let sql = insert.replacen(" SELECT", &format!(" {COUNT} SELECT"), 1);
                sqlx::query(AssertSqlSafe(sql)).bind(count).bind(FIRST).bind(noon).execute(&mut *c).await?;
            }
            Ok(())
        })
    });
    Ok(put.await?)
}

/// What each of them takes, each again and again by itself. A comparison that finds anything is none.
async fn all_work(folder: PathBuf, goes_on: Arc<AtomicBool>) -> Result<Vec<(&'static str, Vec<Duration>)>, Failure> {
    let day = day().to_string();
    let commands = [
        ("comparison", format!("bill check --sandbox --date {day}")),
        ("export", "order export --sandbox --from 2000-01-01".to_owned()),
        ("backup", "backup --sandbox --to copy.db".to_owned()),
    ];
    let each = commands.map(|(name, arguments)| {
        let (folder, goes_on) = (folder.clone(), Arc::clone(&goes_on));
        tokio::task::spawn_blocking(move || {
            let mut times = Vec::new();
            while goes_on.load(Ordering::Relaxed) {
                let began = Instant::now();
                run(&folder, &arguments)?;
                times.push(began.elapsed());
                if name == "backup" {
                    fs::remove_file(folder.join("copy.db"))?;
                }
            }
            Ok::<_, Failure>((name, times))
        })
    });
    let mut all = Vec::new();
    for one in each {
        all.push(one.await??);
    }
    Ok(all)
}

fn run(folder: &Path, arguments: &str) -> Result<(), Failure> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_saoma"));
    command.args(arguments.split(' ')).current_dir(folder);
    command.env("SAOMA_DATA_DIR", folder).env("DATABASE_URL", database(folder)).env("RUST_LOG", "warn");
    command.env("SAOMA_SECRET_KEY", "00".repeat(32)).stdout(Stdio::null()).stderr(Stdio::piped());
    let output = command.spawn()?.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{arguments}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into())
}

/// At a steady rate, whatever the answers take. What waits for the answer before it has waited since it was due.
async fn deliver(address: SocketAddr, requests: &[Genuine], rate: usize) -> Result<Vec<Duration>, Failure> {
    let began = Instant::now();
    let apart = Duration::from_secs(1) / u32::try_from(rate)?;
    let mut shares = vec![Vec::new(); CONNECTIONS];
    for (index, (_, request)) in requests.iter().enumerate() {
        shares[index % CONNECTIONS].push((began + apart * u32::try_from(index)?, Arc::clone(request)));
    }
    let senders: Vec<_> = shares.into_iter().map(|share| tokio::spawn(send(address, share))).collect();
    let mut times = Vec::with_capacity(requests.len());
    for sender in senders {
        times.extend(sender.await??);
    }
    Ok(times)
}

async fn send(address: SocketAddr, share: Vec<(Instant, Arc<[u8]>)>) -> Result<Vec<Duration>, Failure> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut times = Vec::with_capacity(share.len());
    for (due, request) in share {
        tokio::time::sleep_until(due.into()).await;
        exchange(&mut stream, &request).await?;
        times.push(due.elapsed());
    }
    Ok(times)
}
