//! What belongs into the transaction that writes a refund down, and is not checkout's: who asked, and whether he may.

use std::{fmt, sync::Arc};

use sqlx::AnyConnection;

use crate::storage::JobFuture;

type Job = dyn for<'c> Fn(&'c mut AnyConnection) -> JobFuture<'c, bool> + Send + Sync;

/// `false`: it may not be, and nothing is written.
#[derive(Clone)]
pub struct Beside(pub(super) Arc<Job>);

impl Beside {
    pub fn new(job: impl for<'c> Fn(&'c mut AnyConnection) -> JobFuture<'c, bool> + Send + Sync + 'static) -> Self {
        Self(Arc::new(job))
    }
}

impl fmt::Debug for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Beside")
    }
}
