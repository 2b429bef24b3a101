//! Why books do not move. Where nothing else is said, they are still where they were.

use std::fmt;

use crate::storage::StorageError;

/// A value that the server's column cannot hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub table: String,
    /// Its key.
    pub row: String,
    pub column: String,
    pub problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, row, column, problem } = self;
        write!(f, "table {table}, row {row}, column {column}: {problem}")
    }
}

#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(
        "the server cannot hold what is in these books, and nothing was written there. Mend it in the old books:{}",
        list(.0, *.1)
    )]
    DoesNotFit(Vec<Finding>, usize),
    #[error(
        "{place} is not empty: there is something in its table {table}. Books move into a database of their own, with \
         nothing in it"
    )]
    NotEmpty { place: String, table: String },
    #[error(
        "{place} holds half of a move of these books, which was cut off. The old books are still the shop's: go on with \
         them, or move them with --again, which empties {place} before"
    )]
    Half { place: String },
    #[error(
        "{place} holds half of a move of other books, from {from}: end that one, or name another database, with nothing \
         in it"
    )]
    HalfOfOthers { place: String, from: String },
    #[error("{place} cannot keep books: {problem}")]
    Unable { place: String, problem: String },
    #[error("the tables of the two are not the same: {0}")]
    OtherTables(String),
    #[error(
        "{place} has not kept what it was given: table {table} has {there} rows there and {here} here, or other values"
    )]
    Differs { place: String, table: String, here: u64, there: u64 },
    #[error("the server does not answer any more")]
    Silent,
    /// Half of it is there.
    #[error(
        "the move was cut off: {0}. The old books are still the shop's: go on with them, or move them with --again, which \
         empties what is there before"
    )]
    CutOff(Box<MoveError>),
    /// All of it is there.
    #[error("{0}. Everything is on the server: give the same command once more, it ends the move or says why not")]
    NotEnded(Box<StorageError>),
    #[error(
        "the move to {place} is not what these books were left for: its mark there is gone. Nothing was changed; \
         somebody has to look at both"
    )]
    MarkGone { place: String },
}

impl From<sqlx::Error> for MoveError {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.into())
    }
}

fn list(findings: &[Finding], more: usize) -> String {
    let lines = findings.iter().map(|finding| format!("\n  {finding}"));
    lines.chain((more > 0).then(|| format!("\n  and {more} more"))).collect()
}
