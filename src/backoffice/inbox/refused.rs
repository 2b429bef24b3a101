//! Writes down the deliveries that were not believed, once a second at most.

use std::{sync::Arc, time::Duration};

use tokio::time::interval;

use crate::{
    backoffice::{gatherer::IN_ALL, office::Office},
    storage::{StorageError, day_sums, refused},
};

const EVERY: Duration = Duration::from_secs(1);

impl Office {
    /// Writes what has been gathered; runs until it is dropped.
    pub async fn keep_refused(&self) -> ! {
        let mut ticks = interval(EVERY);
        loop {
            ticks.tick().await;
            if let Err(error) = self.write_refused().await {
                tracing::warn!(%error, "refused deliveries could not be kept; tried again");
            }
        }
    }

    /// # Errors
    /// The books cannot be written: it is tried again.
    pub async fn write_refused(&self) -> Result<(), StorageError> {
        let (waiting, counts) = self.0.refused.take();
        if waiting.is_empty() && counts.is_empty() {
            return Ok(());
        }
        let shared = Arc::new((waiting, counts));
        let job = Arc::clone(&shared);
        let written = self.0.db.write(move |c| {
            let shared = Arc::clone(&job);
            Box::pin(async move {
                // Run twice after an answer that was lost they are there twice: they are no money.
                for (&(day_ms, reason), count) in &shared.1 {
                    day_sums::count(c, day_ms, &format!("{}{reason}", day_sums::REFUSED), *count).await?;
                }
                refused::insert(c, &shared.0, IN_ALL).await
            })
        });
        let written = written.await;
        if written.as_ref().is_err_and(|error| !error.is_outcome_unknown()) {
            let (waiting, counts) = (shared.0.clone(), shared.1.clone());
            self.0.refused.put_back(waiting, counts);
        }
        written
    }
}
