//! What can go wrong with the books, and what is known afterwards.

use std::{path::PathBuf, sync::Arc};

use super::{
    codes::{mysql, sqlite},
    schema::SchemaError,
};

/// What went wrong with the books. The operator acts, or it is [`StorageError::is_transient`].
///
/// Of a write all but one mean that nothing of it has happened: see [`StorageError::is_outcome_unknown`].
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    #[error("database: {0}")]
    Database(#[source] Arc<sqlx::Error>),
    /// The disk is full or does not take what is written, the file system or the server was made read-only,
    /// or the right to write was taken away. Reading goes on.
    #[error("the books can be read but not written now (disk full, or read-only?): {0}")]
    ReadOnly(#[source] Arc<sqlx::Error>),
    /// Whoever opens them by their path finds others, or none: what is written into the open ones is lost with
    /// this process.
    #[error("the books are no longer at {}: they were deleted, moved, replaced or emptied while they were open. \
             Put them back where they were, or start again with the right ones", path.display())]
    Moved { path: PathBuf },
    /// A COMMIT was sent and not confirmed: the transaction is there, or it is not, or it is after the next
    /// start (SQLite reads its log again then). Whoever has a number of his own looks for it; whoever is
    /// asked again finds what is there.
    #[error("nobody can tell whether this was written: {0}")]
    OutcomeUnknown(#[source] Box<StorageError>),
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error("the books are not migrated, because they cannot be copied to {} before: {source}", path.display())]
    NotCopied { path: PathBuf, source: Box<StorageError> },
    #[error("migration: {0}")]
    Migration(#[source] Arc<sqlx::migrate::MigrateError>),
    #[error("{path}: {source}")]
    File { path: PathBuf, source: Arc<std::io::Error> },
    /// A server, a command, or somebody who restores or moves them.
    #[error("the books at {} are in use by another process (a server, a command, `saoma restore` or `saoma move`): \
             stop it first", path.display())]
    InUse { path: PathBuf },
    #[error("{} is there already: it is not written over", path.display())]
    FileThere { path: PathBuf },
    #[error("{} needs {wanted} MB and has {free} MB free", folder.display())]
    NoRoom { folder: PathBuf, wanted: u64, free: u64 },
    #[error("{} is damaged: {problem}", path.display())]
    Damaged { path: PathBuf, problem: String },
    #[error("{} is no file", path.display())]
    NoFile { path: PathBuf },
    #[error("table {table}, column {column}, row {row}: {problem}")]
    Inconsistent { table: &'static str, column: &'static str, row: i64, problem: String },
    #[error("table {table}, row {row}: changed by somebody else meanwhile")]
    Raced { table: &'static str, row: i64 },
    /// Somebody else has a row of it, and was not to be waited for. See [`Rows`](super::rows::Rows).
    #[error("a row is locked by somebody else")]
    Locked,
    /// Of what was taken for new. See [`Expect`](super::Expect).
    #[error("table {table}: a row is there already")]
    ThereAlready { table: &'static str },
    /// A programming error, in the job alone: it will do so again.
    #[error("a job on the books has panicked")]
    JobPanicked,
    #[error("the database's writer has stopped")]
    WriterGone,
    #[error("the database has not answered in time")]
    NoAnswer,
}

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        let is_read_only =
            error.as_database_error().is_some_and(|error| sqlite::is_read_only(error) || mysql::is_read_only(error));
        if is_read_only { Self::ReadOnly(Arc::new(error)) } else { Self::Database(Arc::new(error)) }
    }
}

impl StorageError {
    /// One row holds what nobody can read; the others are not to blame.
    pub fn is_about_one_row(&self) -> bool {
        match self {
            Self::Inconsistent { .. } => true,
            Self::Database(error) => matches!(**error, sqlx::Error::ColumnDecode { .. }),
            _ => false,
        }
    }

    /// Another writer was in the way; the same transaction may succeed when run again.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Raced { .. } => true,
            Self::Database(error) => {
                error.as_database_error().is_some_and(|error| sqlite::is_busy(error) || mysql::is_transient(error))
            }
            Self::OutcomeUnknown(error) => error.is_transient(),
            _ => false,
        }
    }

    /// What was to be written may be there all the same.
    pub const fn is_outcome_unknown(&self) -> bool {
        matches!(self, Self::OutcomeUnknown(_))
    }

    /// Nobody can write now, whatever it is, and everybody can read.
    pub fn is_read_only(&self) -> bool {
        match self {
            Self::ReadOnly(_) | Self::Moved { .. } => true,
            Self::OutcomeUnknown(error) => error.is_read_only(),
            _ => false,
        }
    }

    /// Would meet any other job as well at this moment: there is no use in running those one by one that
    /// have failed together.
    pub(crate) fn is_of_all_jobs(&self) -> bool {
        self.is_outcome_unknown() || self.is_read_only() || matches!(self, Self::WriterGone)
    }
}
