//! What is written as a whole or not at all, and whoever waits for it. The engines know it as a [`Job`] and no more:
//! there are some two hundred kinds of them, and all that an engine does would be compiled for each.

use futures::future::BoxFuture;
use sqlx::AnyConnection;
use tokio::sync::oneshot;

use super::StorageError;

pub type JobFuture<'c, T> = BoxFuture<'c, Result<T, StorageError>>;

/// A job with its answer: run it, then tell its caller how the commit went.
pub(super) trait Job: Send {
    fn run<'c>(&'c mut self, connection: &'c mut AnyConnection) -> BoxFuture<'c, Result<(), StorageError>>;
    fn answer(self: Box<Self>, commit: Result<(), StorageError>);
}

/// The answer to a job.
pub(super) struct Answer<T>(oneshot::Receiver<Result<T, StorageError>>);

pub(super) fn pending<T, F>(job: F) -> (Box<dyn Job>, Answer<T>)
where
    T: Send + 'static,
    F: for<'c> Fn(&'c mut AnyConnection) -> JobFuture<'c, T> + Send + 'static,
{
    let (caller, answer) = oneshot::channel();
    (Box::new(Pending { job, done: None, caller }), Answer(answer))
}

impl<T> Answer<T> {
    /// Of a job that was taken. Where none comes, whoever took it has ended, perhaps in the middle of a commit.
    pub(super) async fn heard(self) -> Result<T, StorageError> {
        self.0.await.unwrap_or_else(|_| Err(StorageError::OutcomeUnknown(Box::new(StorageError::WriterGone))))
    }
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
        Box::pin(async move {
            *done = Some(job(connection).await?);
            Ok(())
        })
    }

    fn answer(self: Box<Self>, commit: Result<(), StorageError>) {
        let Self { done, caller, .. } = *self;
        // A caller that went away does not undo what is committed.
        drop(caller.send(commit.and_then(|()| done.ok_or(StorageError::WriterGone))));
    }
}
