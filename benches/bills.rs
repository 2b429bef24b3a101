//! A day's bill laid beside the books, of ten thousand rows and of a million: rows a second of the parser alone and of
//! the whole comparison, memory, and what a write the way callbacks take it costs meanwhile. On SQLite, and on the server
//! in `SAOMA_TEST_MYSQL` if there is one. `cargo bench --bench bills`; `ROWS` is the larger number.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads its own size from the environment")]
#![expect(clippy::float_arithmetic, reason = "a ratio of times, for a person to read")]

#[path = "support/bill.rs"]
mod bill;

use std::{
    collections::BTreeMap,
    error::Error,
    fs::{self, File},
    io::{BufWriter, Read as _, Write as _},
    path::Path,
    time::{Duration, Instant},
};

use jiff::SignedDuration;
use saoma::{
    config::{Settings, Wanted},
    reconcile::{Outcome, Reconcile},
    startup::{Application, Surroundings},
    storage::Database,
    wechatpay::bill::{BillError, TradeBill},
};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use tokio_util::sync::CancellationToken;

use self::bill::{day, lay_bills, out_trade_no, transaction_id, write_trades};

type Failure = Box<dyn Error + Send + Sync>;

const FEW: usize = 10_000;
const RATIO_BUDGET: f64 = 1.2;
const P99_BUDGET: Duration = Duration::from_millis(50);
const PIECE: usize = 64 * 1024;
/// Payments by one statement.
const TOGETHER: usize = 500;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    sqlx::any::install_default_drivers();
    let many = std::env::var("ROWS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    parse(folder.path(), FEW)?;
    parse(folder.path(), many)?;
    let url = |name: &str| format!("sqlite://{}/{name}.db", folder.path().display());
    let mut kept = measure("SQLite", [url("few"), url("many")], folder.path(), many).await?;
    if let Ok(server) = std::env::var("SAOMA_TEST_MYSQL") {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let mut c = AnyConnection::connect(&format!("{server}/")).await?;
        let names = ["few", "many"].map(|name| format!("saoma_bills_{name}_{}", std::process::id()));
        for name in &names {
            c.execute(AssertSqlSafe(format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"))).await?;
        }
        let databases = names.each_ref().map(|name| format!("{server}/{name}"));
        let outcome = measure("MariaDB", databases, folder.path(), many).await;
        for name in &names {
            c.execute(AssertSqlSafe(format!("DROP DATABASE {name}"))).await?;
        }
        kept &= outcome?;
    } else {
        println!("MariaDB: not measured, no SAOMA_TEST_MYSQL");
    }
    println!("budget: {}", if kept { "kept" } else { "EXCEEDED" });
    Ok(())
}

fn attempt_id(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX - 1) + 1
}

/// The parser alone, of a file that is as long as the bill: what it takes of memory is its own.
fn parse(folder: &Path, rows: usize) -> Result<(), Failure> {
    let path = folder.join("plain.csv");
    let mut out = BufWriter::new(File::create(&path)?);
    write_trades(rows, &mut out)?;
    out.flush()?;
    drop(out);
    forget_peak();
    let began = Instant::now();
    let (mut bill, mut file, mut piece) = (TradeBill::default(), File::open(&path)?, vec![0; PIECE]);
    loop {
        match file.read(&mut piece)? {
            0 => break,
            read => bill.feed(piece.get(..read).unwrap_or_default(), |_| Ok::<(), BillError>(()))?,
        }
    }
    let sums = bill.finish(|_| Ok::<(), BillError>(()))?;
    let took = began.elapsed();
    if sums.rows != u64::try_from(rows)? {
        return Err(format!("{} rows of {rows}", sums.rows).into());
    }
    let rate = u128::from(sums.rows) * 1_000_000 / took.as_micros().max(1);
    let bytes = fs::metadata(&path)?.len() / 1024 / 1024;
    println!("parser: {rows:>9} rows, {bytes} MB, in {took:.2?}  {rate:>8} a second  peak {} MB", peak_memory());
    Ok(fs::remove_file(path)?)
}

struct Shop {
    reconcile: Reconcile,
    db: Database,
    end: CancellationToken,
    running: tokio::task::JoinHandle<Result<(), saoma::startup::StartupError>>,
}

impl Shop {
    async fn open(database: &str, folder: &Path, rows: usize) -> Result<Self, Failure> {
        let variables = BTreeMap::from([
            ("DATABASE_URL", database.to_owned()),
            ("SAOMA_DATA_DIR", folder.display().to_string()),
            ("LEPTOS_SITE_ADDR", "127.0.0.1:0".to_owned()),
            // Books on a server want one.
            ("SAOMA_SECRET_KEY", "5a".repeat(32)),
        ]);
        let settings = Settings::from_lookup(Wanted::SANDBOX, &|variable| variables.get(variable).cloned())?;
        let surroundings = Surroundings { jobs_every: None, ..Surroundings::system() };
        let application = Application::build(settings, surroundings).await?;
        let state = application.state().clone();
        let end = CancellationToken::new();
        let running = tokio::spawn(application.run(end.clone()));
        let shop = Self { reconcile: state.reconcile.clone(), db: state.db.clone(), end, running };
        fill(database, rows).await?;
        lay_bills(&shop.db, &folder.join("sandbox/bills"), rows).await?;
        Ok(shop)
    }

    async fn close(self) -> Result<(), Failure> {
        self.end.cancel();
        Ok(self.running.await??)
    }
}

/// One order that was paid very often, each time by an attempt of its own: a comparison goes by payments, and by these.
async fn fill(database: &str, rows: usize) -> Result<(), Failure> {
    let mut c = AnyConnection::connect(database).await?;
    let noon = day().ready() - SignedDuration::from_hours(22);
    let order = "INSERT INTO orders (id, token, shopper, product_id, title, total_fen, status, version, created_ms, \
                 expires_ms, updated_ms) VALUES (1, 't', 's', 1, 'benchmark', 1000, 'SUCCESS', 1, ?, ?, ?)";
    let at = noon.as_millisecond();
    sqlx::query(order).bind(at).bind(at).bind(at).execute(&mut c).await?;
    for first in (0..rows).step_by(TOGETHER) {
        let mut insert = sqlx::QueryBuilder::<sqlx::Any>::new(
            "INSERT INTO attempts (id, order_id, out_trade_no, state, request, prepay_until_ms, created_ms) ",
        );
        insert.push_values(first..rows.min(first + TOGETHER), |mut row, number| {
            row.push_bind(attempt_id(number)).push("1").push_bind(out_trade_no(number)).push("'PAID', 'x', 0, 1");
        });
        insert.build().execute(&mut c).await?;
        let mut insert = sqlx::QueryBuilder::<sqlx::Any>::new(
            "INSERT INTO payments (transaction_id, order_id, attempt_id, kind, source, total_fen, success_ms, booked_ms) ",
        );
        insert.push_values(first..rows.min(first + TOGETHER), |mut row, number| {
            // All over the afternoon, by the second, as WeChat tells it.
            let at = at + i64::try_from(number % 43_000).unwrap_or_default() * 1000;
            row.push_bind(transaction_id(number)).push("1").push_bind(attempt_id(number));
            row.push("'FIRST', 'CALLBACK', 1000").push_bind(at).push_bind(at);
        });
        insert.build().execute(&mut c).await?;
    }
    Ok(c.close().await?)
}

async fn measure(engine: &str, databases: [String; 2], folder: &Path, many: usize) -> Result<bool, Failure> {
    let [few_at, many_at] = databases;
    let few = Shop::open(&few_at, &folder.join("few"), FEW).await?;
    let cheap = compare(&few, FEW).await?;
    few.close().await?;
    let shop = Shop::open(&many_at, &folder.join("many"), many).await?;
    let mut dear = compare(&shop, many).await?;
    shop.close().await?;
    dear.writes.sort_unstable();
    let p99 = dear.writes.get(dear.writes.len() * 99 / 100).copied().unwrap_or_default();
    let each =
        |took: Duration, rows: usize| took.div_duration_f64(Duration::from_micros(u64::try_from(rows).unwrap_or(1)));
    let ratio = each(dear.took, many) / each(cheap.took, FEW);
    let cpu_ratio = each(dear.cpu, many) / each(cheap.cpu, FEW);
    println!("{engine}: the whole comparison, trade and fund-flow bill");
    for (rows, Cost { took, cpu, memory, .. }) in [(FEW, &cheap), (many, &dear)] {
        let rate = rows as u128 * 1_000_000 / took.as_micros().max(1);
        println!(
            "  {rows:>9} rows  {took:>8.2?}  {rate:>8} a second  {:.1} µs a row, {:.1} µs of CPU  peak {memory} MB",
            each(*took, rows),
            each(*cpu, rows)
        );
    }
    println!("  cost per row × {ratio:.2} (CPU × {cpu_ratio:.2})   budget ≤ × {RATIO_BUDGET}");
    println!(
        "  a write like a callback's meanwhile: {} of them, p99 {p99:.1?}   budget ≤ {P99_BUDGET:?}",
        dear.writes.len()
    );
    Ok(ratio <= RATIO_BUDGET && p99 <= P99_BUDGET)
}

/// What a comparison took.
struct Cost {
    took: Duration,
    /// Of this process: on a busy machine it says more than the time.
    cpu: Duration,
    /// The peak, in megabytes.
    memory: u64,
    /// Of writes meanwhile.
    writes: Vec<Duration>,
}

async fn compare(shop: &Shop, rows: usize) -> Result<Cost, Failure> {
    forget_peak();
    let done = CancellationToken::new();
    let writing = {
        let (db, done) = (shop.db.clone(), done.clone());
        tokio::spawn(async move {
            let mut times = Vec::new();
            while !done.is_cancelled() {
                let began = Instant::now();
                let written = db.write_first(|c| {
                    Box::pin(async move {
                        sqlx::query("UPDATE orders SET version = version + 1 WHERE id = 1").execute(c).await?;
                        Ok(())
                    })
                });
                if written.await.is_ok() {
                    times.push(began.elapsed());
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            times
        })
    };
    let (began, cpu_before) = (Instant::now(), cpu_time());
    let checked = shop.reconcile.check(day()).await?;
    let (took, cpu) = (began.elapsed(), cpu_time().saturating_sub(cpu_before));
    done.cancel();
    let writes = writing.await?;
    if checked.outcome != Outcome::Agrees || checked.totals.rows != u64::try_from(rows)? {
        return Err(format!("{checked:?}").into());
    }
    Ok(Cost { took, cpu, memory: peak_memory(), writes })
}

/// The peak of memory is that from now on, where the system can tell.
fn forget_peak() {
    fs::write("/proc/self/clear_refs", "5").unwrap_or_default();
}

/// What the system counts for this process, in its ticks of ten milliseconds.
fn cpu_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name in brackets the third field is the first.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|text| text.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// In megabytes.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() / 1024
}
