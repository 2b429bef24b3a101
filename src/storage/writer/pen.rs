//! The writer's connection, and what makes it one whose state is known: the writer says `BEGIN IMMEDIATE`,
//! `COMMIT` and `ROLLBACK` itself. (sqlx counts how deep it is in transactions, and lowers the count only when
//! one of the last two succeeds. SQLite ends a transaction by itself when its COMMIT fails on a full disk.
//! From then on sqlx's `begin` would be a `SAVEPOINT` in a transaction that never ends, every commit would
//! succeed, and nothing would be stored: its issue 3742.)
//!
//! Any error of these three, a thread that has died, a job that has panicked, a connection that can only read:
//! it is closed, and another one opened.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt as _;
use sqlx::{AnyConnection, Connection};
use tokio::time::Instant;

use super::super::{
    StorageError,
    job::Job,
    sqlite::{self, Opened},
};

/// Between two attempts to open a connection, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Why nothing has been committed.
pub(super) enum Failure {
    /// A job's own doing.
    Job(StorageError),
    /// Nobody's; it would have met any other job.
    Books(StorageError),
}

pub(super) struct Pen {
    url: String,
    /// As the start found them: a later connection must not be to others.
    files: Opened,
    state: State,
}

enum State {
    Open(AnyConnection),
    /// None can be opened; whoever comes before the next attempt is told why at once.
    Shut {
        next: Instant,
        pause: Duration,
        why: StorageError,
    },
}

impl Pen {
    pub(super) fn new(url: String, connection: AnyConnection) -> Self {
        Self { files: Opened::at(&url), url, state: State::Open(connection) }
    }

    /// All of them, or none.
    pub(super) async fn transaction(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<(), Failure> {
        self.files.require_in_place().map_err(Failure::Books)?;
        let connection = self.connection().await.map_err(Failure::Books)?;
        let (outcome, is_sound) = carry_out(connection, jobs).await;
        if !is_sound {
            self.replace().await;
        }
        outcome
    }

    async fn connection(&mut self) -> Result<&mut AnyConnection, StorageError> {
        if let State::Shut { next, pause, why } = &self.state {
            if Instant::now() < *next {
                return Err(why.clone());
            }
            let pause = *pause;
            self.state = opened(&self.url, pause).await;
        }
        match &mut self.state {
            State::Open(connection) => Ok(connection),
            State::Shut { why, .. } => Err(why.clone()),
        }
    }

    /// The new one first: were the old one the last there is, SQLite would read its log anew, and with it
    /// what a failed COMMIT has left there.
    async fn replace(&mut self) {
        let new = opened(&self.url, RETRY.0).await;
        if let State::Open(old) = std::mem::replace(&mut self.state, new)
            && let Err(error) = old.close().await
        {
            tracing::debug!(%error, "closing a connection that is of no more use");
        }
    }

    pub(super) async fn close(self) {
        if let State::Open(connection) = self.state
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "closing the database");
        }
    }
}

async fn opened(url: &str, pause: Duration) -> State {
    match sqlite::connect(url).await {
        Ok(connection) => State::Open(connection),
        Err(why) => {
            tracing::error!(error = %why, "the books cannot be opened for writing");
            State::Shut { next: Instant::now() + pause, pause: RETRY.1.min(pause * 2), why }
        }
    }
}

/// The outcome, and whether the connection is known to be outside of any transaction.
async fn carry_out(c: &mut AnyConnection, jobs: &mut [Box<dyn Job>]) -> (Result<(), Failure>, bool) {
    // Now, and not at the first statement that writes: SQLite waits for another writer at this point only.
    if let Err(error) = say(c, "BEGIN IMMEDIATE").await {
        return (Err(Failure::Books(error.into())), false);
    }
    for job in jobs {
        let run = AssertUnwindSafe(job.run(c)).catch_unwind().await;
        let error = match run {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => error,
            Err(_) => return (Err(Failure::Job(StorageError::JobPanicked)), false),
        };
        let undone = say(c, "ROLLBACK").await;
        if let Err(error) = &undone {
            // SQLite has done so itself, as after an error of the disk.
            tracing::debug!(%error, "rolling back");
        }
        let is_sound = undone.is_ok() && !sqlite::may_be_of_connection(&error);
        let failure = if error.is_of_all_jobs() || is_dead(&error) { Failure::Books } else { Failure::Job };
        return (Err(failure(error)), is_sound);
    }
    match say(c, "COMMIT").await {
        Ok(()) => (Ok(()), true),
        Err(error) => (Err(Failure::Books(StorageError::OutcomeUnknown(Box::new(error.into())))), false),
    }
}

/// As a statement that is kept prepared, which `execute` of a mere text is not.
async fn say(c: &mut AnyConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(c).await.map(drop)
}

/// The connection's thread has ended.
fn is_dead(error: &StorageError) -> bool {
    matches!(error, StorageError::Database(error) if matches!(**error, sqlx::Error::WorkerCrashed))
}
