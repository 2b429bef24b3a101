//! The machine: room, and who may look into what.

use crate::doctor::{
    facts::Facts,
    report::{Finding, Report},
    words::Check,
};

const MEGABYTE: u64 = 1 << 20;
/// Below it the next busy hour may be the last.
const LEAST_FREE: u64 = 256 * MEGABYTE;

pub(super) fn check(facts: &Facts, report: &mut Report) {
    let machine = &facts.machine;
    if let Some(free) = machine.free_bytes {
        // A migration makes a copy, and so does a backup.
        let wanted = LEAST_FREE.max(machine.books_bytes);
        if free < wanted {
            let detail = format!("{}: {} MB < {} MB", machine.data_dir.display(), free / MEGABYTE, wanted / MEGABYTE);
            report.findings.push(Finding::risk(Check::DiskFull, detail));
        }
    }
    if let Some((free, all)) = machine.inodes
        && all > 0
        && free < all / 100
    {
        report.findings.push(Finding::risk(Check::InodesFull, format!("{free} / {all}")));
    }
    if let Some(zone) = &machine.lost_zone {
        report.findings.push(Finding::risk(Check::TimeZone, zone));
    }
    for path in &machine.open_to_others {
        report.findings.push(Finding::risk(Check::OpenToOthers, path.display().to_string()));
    }
}
