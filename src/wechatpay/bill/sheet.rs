//! What all bills share: a line of names, rows, a line of names of sums, a line of sums.

use std::borrow::Cow;

use super::{cells, error::BillError, lines::Lines};

/// Names of columns in the order in which they stand.
#[derive(Debug)]
pub(super) struct Header(Vec<String>);

impl Header {
    fn read(record: &str) -> Self {
        Self(cells::names(record).map(str::to_owned).collect())
    }

    /// The place of the first of these names that is there.
    pub(super) fn place(&self, names: &[&'static str]) -> Option<Column> {
        names.iter().find_map(|name| {
            let place = self.0.iter().position(|it| it == name)?;
            Some(Column { place, name })
        })
    }

    pub(super) fn require(&self, names: &[&'static str]) -> Result<Column, BillError> {
        self.place(names).ok_or_else(|| BillError::NoBill(names.first().copied().unwrap_or_default()))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column {
    place: usize,
    name: &'static str,
}

impl Column {
    pub(super) const fn place(self) -> usize {
        self.place
    }
}

/// A row as it stands.
pub(super) struct Record<'a> {
    pub(super) line: u64,
    cells: &'a [&'a str],
}

impl<'a> Record<'a> {
    pub(super) fn plain(&self, column: Column) -> &'a str {
        self.cells.get(column.place).copied().map(cells::plain).unwrap_or_default()
    }

    pub(super) fn text(&self, column: Option<Column>) -> Cow<'a, str> {
        column.map_or(Cow::Borrowed(""), |column| self.text_at(column.place))
    }

    pub(super) fn text_at(&self, place: usize) -> Cow<'a, str> {
        self.cells.get(place).copied().map(cells::text).unwrap_or_default()
    }

    pub(super) fn read<T>(&self, column: Column, read: impl FnOnce(&str) -> Option<T>) -> Result<T, BillError> {
        read(self.plain(column)).ok_or(BillError::Cell { line: self.line, column: column.name })
    }

    /// `None` where there is no such column, or nothing stands in it.
    pub(super) fn read_any<T>(
        &self,
        column: Option<Column>,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, BillError> {
        let column = column.filter(|column| !self.plain(*column).is_empty());
        column.map(|column| self.read(column, read)).transpose()
    }
}

/// What a kind of bill makes of its parts.
pub(super) trait Layout: Sized {
    /// The name that only the line of sums has.
    const COUNT: &'static str;

    fn read(header: &Header) -> Result<Self, BillError>;
}

#[derive(Debug)]
enum Stage<L> {
    Names,
    Rows { layout: L, columns: usize },
    Sums { names: Header },
    End,
}

#[derive(Debug)]
pub(super) struct Sheet<L> {
    lines: Lines,
    body: Body<L>,
}

#[derive(Debug)]
struct Body<L> {
    stage: Stage<L>,
    names: Header,
}

/// Who takes what a sheet holds.
pub(super) trait Taker<L, E> {
    fn row(&mut self, layout: &L, names: &Header, row: &Record<'_>) -> Result<(), E>;

    fn sums(&mut self, names: &Header, row: &Record<'_>) -> Result<(), E>;
}

impl<L: Layout> Sheet<L> {
    pub(super) fn new() -> Self {
        let body = Body { stage: Stage::Names, names: Header(Vec::new()) };
        Self { lines: Lines::new(), body }
    }

    pub(super) fn feed<E: From<BillError>>(&mut self, chunk: &[u8], taker: &mut impl Taker<L, E>) -> Result<(), E> {
        let body = &mut self.body;
        self.lines.feed(chunk, |line, record| body.take(line, record, taker))
    }

    pub(super) fn finish<E: From<BillError>>(mut self, taker: &mut impl Taker<L, E>) -> Result<(), E> {
        self.lines.finish(|line, record| self.body.take(line, record, taker))?;
        match self.body.stage {
            Stage::End => Ok(()),
            Stage::Names | Stage::Rows { .. } | Stage::Sums { .. } => Err(BillError::CutOff.into()),
        }
    }
}

impl<L: Layout> Body<L> {
    fn take<E: From<BillError>>(&mut self, line: u64, record: &[u8], taker: &mut impl Taker<L, E>) -> Result<(), E> {
        // Somebody's text that is not UTF-8 spoils nothing else.
        let record = String::from_utf8_lossy(record);
        let cells = |count| {
            let mut cells = Vec::with_capacity(count);
            if cells::split(&record, count, &mut cells) { Ok(cells) } else { Err(BillError::Cells { line }) }
        };
        match &self.stage {
            Stage::Names => {
                self.names = Header::read(&record);
                let (layout, columns) = (L::read(&self.names)?, self.names.0.len());
                self.stage = Stage::Rows { layout, columns };
            }
            Stage::Rows { .. } if !record.starts_with('`') && cells::names(&record).any(|name| name == L::COUNT) => {
                self.stage = Stage::Sums { names: Header::read(&record) };
            }
            Stage::Rows { layout, columns } => {
                let cells = cells(*columns)?;
                taker.row(layout, &self.names, &Record { line, cells: &cells })?;
            }
            Stage::Sums { names } => {
                let cells = cells(names.0.len())?;
                taker.sums(names, &Record { line, cells: &cells })?;
                self.stage = Stage::End;
            }
            Stage::End => return Err(BillError::Trailing { line }.into()),
        }
        Ok(())
    }
}
