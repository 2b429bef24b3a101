//! Accidents on the way to a server. `make mysql-tests` has one.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, AtomicUsize, Ordering},
};

use futures::future::join_all;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use url::Url;

use super::{
    super::{Database, inserted, testing},
    *,
};

/// What befalls a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accident {
    /// It breaks when a commit is to be sent.
    BeforeCommit,
    /// It breaks when the commit has been carried out and its answer is to be told.
    AfterCommit,
}

/// A way to the server.
struct Way {
    place: testing::Place,
    url: String,
    accidents: Arc<Accidents>,
}

#[derive(Default)]
struct Accidents {
    /// Of the next connection that commits.
    next: Mutex<Option<Accident>>,
    opened: AtomicUsize,
    /// On connections with a lower number nothing passes any more, and nobody is told.
    silent_below: AtomicUsize,
}

impl Way {
    async fn start() -> Self {
        let place = testing::place().await;
        let mut url = Url::parse(&place.url).expect("SAOMA_TEST_MYSQL names a server");
        let server = (url.host_str().expect("a host").to_owned(), url.port().unwrap_or(3306));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(listener.local_addr().expect("bound").port())).expect("a port");
        let accidents = Arc::new(Accidents::default());
        let shared = Arc::clone(&accidents);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect((server.0.as_str(), server.1)).await.expect("the server");
                let number = shared.opened.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(pass(number, client, server, Arc::clone(&shared)));
            }
        });
        Self { place, url: url.into(), accidents }
    }

    fn has(&self, accident: Accident) {
        *self.accidents.next.lock().expect("no panic") = Some(accident);
    }

    fn falls_silent(&self) {
        self.accidents.silent_below.store(usize::MAX, Ordering::SeqCst);
    }

    /// For connections that are opened from now on.
    fn is_mended(&self) {
        self.accidents.silent_below.store(self.accidents.opened.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}

async fn pass(number: usize, mut client: TcpStream, mut server: TcpStream, accidents: Arc<Accidents>) {
    let (mut asked, mut told) = (vec![0; 65536], vec![0; 65536]);
    let mut ends_at_the_answer = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                if number < accidents.silent_below.load(Ordering::SeqCst) {
                    std::future::pending::<()>().await;
                }
                let Ok(length @ 1..) = read else { return };
                let commits = asked[..length].ends_with(b"\x03COMMIT");
                let accident = if commits { accidents.next.lock().expect("no panic").take() } else { None };
                match accident {
                    Some(Accident::BeforeCommit) => return,
                    Some(Accident::AfterCommit) => ends_at_the_answer = true,
                    None => {}
                }
                if server.write_all(&asked[..length]).await.is_err() { return }
            }
            read = server.read(&mut told) => {
                let Ok(length @ 1..) = read else { return };
                if ends_at_the_answer || client.write_all(&told[..length]).await.is_err() { return }
            }
        }
    }
}

/// Runs, rows of the job's own, and whether its last run found its number unused.
async fn insert_through(accident: Accident) -> (usize, i64, bool) {
    let way = Way::start().await;
    let books = Database::open(&way.url).await.expect("opens");
    way.has(accident);
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let added = books.write(move |c| {
        counted.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            let sql = "INSERT INTO products (id, title, summary, price_fen) VALUES (1, 't', 's', 1)";
            inserted(sqlx::query(sql).execute(c).await)
        })
    });
    let added = added.await.expect("carried through");
    let sql = "SELECT COUNT(*) FROM products";
    let rows = sqlx::query_scalar(sql).fetch_one(&mut *books.read().await.expect("reads")).await.expect("counts");
    (runs.load(Ordering::SeqCst), rows, added)
}

#[tokio::test]
#[ignore = "needs a server: make mysql-tests"]
async fn a_connection_that_breaks_before_the_commit_costs_one_more_run() {
    assert_eq!(insert_through(Accident::BeforeCommit).await, (2, 1, true));
}

#[tokio::test]
#[ignore = "needs a server: make mysql-tests"]
async fn a_job_whose_commit_was_not_answered_meets_its_own_traces() {
    assert_eq!(insert_through(Accident::AfterCommit).await, (2, 1, false));
}

