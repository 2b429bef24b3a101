//! `saoma refund`: gives money back. Its number is on the screen before anybody is asked, and in every
//! error after that: whoever loses sight of it gives the same command again.

use std::io::{self, Write};

use clap::{ArgGroup, Args, Subcommand};
use futures::future::LocalBoxFuture;

use super::{
    CommandError, WhichShop,
    abnormal::{AbnormalCommand, abnormal},
    amount, beijing, line,
    who::acting,
};
use crate::{
    backoffice::orders::NotActed,
    checkout::{Numbered, RefundDraft, RefundError, RefundOf, RefundOrder},
    config::Environment,
    domain::{Fen, OutRefundNo, OutTradeNo, RefundState},
    storage::{events::Source, refunds::Refund},
};

/// Gives money of one payment back
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("payment").required(true), subcommand_negates_reqs = true)]
pub struct RefundCommand {
    #[command(flatten)]
    which: WhichShop,
    #[command(subcommand)]
    verb: Option<RefundVerb>,
    /// Of the payment that came under this very number, not of another attempt of its order
    #[arg(value_parser = OutTradeNo::parse, group = "payment")]
    out_trade_no: Option<OutTradeNo>,
    /// Of the payment with WeChat's number
    #[arg(long, group = "payment")]
    transaction_id: Option<String>,
    /// In fen; all that is left when not given
    #[arg(long, value_parser = amount)]
    amount_fen: Option<Fen>,
    /// Shown to the payer, at most 80 characters
    #[arg(long, default_value = "商家退款")]
    reason: String,
    /// One number is one refund. Without it, one of the same payment and amount that is open, or was asked
    /// for within 24 hours, is gone on with
    #[arg(long, value_parser = OutRefundNo::parse)]
    out_refund_no: Option<OutRefundNo>,
    /// Another refund, although there is such a one
    #[arg(long, conflicts_with = "out_refund_no")]
    another: bool,
    /// For programs: what became of it, as one JSON object. Its number is on the standard error before anybody is asked
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum RefundVerb {
    Abnormal(AbnormalCommand),
}

/// # Errors
/// Nothing has been asked for; or, with the number, it is not known yet what became of it, or it failed.
pub fn refund<'a>(
    mut command: RefundCommand,
    environment: &'a Environment,
    out: &'a mut (dyn Write + Send),
) -> LocalBoxFuture<'a, Result<(), CommandError>> {
    match command.verb.take() {
        Some(RefundVerb::Abnormal(sent)) => abnormal(command.which, sent, environment, out),
        None => Box::pin(give_back(command, environment, out)),
    }
}

async fn give_back(
    command: RefundCommand,
    environment: &Environment,
    out: &mut (dyn Write + Send),
) -> Result<(), CommandError> {
    let RefundCommand {
        which,
        verb: _,
        out_trade_no,
        transaction_id,
        amount_fen,
        reason,
        out_refund_no,
        another,
        json,
    } = command;
    let of = match (out_trade_no, transaction_id) {
        (Some(number), _) => RefundOf::Attempt(number),
        (None, id) => RefundOf::Transaction(id.unwrap_or_default()),
    };
    let number = out_refund_no.map_or(Numbered::Fresh, Numbered::Chosen);
    let wanted = RefundOrder { amount: amount_fen, reason, source: Source::CommandLine, number, another };
    let (office, db) = which.open_office(environment).await?;
    let checkout = office.checkout();
    let mut errors = io::stderr();
    let refunded = async {
        checkout.rise_if_possible().await?;
        let draft = checkout.draft_refund(&of, wanted).await;
        let draft = draft.map_err(|error| CommandError::Refund { of: of.to_string(), error })?;
        let number = draft.out_refund_no().clone();
        announce(&draft, if json { &mut errors } else { out })?;
        let asked = office.give_back(draft, &acting()).await;
        let refund =
            asked.map_err(|error| CommandError::RefundOf { number: number.clone(), error: Box::new(why(error)) })?;
        Ok::<_, CommandError>((number, refund))
    };
    let refunded = refunded.await;
    db.close().await;
    let (number, refund) = refunded?;
    if json {
        super::json::write(&super::json::refund(&refund), out)?;
    } else {
        tell(&number, &refund, out)?;
    }
    match refund.state {
        RefundState::Closed | RefundState::Refused => {
            Err(CommandError::RefundFailed { number: refund.out_refund_no, state: refund.state })
        }
        _ => Ok(()),
    }
}

fn why(error: NotActed) -> RefundError {
    match error {
        NotActed::Refund(error) => error,
        NotActed::Checkout(error) => error.into(),
        NotActed::Storage(error) => error.into(),
        NotActed::NotOpen(_) | NotActed::Note | NotActed::NotGivenUp(_) => RefundError::NoSuchRefund,
    }
}

/// On the screen, and not in some buffer, before anybody is asked; or nobody is.
fn announce(draft: &RefundDraft, out: &mut dyn Write) -> io::Result<()> {
    let number = draft.out_refund_no();
    match draft.standing() {
        None => writeln!(out, "out_refund_no  {number}")?,
        Some(known) => {
            let at = beijing(known.created);
            writeln!(out, "out_refund_no  {number}  asked for {at}; another one of the same amount needs --another")?;
        }
    }
    out.flush()
}

fn tell(number: &OutRefundNo, refund: &Refund, out: &mut dyn Write) -> io::Result<()> {
    if refund.out_refund_no != *number {
        writeln!(out, "{number} is not used: the same has been asked for at the same moment")?;
    }
    line(refund, out)?;
    if refund.state == RefundState::Requested {
        writeln!(out, "WeChat Pay has not confirmed it yet; a running server goes on with it by itself")?;
    }
    out.flush()
}
