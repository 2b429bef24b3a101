//! `saoma refund abnormal`: sends a refund that the payer's account did not take to a bank account. A card's number and
//! name come from standard input: arguments are in the shell's history and in the list of processes.

use std::io::{self, BufRead, IsTerminal as _, Write};

use clap::{Args, ValueEnum};
use futures::future::LocalBoxFuture;
use zeroize::Zeroizing;

use super::{CommandError, WhichShop, line, who::commander};
use crate::{
    backoffice::staff::{AbnormalError, Actor, Staff},
    checkout::{NotSent, ToAccount},
    config::Environment,
    domain::{OutRefundNo, RefundState},
    startup::{StaffRoom, Surroundings, open_staff},
    wechatpay::model::{Bank, BankAccount, InvalidCard, PayeeName, SealedCard},
};

/// Sends a refund that the payer's account did not take (ABNORMAL) to a bank account
#[derive(Debug, Args)]
pub(super) struct AbnormalCommand {
    /// The refund's number
    #[arg(value_parser = OutRefundNo::parse_any)]
    out_refund_no: OutRefundNo,
    /// Whose bank account takes it
    #[arg(long)]
    to: To,
    /// Of the shopper's debit card; its number and the cardholder's name are asked for, or are the first two lines of
    /// standard input
    #[arg(long, value_parser = Bank::ALL.map(|bank| bank.code), required_if_eq("to", "user"))]
    bank: Option<String>,
    /// The number is as it stands on the card, though its check digit does not fit
    #[arg(long, requires = "bank")]
    unusual_number: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum To {
    /// The merchant's own: the shopper is paid otherwise then
    Merchant,
    /// The shopper's debit card
    User,
}

/// What was typed, and nobody shall see.
struct Card {
    bank: Bank,
    account: BankAccount,
    name: PayeeName,
}

pub(super) fn abnormal<'a>(
    which: WhichShop,
    command: AbnormalCommand,
    environment: &'a Environment,
    out: &'a mut (dyn Write + Send),
) -> LocalBoxFuture<'a, Result<(), CommandError>> {
    Box::pin(async move {
        let settings = which.settings(environment)?;
        let actor = commander();
        let card = match (command.to, command.bank.as_deref().and_then(Bank::find)) {
            (To::User, Some(bank)) => Some(ask_for_card(bank, command.unusual_number, &mut io::stdin().lock())?),
            _ => None,
        };
        let StaffRoom { staff, db, .. } = open_staff(settings, Surroundings::system()).await?;
        let sent = send(&staff, &command.out_refund_no, card, &actor, out).await;
        db.close().await;
        sent
    })
}

async fn send(
    staff: &Staff,
    number: &OutRefundNo,
    card: Option<Card>,
    actor: &Actor,
    out: &mut (dyn Write + Send),
) -> Result<(), CommandError> {
    let of_it = |error: AbnormalError| CommandError::Abnormal { number: number.clone(), error: Box::new(error) };
    let checkout = staff.checkout();
    checkout.rise_if_possible().await?;
    let refund = checkout.load_refund(number).await.map_err(|error| of_it(NotSent::from(error).into()))?;
    let key = checkout.sealing_key().await.ok_or(CommandError::NoSealingKey)?;
    let to = match card {
        None => ToAccount::Merchant(key.serial.clone()),
        Some(Card { bank, account, name }) => {
            let sealed = SealedCard::seal(bank, &account, &name, &key).map_err(|_| CommandError::NoSealingKey)?;
            ToAccount::User(Box::new(sealed))
        }
    };
    let refund = staff.send_abnormal_refund(&refund, to, actor).await.map_err(of_it)?;
    line(&refund, out)?;
    if refund.state == RefundState::Abnormal {
        writeln!(
            out,
            "WeChat Pay has not confirmed it: a running server asks how it stands; do not do it otherwise meanwhile"
        )?;
    }
    Ok(out.flush()?)
}

/// Prompts where somebody sits there.
fn ask_for_card(bank: Bank, may_be_unusual: bool, from: &mut impl BufRead) -> Result<Card, CommandError> {
    let mut ask = |what: &str| -> io::Result<Zeroizing<String>> {
        if io::stdin().is_terminal() {
            write!(io::stderr(), "{what}: ")?;
            io::stderr().flush()?;
        }
        let mut line = Zeroizing::new(String::new());
        from.read_line(&mut line)?;
        Ok(line)
    };
    let account = BankAccount::parse(&ask("card number")?).map_err(CommandError::Card)?;
    if !account.has_check_digit() && !may_be_unusual {
        return Err(CommandError::Card(InvalidCard::CheckDigit));
    }
    let name = PayeeName::parse(&ask("cardholder's name")?).map_err(CommandError::Card)?;
    Ok(Card { bank, account, name })
}