#[tokio::test]
#[ignore = "needs a server: make mysql-tests"]
async fn a_statement_that_is_never_answered_costs_one_try() {
    let (_place, books) = testing::books().await;
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let done = books.write(move |_| {
        let run = counted.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            if run == 0 {
                std::future::pending::<()>().await;
            }
            Ok(run)
        })
    });
    assert_eq!(done.await.expect("the second try"), 1);
}

#[tokio::test]
#[ignore = "needs a server: make mysql-tests"]
async fn a_silent_server_hangs_nobody_and_is_used_again() {
    let way = Way::start().await;
    let books = Database::open(&way.url).await.expect("opens");
    let look = async |books: &Database| {
        let mut c = books.read().await?;
        Ok::<i64, StorageError>(sqlx::query_scalar("SELECT COUNT(*) FROM products").fetch_one(&mut *c).await?)
    };
    let add = |id: i64| {
        books.write(move |c| {
            Box::pin(async move {
                let sql = "INSERT INTO products (id, title, summary, price_fen) VALUES (?, 't', 's', 1)";
                inserted(sqlx::query(sql).bind(id).execute(c).await)
            })
        })
    };
    // All the pool may have, so that nothing is left when they do not come back.
    let mut caught = Vec::new();
    for _ in 0..CONNECTIONS {
        caught.push(books.read().await.expect("reads"));
    }
    way.falls_silent();
    for mut c in caught.drain(..) {
        // A shopper who hangs up while the answer is awaited.
        let hung_up = timeout(Duration::from_millis(5), sqlx::query("SELECT 1").execute(&mut *c)).await;
        assert!(hung_up.is_err());
    }
    let started = Instant::now();
    let (looked, added) = tokio::join!(look(&books), add(1));
    let (Err(StorageError::NoAnswer), Err(StorageError::NoAnswer)) = (&looked, &added) else {
        panic!("{looked:?} {added:?}");
    };
    let took = started.elapsed();
    assert!(took < Duration::from_secs(5), "WeChat waits 5 s: {took:?}");

    way.is_mended();
    assert_eq!(look(&books).await.expect("reads"), 0);
    assert!(add(1).await.expect("writes"));
    assert_eq!(look(&books).await.expect("reads"), 1);

    // A server that others have taken the place of: what was open is dead, what is opened is not.
    way.is_mended();
    assert!(add(2).await.expect("writes"));
    assert_eq!(look(&books).await.expect("reads"), 2);
    way.falls_silent();
    let started = Instant::now();
    books.close().await;
    let took = started.elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}");
}

/// Changes every product; with `then`, everything falls silent in the middle of it.
async fn raise_prices(books: &Database, then: Option<Arc<Accidents>>) -> Result<(), StorageError> {
    let raise = books.write(move |c| {
        let then = then.clone();
        Box::pin(async move {
            sqlx::query("UPDATE products SET price_fen = price_fen + 1").execute(&mut *c).await?;
            if let Some(accidents) = then {
                accidents.silent_below.store(usize::MAX, Ordering::SeqCst);
                std::future::pending::<()>().await;
            }
            Ok(())
        })
    });
    raise.await
}

/// The server hears no good-bye, and has nothing to tell that would not be answered.
#[tokio::test]
#[ignore = "needs a server: make mysql-tests"]
async fn the_rows_of_a_host_that_has_vanished_come_free() {
    let way = Way::start().await;
    let vanishing = Database::open(&way.url).await.expect("opens");
    let books = Database::open(&way.place.url).await.expect("opens");
    let insert = books.write(|c| {
        Box::pin(async move {
            let sql = "INSERT INTO products (id, title, summary, price_fen) VALUES (1, 't', 's', 1)";
            Ok(sqlx::query(sql).execute(c).await?.rows_affected())
        })
    });
    insert.await.expect("writes");
    let vanished = raise_prices(&vanishing, Some(Arc::clone(&way.accidents))).await;
    assert!(matches!(vanished, Err(StorageError::NoAnswer)), "nothing was committed: {vanished:?}");

    let since = Instant::now();
    while let Err(error) = raise_prices(&books, None).await {
        assert!(since.elapsed() < Duration::from_secs(35), "{error}");
    }
    let mut c = books.read().await.expect("reads");
    let price: i64 = sqlx::query_scalar("SELECT price_fen FROM products").fetch_one(&mut *c).await.expect("reads");
    assert_eq!(price, 2);
}

