//! SQLite's writer: all writes go through one task with one connection, which commits whatever has
//! queued up while the last commit was reaching the disk: one `fsync` for many callbacks, each still
//! answered only after its own commit.
//!
//! A job that fails must not take its neighbours with it. The group is rolled back, and each of
//! its jobs is run again in a transaction of its own. Where it is the books that failed and not a job
//! (nothing can be written now, a COMMIT was not confirmed), all are told so and none is run again: the
//! next attempt, a moment later, would as a rule end the same way. Whoever asks again meets a new connection
//! (see [`pen`]), and whatever the first time has left behind.

mod pen;

use std::{fmt, sync::Arc, time::Duration};

use sqlx::AnyConnection;
use tokio::sync::{Mutex, mpsc};

use self::pen::{Failure, Pen};
use super::{StorageError, job::Job};

/// How many transactions one commit may carry. More adds latency and no throughput.
const GROUP: usize = 64;
/// How many jobs may wait; past it callers wait for a place.
const QUEUE: usize = 4096;
/// How often a job is run that lost a race against another instance.
pub(super) const TRIES: usize = 5;
/// How long others who write are waited for. Shorter than WeChat and those who answer it wait.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(20);

#[derive(Clone)]
pub(crate) struct Writer {
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
    /// `connection` is to the books at `url`, where others are opened when this one is of no more use.
    pub(crate) fn start(url: String, connection: AnyConnection) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let stop = tokio_util::sync::CancellationToken::new();
        let task = tokio::spawn(work(Pen::new(url, connection), queue, stop.clone()));
        Self { jobs, task: Arc::new(Mutex::new(Some(task))), stop }
    }

    /// It is answered once it is committed, or cannot be.
    pub(crate) async fn take(&self, job: Box<dyn Job>) -> Result<(), StorageError> {
        self.jobs.send(job).await.map_err(|_| StorageError::WriterGone)
    }

    /// Returns when no job is taken any more.
    pub(crate) async fn ended(&self) {
        self.jobs.closed().await;
    }

    pub(crate) async fn close(&self) {
        self.stop.cancel();
        if let Some(task) = self.task.lock().await.take() {
            drop(task.await);
        }
    }
}

async fn work(mut pen: Pen, mut queue: mpsc::Receiver<Box<dyn Job>>, stop: tokio_util::sync::CancellationToken) {
    let mut group = Vec::with_capacity(GROUP);
    loop {
        tokio::select! {
            biased;
            taken = queue.recv_many(&mut group, GROUP) => if taken == 0 { break },
            () = stop.cancelled(), if !queue.is_closed() => { queue.close(); continue }
        }
        if let Err(error) = commit(&mut pen, &mut group).await {
            // What has come meanwhile would wait as long for the same answer, one group after the other.
            while let Ok(job) = queue.try_recv() {
                job.answer(Err(error.clone()));
            }
        }
    }
    pen.close().await;
}

/// Carries out all jobs of the group and answers them.
///
/// # Errors
/// Nobody else can be served now.
async fn commit(pen: &mut Pen, group: &mut Vec<Box<dyn Job>>) -> Result<(), StorageError> {
    if group.len() > 1 {
        match pen.transaction(group).await {
            Ok(()) => {
                group.drain(..).for_each(|job| job.answer(Ok(())));
                return Ok(());
            }
            Err(Failure::Books(error)) => return fail(group, error),
            Err(Failure::Job(_)) => {}
        }
    }
    let mut left = std::mem::take(group).into_iter();
    while let Some(mut job) = left.next() {
        match alone(pen, &mut job).await {
            Ok(()) => job.answer(Ok(())),
            Err(Failure::Job(error)) => job.answer(Err(error)),
            Err(Failure::Books(error)) => {
                job.answer(Err(error.clone()));
                return fail(&mut left.collect(), error);
            }
        }
    }
    Ok(())
}

async fn alone(pen: &mut Pen, job: &mut Box<dyn Job>) -> Result<(), Failure> {
    let mut outcome = pen.transaction(std::slice::from_mut(job)).await;
    for _ in 1..TRIES {
        match &outcome {
            Err(Failure::Job(error)) if error.is_transient() => {}
            _ => break,
        }
        tokio::time::sleep(PAUSE).await;
        outcome = pen.transaction(std::slice::from_mut(job)).await;
    }
    outcome
}

/// Of jobs that have not been run, or whose common fate is not known.
fn fail(jobs: &mut Vec<Box<dyn Job>>, error: StorageError) -> Result<(), StorageError> {
    jobs.drain(..).for_each(|job| job.answer(Err(error.clone())));
    Err(error)
}

#[cfg(test)]
mod tests;
