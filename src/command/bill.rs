//! `saoma bill`: WeChat's bills laid beside the books, by hand. What it does, the server does every day by itself.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::PathBuf,
};

use clap::{Args, Subcommand};
use futures::future::LocalBoxFuture;
use serde_json::{Value, json};

use super::{CommandError, WhichShop, beijing};
use crate::{
    config::Environment,
    domain::Fen,
    reconcile::{BillDay, CalendarDay, Checked, Outcome, Reconcile, ReconcileError, Totals},
    startup::{Surroundings, open_reconcile},
    storage::bills::{
        differences::{Difference, DifferenceState},
        files::BillFile,
    },
    wechatpay::bill::Fee,
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

/// Who has decided, when it was done here.
const WHO: &str = "command line";
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
    let (reconcile, db) = open_reconcile(which.settings(environment)?, Surroundings::system()).await?;
    let done = perform(&reconcile, command, json, out).await;
    db.close().await;
    done
}

async fn perform(
    reconcile: &Reconcile,
    command: BillCommand,
    json: bool,
    out: &mut (dyn Write + Send),
) -> Result<(), CommandError> {
    let day = |of: OfDay| of.date.unwrap_or_else(|| reconcile.today().plus_days(-1));
    match command {
        BillCommand::Pull(of) => {
            let files = reconcile.pull(day(of)).await?;
            told(
                out,
                json,
                || files.iter().map(file_json).collect(),
                |out| files.iter().try_for_each(|it| file(it, out)),
            )
        }
        BillCommand::Check(of) => {
            let checked = reconcile.check(day(of)).await?;
            told(out, json, || checked_json(&checked), |out| show_checked(&checked, out))?;
            match checked.outcome {
                Outcome::Agrees => Ok(()),
                Outcome::Differs { open } => Err(CommandError::BillDiffers { day: checked.day, open }),
            }
        }
        BillCommand::List(of) => {
            let day = day(of);
            let days = reconcile.calendar(day.first_of_month(), day.last_of_month()).await?;
            told(out, json, || days.iter().map(day_json).collect(), |out| days.iter().try_for_each(|it| line(it, out)))
        }
        BillCommand::Show(of) => show(reconcile, day(of), json, out).await,
        BillCommand::Export(export) => {
            let from = day(export.day);
            let bytes = if export.rows {
                reconcile.export_bill(from).await?
            } else {
                reconcile.export_sums(from, export.to.unwrap_or(from)).await?
            };
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
        BillCommand::Explain(decision) => decide(reconcile, decision, DifferenceState::Explained, json, out).await,
        BillCommand::Settle(decision) => decide(reconcile, decision, DifferenceState::Settled, json, out).await,
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

async fn decide(
    reconcile: &Reconcile,
    Decision { id, why }: Decision,
    to: DifferenceState,
    json: bool,
    out: &mut (dyn Write + Send),
) -> Result<(), CommandError> {
    if why.trim().is_empty() {
        return Err(ReconcileError::NoReason.into());
    }
    reconcile.decide(id, (DifferenceState::Open, to), (WHO, &why), None).await?;
    let difference = reconcile.difference(id).await?;
    told(out, json, || difference_json(&difference), |out| difference_line(&difference, out))
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
                show_totals(totals, out)?;
            }
        }
        files.iter().try_for_each(|it| file(it, out))?;
        differences.iter().try_for_each(|it| difference_line(it, out))
    })
}

fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let size = i64::try_from(fen.unsigned_abs()).ok().and_then(|size| Fen::new(size).ok()).unwrap_or(Fen::MAX);
    format!("{sign}{size}")
}

fn line(day: &CalendarDay, out: &mut dyn Write) -> io::Result<()> {
    let problem = day.problem.as_ref().map(|problem| format!("  {problem}")).unwrap_or_default();
    let open = if day.open > 0 { format!("  {} open", day.open) } else { String::new() };
    writeln!(out, "{}  {:<9}{open}{problem}", day.day, day.standing.code())
}

