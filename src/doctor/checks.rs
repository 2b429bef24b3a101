//! All checks, one after the other.

mod books;
mod keys;
mod machine;
mod origin;
mod platform;
mod shop;

#[cfg(test)]
mod tests;

use super::{facts::Facts, report::Report};

/// The worst first.
pub fn examine(facts: &Facts) -> Report {
    let mut report = Report::default();
    for check in [keys::check, books::check, machine::check, shop::check, platform::check, origin::check] {
        check(facts, &mut report);
    }
    report.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    report
}
