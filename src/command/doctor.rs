//! `saoma doctor`: what is wrong with this set-up, said before a customer finds out.

use std::io::Write;

use clap::{ArgGroup, Args};
use futures::future::LocalBoxFuture;
use serde_json::json;

use super::{CommandError, WhichShop, json};
use crate::{
    config::Environment,
    doctor::{Finding, Report, examine},
    startup::{Surroundings, examine as gather},
};

/// Looks for what is wrong with this set-up. Exit code 1: something to mend; 2: something could not be checked
#[derive(Clone, Copy, Debug, Args)]
#[command(group = ArgGroup::new("reach"))]
pub struct DoctorCommand {
    #[command(flatten)]
    which: WhichShop,
    /// For programs
    #[arg(long)]
    json: bool,
    /// Asks WeChat Pay a handful of things, and the shop's own address (as it does without saying)
    #[arg(long, group = "reach")]
    online: bool,
    /// Asks nobody outside this machine
    #[arg(long, group = "reach")]
    offline: bool,
}

/// # Errors
/// There is something to mend, or something could not be checked.
pub fn doctor<'a>(
    command: DoctorCommand,
    environment: &'a Environment,
    surroundings: Surroundings,
    out: &'a mut (dyn Write + Send),
) -> LocalBoxFuture<'a, Result<(), CommandError>> {
    Box::pin(async move {
        let facts = gather(command.which.wanted(), environment, &surroundings, !command.offline).await;
        let report = examine(&facts);
        if command.json {
            write_json(&report, out)?;
        } else {
            write(&report, out)?;
        }
        match (report.findings.is_empty(), report.unchecked.is_empty()) {
            (false, _) => Err(CommandError::ToMend(report.findings.len())),
            (true, false) => Err(CommandError::CouldNotCheck(report.unchecked.len())),
            (true, true) => Ok(()),
        }
    })
}

fn write(report: &Report, out: &mut dyn Write) -> Result<(), CommandError> {
    for finding in &report.findings {
        let Finding { check, severity, sure, detail, explained } = finding;
        writeln!(out, "{}  {}  ({})", severity.code(), check.code(), sure.code())?;
        if !detail.is_empty() {
            writeln!(out, "  {detail}")?;
        }
        for told in explained.iter().flat_map(|(chinese, english)| [chinese, english]) {
            writeln!(out, "  {told}")?;
        }
        for words in [finding.chinese(), finding.english()] {
            writeln!(out, "  {}", words.means)?;
            writeln!(out, "  → {}", words.remedy)?;
        }
    }
    for unchecked in &report.unchecked {
        writeln!(out, "not checked: {}: {}", unchecked.what, unchecked.why.english())?;
    }
    if report.findings.is_empty() && report.unchecked.is_empty() {
        writeln!(out, "nothing is wrong")?;
    }
    Ok(())
}

fn write_json(report: &Report, out: &mut (dyn Write + Send)) -> Result<(), CommandError> {
    let words = |it: &crate::doctor::words::Words, explained: Option<&String>| json!({ "means": it.means, "remedy": it.remedy, "explained": explained });
    let findings: Vec<_> = report
        .findings
        .iter()
        .map(|it| {
            json!({
                "check": it.check.code(),
                "severity": it.severity.code(),
                "sure": it.sure.code(),
                "detail": it.detail,
                "zh": words(it.chinese(), it.explained.as_ref().map(|it| &it.0)),
                "en": words(it.english(), it.explained.as_ref().map(|it| &it.1)),
            })
        })
        .collect();
    let unchecked: Vec<_> =
        report.unchecked.iter().map(|it| json!({ "what": it.what, "why": it.why.english() })).collect();
    json::write(&json!({ "findings": findings, "unchecked": unchecked }), out)
}
