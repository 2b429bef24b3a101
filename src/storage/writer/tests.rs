//! A writer whose connection is taken from under it. On SQLite, whatever `SAOMA_TEST_MYSQL` says.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use sqlx::Connection as _;
use tempfile::TempDir;

use super::{
    super::{
        job::{JobFuture, pending},
        sqlite,
    },
    *,
};

async fn run<T, F>(writer: &Writer, job: F) -> Result<T, StorageError>
where
    T: Send + 'static,
    F: for<'c> Fn(&'c mut AnyConnection) -> JobFuture<'c, T> + Send + 'static,
{
    let (job, answer) = pending(job);
    writer.take(job).await?;
    answer.heard().await
}

struct Books {
    folder: TempDir,
    writer: Writer,
    /// As the readers do, keeps the file open.
    _reader: AnyConnection,
}

impl Books {
    async fn open() -> Self {
        sqlx::any::install_default_drivers();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}/books.db", folder.path().display());
        std::fs::File::create(folder.path().join("books.db")).expect("a file");
        let mut connection = sqlite::connect(&url).await.expect("opens");
        let reader = sqlite::connect(&url).await.expect("opens");
        sqlx::raw_sql("CREATE TABLE notes (id INTEGER PRIMARY KEY)").execute(&mut connection).await.expect("a table");
        Self { writer: Writer::start(url, connection), folder, _reader: reader }
    }

    /// What another process sees.
    async fn stored(&self) -> Vec<i64> {
        let url = format!("sqlite://{}/books.db", self.folder.path().display());
        let mut other = AnyConnection::connect(&url).await.expect("opens");
        let notes = sqlx::query_scalar("SELECT id FROM notes ORDER BY id").fetch_all(&mut other).await.expect("reads");
        other.close().await.expect("closes");
        notes
    }

    async fn run(&self, sql: &'static str) -> Result<(), StorageError> {
        let run = run(&self.writer, move |c| {
            Box::pin(async move {
                sqlx::raw_sql(sql).execute(c).await?;
                Ok(())
            })
        });
        run.await
    }

    async fn note(&self, id: i64) -> Result<(), StorageError> {
        let run = run(&self.writer, move |c| {
            Box::pin(async move {
                sqlx::query("INSERT INTO notes VALUES (?)").bind(id).execute(c).await?;
                Ok(())
            })
        });
        run.await
    }
}

/// What a failed COMMIT on a full disk comes to: the transaction has ended, and not by our word.
#[tokio::test]
async fn after_a_commit_that_was_not_confirmed_the_next_one_is_stored() {
    let books = Books::open().await;
    let cut_short = books.run("INSERT INTO notes VALUES (1); ROLLBACK").await.expect_err("nothing to commit");
    assert!(cut_short.is_outcome_unknown(), "{cut_short:?}");
    for id in 2..5 {
        books.note(id).await.expect("stored");
    }
    assert_eq!(books.stored().await, [2, 3, 4]);
}

/// An error that ends the transaction by itself, as one of the disk does.
#[tokio::test]
async fn after_a_transaction_that_ended_by_itself_the_next_one_is_stored() {
    let books = Books::open().await;
    books.note(1).await.expect("stored");
    let ended = "INSERT INTO notes VALUES (2); INSERT OR ROLLBACK INTO notes VALUES (1)";
    let refused = books.run(ended).await.expect_err("there already");
    assert!(!refused.is_outcome_unknown(), "{refused:?}");
    books.note(3).await.expect("stored");
    assert_eq!(books.stored().await, [1, 3]);
}

#[tokio::test]
async fn a_panic_costs_its_own_job_and_nobody_elses() {
    let books = Books::open().await;
    let panicking = run(&books.writer, |c| {
        Box::pin(async move {
            sqlx::query("INSERT INTO notes VALUES (1000)").execute(c).await?;
            panic!("a damaged row")
        })
    });
    let panicking: JobFuture<'_, ()> = Box::pin(panicking);
    let (failed, stored) = tokio::join!(panicking, join_all((1..=20).map(|id| books.note(id))));
    assert!(matches!(failed, Err(StorageError::JobPanicked)), "{failed:?}");
    assert!(stored.iter().all(Result::is_ok), "{stored:?}");
    assert_eq!(books.stored().await, (1..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn while_the_file_is_away_all_are_told_at_once_and_afterwards_it_goes_on_by_itself() {
    let books = Books::open().await;
    let (here, away) = (books.folder.path().join("books.db"), books.folder.path().join("away.db"));
    // As when its disk is gone: neither is the old connection to be used any more, nor does another one find it.
    std::fs::rename(&here, &away).expect("moves");
    books.run("ROLLBACK").await.expect_err("nothing to commit");
    let started = tokio::time::Instant::now();
    let told = join_all((1..=500).map(|id| books.note(id))).await;
    assert!(told.iter().all(|it| matches!(it, Err(StorageError::Moved { .. }))), "{:?}", told.first());
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert!(!here.exists(), "nobody makes a new, empty shop in its place");

    std::fs::rename(&away, &here).expect("moves");
    let mended = tokio::time::Instant::now();
    while books.note(1000).await.is_err() {
        assert!(mended.elapsed() < Duration::from_secs(5), "by itself, within seconds");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(books.stored().await, [1000]);
}

/// As SQLite opens a file when it gets no descriptor for writing.
#[tokio::test]
async fn a_connection_that_can_only_read_is_replaced() {
    let Books { folder, writer, _reader: reader } = Books::open().await;
    writer.close().await;
    let url = format!("sqlite://{}/books.db", folder.path().display());
    let reading = AnyConnection::connect(&format!("{url}?mode=ro")).await.expect("opens");
    let books = Books { folder, writer: Writer::start(url, reading), _reader: reader };
    let refused = books.note(1).await.expect_err("it cannot be written");
    assert!(refused.is_read_only(), "{refused:?}");
    books.note(2).await.expect("stored");
    assert_eq!(books.stored().await, [2]);
}

#[tokio::test]
async fn who_waits_behind_another_writer_is_told_with_the_first_one() {
    let books = Books::open().await;
    let url = format!("sqlite://{}/books.db", books.folder.path().display());
    let mut other = sqlite::connect(&url).await.expect("opens");
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.expect("begins");
    let started = tokio::time::Instant::now();
    let told = join_all((1..=200).map(|id| books.note(id))).await;
    let took = started.elapsed();
    assert!(told.iter().all(|it| it.as_ref().is_err_and(StorageError::is_transient)), "{:?}", told.first());
    assert!(took > PATIENCE / 2 && took < PATIENCE * 2, "{took:?}");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.expect("ends");
    books.note(1).await.expect("stored");
    assert_eq!(books.stored().await, [1]);
}

#[tokio::test]
async fn whoever_wants_to_know_learns_that_nothing_is_written_any_more() {
    let books = Books::open().await;
    let ended = AtomicUsize::new(0);
    let watch = async {
        books.writer.ended().await;
        ended.fetch_add(1, Ordering::SeqCst);
    };
    let close = async {
        books.note(1).await.expect("stored");
        assert_eq!(ended.load(Ordering::SeqCst), 0);
        books.writer.close().await;
    };
    tokio::join!(watch, close);
    assert!(matches!(books.note(2).await, Err(StorageError::WriterGone)));
    assert_eq!(books.stored().await, [1]);
}
