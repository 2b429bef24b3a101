//! `saoma bill`: WeChat's bills laid beside the books, by hand. What it does, the server does every day by itself.

mod lines;
mod values;

use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::PathBuf,
};

use clap::{Args, Subcommand};
use futures::future::LocalBoxFuture;
use serde_json::{Value, json};

use self::{
    lines::{difference_line, file, line, show_checked, show_totals},
    values::{checked_json, day_json, difference_json, file_json},
};
use super::{CommandError, WhichShop, beijing, who::commander};
use crate::{
    backoffice::staff::{Actor, Staff, audit::what},
    config::Environment,
    reconcile::{BillDay, Outcome, Reconcile, ReconcileError},
    startup::{BillRoom, Surroundings, open_reconcile},
    storage::bills::differences::{Difference, DifferenceState},
};

#[derive(Debug, Args)]
pub struct BillArguments {
    #[command(flatten)]
    which: WhichShop,
    /// One JSON value instead of lines for people
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: BillCommand,
}

#[derive(Debug, Subcommand)]
enum BillCommand {
    /// Fetches the bills of a day
    Pull(OfDay),
    /// Compares a day with its bills, asks WeChat Pay about what differs, and books what it answers
    Check(OfDay),
    /// The calendar of the month in which a day lies
    List(OfDay),
    /// What a day adds up to, and its differences
    Show(OfDay),
    /// A day for the accountant as CSV: what each product brought in, fees, the result
    Export(Export),
    /// A difference may stay as it is, for this reason
    Explain(Decision),
    /// A difference has been put right, in this way
    Settle(Decision),
}

#[derive(Clone, Copy, Debug, Args)]
struct OfDay {
    /// A day in Beijing, like 2026-01-31; yesterday when not given
    #[arg(long)]
    date: Option<BillDay>,
}

#[derive(Debug, Args)]
struct Export {
    #[command(flatten)]
    day: OfDay,
    /// Up to this day, when it is more than one
    #[arg(long)]
    to: Option<BillDay>,
    /// The rows of WeChat's trade bill instead, without openids
    #[arg(long, conflicts_with = "to")]
    rows: bool,
    /// Into a file that is not there yet, for its owner only; standard output when not given
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Decision {
    /// As `saoma bill show` tells it
    id: i64,
    #[arg(long)]
    why: String,
}

/// Differences that are read at once.
const PAGE: i64 = 200;

/// # Errors
/// The bill cannot be had, or it differs from the books; nothing that was true before has changed.
pub fn bill<'a>(
    arguments: BillArguments,
    environment: &'a Environment,
    out: &'a mut (dyn Write + Send),
) -> LocalBoxFuture<'a, Result<(), CommandError>> {
    Box::pin(run(arguments, environment, out))
}

async fn run(
    arguments: BillArguments,
    environment: &Environment,
    out: &mut (dyn Write + Send),
) -> Result<(), CommandError> {
    let BillArguments { which, json, command } = arguments;
    let BillRoom { reconcile, staff, db } =
        open_reconcile(which.settings(environment)?, Surroundings::system()).await?;
    let clerk = Clerk { reconcile, staff, actor: commander(), json };
    let done = clerk.perform(command, out).await;
    db.close().await;
    done
}

/// Who does it, and with what.
struct Clerk {
    reconcile: Reconcile,
    staff: Staff,
    actor: Actor,
    json: bool,
}

impl Clerk {
    /// One that has not begun has nothing to show.
    fn begun(&self, of: OfDay) -> Result<BillDay, ReconcileError> {
        let day = self.day(of);
        if day > self.reconcile.today() { Err(ReconcileError::NotOver) } else { Ok(day) }
    }

    fn day(&self, of: OfDay) -> BillDay {
        of.date.unwrap_or_else(|| self.reconcile.today().plus_days(-1))
    }

