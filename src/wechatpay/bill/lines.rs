//! Bytes → records. A record ends with a line feed, before which a carriage return may stand, unless a backslash
//! escapes it: merchants' own text may hold line breaks (§8.2).

use super::error::BillError;

/// Longer than all columns together at their documented lengths, many times over.
const LONGEST: usize = 64 * 1024;
const BOM: &[u8] = b"\xEF\xBB\xBF";

#[derive(Debug, Default)]
pub(super) struct Lines {
    /// What has come since the end of the last record.
    buffer: Vec<u8>,
    /// How much of it holds no end of a record.
    searched: usize,
    /// Of the record that comes next, from 1.
    number: u64,
}

impl Lines {
    pub(super) fn new() -> Self {
        Self { buffer: Vec::new(), searched: 0, number: 1 }
    }

    /// Gives out each record that is whole now, without its end and with the number of its first line; empty ones
    /// are left out.
    pub(super) fn feed<E: From<BillError>>(
        &mut self,
        chunk: &[u8],
        mut each: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.buffer.extend_from_slice(chunk);
        let (mut begin, mut from) = (0, self.searched);
        let mut breaks = 0;
        while let Some(end) = find_feed(&self.buffer, from) {
            breaks += 1;
            from = end + 1;
            let line = self.buffer.get(begin..end).unwrap_or_default();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if is_escaped(line) {
                continue;
            }
            give(self.number, line, &mut each)?;
            self.number += breaks;
            breaks = 0;
            begin = from;
        }
        // Line feeds that were escaped are counted with the record to which they belong, when it is looked through
        // again from its begin.
        self.buffer.drain(..begin);
        self.searched = if breaks == 0 { self.buffer.len() } else { 0 };
        if self.buffer.len() > LONGEST { Err(BillError::TooLong { line: self.number }.into()) } else { Ok(()) }
    }

    /// The last record may lack its end.
    pub(super) fn finish<E: From<BillError>>(self, mut each: impl FnMut(u64, &[u8]) -> Result<(), E>) -> Result<(), E> {
        let line = self.buffer.strip_suffix(b"\r").unwrap_or(&self.buffer);
        give(self.number, line, &mut each)
    }
}

fn give<E>(number: u64, line: &[u8], each: &mut impl FnMut(u64, &[u8]) -> Result<(), E>) -> Result<(), E> {
    let line = if number == 1 { line.strip_prefix(BOM).unwrap_or(line) } else { line };
    if line.iter().all(u8::is_ascii_whitespace) { Ok(()) } else { each(number, line) }
}

fn find_feed(buffer: &[u8], from: usize) -> Option<usize> {
    Some(from + buffer.get(from..)?.iter().position(|byte| *byte == b'\n')?)
}

/// An odd number of backslashes: the last of them escapes what follows.
fn is_escaped(line: &[u8]) -> bool {
    line.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(pieces: &[&[u8]]) -> Result<Vec<(u64, String)>, BillError> {
        let (mut lines, mut found) = (Lines::new(), Vec::new());
        let mut note = |number, line: &[u8]| {
            found.push((number, String::from_utf8_lossy(line).into_owned()));
            Ok::<(), BillError>(())
        };
        for piece in pieces {
            lines.feed(piece, &mut note)?;
        }
        lines.finish(&mut note)?;
        Ok(found)
    }

    #[test]
    fn in_whatever_pieces_they_come_the_records_are_the_same() {
        let text = "\u{feff}a,b\r\n`1,`x\\\r\ny\\\\\r\n\r\n`2,`z".as_bytes();
        let expected = [(1, "a,b"), (2, "`1,`x\\\r\ny\\\\"), (5, "`2,`z")].map(|(line, it)| (line, it.to_owned()));
        for size in 1..=text.len() {
            let pieces: Vec<&[u8]> = text.chunks(size).collect();
            assert_eq!(records(&pieces), Ok(expected.to_vec()), "in pieces of {size}");
        }
    }

    #[test]
    fn an_endless_line_is_refused_before_it_fills_the_memory() {
        let piece = vec![b'1'; 40_000];
        assert_eq!(records(&[b"a\n", &piece]).map(|found| found.len()), Ok(2));
        assert_eq!(records(&[b"a\n", &piece, &piece]), Err(BillError::TooLong { line: 2 }));
    }
}