#[tokio::test]
#[ignore = "needs a server: make mysql-tests"]
async fn a_connection_in_the_middle_of_a_transaction_is_not_given_back() {
    let (_place, books) = testing::books().await;
    let used = Arc::new(AtomicI64::new(0));
    let transaction = |ends: bool| {
        let used = Arc::clone(&used);
        books.write(move |c| {
            let used = Arc::clone(&used);
            Box::pin(async move {
                let id = sqlx::query_scalar("SELECT CONNECTION_ID()").fetch_one(&mut *c).await?;
                used.store(id, Ordering::SeqCst);
                // The same as `timeout` does that cuts the job short, or a panic.
                if ends { Ok(id) } else { panic!("in the middle of a transaction") }
            })
        })
    };
    transaction(true).await.expect("commits");
    let panicked = transaction(false).await;
    assert!(matches!(panicked, Err(StorageError::JobPanicked)), "{panicked:?}");
    let given_up = used.load(Ordering::SeqCst);
    // More than the pool ever has, so that each of its connections has had its turn.
    for _ in 0..40 {
        assert_ne!(transaction(true).await.expect("commits"), given_up);
    }
}

#[tokio::test]
#[ignore = "needs a server: make mysql-tests"]
async fn a_commit_that_nobody_answers_is_an_unknown_outcome() {
    let way = Way::start().await;
    let books = Database::open(&way.url).await.expect("opens");
    let accidents = Arc::clone(&way.accidents);
    let insert = books.write(move |c| {
        let accidents = Arc::clone(&accidents);
        Box::pin(async move {
            let sql = "INSERT INTO products (id, title, summary, price_fen) VALUES (1, 't', 's', 1)";
            let added = inserted(sqlx::query(sql).execute(c).await);
            accidents.silent_below.store(usize::MAX, Ordering::SeqCst);
            added
        })
    });
    let outcome = insert.await;
    assert!(outcome.as_ref().is_err_and(StorageError::is_outcome_unknown), "{outcome:?}");
}

#[tokio::test]
#[ignore = "needs a server: make mysql-tests"]
async fn who_was_in_each_others_way_is_run_again() {
    let (_place, books) = testing::books().await;
    let runs = Arc::new(AtomicUsize::new(0));
    let change = |ids: [i64; 2], by: i64| {
        let runs = Arc::clone(&runs);
        books.write(move |c| {
            runs.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move {
                for id in ids {
                    let sql = "UPDATE products SET price_fen = price_fen + ? WHERE id = ?";
                    sqlx::query(sql).bind(by).bind(id).execute(&mut *c).await?;
                    // The other one has the other row by now, or is about to.
                    sqlx::query("DO SLEEP(0.05)").execute(&mut *c).await?;
                }
                Ok(())
            })
        })
    };
    let rows = books.write(|c| {
        Box::pin(async move {
            let sql = "INSERT INTO products (id, title, summary, price_fen) VALUES (1, 't', 's', 1), (2, 't', 's', 1)";
            Ok(sqlx::query(sql).execute(c).await?.rows_affected())
        })
    });
    assert_eq!(rows.await.expect("writes"), 2);
    for _ in 0..5 {
        let (one, other) = tokio::join!(change([1, 2], 1), change([2, 1], 1));
        one.and(other).expect("both are carried through");
    }
    let mut c = books.read().await.expect("reads");
    let prices: Vec<i64> =
        sqlx::query_scalar("SELECT price_fen FROM products ORDER BY id").fetch_all(&mut *c).await.expect("reads");
    assert_eq!(prices, [11, 11]);
    let runs = runs.load(Ordering::SeqCst);
    assert!(runs > 10, "no deadlock at all in {runs} runs: this has tested nothing");
}

