//! Why a file is no bill that can be believed.

/// Quotes no text of the bill: it may hold openids.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BillError {
    #[error("the file does not begin with the names of a bill's columns: {0} is missing")]
    NoBill(&'static str),
    #[error("line {line} is longer than any line of a bill")]
    TooLong { line: u64 },
    #[error("line {line} has not as many cells as there are columns")]
    Cells { line: u64 },
    #[error("line {line}: what stands in column {column} cannot be read")]
    Cell { line: u64, column: &'static str },
    /// Cut off, or not yet whole.
    #[error("the file ends before its summary")]
    CutOff,
    #[error("something follows the summary, in line {line}")]
    Trailing { line: u64 },
    #[error("the rows do not add up to {column} in the summary")]
    Sum { column: &'static str },
    #[error("the sums of the bill are beyond all reason")]
    Overflow,
}
