//! Why ACME cannot begin.

use std::{io, path::PathBuf};

/// The operator must act.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    #[error("SAOMA_ACME_CA: {0}")]
    Client(String),
    #[error("{}: {source}", path.display())]
    Store { path: PathBuf, source: io::Error },
}
