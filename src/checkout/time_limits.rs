//! How long work may take that nobody waits for. Writes and calls to WeChat have limits of their own; these
//! are for a database server that falls silent in the middle of a read. Whoever is cut off is in the place
//! of one that was killed: the next look goes on from there.

use std::{future::Future, time::Duration};

use futures::FutureExt as _;
use tokio::time::timeout;

use super::error::CheckoutError;
use crate::storage::StorageError;

/// Looking after one order or refund: longer than all calls to WeChat that belong to it.
pub(super) const LOOK_AFTER_MOST: Duration = Duration::from_secs(90);
/// One look at the books.
pub(super) const READ_MOST: Duration = Duration::from_secs(10);

/// Boxed, as all that is spawned and limited is: what tokio does with work would be compiled for each anew.
pub(super) async fn in_time<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, CheckoutError>> + Send,
) -> Result<T, CheckoutError> {
    timeout(limit, work.boxed()).await.unwrap_or(Err(CheckoutError::Storage(StorageError::NoAnswer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_never_ends_is_no_answer() {
        let hung = in_time(Duration::from_millis(1), std::future::pending::<Result<(), _>>()).await;
        assert!(matches!(hung, Err(CheckoutError::Storage(StorageError::NoAnswer))), "{hung:?}");
        assert!(in_time(READ_MOST, async { Ok(()) }).await.is_ok());
    }
}
