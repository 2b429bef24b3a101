//! What only MySQL and its relatives need: how a connection is set up, and how a write is carried
//! through on a server that may refuse it as late as at its commit. Who migrates when several start
//! at once is in [`migrate`].
//!
//! Each job is a transaction of its own on one of a few connections; the server puts commits that
//! come together into one flush. Where SQLite has one writer, here any number of instances write,
//! and in a cluster on several servers. What they do at the same time shows as an error to one of
//! them (a deadlock; in Galera a refused certification, which is told as one and comes at the
//! commit), and the answer is always the same: roll back, wait a moment, run the whole job again.
//!
//! **A connection lost during the commit** leaves open whether it happened. The job is run again all
//! the same, on another connection. If nothing was committed, this is the first time. If it was, the
//! job meets its own traces: its `INSERT` of a UNIQUE number says "there already", its guarded
//! `UPDATE` finds no row in the expected state, and its caller hears what a second caller would have
//! heard ("booked before"). Nothing is done twice, and nothing is acknowledged that is not there. Where
//! there is no time left to run it again, its caller hears [`StorageError::OutcomeUnknown`].
//!
//! A connection goes back to the pool only after a confirmed COMMIT or ROLLBACK; any other is closed. The
//! transaction is sqlx's, which knows of a `BEGIN` that was sent: a second one, said by hand, would commit
//! what the first had begun.

mod migrate;
mod session;
mod waits;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{
    Any, AnyConnection, AnyPool, ConnectOptions, Connection, Executor,
    any::{AnyConnectOptions, AnyPoolOptions},
    pool::PoolConnection,
};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::waits::{CONNECT, FIRST_TRY, PROOF, pause};
use super::{
    Older, StorageError,
    job::Job,
    several::KEPT,
    writer::{PATIENCE, TRIES},
};

/// Of one process, for reading and writing together.
const CONNECTIONS: u32 = 16;
/// Of those, for writes that may have to wait for somebody else's lock.
const PLACES: usize = 8;
/// sqlx's name for how many statements a connection keeps prepared; see [`super::several`].
const KEEP: &str = "statement-cache-capacity";
/// The books on a server. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pool: AnyPool,
    /// Places for writes that somebody else's lock may keep waiting: the rest of the pool is for reading, and for
    /// those that go first.
    places: Arc<Semaphore>,
    /// Writes under way.
    jobs: TaskTracker,
    closing: CancellationToken,
}

/// The books at `url`, if they have to be migrated.
pub(crate) async fn look(url: &str) -> Result<Option<Older>, StorageError> {
    migrate::look(&options(url)?).await
}

impl Server {
    pub(crate) async fn open(url: &str) -> Result<Self, StorageError> {
        let options = options(url)?;
        migrate::run(&options).await?;
        Self::connect(options).await
    }

    /// The same for whoever migrates nothing.
    pub(crate) async fn attach(url: &str) -> Result<Self, StorageError> {
        let options = options(url)?;
        migrate::require(&options).await?;
        Self::connect(options).await
    }

    async fn connect(options: AnyConnectOptions) -> Result<Self, StorageError> {
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .min_connections(1)
            .idle_timeout(session::IDLE)
            .acquire_timeout(CONNECT)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    connection.execute(session::SETUP).await?;
                    Ok(())
                })
            })
            // What `test_before_acquire` and the pool itself do, but with a limit: a server that has
            // fallen silent must cost a moment, and keep no place in the pool for ever.
            .test_before_acquire(false)
            .before_acquire(|connection, _| Box::pin(still_answers(connection)))
            // Whoever hangs up leaves a connection in the middle of a statement.
            .after_release(|connection, _| Box::pin(still_answers(connection)));
        Ok(Self {
            pool: pool.connect_with(options).await?,
            places: Arc::new(Semaphore::new(PLACES)),
            jobs: TaskTracker::new(),
            closing: CancellationToken::new(),
        })
    }

    pub(crate) async fn acquire(&self) -> Result<PoolConnection<Any>, StorageError> {
        acquire(&self.pool).await
    }

    /// Carries it out and answers it. See [`Database::write`](super::Database::write).
    pub(crate) async fn take(&self, job: Box<dyn Job>) -> Result<(), StorageError> {
        self.carry_out(job, Some(Arc::clone(&self.places))).await
    }

    /// See [`Database::write_first`](super::Database::write_first).
    pub(crate) async fn take_first(&self, job: Box<dyn Job>) -> Result<(), StorageError> {
        self.carry_out(job, None).await
    }

    async fn carry_out(&self, mut job: Box<dyn Job>, places: Option<Arc<Semaphore>>) -> Result<(), StorageError> {
        if self.jobs.is_closed() {
            return Err(StorageError::WriterGone);
        }
        let pool = self.pool.clone();
        // A task of its own: a caller that goes away does not stop what is half done.
        let running = self.jobs.spawn(async move {
            let outcome = in_place(&pool, &mut *job, places).await;
            job.answer(outcome);
        });
        running.await.map_err(|ended| {
            let was_cut_off = || StorageError::OutcomeUnknown(Box::new(StorageError::WriterGone));
            if ended.is_panic() { StorageError::JobPanicked } else { was_cut_off() }
        })
    }

    /// Returns when no job is taken any more. There is no task that could end: each job has its own.
    pub(crate) async fn ended(&self) {
        self.closing.cancelled().await;
    }

    /// Lets running jobs come to their end, which none puts off for longer than twice [`PATIENCE`]: for its place, and for the server.
    pub(crate) async fn close(&self) {
        self.jobs.close();
        self.closing.cancel();
        self.jobs.wait().await;
        if timeout(PATIENCE, self.pool.close()).await.is_err() {
            tracing::warn!("a connection to the database does not close");
        }
    }
}

