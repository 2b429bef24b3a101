//! Books for the tests of this module: in a file, or on the server that `SAOMA_TEST_MYSQL` names
//! (`mysql://USER:PASSWORD@HOST:PORT`), so that the same tests run on both engines.

use jiff::Timestamp;
use sqlx::{Any, AnyConnection, QueryBuilder, migrate::MigrateDatabase};
use tempfile::TempDir;

use super::{Database, StorageError, events::Source};
use crate::domain::Fen;

/// An empty place for books of one's own; whoever opens the address again finds them again.
pub(crate) struct Place {
    pub(crate) url: String,
    _folder: TempDir,
}

#[expect(clippy::disallowed_methods, reason = "tests are told by the environment which engine they run on")]
fn server() -> Option<String> {
    std::env::var("SAOMA_TEST_MYSQL").ok().filter(|url| !url.is_empty())
}

pub(crate) async fn place() -> Place {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = match server() {
        // Nobody else has a folder of this name.
        Some(server) => {
            let name = folder.path().file_name().expect("a name").to_str().expect("UTF-8");
            format!("{}/saoma_{}", server.trim_end_matches('/'), name.trim_start_matches('.'))
        }
        None => format!("sqlite://{}/a/b/books.db", folder.path().display()),
    };
    if url.starts_with("mysql:") {
        sqlx::any::install_default_drivers();
        Any::create_database(&url).await.expect("a database of one's own");
    }
    Place { url, _folder: folder }
}

pub(crate) async fn books() -> (Place, Database) {
    let place = place().await;
    let books = Database::open(&place.url).await.expect("opens");
    (place, books)
}

/// Books with many orders: two of three are paid, every thirtieth has a refund, each with its notification.
pub(crate) struct Filled;

impl Filled {
    pub(crate) const FIRST_MS: i64 = 1_764_518_400_000;
    const MINUTE_MS: i64 = 60_000;

    pub(crate) async fn with(books: &Database, orders: i64) -> Self {
        for from in (1..=orders).step_by(200) {
            let to = orders.min(from + 199);
            let filled = books.write(move |c| Box::pin(async move { fill(c, from, to).await }));
            filled.await.expect("fills");
        }
        Self
    }

    fn created_ms(id: i64) -> i64 {
        Self::FIRST_MS + id * Self::MINUTE_MS
    }

    pub(crate) fn created(id: i64) -> Timestamp {
        Timestamp::from_millisecond(Self::created_ms(id)).expect("in range")
    }

    pub(crate) const fn is_paid(id: i64) -> bool {
        id % 3 != 1
    }

    pub(crate) const fn product(id: i64) -> i64 {
        1 + id % 4
    }

    pub(crate) fn total(id: i64) -> Fen {
        Fen::new(100 * (1 + id % 20)).expect("an amount")
    }

    pub(crate) const fn source(id: i64) -> Source {
        if id % 9 == 0 { Source::Query } else { Source::Callback }
    }

    pub(crate) fn out_trade_no(id: i64) -> String {
        format!("20260101000000{id:018}")
    }

    pub(crate) fn token(id: i64) -> String {
        format!("{id:032x}")
    }

    pub(crate) fn transaction_id(id: i64) -> String {
        format!("4200{id:024}")
    }

    pub(crate) fn request_id(id: i64) -> String {
        format!("08REQUEST{id}")
    }

    pub(crate) fn notify_id(id: i64) -> String {
        format!("notice-{id}")
    }

    pub(crate) fn out_refund_no(id: i64) -> String {
        format!("R{id}")
    }

    pub(crate) fn refund_id(id: i64) -> String {
        format!("5030{id:024}")
    }
}

