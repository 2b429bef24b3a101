//! A record → its cells. Each cell of a row begins with a backtick, which keeps spreadsheets from taking numbers
//! for numbers. Commas and line breaks in merchants' text are escaped with a backslash (§8.2).

use std::borrow::Cow;

/// Names of columns: no backticks, no escapes. Spaces around them and the unit some bear are left out.
pub(super) fn names(record: &str) -> impl Iterator<Item = &str> {
    record.split(',').map(|name| {
        let name = name.trim().trim_start_matches('`').trim();
        let name = name.strip_suffix("(元)").or_else(|| name.strip_suffix("（元）")).unwrap_or(name);
        name.trim_end()
    })
}

/// The cells of a row of `count` columns; `false` when there are not so many.
///
/// A comma is the end of a cell when the next one begins behind it. Should a merchant's text end in a backslash
/// that nobody has escaped, or hold what looks like a begin, the number of columns decides how it was meant.
pub(super) fn split<'a>(record: &'a str, count: usize, cells: &mut Vec<&'a str>) -> bool {
    let rules: &[fn(&str, usize) -> bool] = if record.starts_with('`') {
        &[
            |record, comma| is_before_backtick(record, comma) && !is_escaped(record, comma),
            is_before_backtick,
            |record, comma| !is_escaped(record, comma),
        ]
    } else {
        &[|record, comma| !is_escaped(record, comma), |_, _| true]
    };
    rules.iter().any(|is_end| {
        cells.clear();
        let mut begin = 0;
        for (comma, _) in record.match_indices(',') {
            if is_end(record, comma) {
                cells.push(record.get(begin..comma).unwrap_or_default());
                begin = comma + 1;
            }
        }
        cells.push(record.get(begin..).unwrap_or_default());
        // A comma behind the last cell.
        if cells.len() == count + 1 && cells.last().is_some_and(|last| last.trim().is_empty()) {
            cells.pop();
        }
        cells.len() == count
    })
}

fn is_before_backtick(record: &str, comma: usize) -> bool {
    record.as_bytes().get(comma + 1) == Some(&b'`')
}

fn is_escaped(record: &str, at: usize) -> bool {
    record.as_bytes().get(..at).unwrap_or_default().iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// Without the backtick: for numbers and words of WeChat's own, which hold no escapes.
pub(super) fn plain(cell: &str) -> &str {
    cell.strip_prefix('`').unwrap_or(cell).trim()
}

/// Without the backtick, and with every escape undone.
pub(super) fn text(cell: &str) -> Cow<'_, str> {
    let cell = cell.strip_prefix('`').unwrap_or(cell);
    if !cell.contains('\\') {
        return Cow::Borrowed(cell);
    }
    let mut text = String::with_capacity(cell.len());
    let mut signs = cell.chars();
    while let Some(sign) = signs.next() {
        if sign != '\\' {
            text.push(sign);
            continue;
        }
        match signs.next() {
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some(escaped @ (',' | '\\' | '`' | '\n' | '\r' | '"' | '\'')) => text.push(escaped),
            // No escape that anybody has written down: kept as it is.
            Some(other) => text.extend(['\\', other]),
            None => text.push('\\'),
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(record: &str, count: usize) -> Option<Vec<String>> {
        let mut cells = Vec::new();
        split(record, count, &mut cells).then(|| cells.into_iter().map(|cell| text(cell).into_owned()).collect())
    }

    #[test]
    fn rows_fall_into_their_cells() {
        for (record, expected) in [
            ("`1,`,`b", ["1", "", "b"]),
            ("`1,`a\\,b,`c", ["1", "a,b", "c"]),
            ("`1,`a\\,`b,`c", ["1", "a,`b", "c"]),
            ("`1,`a\\nb,`c\\\\", ["1", "a\nb", "c\\"]),
            ("`1,`a,b,`c", ["1", "a,b", "c"]),
            // Nobody has escaped this backslash, so that it seems to escape the comma.
            ("`1,`C:\\,`c", ["1", "C:\\", "c"]),
            ("1,2,3,", ["1", "2", "3"]),
            ("`1,`a\\x2cb,`", ["1", "a\\x2cb", ""]),
        ] {
            assert_eq!(cells(record, 3), Some(expected.map(str::to_owned).to_vec()), "{record}");
        }
        for record in ["`1,`2", "`1,`2,`3,`4", "1,2", ""] {
            assert_eq!(cells(record, 3), None, "{record}");
        }
    }

    #[test]
    fn names_bear_no_signs() {
        let found: Vec<&str> = names("交易时间, 收支金额(元),`账户结余（元）").collect();
        assert_eq!(found, ["交易时间", "收支金额", "账户结余"]);
    }
}
