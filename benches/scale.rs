//! What the same work costs with a thousand orders in the books and with a million: a shopper's list, the
//! sweep with nothing due, the sweep of a hundred due orders (each is asked about at the sandbox), placing
//! an order. On SQLite, and on the server in `SAOMA_TEST_MYSQL` if there is one.
//! `cargo bench --bench scale`; `DOUBLINGS` changes the size (10: 1,000 become 1,024,000).

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads its own size from the environment")]

use std::{
    collections::BTreeMap,
    error::Error,
    path::Path,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use saoma::{
    checkout::Checkout,
    clock::Clock,
    config::{Settings, Wanted},
    domain::ProductId,
    startup::{Application, StartupError, Surroundings},
};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

type Failure = Box<dyn Error + Send + Sync>;

const FEW: i64 = 1_000;
const RATIO_BUDGET: f64 = 1.2;
const DUE: usize = 100;
const LISTED: usize = 20;
/// How often each is done; the median counts.
const ROUNDS: usize = 300;
const SWEEPS: usize = 9;
const SHOPPER: &str = "measured";

/// What the work has cost, in the order of [`WORK`].
type Costs = [Duration; 4];
const WORK: [&str; 4] = ["list of 20 orders", "sweep, nothing due", "sweep of 100 due orders", "placing an order"];

#[tokio::main]
async fn main() -> Result<(), Failure> {
    sqlx::any::install_default_drivers();
    let doublings = std::env::var("DOUBLINGS").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let file = |name: &str| format!("sqlite://{}/{name}.db", folder.path().display());
    let mut kept = measure("SQLite", [file("few"), file("many")], folder.path(), doublings).await?;
    if let Ok(server) = std::env::var("SAOMA_TEST_MYSQL") {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let mut c = AnyConnection::connect(&format!("{server}/")).await?;
        let names = ["few", "many"].map(|name| format!("saoma_scale_{name}_{}", std::process::id()));
        for name in &names {
            let sql = format!("CREATE DATABASE {name} CHARACTER SET utf8mb4");
            c.execute(AssertSqlSafe(sql)).await?;
        }
        let databases = names.each_ref().map(|name| format!("{server}/{name}"));
        let outcome = measure("MariaDB", databases, folder.path(), doublings).await;
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

/// The same shop with few and with many orders in its books.
async fn measure(engine: &str, databases: [String; 2], folder: &Path, doublings: u32) -> Result<bool, Failure> {
    let [few, many] = databases;
    let mut few = Shop::open(&few, &folder.join("few")).await?;
    let mut many = Shop::open(&many, &folder.join("many")).await?;
    let began = Instant::now();
    for doubling in 0..doublings {
        double(&mut many.books, FEW << doubling).await?;
    }
    let filled = began.elapsed();
    let (cheap, dear) = work(&mut few, &mut many).await?;
    let (fewer, more) = (count(&mut few.books).await?, count(&mut many.books).await?);
    few.close().await?;
    many.close().await?;

    println!("{engine}: {fewer} orders, and {more} (put there in {filled:.0?})");
    let mut kept = true;
    for ((work, cheap), dear) in WORK.iter().zip(cheap).zip(dear) {
        let ratio = dear.div_duration_f64(cheap);
        kept &= ratio <= RATIO_BUDGET;
        println!("  {work:<24} {cheap:>10.1?} {dear:>10.1?}   × {ratio:.2}   budget ≤ × {RATIO_BUDGET}");
    }
    Ok(kept)
}

struct Shop {
    checkout: Checkout,
    clock: Clock,
    books: AnyConnection,
    stop: CancellationToken,
    running: JoinHandle<Result<(), StartupError>>,
    times: [Vec<Duration>; 4],
}

impl Shop {
    async fn open(database: &str, folder: &Path) -> Result<Self, Failure> {
        let clock = Clock::mock(Timestamp::from_second(Clock::system().now().as_second())?);
        let variables = BTreeMap::from([
            ("DATABASE_URL", database.to_owned()),
            ("SAOMA_SECRET_KEY", "00".repeat(32)),
            ("SAOMA_DATA_DIR", folder.display().to_string()),
            ("LEPTOS_SITE_ADDR", "127.0.0.1:0".to_owned()),
            ("SAOMA_PAY_MINUTES", "120".to_owned()),
        ]);
        let settings = Settings::from_lookup(Wanted::SANDBOX, &|variable| variables.get(variable).cloned())?;
        let surroundings = Surroundings { clock: clock.clone(), jobs_every: None, ..Surroundings::system() };
        let application = Application::build(settings, surroundings).await?;
        let checkout = application.state().checkout.clone();
        let stop = CancellationToken::new();
        let running = tokio::spawn(application.run(stop.clone()));
        let mut books = AnyConnection::connect(database).await?;
        if database.starts_with("sqlite") {
            books.execute("PRAGMA synchronous = OFF; PRAGMA busy_timeout = 10000").await?;
        }
        let mut opened = Self { checkout, clock, books, stop, running, times: Default::default() };
        for _ in 0..LISTED {
            opened.checkout.place_order(SHOPPER, ProductId(1)).await?;
            // Out of the way of the next one.
            opened.forget_new().await?;
        }
        for index in 0..DUE {
            let order = opened.checkout.place_order(&format!("due-{index}"), ProductId(1)).await?;
            opened.checkout.fetch_code(order.order.id).await?;
        }
        fill(&mut opened.books, opened.clock.now().as_millisecond()).await?;
        Ok(opened)
    }

    /// Only the hundred are to be due.
    async fn forget_new(&mut self) -> Result<(), Failure> {
        let sql = "UPDATE orders SET status = 'CLOSED', closed_reason = 'CANCELLED', live_key = NULL, check_ms = NULL \
                   WHERE check_ms > 0 AND shopper NOT LIKE 'due-%'";
        self.books.execute(sql).await?;
        Ok(())
    }

    async fn quick(&mut self, round: usize) -> Result<(), Failure> {
        let began = Instant::now();
        let listed = self.checkout.list_orders(SHOPPER, None, 50).await?.len();
        self.times[0].push(began.elapsed());
        let began = Instant::now();
        let swept = self.checkout.sweep_orders().await?;
        self.times[1].push(began.elapsed());
        let began = Instant::now();
        self.checkout.place_order(&format!("new-{round}"), ProductId(1)).await?;
        self.times[3].push(began.elapsed());
        if (listed, swept) == (LISTED, 0) { Ok(()) } else { Err(format!("listed {listed}, swept {swept}").into()) }
    }

    async fn sweep(&mut self) -> Result<(), Failure> {
        self.clock.advance(SignedDuration::from_secs(31));
        let began = Instant::now();
        let swept = self.checkout.sweep_orders().await?;
        self.times[2].push(began.elapsed());
        if swept == DUE { Ok(()) } else { Err(format!("{swept} of {DUE} orders swept").into()) }
    }

    fn medians(&mut self) -> Costs {
        self.times.each_mut().map(|times| {
            times.sort_unstable();
            times.get(times.len() / 2).copied().unwrap_or_default()
        })
    }

    async fn close(self) -> Result<(), Failure> {
        self.books.close().await?;
        self.stop.cancel();
        Ok(self.running.await??)
    }
}

/// In turn, so that whatever else the machine does hits both.
async fn work(few: &mut Shop, many: &mut Shop) -> Result<(Costs, Costs), Failure> {
    for round in 0..ROUNDS {
        few.quick(round).await?;
        many.quick(round).await?;
    }
    few.forget_new().await?;
    many.forget_new().await?;
    for _ in 0..SWEEPS {
        few.sweep().await?;
        many.sweep().await?;
    }
    Ok((few.medians(), many.medians()))
}

/// Numbers of old orders go down from here, those of new ones up.
const OLDEST: i64 = 2_000_000_000;

/// Orders of long ago: seven of ten paid, the others closed.
async fn fill(c: &mut AnyConnection, now_ms: i64) -> Result<(), Failure> {
    let mut transaction = c.begin().await?;
    for index in 0..FEW {
        let (id, at) = (OLDEST - 1 - index, now_ms - 86_400_000 - index * 1_000);
        let paid = index % 10 < 7;
        let (status, reason) = if paid { ("SUCCESS", None) } else { ("CLOSED", Some("EXPIRED")) };
        let sql = "INSERT INTO orders (id, token, shopper, product_id, title, total_fen, status, closed_reason, version, \
                   created_ms, expires_ms, paid_ms, updated_ms) VALUES (?, ?, ?, 1, ?, 1, ?, ?, 3, ?, ?, ?, ?)";
        let order = sqlx::query(sql).bind(id).bind(format!("x{id}")).bind(format!("s{}", id % 99_991));
        let order = order.bind("Rust 异步编程实战").bind(status).bind(reason).bind(at).bind(at + 900_000);
        order.bind(paid.then_some(at + 60_000)).bind(at + 60_000).execute(&mut *transaction).await?;
        let sql = "INSERT INTO attempts (id, order_id, out_trade_no, state, request, code_url, prepay_until_ms, created_ms) \
                   VALUES (?, ?, ?, ?, ?, ?, 0, ?)";
        let attempt = sqlx::query(sql).bind(id).bind(id).bind(format!("N{id}"));
        let attempt = attempt.bind(if paid { "PAID" } else { "CLOSED" }).bind(vec![b' '; 400]);
        attempt.bind("weixin://wxpay/bizpayurl?pr=fo3c7sWWyFgQndp1").bind(at).execute(&mut *transaction).await?;
        if paid {
            let sql = "INSERT INTO payments (id, transaction_id, order_id, attempt_id, kind, source, total_fen, success_ms, \
                       booked_ms) VALUES (?, ?, ?, ?, 'FIRST', 'CALLBACK', 1, ?, ?)";
            let payment = sqlx::query(sql).bind(id).bind(format!("T{id}")).bind(id).bind(id);
            payment.bind(at + 59_000).bind(at + 60_000).execute(&mut *transaction).await?;
        }
        for (part, kind) in [(0, "PLACED"), (1, "CODE_READY"), (2, if paid { "PAID" } else { "CLOSED" })] {
            let sql = "INSERT INTO order_events (id, order_id, at_ms, kind, source, detail) VALUES (?, ?, ?, ?, 'SHOPPER', '')";
            let event = sqlx::query(sql).bind(3 * id + part).bind(id).bind(at + 20_000 * part).bind(kind);
            event.execute(&mut *transaction).await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}

/// As many again of the `old` orders there are.
async fn double(c: &mut AnyConnection, old: i64) -> Result<(), Failure> {
    let statements = [
        "INSERT INTO orders (id, token, shopper, product_id, title, total_fen, status, closed_reason, version, created_ms, \
         expires_ms, paid_ms, updated_ms) SELECT id - ?, 'x' || (id - ?), 's' || ((id - ?) % 99991), product_id, title, \
         total_fen, status, closed_reason, version, created_ms - ?, expires_ms, paid_ms, updated_ms FROM orders \
         WHERE id >= ? AND id < ?",
        "INSERT INTO attempts (id, order_id, out_trade_no, state, request, code_url, prepay_until_ms, created_ms) \
         SELECT id - ?, order_id - ?, 'N' || (id - ?), state, request, code_url, prepay_until_ms, created_ms - ? \
         FROM attempts WHERE id >= ? AND id < ?",
        "INSERT INTO payments (id, transaction_id, order_id, attempt_id, kind, source, total_fen, success_ms, booked_ms) \
         SELECT id - ?, 'T' || (id - ?), order_id - ?, attempt_id - ?, kind, source, total_fen, success_ms, booked_ms \
         FROM payments WHERE id >= ? AND id < ?",
    ];
    let (from, to) = (OLDEST - old, OLDEST);
    for sql in statements {
        sqlx::query(sql).bind(old).bind(old).bind(old).bind(old).bind(from).bind(to).execute(&mut *c).await?;
    }
    let sql = "INSERT INTO order_events (id, order_id, at_ms, kind, source, detail) \
               SELECT id - 3 * ?, order_id - ?, at_ms, kind, source, detail FROM order_events WHERE id >= ? AND id < ?";
    sqlx::query(sql).bind(old).bind(old).bind(3 * from).bind(3 * to).execute(c).await?;
    Ok(())
}

async fn count(c: &mut AnyConnection) -> Result<i64, Failure> {
    Ok(sqlx::query_scalar("SELECT COUNT(*) FROM orders").fetch_one(c).await?)
}