async fn in_place(pool: &AnyPool, job: &mut dyn Job, places: Option<Arc<Semaphore>>) -> Result<(), StorageError> {
    let _place = match places {
        Some(places) => {
            let place = timeout(PATIENCE, places.acquire_owned()).await;
            Some(place.map_err(|_| StorageError::NoAnswer)?.map_err(|_| StorageError::WriterGone)?)
        }
        None => None,
    };
    carry_through(pool, job).await
}

async fn carry_through(pool: &AnyPool, job: &mut dyn Job) -> Result<(), StorageError> {
    let end = Instant::now() + PATIENCE;
    let mut limit = FIRST_TRY;
    // Whether a commit is, or ever was, under way whose answer has not come.
    let is_unconfirmed = AtomicBool::new(false);
    let error = 'tries: {
        for tries in 1.. {
            let Ok(outcome) = timeout_at(end, attempt(pool, job, limit, &is_unconfirmed)).await else { break };
            let error = match outcome {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let again = match &error {
                StorageError::Raced { .. } => tries < TRIES,
                StorageError::NoAnswer => true,
                error => error.is_transient() || is_lost(error),
            };
            let pause = pause(tries);
            if !again || Instant::now() + pause >= end {
                break 'tries error;
            }
            tracing::debug!(tries, %error, "a job is run again");
            tokio::time::sleep(pause).await;
            limit *= 2;
        }
        StorageError::NoAnswer
    };
    match error {
        // It has met its own traces, or those of another: the caller looks.
        StorageError::ThereAlready { .. } | StorageError::OutcomeUnknown(_) => Err(error),
        error if is_unconfirmed.load(Ordering::Relaxed) => Err(StorageError::OutcomeUnknown(Box::new(error))),
        error => Err(error),
    }
}

/// `limit` is for the statements: neither for a connection nor for the commit, which nobody cuts short
/// who wants to know whether it happened.
async fn attempt(
    pool: &AnyPool,
    job: &mut dyn Job,
    limit: Duration,
    is_unconfirmed: &AtomicBool,
) -> Result<(), StorageError> {
    let mut held = Held { connection: acquire(pool).await?, is_settled: false };
    let mut transaction = held.connection.begin().await?;
    match timeout(limit, job.run(&mut transaction)).await {
        Ok(Ok(())) => {
            let was_unconfirmed = is_unconfirmed.swap(true, Ordering::Relaxed);
            transaction.commit().await.map_err(|error| StorageError::OutcomeUnknown(Box::new(error.into())))?;
            is_unconfirmed.store(was_unconfirmed, Ordering::Relaxed);
            held.is_settled = true;
            Ok(())
        }
        Ok(Err(error)) => {
            // Where this fails the connection is lost, and the server undoes what it had begun.
            match transaction.rollback().await {
                Ok(()) => held.is_settled = true,
                Err(lost) => tracing::debug!(error = %lost, "rolling back"),
            }
            Err(error)
        }
        // In the middle of a statement: the connection is of no use any more.
        Err(_) => Err(StorageError::NoAnswer),
    }
}

/// A connection while it is used for a transaction. However that ends, only one whose transaction is known to
/// have ended goes back to the pool; any other is closed.
struct Held {
    connection: PoolConnection<Any>,
    is_settled: bool,
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.is_settled {
            self.connection.close_on_drop();
        }
    }
}

/// The connection broke, at whatever point of the job.
fn is_lost(error: &StorageError) -> bool {
    match error {
        StorageError::Database(error) => matches!(**error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_)),
        StorageError::OutcomeUnknown(error) => is_lost(error),
        _ => false,
    }
}

/// Whether this is a connection to a server.
pub(crate) fn is_backend_of(connection: &AnyConnection) -> bool {
    connection.backend_name() == "MySQL"
}

async fn acquire(pool: &AnyPool) -> Result<PoolConnection<Any>, StorageError> {
    pool.acquire().await.map_err(|error| match error {
        sqlx::Error::PoolTimedOut => StorageError::NoAnswer,
        error => error.into(),
    })
}

/// That the server answers on this connection, and that nothing of an earlier statement is under way.
async fn still_answers(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    timeout(PROOF, connection.ping()).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
    Ok(true)
}

fn options(url: &str) -> Result<AnyConnectOptions, StorageError> {
    let mut options: AnyConnectOptions = url.parse()?;
    let is_kept = |(name, _): (_, _)| name == KEEP;
    if !options.database_url.query_pairs().any(is_kept) {
        options.database_url.query_pairs_mut().append_pair(KEEP, &KEPT.to_string());
    }
    Ok(options.disable_statement_logging())
}

#[cfg(test)]
mod tests;
