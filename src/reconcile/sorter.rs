//! Sorting more rows than memory should hold: sorted runs in files without a name, merged at the end.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    fs::File,
    io::{self, BufReader, Seek as _, Write as _},
};

use super::{folder::Folder, row::Row};

/// What a run holds in memory before it is written.
const RUN: usize = 16 * 1024 * 1024;
const BUFFER: usize = 64 * 1024;

pub(super) struct Sorter {
    folder: Folder,
    rows: Vec<Row>,
    size: usize,
    most: usize,
    runs: Vec<File>,
}

impl Sorter {
    pub(super) const fn new(folder: Folder) -> Self {
        Self::with_runs_of(folder, RUN)
    }

    const fn with_runs_of(folder: Folder, most: usize) -> Self {
        Self { folder, rows: Vec::new(), size: 0, most, runs: Vec::new() }
    }

    pub(super) fn push(&mut self, row: Row) -> io::Result<()> {
        self.size += row.size();
        self.rows.push(row);
        if self.size >= self.most { self.write_run() } else { Ok(()) }
    }

    fn write_run(&mut self) -> io::Result<()> {
        self.rows.sort_unstable_by(Row::order);
        let mut file = self.folder.scratch()?;
        let mut bytes = Vec::with_capacity(BUFFER + 4096);
        for row in self.rows.drain(..) {
            row.write(&mut bytes);
            if bytes.len() >= BUFFER {
                file.write_all(&bytes)?;
                bytes.clear();
            }
        }
        file.write_all(&bytes)?;
        file.rewind()?;
        self.runs.push(file);
        self.size = 0;
        Ok(())
    }

    /// All rows in their order.
    pub(super) fn finish(mut self) -> io::Result<Sorted> {
        self.rows.sort_unstable_by(Row::order);
        let mut sources: Vec<Source> =
            self.runs.into_iter().map(|file| Source::File(BufReader::with_capacity(BUFFER, file))).collect();
        sources.push(Source::Memory(self.rows.into_iter()));
        let mut heads = BinaryHeap::with_capacity(sources.len());
        for (place, source) in sources.iter_mut().enumerate() {
            heads.extend(source.next()?.map(|row| Reverse(Head { row, place })));
        }
        Ok(Sorted { sources, heads })
    }
}

enum Source {
    File(BufReader<File>),
    Memory(std::vec::IntoIter<Row>),
}

impl Source {
    fn next(&mut self) -> io::Result<Option<Row>> {
        match self {
            Self::File(file) => Row::read(file),
            Self::Memory(rows) => Ok(rows.next()),
        }
    }
}

struct Head {
    row: Row,
    place: usize,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        self.row.order(&other.row).then(self.place.cmp(&other.place))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head {}

pub(super) struct Sorted {
    sources: Vec<Source>,
    heads: BinaryHeap<Reverse<Head>>,
}

impl Sorted {
    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        let Some(Reverse(Head { row, place })) = self.heads.pop() else { return Ok(None) };
        if let Some(source) = self.sources.get_mut(place)
            && let Some(next) = source.next()?
        {
            self.heads.push(Reverse(Head { row: next, place }));
        }
        Ok(Some(row))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reconcile::row::{Class, Side};

    fn row(class: u8, key: u16, side: u8, fen: i64) -> Row {
        Row {
            class: [Class::Payment, Class::Refund, Class::Flow][usize::from(class % 3)],
            key: format!("42{key}"),
            side: [Side::Bill, Side::Ours, Side::Account][usize::from(side % 3)],
            fen,
            settled: fen / 2,
            fee: -fen,
            rate: 6000,
            at_ms: 1_767_196_800_000,
            order_id: i64::from(key),
            transaction_id: "42".repeat(usize::from(key % 3)),
            out_trade_no: "一".into(),
            refund_id: String::new(),
            is_ours: fen % 2 == 0,
            has_failed: fen % 3 == 0,
        }
    }

    proptest! {
        #[test]
        fn whatever_does_not_fit_into_memory_comes_out_in_order(
            rows in proptest::collection::vec((any::<u8>(), 0_u16..50, any::<u8>(), any::<i32>()), 0..200),
            most in 1_usize..5_000,
        ) {
            let folder = std::env::temp_dir().join(format!("saoma-sorter-{}", std::process::id()));
            let mut sorter = Sorter::with_runs_of(Folder::new(folder.clone()), most);
            let mut expected: Vec<Row> =
                rows.into_iter().map(|(class, key, side, fen)| row(class, key, side, fen.into())).collect();
            for row in &expected {
                sorter.push(row.clone()).expect("written");
            }
            let mut sorted = sorter.finish().expect("sorted");
            let mut found = Vec::new();
            while let Some(row) = sorted.next().expect("read") {
                found.push(row);
            }
            prop_assert!(found.is_sorted_by(|one, next| one.order(next) != Ordering::Greater));
            let by_all = |it: &Row| (it.class, it.key.clone(), it.side, it.fen);
            expected.sort_by_key(by_all);
            found.sort_by_key(by_all);
            prop_assert_eq!(found, expected);
            let left = std::fs::read_dir(&folder).map(Iterator::count).unwrap_or_default();
            prop_assert_eq!(left, 0, "no file keeps its name");
        }
    }
}