    async fn perform(&self, command: BillCommand, out: &mut (dyn Write + Send)) -> Result<(), CommandError> {
        let Self { reconcile, json, .. } = self;
        match command {
            BillCommand::Pull(of) => {
                let files = reconcile.pull(self.day(of)).await?;
                let value = || files.iter().map(file_json).collect();
                told(out, *json, value, |out| files.iter().try_for_each(|it| file(it, out)))
            }
            BillCommand::Check(of) => self.check(self.day(of), out).await,
            BillCommand::List(of) => {
                let day = self.day(of);
                let days = reconcile.calendar(day.first_of_month(), day.last_of_month()).await?;
                let value = || days.iter().map(day_json).collect();
                told(out, *json, value, |out| days.iter().try_for_each(|it| line(it, out)))
            }
            BillCommand::Show(of) => show(reconcile, self.begun(of)?, *json, out).await,
            BillCommand::Export(export) => self.export(export, out).await,
            BillCommand::Explain(decision) => self.decide(decision, DifferenceState::Explained, out).await,
            BillCommand::Settle(decision) => self.decide(decision, DifferenceState::Settled, out).await,
        }
    }

    async fn check(&self, day: BillDay, out: &mut (dyn Write + Send)) -> Result<(), CommandError> {
        self.staff.note(&self.actor, what::BILL_CHECKED, &format!("bill:{day}"), "").await?;
        let checked = self.reconcile.check(day).await?;
        told(out, self.json, || checked_json(&checked), |out| show_checked(&checked, out))?;
        match checked.outcome {
            Outcome::Agrees => Ok(()),
            Outcome::Differs { open } => Err(CommandError::BillDiffers { day: checked.day, open }),
        }
    }

    /// Written down before it is handed out.
    async fn export(&self, export: Export, out: &mut (dyn Write + Send)) -> Result<(), CommandError> {
        let from = self.begun(export.day)?;
        let (bytes, detail) = if export.rows {
            (self.reconcile.export_bill(from).await?, "rows".to_owned())
        } else {
            let to = export.to.unwrap_or(from);
            (self.reconcile.export_sums(from, to).await?, format!("sums to {to}"))
        };
        self.staff.note(&self.actor, what::BILL_EXPORTED, &format!("bill:{from}"), &detail).await?;
        match export.out {
            None => out.write_all(&bytes)?,
            Some(path) => {
                let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
                file.write_all(&bytes)?;
                file.sync_all()?;
            }
        }
        Ok(out.flush()?)
    }

    async fn decide(
        &self,
        Decision { id, why }: Decision,
        to: DifferenceState,
        out: &mut (dyn Write + Send),
    ) -> Result<(), CommandError> {
        let noted = self.staff.noted(&self.actor, what::BILL_DECIDED, &format!("difference:{id}"), to.code());
        let states = (DifferenceState::Open, to);
        self.reconcile.decide(id, states, (&self.actor.name, &why), Some(noted)).await?;
        let difference = self.reconcile.difference(id).await?;
        told(out, self.json, || difference_json(&difference), |out| difference_line(&difference, out))
    }
}

fn told(
    out: &mut (dyn Write + Send),
    json: bool,
    value: impl FnOnce() -> Value,
    lines: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), CommandError> {
    if json {
        writeln!(out, "{}", value())?;
    } else {
        lines(out)?;
    }
    Ok(out.flush()?)
}

async fn show(
    reconcile: &Reconcile,
    day: BillDay,
    json: bool,
    out: &mut (dyn Write + Send),
) -> Result<(), CommandError> {
    let days = reconcile.calendar(day, day).await?;
    let files = reconcile.files(day).await?;
    let mut differences = Vec::new();
    loop {
        let after = differences.last().map_or(0, |it: &Difference| it.id);
        let page = reconcile.differences(day, after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        differences.extend(page);
    }
    let value = || {
        json!({
            "day": days.first().map(day_json),
            "files": files.iter().map(file_json).collect::<Value>(),
            "differences": differences.iter().map(difference_json).collect::<Value>(),
        })
    };
    told(out, json, value, |out| {
        for day in &days {
            line(day, out)?;
            if let Some(totals) = &day.totals {
                if let Some(at) = day.checked {
                    writeln!(out, "compared {}", beijing(at))?;
                }
                show_totals(totals, out)?;
            }
        }
        files.iter().try_for_each(|it| file(it, out))?;
        differences.iter().try_for_each(|it| difference_line(it, out))
    })
}
