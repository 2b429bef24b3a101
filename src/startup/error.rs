//! Why the site cannot start.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
};

use super::found::NotOurBooks;
use crate::{
    checkout::catalogue::CatalogueError,
    config::Problems,
    gateway::SetupError,
    http::SiteError,
    sandbox::SandboxError,
    storage::{SchemaError, StorageError, moving::MoveError},
    tls::{FilesError, TlsError},
};

/// The site cannot start: the operator must act.
#[derive(Debug, thiserror::Error)]
pub enum StartupError {
    #[error(transparent)]
    Settings(#[from] Problems),
    #[error("{setting}: cannot listen on {address}: {source}")]
    Listen { setting: &'static str, address: SocketAddr, source: io::Error },
    #[error(
        "LEPTOS_SITE_ADDR: sandbox mode needs a loopback address or 0.0.0.0, not {0}: its callbacks come over loopback"
    )]
    SandboxAddress(SocketAddr),
    #[error("SAOMA_DATA_DIR: {} cannot be used: {source}", path.display())]
    DataDir { path: PathBuf, source: Arc<io::Error> },
    #[error("SAOMA_SECRET_KEY: {}: {source}", path.display())]
    SecretKey { path: PathBuf, source: Arc<io::Error> },
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("the books at {place}: {source}")]
    Books { place: String, source: StorageError },
    #[error("demo products: {0}")]
    Catalogue(#[from] CatalogueError),
    #[error("no sandbox has been running here, start `saoma serve --sandbox` first: {path} cannot be read")]
    NoSandbox { path: PathBuf },
    #[error(
        "the books at {place} are on a network file system ({name}), where SQLite's locks and syncs cannot be relied on. \
         Put them on a disk of this machine, or use MySQL or MariaDB"
    )]
    NetworkFileSystem { place: String, name: &'static str },
    #[error(
        "SQLite does not sync what it commits here (synchronous = {synchronous}): payments would be lost with the power"
    )]
    NotSynced { synchronous: i64 },
    #[error(transparent)]
    NotOurBooks(#[from] NotOurBooks),
    #[error(transparent)]
    Move(#[from] MoveError),
    #[error("LEPTOS_SITE_ROOT: {0}")]
    Site(#[from] SiteError),
    #[error("the sandbox: {0}")]
    Sandbox(#[from] SandboxError),
    #[error("SAOMA_TLS: {0}")]
    Tls(#[from] TlsError),
    #[error("the way to WeChat Pay: {0}")]
    Gateway(#[from] SetupError),
    #[error("stopped, since the books are no longer written: start the server again")]
    WriterEnded,
    #[error("serving has ended: {0}")]
    Serve(#[source] io::Error),
}

impl StartupError {
    /// Opening the books that are at `place`. What is wrong with books that are there is told after their place
    /// was: by commands as the first line, by the server in its log.
    pub(super) fn of_books(place: &str, source: StorageError) -> Self {
        match source {
            StorageError::Database(_)
            | StorageError::ReadOnly(_)
            | StorageError::NoAnswer
            | StorageError::Schema(SchemaError::NotBooks) => Self::Books { place: place.to_owned(), source },
            source => Self::Storage(source),
        }
    }

    /// No start can succeed before somebody has changed what it is started with. An address that somebody else has, or
    /// that is not there yet, may be free in a moment, and one of two certificate files may have been renewed and the
    /// other not yet: a service manager is to try again.
    pub fn is_misconfigured(&self) -> bool {
        if let Self::Listen { source, .. } = self {
            return !matches!(source.kind(), ErrorKind::AddrInUse | ErrorKind::AddrNotAvailable);
        }
        if let Self::Tls(TlsError::Files(FilesError::NotTogether { .. })) = self {
            return false;
        }
        matches!(
            self,
            Self::Settings(_)
                | Self::DataDir { .. }
                | Self::SandboxAddress(_)
                | Self::SecretKey { .. }
                | Self::NoSandbox { .. }
                | Self::NotOurBooks(_)
                | Self::NetworkFileSystem { .. }
                | Self::NotSynced { .. }
                | Self::Site(_)
                | Self::Tls(_)
                | Self::Storage(StorageError::Schema(_) | StorageError::NoFile { .. })
                | Self::Books { source: StorageError::Schema(_), .. }
        )
    }
}
