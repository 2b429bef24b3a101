//! What staff's work costs with many orders in the books: each filter, a search by number, a page that looks as far back
//! as it may, the overview's sums; and an export of all, with the memory it takes and what callbacks meanwhile take.
//! On SQLite, and on the server in `SAOMA_TEST_MYSQL` if there is one.
//! `cargo bench --bench office`; `DOUBLINGS` changes the size (10: 1,000 become 1,024,000).

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads its own size from the environment")]

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use futures::TryStreamExt as _;
use saoma::{
    backoffice::{
        Office,
        orders::{Asked, Columns, Filter, Form},
    },
    clock::Clock,
    config::{Settings, Wanted},
    domain::{OrderStatus, ProductId},
    startup::{Application, Surroundings},
};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use tokio_util::sync::CancellationToken;

type Failure = Box<dyn Error + Send + Sync>;

const FEW: i64 = 1_000;
const ROUNDS: usize = 200;
/// Staff does not wait for a list.
const PAGE_BUDGET: Duration = Duration::from_millis(50);
/// Twenty thousand looked at in vain.
const CUT_BUDGET: Duration = Duration::from_millis(400);
/// Of an export, in resident memory.
const MEMORY_BUDGET: u64 = 32 << 20;
/// Placing an order while an export runs: it waits for no more than its own commit.
const BESIDE_BUDGET: Duration = Duration::from_millis(50);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    sqlx::any::install_default_drivers();
    let doublings = std::env::var("DOUBLINGS").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let file = format!("sqlite://{}/office.db", folder.path().display());
    let mut kept = measure("SQLite", &file, folder.path(), doublings).await?;
    if let Ok(server) = std::env::var("SAOMA_TEST_MYSQL") {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let mut c = AnyConnection::connect(&format!("{server}/")).await?;
        let name = format!("saoma_office_{}", std::process::id());
        c.execute(AssertSqlSafe(format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"))).await?;
        let outcome = measure("MariaDB", &format!("{server}/{name}"), folder.path(), doublings).await;
        c.execute(AssertSqlSafe(format!("DROP DATABASE {name}"))).await?;
        kept &= outcome?;
    } else {
        println!("MariaDB: not measured, no SAOMA_TEST_MYSQL");
    }
    println!("budget: {}", if kept { "kept" } else { "EXCEEDED" });
    Ok(())
}

async fn measure(engine: &str, database: &str, folder: &Path, doublings: u32) -> Result<bool, Failure> {
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
    let stop = CancellationToken::new();
    let running = tokio::spawn(application.run(stop.clone()));
    let mut books = AnyConnection::connect(database).await?;
    if database.starts_with("sqlite") {
        books.execute("PRAGMA synchronous = OFF; PRAGMA busy_timeout = 10000").await?;
    }
    let began = Instant::now();
    let orders = fill(&mut books, Clock::system().now().as_millisecond(), doublings).await?;
    if database.starts_with("mysql") {
        books.execute("ANALYZE TABLE orders, attempts, payments").await?;
    }
    println!("{engine}: {orders} orders (put there in {:.0?})", began.elapsed());
    books.close().await?;
    let office = state.office.clone();
    let mut kept = pages(&office).await?;
    kept &= export(&office, async |round| {
        let shopper = format!("beside-{round}");
        Ok(state.checkout.place_order(&shopper, ProductId(1)).await.map(drop)?)
    })
    .await?;
    stop.cancel();
    running.await??;
    Ok(kept)
}

/// Everything staff may ask of a list.
async fn pages(office: &Office) -> Result<bool, Failure> {
    let asked = |change: fn(&mut Asked)| {
        let mut asked = Asked { first: "2000-01-01".to_owned(), ..Asked::default() };
        change(&mut asked);
        asked
    };
    let filters = [
        ("no filter", asked(|_| ()), PAGE_BUDGET),
        ("paid", asked(|it| it.kind = "SUCCESS".into()), PAGE_BUDGET),
        ("one product", asked(|it| it.product = "2".into()), PAGE_BUDGET),
        ("one amount", asked(|it| (it.least, it.most) = ("0.07".into(), "0.07".into())), PAGE_BUDGET),
        ("found by asking", asked(|it| it.found = "QUERY".into()), PAGE_BUDGET),
        ("needs someone", asked(|it| it.needs_someone = true), PAGE_BUDGET),
        ("two that never meet", asked(|it| (it.kind, it.least) = ("EXPIRED".into(), "99999".into())), CUT_BUDGET),
    ];
    let mut kept = true;
    for (name, asked, budget) in filters {
        let filter = Filter::read(&asked, Clock::system().now())?;
        let times = times(async |_| Ok(office.list_orders(&filter, None).await.map(drop)?)).await?;
        kept &= told(name, &times, budget);
    }
    let search = times(async |round| {
        let found = office.search(&format!("N{}", NEWEST - 1 - i64::try_from(round)?)).await?.len();
        if found == 1 { Ok(()) } else { Err(format!("{found} found").into()) }
    });
    kept &= told("search by number", &search.await?, PAGE_BUDGET);
    let began = Instant::now();
    office.sum_up().await?;
    println!("  {:<24} {:>10.1?}", "sums of a month", began.elapsed());
    kept &= told("overview", &times(async |_| Ok(office.report().await.map(drop)?)).await?, PAGE_BUDGET);
    Ok(kept)
}

async fn times(mut work: impl AsyncFnMut(usize) -> Result<(), Failure>) -> Result<Vec<Duration>, Failure> {
    let mut times = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        let began = Instant::now();
        work(round).await?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    Ok(times)
}

fn told(name: &str, times: &[Duration], budget: Duration) -> bool {
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    println!("  {name:<24} p50 {:>9.1?}  p99 {:>9.1?}   budget p99 ≤ {budget:?}", at(50), at(99));
    at(99) <= budget
}

fn resident() -> Result<u64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? << 10)
}

