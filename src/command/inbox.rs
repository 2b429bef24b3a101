//! `saoma inbox`: what WeChat Pay has delivered, and what others have who are not WeChat Pay.

use std::io::Write;

use clap::{Args, Subcommand};
use futures::future::LocalBoxFuture;
use serde_json::json;

use super::{CommandError, WhichShop, beijing, counted, json, who::acting};
use crate::{
    backoffice::{Office, inbox::CannotReplay},
    config::Environment,
    storage::inbox::{Entry, Lead},
};

#[derive(Debug, Args)]
pub struct InboxArguments {
    #[command(flatten)]
    which: WhichShop,
    /// For programs
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: InboxCommand,
}

#[derive(Debug, Subcommand)]
enum InboxCommand {
    /// Verified notifications, newest first
    List {
        /// With this verdict
        #[arg(long, group = "lead")]
        verdict: Option<String>,
        /// Of the order with this number
        #[arg(long, group = "lead")]
        number: Option<String>,
        /// Goes on below this id, which the page before has told
        #[arg(long)]
        below: Option<i64>,
    },
    /// One, as it came
    Show { id: i64 },
    /// Verifies one again, as of the time when it came, and books what it says
    Replay { id: i64 },
    /// Deliveries that were not believed, newest first
    Refused {
        #[arg(long)]
        below: Option<i64>,
    },
}

/// # Errors
/// No such notification, it cannot be verified again, or the books are out of reach.
pub fn inbox<'a>(
    arguments: InboxArguments,
    environment: &'a Environment,
    out: &'a mut (dyn Write + Send),
) -> LocalBoxFuture<'a, Result<(), CommandError>> {
    Box::pin(async move {
        let (office, db) = arguments.which.open_office(environment).await?;
        let done = carry_out(arguments.command, arguments.json, &office, out).await;
        db.close().await;
        done
    })
}

async fn carry_out(
    command: InboxCommand,
    is_json: bool,
    office: &Office,
    out: &mut (dyn Write + Send),
) -> Result<(), CommandError> {
    match command {
        InboxCommand::List { verdict, number, below } => {
            let lead = match (verdict, number) {
                (Some(verdict), _) => Lead::Verdict(verdict),
                (None, Some(number)) => Lead::Number(number),
                (None, None) => Lead::All,
            };
            let page = office.list_inbox(&lead, below).await?;
            if is_json {
                let entries: Vec<_> = page.entries.iter().map(json::entry).collect();
                return json::write(&json!({ "notifications": entries, "below": page.below }), out);
            }
            page.entries.iter().try_for_each(|entry| line(entry, out))?;
            more(page.below, out)
        }
        InboxCommand::Show { id } => {
            let kept = office.find_notification(id).await?;
            let kept = kept.ok_or(CommandError::Notification { id, error: CannotReplay::NoSuch })?;
            if is_json {
                let mut value = json::entry(&kept.entry);
                value["headers"] = json!(kept.headers);
                value["has_signature"] = json!(kept.signature.is_some());
                value["body"] = json!(String::from_utf8_lossy(&kept.body));
                return json::write(&value, out);
            }
            line(&kept.entry, out)?;
            out.write_all(kept.headers.as_bytes())?;
            Ok(writeln!(out, "\n{}", String::from_utf8_lossy(&kept.body))?)
        }
        InboxCommand::Replay { id } => {
            let replayed = office.replay(id, &acting()).await;
            let verdict = replayed.map_err(|error| CommandError::Notification { id, error })?.verdict;
            if is_json {
                return json::write(&json!({ "id": id, "verdict": verdict.code() }), out);
            }
            Ok(writeln!(out, "notification {id} verifies: {verdict}")?)
        }
        InboxCommand::Refused { below } => {
            let page = office.list_refused(below).await?;
            if is_json {
                let entries: Vec<_> = page.entries.iter().map(json::refused).collect();
                return json::write(&json!({ "refused": entries, "below": page.below }), out);
            }
            for it in &page.entries {
                let (at, reason, address) = (beijing(it.at), &it.reason, &it.address);
                writeln!(out, "{}  {at}  {reason}  {address}  {} bytes", it.id, it.body_bytes)?;
            }
            more(page.below, out)
        }
    }
}

fn line(entry: &Entry, out: &mut dyn Write) -> Result<(), CommandError> {
    let (id, at, event, verdict) = (entry.id, beijing(entry.received), &entry.event_type, &entry.verdict);
    let number = entry.out_trade_no.as_deref().unwrap_or("-");
    Ok(writeln!(out, "{id}  {at}  {event}  {verdict}  {number}  {}", counted(entry.deliveries, "time", "times"))?)
}

fn more(below: Option<i64>, out: &mut dyn Write) -> Result<(), CommandError> {
    below.map_or(Ok(()), |below| Ok(writeln!(out, "more with --below {below}")?))
}