async fn fill(c: &mut AnyConnection, from: i64, to: i64) -> Result<(), StorageError> {
    if from == 1 {
        let mut products = QueryBuilder::<Any>::new("INSERT INTO products (id, title, summary, price_fen) ");
        products.push_values(1..=4_i64, |mut row, id| {
            row.push_bind(id).push_bind("a thing").push_bind("").push_bind(100_i64);
        });
        products.build().execute(&mut *c).await?;
    }
    let all = || from..=to;
    let paid = || all().filter(|id| Filled::is_paid(*id));
    let refunded = || paid().filter(|id| id % 30 == 0);
    let mut orders = QueryBuilder::<Any>::new(
        "INSERT INTO orders (id, token, shopper, product_id, title, total_fen, status, closed_reason, version, \
         created_ms, expires_ms, paid_ms, updated_ms) ",
    );
    orders.push_values(all(), |mut row, id| {
        let (is_paid, at) = (Filled::is_paid(id), Filled::created_ms(id));
        row.push_bind(id).push_bind(Filled::token(id)).push_bind("s").push_bind(Filled::product(id));
        row.push_bind("a thing").push_bind(Filled::total(id).get());
        row.push_bind(if is_paid { "SUCCESS" } else { "CLOSED" }).push_bind((!is_paid).then_some("EXPIRED"));
        row.push_bind(2_i64).push_bind(at).push_bind(at).push_bind(is_paid.then_some(at)).push_bind(at);
    });
    orders.build().execute(&mut *c).await?;
    let mut attempts = QueryBuilder::<Any>::new(
        "INSERT INTO attempts (id, order_id, out_trade_no, state, request, prepay_until_ms, created_ms, request_id) ",
    );
    attempts.push_values(all(), |mut row, id| {
        row.push_bind(id).push_bind(id).push_bind(Filled::out_trade_no(id)).push_bind("PAID");
        row.push_bind(&b""[..]).push_bind(0_i64).push_bind(0_i64).push_bind(Filled::request_id(id));
    });
    attempts.build().execute(&mut *c).await?;
    let mut payments = QueryBuilder::<Any>::new(
        "INSERT INTO payments (id, transaction_id, order_id, attempt_id, kind, source, total_fen, success_ms, booked_ms) ",
    );
    payments.push_values(paid(), |mut row, id| {
        let at = Filled::created_ms(id);
        row.push_bind(id).push_bind(Filled::transaction_id(id)).push_bind(id).push_bind(id).push_bind("FIRST");
        row.push_bind(Filled::source(id).code()).push_bind(Filled::total(id).get()).push_bind(at).push_bind(at + 900);
    });
    payments.build().execute(&mut *c).await?;
    let mut notices = QueryBuilder::<Any>::new(
        "INSERT INTO notifications (notify_id, event_type, verdict, out_trade_no, transaction_id, deliveries, headers, \
         body, received_ms, last_ms) ",
    );
    notices.push_values(paid(), |mut row, id| {
        let at = Filled::created_ms(id);
        row.push_bind(Filled::notify_id(id)).push_bind("TRANSACTION.SUCCESS");
        row.push_bind(if id % 500 == 0 { "UNKNOWN_ORDER" } else { "PAID" });
        row.push_bind(Filled::out_trade_no(id)).push_bind(Filled::transaction_id(id)).push_bind(1_i64);
        row.push_bind("").push_bind(&b""[..]).push_bind(at).push_bind(at);
    });
    notices.build().execute(&mut *c).await?;
    if refunded().next().is_none() {
        return Ok(());
    }
    let mut refunds = QueryBuilder::<Any>::new(
        "INSERT INTO refunds (out_refund_no, order_id, payment_id, amount_fen, reason, source, state, request, refund_id, \
         created_ms, updated_ms, accepted_ms) ",
    );
    refunds.push_values(refunded(), |mut row, id| {
        let at = Filled::created_ms(id);
        row.push_bind(Filled::out_refund_no(id)).push_bind(id).push_bind(id).push_bind(100_i64).push_bind("");
        row.push_bind("STAFF").push_bind("SUCCESS").push_bind(&b""[..]).push_bind(Filled::refund_id(id));
        row.push_bind(at).push_bind(at).push_bind(at);
    });
    refunds.build().execute(c).await?;
    Ok(())
}