async fn export(office: &Office, beside: impl AsyncFn(usize) -> Result<(), Failure>) -> Result<bool, Failure> {
    let columns = Columns { headings: ["x"; 11], status: OrderStatus::code, found: |_| "x", owed: "x" };
    let asked = Asked { first: "2000-01-01".to_owned(), ..Asked::default() };
    let filter = Filter::read(&asked, Clock::system().now())?;
    let before = resident()?;
    let began = Instant::now();
    let mut pieces = std::pin::pin!(office.export_orders(filter, Form::Csv(columns)).pieces());
    let (mut orders, mut most, mut waited) = (0, 0, Vec::new());
    while let Some((_, more)) = pieces.try_next().await? {
        orders += more;
        most = most.max(resident()?);
        if waited.len() < 1_000 {
            let began = Instant::now();
            beside(waited.len()).await?;
            waited.push(began.elapsed());
        }
    }
    let (took, memory) = (began.elapsed(), most.saturating_sub(before));
    println!("  {:<24} {took:>10.1?}  {orders} orders, {} KiB more memory", "export", memory >> 10);
    waited.sort_unstable();
    Ok(told("an order placed beside it", &waited, BESIDE_BUDGET) && memory <= MEMORY_BUDGET)
}

/// Numbers of these orders go down from here.
const NEWEST: i64 = 2_000_000_000;

