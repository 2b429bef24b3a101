//! What is written as a whole or not at all, and whoever waits for it.

use futures::future::BoxFuture;
use sqlx::AnyConnection;
use tokio::sync::oneshot;

use crate::storage::StorageError;

pub type JobFuture<'c, T> = BoxFuture<'c, Result<T, StorageError>>;

/// A job with its answer: run it, then tell its caller how the commit went.
pub(super) trait Job: Send {
    fn run<'c>(&'c mut self, connection: &'c mut AnyConnection) -> BoxFuture<'c, Result<(), StorageError>>;
    fn answer(self: Box<Self>, commit: Result<(), StorageError>);
}

pub(super) struct Pending<T, F> {
    pub(super) job: F,
    pub(super) done: Option<T>,
    pub(super) caller: oneshot::Sender<Result<T, StorageError>>,
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
