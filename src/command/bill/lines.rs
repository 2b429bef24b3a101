//! Days, files and differences for people.

use std::io::{self, Write};

use crate::{
    command::{beijing, counted},
    domain::signed_yuan,
    reconcile::{CalendarDay, Checked, Outcome, Sum, Totals},
    storage::bills::{differences::Difference, files::BillFile},
    wechatpay::bill::Fee,
};

/// `2 payments 3.00 yuan`.
fn sum(Sum { count, fen }: Sum, (one, more): (&str, &str)) -> String {
    format!("{} {} yuan", counted(count, one, more), signed_yuan(fen))
}

fn both(paid: Sum, back: Sum) -> String {
    format!("{}, {}", sum(paid, ("payment", "payments")), sum(back, ("refund", "refunds")))
}

pub(super) fn line(day: &CalendarDay, out: &mut dyn Write) -> io::Result<()> {
    let problem = day.problem.as_ref().map(|problem| format!("  {problem}")).unwrap_or_default();
    let open = if day.open > 0 { format!("  {} open", day.open) } else { String::new() };
    writeln!(out, "{}  {:<9}{open}{problem}", day.day, day.standing.code())
}

pub(super) fn show_totals(totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "bill     {}", both(totals.payments, totals.refunds))?;
    writeln!(out, "books    {}", both(totals.our_payments, totals.our_refunds))?;
    if totals.unsettled != 0 {
        writeln!(out, "coupons  {} yuan that are not settled", signed_yuan(totals.unsettled))?;
    }
    let (fees, settled) = (Fee::from_thousandths(totals.fees), signed_yuan(totals.settled_fen()));
    writeln!(out, "fees     {fees} yuan, settled {settled} yuan")?;
    if totals.foreign_payments.count + totals.foreign_refunds.count > 0 {
        writeln!(out, "others   {} of other systems", both(totals.foreign_payments, totals.foreign_refunds))?;
    }
    if let Some(account) = &totals.account {
        let balance = |fen: Option<i64>| fen.map_or_else(|| "?".to_owned(), signed_yuan);
        writeln!(out, "account  {} yuan before, {} after", balance(account.opening), balance(account.closing))?;
        for (name, sum) in &account.kinds {
            writeln!(out, "         {} × {name} {} yuan", sum.count, signed_yuan(sum.fen))?;
        }
    }
    Ok(())
}

pub(super) fn show_checked(checked: &Checked, out: &mut dyn Write) -> io::Result<()> {
    match checked.outcome {
        Outcome::Agrees => writeln!(out, "{}  AGREES", checked.day)?,
        Outcome::Differs { open } => writeln!(out, "{}  DIFFERS    {open} open", checked.day)?,
    }
    show_totals(&checked.totals, out)
}

pub(super) fn file(file: &BillFile, out: &mut dyn Write) -> io::Result<()> {
    if file.is_empty() {
        return writeln!(out, "file     {}  nothing happened, WeChat Pay says", file.kind);
    }
    let at = beijing(file.fetched);
    writeln!(out, "file     {}  {} bytes  SHA-1 {} ({})  {at}", file.kind, file.bytes, file.hash, file.matched)
}

pub(super) fn difference_line(it: &Difference, out: &mut dyn Write) -> io::Result<()> {
    let amount = |fen: Option<i64>| fen.map_or_else(|| "-".to_owned(), signed_yuan);
    let (theirs, ours) = (amount(it.theirs_fen), amount(it.ours_fen));
    write!(
        out,
        "difference {}  {:<9}  {:<18}  {}  bill {theirs}, here {ours}",
        it.id,
        it.state.code(),
        it.kind,
        it.subject
    )?;
    if !it.answer.is_empty() {
        write!(out, "  WeChat Pay: {}", it.answer)?;
    }
    if !it.who.is_empty() {
        write!(out, "  {}: {}", it.who, it.why)?;
    }
    writeln!(out)
}