/// A second apart, back from now: seven of ten paid, one of ten found by asking.
async fn fill(c: &mut AnyConnection, now_ms: i64, doublings: u32) -> Result<i64, Failure> {
    let mut transaction = c.begin().await?;
    for index in 0..FEW {
        let (id, at) = (NEWEST - 1 - index, now_ms - index * 1_000);
        let paid = index % 10 < 7;
        let (status, reason) = if paid { ("SUCCESS", None) } else { ("CLOSED", Some("EXPIRED")) };
        let sql = "INSERT INTO orders (id, token, shopper, product_id, title, total_fen, status, closed_reason, version, \
                   created_ms, expires_ms, paid_ms, updated_ms) VALUES (?, ?, 's', ?, 'x', ?, ?, ?, 3, ?, ?, ?, ?)";
        let order = sqlx::query(sql).bind(id).bind(format!("{id:032}")).bind(1 + index % 4).bind(1 + index % 50);
        let order = order.bind(status).bind(reason).bind(at).bind(at + 900_000);
        order.bind(paid.then_some(at)).bind(at).execute(&mut *transaction).await?;
        let sql = "INSERT INTO attempts (id, order_id, out_trade_no, state, request, prepay_until_ms, created_ms) \
                   VALUES (?, ?, ?, ?, ?, 0, ?)";
        let attempt = sqlx::query(sql).bind(id).bind(id).bind(format!("N{id}"));
        let attempt = attempt.bind(if paid { "PAID" } else { "CLOSED" }).bind(vec![b' '; 400]).bind(at);
        attempt.execute(&mut *transaction).await?;
        if paid {
            let sql = "INSERT INTO payments (id, transaction_id, order_id, attempt_id, kind, source, total_fen, success_ms, \
                       booked_ms) VALUES (?, ?, ?, ?, 'FIRST', ?, ?, ?, ?)";
            let payment = sqlx::query(sql).bind(id).bind(format!("T{id}")).bind(id).bind(id);
            let payment = payment.bind(if index % 10 == 0 { "QUERY" } else { "CALLBACK" }).bind(1 + index % 50);
            payment.bind(at).bind(at + 300).execute(&mut *transaction).await?;
        }
    }
    transaction.commit().await?;
    for doubling in 0..doublings {
        double(c, FEW << doubling).await?;
    }
    Ok(FEW << doublings)
}

/// As many again of the `old` orders there are, further back.
async fn double(c: &mut AnyConnection, old: i64) -> Result<(), Failure> {
    let (from, to, back) = (NEWEST - old, NEWEST, old * 1_000);
    let token = if c.backend_name() == "SQLite" { "printf('%032d', id - ?)" } else { "LPAD(id - ?, 32, '0')" };
    let text = |letter: &str| {
        if c.backend_name() == "SQLite" {
            format!("'{letter}' || (id - ?)")
        } else {
            format!("CONCAT('{letter}', id - ?)")
        }
    };
    let (number, transaction) = (text("N"), text("T"));
    let orders = format!(
        "INSERT INTO orders (id, token, shopper, product_id, title, total_fen, status, closed_reason, version, created_ms, \
         expires_ms, paid_ms, updated_ms) SELECT id - ?, {token}, shopper, product_id, title, total_fen, status, \
         closed_reason, version, created_ms - ?, expires_ms, paid_ms, updated_ms FROM orders WHERE id >= ? AND id < ?"
    );
    let attempts = format!(
        "INSERT INTO attempts (id, order_id, out_trade_no, state, request, prepay_until_ms, created_ms) \
         SELECT id - ?, order_id - ?, {number}, state, request, prepay_until_ms, created_ms FROM attempts \
         WHERE id >= ? AND id < ?"
    );
    let payments = format!(
        "INSERT INTO payments (id, transaction_id, order_id, attempt_id, kind, source, total_fen, success_ms, booked_ms) \
         SELECT id - ?, {transaction}, order_id - ?, attempt_id - ?, kind, source, total_fen, success_ms - ?, \
         booked_ms - ? FROM payments WHERE id >= ? AND id < ?"
    );
    for (sql, values) in [
        (orders, vec![old, old, back, from, to]),
        (attempts, vec![old, old, old, from, to]),
        (payments, vec![old, old, old, old, back, back, from, to]),
    ] {
        let query = values.into_iter().fold(sqlx::query(AssertSqlSafe(sql)), sqlx::query::Query::bind);
        query.execute(&mut *c).await?;
    }
    Ok(())
}