fn show_totals(totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    let (paid, back) = (totals.payments, totals.refunds);
    writeln!(
        out,
        "bill     {} payments {} yuan, {} refunds {} yuan",
        paid.count,
        yuan(paid.fen),
        back.count,
        yuan(back.fen)
    )?;
    let (paid, back) = (totals.our_payments, totals.our_refunds);
    writeln!(
        out,
        "books    {} payments {} yuan, {} refunds {} yuan",
        paid.count,
        yuan(paid.fen),
        back.count,
        yuan(back.fen)
    )?;
    writeln!(out, "fees     {} yuan, net {} yuan", Fee::from_thousandths(totals.fees), yuan(totals.net_fen()))?;
    if totals.foreign_payments.count + totals.foreign_refunds.count > 0 {
        let (paid, back) = (totals.foreign_payments, totals.foreign_refunds);
        writeln!(
            out,
            "others   {} payments {} yuan, {} refunds {} yuan of other systems",
            paid.count,
            yuan(paid.fen),
            back.count,
            yuan(back.fen),
        )?;
    }
    if let Some(account) = &totals.account {
        let balance = |fen: Option<i64>| fen.map_or_else(|| "?".to_owned(), yuan);
        writeln!(out, "account  {} yuan before, {} after", balance(account.opening), balance(account.closing))?;
        for (name, sum) in &account.kinds {
            writeln!(out, "         {} × {name} {} yuan", sum.count, yuan(sum.fen))?;
        }
    }
    Ok(())
}

fn show_checked(checked: &Checked, out: &mut dyn Write) -> io::Result<()> {
    match checked.outcome {
        Outcome::Agrees => writeln!(out, "{}  AGREES", checked.day)?,
        Outcome::Differs { open } => writeln!(out, "{}  DIFFERS    {open} open", checked.day)?,
    }
    show_totals(&checked.totals, out)
}

fn file(file: &BillFile, out: &mut dyn Write) -> io::Result<()> {
    if file.is_empty() {
        return writeln!(out, "file     {}  nothing happened, WeChat Pay says", file.kind);
    }
    let at = beijing(file.fetched);
    writeln!(out, "file     {}  {} bytes  SHA-1 {} ({})  {at}", file.kind, file.bytes, file.hash, file.matched)
}

fn difference_line(it: &Difference, out: &mut dyn Write) -> io::Result<()> {
    let amount = |fen: Option<i64>| fen.map_or_else(|| "-".to_owned(), yuan);
    let (theirs, ours) = (amount(it.theirs_fen), amount(it.ours_fen));
    write!(out, "#{}  {:<9}  {:<18}  {}  bill {theirs}, here {ours}", it.id, it.state.code(), it.kind, it.subject)?;
    if !it.answer.is_empty() {
        write!(out, "  WeChat Pay: {}", it.answer)?;
    }
    if !it.who.is_empty() {
        write!(out, "  {}: {}", it.who, it.why)?;
    }
    writeln!(out)
}

fn file_json(file: &BillFile) -> Value {
    json!({
        "kind": file.kind,
        "is_empty": file.is_empty(),
        "sha1": file.hash,
        "hash_of": file.matched,
        "bytes": file.bytes,
        "fetched": beijing(file.fetched),
    })
}

fn day_json(day: &CalendarDay) -> Value {
    json!({
        "day": day.day.to_string(),
        "standing": day.standing.code(),
        "open": day.open,
        "problem": day.problem,
        "checked": day.checked.map(beijing),
        "totals": day.totals,
    })
}

fn checked_json(checked: &Checked) -> Value {
    let open = match checked.outcome {
        Outcome::Agrees => 0,
        Outcome::Differs { open } => open,
    };
    let standing = if checked.outcome == Outcome::Agrees { "AGREES" } else { "DIFFERS" };
    json!({ "day": checked.day.to_string(), "standing": standing, "open": open, "totals": checked.totals })
}

fn difference_json(it: &Difference) -> Value {
    json!({
        "id": it.id,
        "day": it.day,
        "kind": it.kind,
        "subject": it.subject,
        "transaction_id": it.transaction_id,
        "out_trade_no": it.out_trade_no,
        "order_id": it.order_id,
        "theirs_fen": it.theirs_fen,
        "ours_fen": it.ours_fen,
        "state": it.state.code(),
        "answer": it.answer,
        "who": it.who,
        "why": it.why,
        "found": beijing(it.found),
        "changed": beijing(it.changed),
    })
}
