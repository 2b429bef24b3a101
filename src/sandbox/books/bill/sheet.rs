//! A bill as text.

use jiff::Timestamp;

use crate::sandbox::wire_time;

pub(super) struct Sheet {
    text: String,
    end: &'static str,
}

impl Sheet {
    pub(super) fn new(plain: bool) -> Self {
        let (mark, end) = if plain { ("", "\n") } else { ("\u{feff}", "\r\n") };
        Self { text: mark.to_owned(), end }
    }

    pub(super) fn names<'n>(&mut self, names: impl Iterator<Item = &'n str>) {
        self.text.push_str(&names.collect::<Vec<_>>().join(","));
        self.text.push_str(self.end);
    }

    pub(super) fn cells(&mut self, cells: impl Iterator<Item = String>) {
        for (place, cell) in cells.enumerate() {
            self.text.push_str(if place == 0 { "`" } else { ",`" });
            self.text.push_str(&cell);
        }
        self.text.push_str(self.end);
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

pub(super) fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let size = fen.unsigned_abs();
    format!("{sign}{}.{:02}", size / 100, size % 100)
}

/// Five decimals, of thousandths of a fen.
pub(super) fn fee(thousandths: i64) -> String {
    let sign = if thousandths < 0 { "-" } else { "" };
    let size = thousandths.unsigned_abs();
    format!("{sign}{}.{:05}", size / 100_000, size % 100_000)
}

/// Counts, with the decimal that WeChat gives them.
pub(super) fn count(count: usize) -> String {
    format!("{count}.0")
}

pub(super) fn time(at_ms: i64) -> String {
    wire_time::for_people(Timestamp::from_millisecond(at_ms).unwrap_or_default())
}

/// What merchants write may hold what would end a cell or a line.
pub(super) fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace(',', "\\,").replace('\n', "\\n").replace('\r', "\\r")
}
