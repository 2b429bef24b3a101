//! SQLite's writer: all writes go through one task with one connection, which commits whatever has
//! queued up while the last commit was reaching the disk: one `fsync` for many callbacks, each still
//! answered only after its own commit.
//!
//! A job that fails must not take its neighbours with it. The group is rolled back, and each of
//! its jobs is run again in a transaction of its own.

use std::{fmt, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use sqlx::{AnyConnection, Connection};
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    time::Instant,
};

use super::StorageError;

pub type JobFuture<'c, T> = BoxFuture<'c, Result<T, StorageError>>;

/// How many transactions one commit may carry. More adds latency and no throughput.
const GROUP: usize = 64;
/// How many jobs may wait; past it callers wait for a place.
const QUEUE: usize = 4096;
/// How often a job is run that lost a race against another instance.
pub(super) const TRIES: usize = 5;
/// Another process in the way (a command line, another instance) is gone within its own commit.
/// SQLite does not wait for it by itself when a transaction has read before it writes. Shorter than
/// WeChat and those who answer it wait.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(20);

/// A job with its answer: run it, then tell its caller how the commit went.
trait Job: Send {
    fn run<'c>(&'c mut self, connection: &'c mut AnyConnection) -> BoxFuture<'c, Result<(), StorageError>>;
    fn answer(self: Box<Self>, commit: Result<(), StorageError>);
}

struct Pending<T, F> {
    job: F,
    done: Option<T>,
    caller: oneshot::Sender<Result<T, StorageError>>,
}

impl<T, F> Job for Pending<T, F>
where
    T: Send + 'static,
    F: for<'c> Fn(&'c mut AnyConnection) -> JobFuture<'c, T> + Send,
{
    fn run<'c>(&'c mut self, connection: &'c mut AnyConnection) -> BoxFuture<'c, Result<(), StorageError>> {
        let Self { job, done, .. } = self;
        let future = job(connection);
        Box::pin(async move {
            *done = Some(future.await?);
            Ok(())
        })
    }

    fn answer(self: Box<Self>, commit: Result<(), StorageError>) {
        let Self { done, caller, .. } = *self;
        // A caller that went away does not undo what is committed.
        drop(caller.send(commit.and_then(|()| done.ok_or(StorageError::WriterGone))));
    }
}

#[derive(Clone)]
pub struct Writer {
    jobs: mpsc::Sender<Box<dyn Job>>,
    task: Arc<Mutex<Option<tokio::task::JoinHandle<()>>>>,
    stop: tokio_util::sync::CancellationToken,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl Writer {
    pub fn start(connection: AnyConnection) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let stop = tokio_util::sync::CancellationToken::new();
        let task = tokio::spawn(work(connection, queue, stop.clone()));
        Self { jobs, task: Arc::new(Mutex::new(Some(task))), stop }
    }

    pub async fn run<T, F>(&self, job: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut AnyConnection) -> JobFuture<'c, T> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let pending = Box::new(Pending { job, done: None, caller });
        self.jobs.send(pending).await.map_err(|_| StorageError::WriterGone)?;
        answer.await.map_err(|_| StorageError::WriterGone)?
    }

    pub async fn close(&self) {
        self.stop.cancel();
        if let Some(task) = self.task.lock().await.take() {
            drop(task.await);
        }
    }
}

async fn work(
    mut connection: AnyConnection,
    mut queue: mpsc::Receiver<Box<dyn Job>>,
    stop: tokio_util::sync::CancellationToken,
) {
    let mut group = Vec::with_capacity(GROUP);
    loop {
        tokio::select! {
            biased;
            taken = queue.recv_many(&mut group, GROUP) => if taken == 0 { break },
            () = stop.cancelled(), if !queue.is_closed() => { queue.close(); continue }
        }
        commit(&mut connection, &mut group).await;
    }
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "closing the database");
    }
}

async fn commit(connection: &mut AnyConnection, group: &mut Vec<Box<dyn Job>>) {
    if group.len() > 1 && transaction(connection, group).await.is_ok() {
        group.drain(..).for_each(|job| job.answer(Ok(())));
        return;
    }
    let end = Instant::now() + PATIENCE;
    for job in group.drain(..) {
        let mut alone = [job];
        let mut outcome = transaction(connection, &mut alone).await;
        let mut tries = 1;
        while match &outcome {
            Err(StorageError::Raced { .. }) => tries < TRIES,
            Err(error) => error.is_transient() && Instant::now() < end,
            Ok(()) => false,
        } {
            tokio::time::sleep(PAUSE).await;
            outcome = transaction(connection, &mut alone).await;
            tries += 1;
        }
        let [job] = alone;
        job.answer(outcome);
    }
}

async fn transaction(connection: &mut AnyConnection, jobs: &mut [Box<dyn Job>]) -> Result<(), StorageError> {
    let mut transaction = connection.begin().await?;
    for job in jobs {
        if let Err(error) = job.run(&mut transaction).await {
            transaction.rollback().await?;
            return Err(error);
        }
    }
    Ok(transaction.commit().await?)
}
