//! `saoma status`: how this shop is set, what it trusts, which jobs ran well when, what needs someone, and whether the audit
//! log is whole.

use std::io::Write;

use clap::Args;
use futures::future::LocalBoxFuture;

use super::{CommandError, WhichShop, beijing, counted, json};
use crate::{
    backoffice::{
        staff::audit::{self, Verified},
        status::Status,
    },
    config::Environment,
};

#[derive(Clone, Copy, Debug, Args)]
pub struct StatusArguments {
    #[command(flatten)]
    which: WhichShop,
    /// For programs
    #[arg(long)]
    json: bool,
}

/// # Errors
/// The books are out of reach.
pub fn status<'a>(
    arguments: StatusArguments,
    environment: &'a Environment,
    out: &'a mut (dyn Write + Send),
) -> LocalBoxFuture<'a, Result<(), CommandError>> {
    Box::pin(async move {
        let (office, db) = arguments.which.open_office(environment).await?;
        let status = office.status().await;
        let verified = audit::verify(&db).await;
        db.close().await;
        let (status, verified) = (status?, verified?);
        if arguments.json {
            let mut value = serde_json::to_value(&status).map_err(std::io::Error::other)?;
            let Verified { entries, chains, problems } = &verified;
            value["audit_log"] = serde_json::json!({ "entries": entries, "chains": chains, "problems": problems });
            json::write(&value, out)?;
        } else {
            show(&status, out)?;
            let entries = counted(verified.entries, "entry", "entries");
            writeln!(out, "audit log  {entries} in {}", counted(verified.chains, "chain", "chains"))?;
            for problem in &verified.problems {
                writeln!(out, "audit log  {problem}")?;
            }
        }
        if verified.problems.is_empty() { Ok(()) } else { Err(CommandError::AuditLog) }
    })
}

fn show(status: &Status, out: &mut dyn Write) -> Result<(), CommandError> {
    writeln!(out, "Saoma {}  {}  {}", status.shown.version, status.shown.mode, beijing(status.now))?;
    if let Some(merchant) = &status.merchant {
        writeln!(out, "merchant {}  {}", merchant.mchid, merchant.platform)?;
    }
    for setting in &status.shown.settings {
        writeln!(out, "{}={}", setting.name, setting.value)?;
    }
    for key in &status.keys {
        writeln!(out, "key {}  ends {}", key.serial, key.ends.map_or_else(|| "never".to_owned(), beijing))?;
    }
    if let Some(ends) = status.certificate_ends {
        writeln!(out, "https certificate ends {}", beijing(ends))?;
    }
    for instance in &status.instances {
        let beat = if instance.is_live { "last beat" } else { "silent since" };
        writeln!(out, "instance {}  {beat} {}", instance.id, beijing(instance.last_beat))?;
    }
    for job in &status.jobs {
        let good = job.last_good.map_or_else(|| "never".to_owned(), beijing);
        writeln!(out, "job {}  last ran well {good}", job.name)?;
    }
    for session in &status.sessions {
        writeln!(out, "logged in {}  until {}", session.name, beijing(session.ends))?;
    }
    if let Some(disk) = status.disk {
        writeln!(out, "disk {} MiB free of {} MiB", disk.free >> 20, disk.total >> 20)?;
    }
    for needed in &status.needs_someone {
        writeln!(out, "needs someone: {} {}", needed.count, needed.need.code())?;
    }
    Ok(())
}
