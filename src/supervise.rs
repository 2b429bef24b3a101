//! Tasks that live as long as the process: one that ends by a mistake of ours is seen and started again.

use std::{future::Future, time::Duration};

use futures::FutureExt as _;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use crate::{metrics::Metrics, readiness::Readiness};

/// Before the first new start, and the longest; each pause is twice the one before.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_mins(1));
/// A task that has run for so long works again.
const STEADY: Duration = Duration::from_secs(5);

/// Keeps tasks alive. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Supervisor {
    readiness: Readiness,
    metrics: Metrics,
}

impl Supervisor {
    pub(crate) const fn new(readiness: Readiness, metrics: Metrics) -> Self {
        Self { readiness, metrics }
    }

    /// Runs the task that `start` makes, and makes it again, ever more rarely, when it has panicked; `/readyz`
    /// says so until it has run for a while. Returns when the task does: then it has nothing left to do. Ends
    /// the task when it is dropped.
    pub(crate) async fn keep<F>(&self, name: &'static str, start: impl Fn() -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut pause = PAUSES.0;
        loop {
            let started = Instant::now();
            let mut task = AbortOnDropHandle::new(tokio::spawn(start().boxed()));
            let ended = if let Ok(ended) = timeout(STEADY, &mut task).await {
                ended
            } else {
                self.readiness.report(name, None);
                task.await
            };
            let Err(error) = ended else { break };
            if started.elapsed() >= STEADY {
                pause = PAUSES.0;
            }
            self.metrics.panicked(name);
            tracing::error!(task = name, %error, "the task {name} has ended; a new one starts in {pause:?}");
            self.readiness.report(name, Some("this task has ended and is started again".to_owned()));
            sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
        self.readiness.report(name, None);
    }
}

/// What became of a piece of work that was run apart.
#[derive(Debug)]
pub(crate) enum Apart<T> {
    Done(T),
    /// A mistake of ours, or data that nobody expected.
    Panicked,
}

/// Runs `work` in a task of its own, so that a panic ends it and nothing else. Ends it when dropped.
pub(crate) async fn apart<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Apart<T> {
    AbortOnDropHandle::new(tokio::spawn(work.boxed())).await.map_or(Apart::Panicked, Apart::Done)
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_is_told_and_started_again_until_it_is_done() {
        let readiness = Readiness::default();
        let starts = Arc::new(AtomicUsize::new(0));
        let supervisor = Supervisor::new(readiness.clone(), Metrics::default());
        let (counted, seen) = (Arc::clone(&starts), readiness.clone());
        supervisor
            .keep("tests", move || {
                let (counted, seen) = (Arc::clone(&counted), seen.clone());
                async move {
                    let before = counted.fetch_add(1, Ordering::Relaxed);
                    assert!(before > 0, "the first one");
                    assert_eq!(seen.troubles()[0].0, "tests", "not ready until it has run for a while");
                }
            })
            .await;
        assert_eq!(starts.load(Ordering::Relaxed), 2);
        assert!(readiness.troubles().is_empty());
    }

    #[tokio::test]
    async fn work_apart_panics_alone_and_ends_with_who_wants_it() {
        assert!(matches!(apart(async { 7 }).await, Apart::Done(7)));
        assert!(matches!(apart(async { panic!("alone") }).await, Apart::<()>::Panicked));
        let held = Arc::new(());
        let (kept, seen) = (Arc::clone(&held), Arc::downgrade(&held));
        drop(held);
        let hanging = apart(async move {
            std::future::pending::<()>().await;
            drop(kept);
        });
        assert!(timeout(Duration::from_millis(10), hanging).await.is_err());
        while seen.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
    }
}