#[tokio::test]
#[ignore = "needs a server: make mysql-tests"]
async fn all_that_start_at_once_on_an_empty_database_find_it_migrated() {
    let place = testing::place().await;
    let opened = join_all((0..8).map(|_| Database::open(&place.url))).await;
    for books in opened {
        let books = books.expect("opens");
        let mut c = books.read().await.expect("reads");
        let sql = "SELECT COUNT(*) FROM leases";
        assert_eq!(sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut *c).await.expect("is there"), 0);
    }
}

#[tokio::test]
#[ignore = "needs a server: make mysql-tests"]
async fn while_another_instance_migrates_nobody_else_does_and_one_that_died_is_not_waited_for_long() {
    let place = testing::place().await;
    let mut other = AnyConnection::connect(&place.url).await.expect("connects");
    let (soon, late) = (Duration::from_millis(500), Duration::from_secs(30));
    for (until, patience, is_waited_for) in
        [("UNIX_TIMESTAMP() + 50", soon, true), ("UNIX_TIMESTAMP() - 1", late, false)]
    {
        other.execute(migrate::LOCK).await.expect("makes the lock");
        let lock = format!("INSERT INTO _saoma_migrating (id, holder, until_s) VALUES (1, 'other', {until})");
        other.execute(sqlx::AssertSqlSafe(lock)).await.expect("locks");
        let opened = timeout(patience, Database::open(&place.url)).await;
        assert_eq!(opened.is_err(), is_waited_for, "{until}");
        let tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND \
                      table_name = 'orders'";
        let made: i64 = sqlx::query_scalar(tables).fetch_one(&mut other).await.expect("counts");
        assert_eq!(made, i64::from(!is_waited_for));
        other.execute("DELETE FROM _saoma_migrating").await.expect("unlocks");
    }
    Database::open(&place.url).await.expect("opens");
}

#[tokio::test]
#[ignore = "needs a server: make mysql-tests"]
async fn a_job_sees_what_others_commit_between_its_statements() {
    let (_place, books) = testing::books().await;
    let other = books.clone();
    let counted = books.write(move |c| {
        let other = other.clone();
        Box::pin(async move {
            let sql = "SELECT COUNT(*) FROM products";
            let before: i64 = sqlx::query_scalar(sql).fetch_one(&mut *c).await?;
            let insert = "INSERT INTO products (id, title, summary, price_fen) VALUES (1, 't', 's', 1)";
            sqlx::query(insert).execute(&mut *other.read().await?).await?;
            let after: i64 = sqlx::query_scalar(sql).fetch_one(&mut *c).await?;
            Ok((before, after))
        })
    });
    assert_eq!(counted.await.expect("reads"), (0, 1));
}

#[tokio::test]
#[ignore = "needs a server: make mysql-tests"]
async fn what_does_not_fit_is_refused_and_never_cut() {
    let (_place, books) = testing::books().await;
    let insert = books.write(|c| {
        Box::pin(async move {
            let sql = "INSERT INTO products (id, title, summary, price_fen) VALUES (1, ?, 's', 1)";
            Ok(sqlx::query(sql).bind("x".repeat(128)).execute(c).await?)
        })
    });
    let error = insert.await.expect_err("a title has 127 characters");
    assert!(!error.is_transient() && error.to_string().contains("1406"), "{error}");
}

#[tokio::test]
#[ignore = "needs a server: make mysql-tests"]
async fn a_connection_closes_none_of_its_statements() {
    let (_place, books) = testing::books().await;
    let mut c = books.read().await.expect("a connection");
    for number in 1..=300 {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {number} + ?"));
        let sum: i64 = sqlx::query_scalar(sql).bind(1_i64).fetch_one(&mut *c).await.expect("a sum");
        assert_eq!(sum, number + 1);
    }
    let sql = "SHOW SESSION STATUS LIKE 'Com_stmt_close'";
    let (_, closed): (String, String) = sqlx::query_as(sql).fetch_one(&mut *c).await.expect("a count");
    assert_eq!(closed, "0");
}
