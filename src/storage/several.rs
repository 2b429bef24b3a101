//! Statements for several rows, in a few sizes only, so that a connection can keep all of them prepared.
//!
//! Why none is made for one use: sqlx 0.9 opens connections to a server without `TCP_NODELAY`, and the message that
//! closes a prepared statement is one that the server does not answer. What is sent next then waits until the server's
//! system acknowledges that message by itself, which takes Linux 40 ms: one statement for one use, or one that another
//! pushes out of what the connection keeps, costs as much as fifty others. So none is closed while its connection is
//! used: no statement says `persistent(false)` on a server, and [`KEPT`] is more than a connection meets.

use sqlx::{Any, Encode, QueryBuilder, Type};

/// How many statements a connection to a server keeps prepared: nearly as many as there are in all, and more than one
/// meets as a rule. A server has 16,382 places (`max_prepared_stmt_count`) for all its connections and refuses what
/// goes beyond, so this is what three instances with all their connections can keep at most.
pub(super) const KEPT: usize = 340;

/// Of how many values a list is. One for a thousand is the most that anybody asks for.
const SIZES: [usize; 7] = [1, 4, 16, 64, 256, 512, 1_000];

/// `IN (?, ?, …)` with these values; the last one is said again until the list has one of [`SIZES`].
pub(super) fn tuple<'t, T>(query: &mut QueryBuilder<Any>, values: impl IntoIterator<Item = T>)
where
    T: Clone + Encode<'t, Any> + Type<Any>,
{
    let mut list = query.push("(").separated(", ");
    for value in padded(values) {
        list.push_bind(value);
    }
    query.push(")");
}

/// The last of them is there several times, where that changes nothing.
pub(super) fn padded<T: Clone>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    if let Some(last) = values.last().cloned() {
        values.resize(size(values.len()), last);
    }
    values
}

fn size(values: usize) -> usize {
    SIZES.into_iter().find(|size| values <= *size).unwrap_or_else(|| values.next_power_of_two())
}

/// The most rows that one statement inserts.
pub(super) const TOGETHER: usize = 64;

/// Rows that are to be inserted, a power of two at a time: no row can be said twice.
pub(super) fn shares<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut left = rows;
    std::iter::from_fn(move || {
        let many = 1 << left.len().checked_ilog2()?;
        let (share, rest) = left.split_at(many.min(TOGETHER));
        left = rest;
        Some(share)
    })
}

/// Of so many rows that are waiting, how many to write at once: the most that one statement inserts, or all where they
/// are so few that one more commit would cost more.
pub const fn common_share(waiting: usize) -> usize {
    match waiting {
        0..8 => waiting,
        8..TOGETHER => 1 << waiting.ilog2(),
        _ => TOGETHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_few_sizes_and_say_nothing_else() {
        for values in 1..=1_000_usize {
            let list = padded(0..values);
            assert!(SIZES.contains(&list.len()) && list.len() < 4 * values, "{} for {values}", list.len());
            assert!(
                list.iter().copied().take(values).eq(0..values) && list[values..].iter().all(|it| it + 1 == values)
            );
        }
        assert!(padded(0..0).is_empty());
    }

    #[test]
    fn each_row_is_inserted_once_and_few_statements_do_it() {
        for rows in 0..300_usize {
            let all: Vec<usize> = (0..rows).collect();
            let shares: Vec<&[usize]> = shares(&all).collect();
            assert_eq!(shares.concat(), all);
            assert!(shares.iter().all(|it| it.len().is_power_of_two() && it.len() <= TOGETHER), "{rows}");
        }
    }

    #[test]
    fn many_rows_are_written_in_numbers_that_one_statement_inserts() {
        for waiting in 1..200 {
            let share = common_share(waiting);
            assert!((1..=waiting).contains(&share) && 2 * share > waiting.min(TOGETHER), "{share} of {waiting}");
            assert!(share < 8 || share.is_power_of_two(), "{share} of {waiting}");
        }
    }
}
