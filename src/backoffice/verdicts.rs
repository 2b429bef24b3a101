//! What became of notifications, as somebody looks at it who has to mend what is wrong.

use crate::checkout::Verdict;

/// Verdicts that somebody has to look at.
pub fn quarantined() -> Vec<&'static str> {
    codes(true)
}

/// The others, of which each is as it should be.
pub fn good() -> Vec<&'static str> {
    codes(false)
}

fn codes(needs_someone: bool) -> Vec<&'static str> {
    let some = Verdict::ALL.into_iter().filter(|verdict| verdict.needs_someone() == needs_someone);
    some.map(Verdict::code).collect()
}
