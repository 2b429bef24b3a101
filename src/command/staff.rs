//! `saoma staff`: the people who may come in to `/admin`. What opens an account is a one-time link, and shows on a
//! terminal only: the output of a service is a journal, which others read.

use std::io::{IsTerminal as _, Write};

use clap::{Args, Subcommand};
use futures::future::LocalBoxFuture;
use serde_json::json;

use super::{CommandError, WhichShop, amount, beijing, who::commander};
use crate::{
    backoffice::staff::{Actor, Staff, StaffError, accounts::Change, check_limits},
    config::Environment,
    domain::{Fen, Role},
    startup::{StaffRoom, Surroundings, open_staff},
    storage::{approvals::Limits, staff::Account, staff_links::Purpose},
};

#[derive(Debug, Args)]
pub struct StaffArguments {
    #[command(flatten)]
    which: WhichShop,
    /// For programs: one JSON value on standard output
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: StaffCommand,
}

#[derive(Debug, Subcommand)]
enum StaffCommand {
    /// A new account; prints the one-time link with which its owner chooses a password
    Add {
        name: String,
        #[arg(long, value_parser = role)]
        role: Role,
    },
    /// All accounts, with roles
    List,
    /// Ends all sessions of an account, and lets it in no more
    Disable { name: String },
    /// Lets a disabled account in again
    Enable { name: String },
    /// Gives an account another role; ends its sessions
    Role {
        name: String,
        #[arg(value_parser = role)]
        role: Role,
    },
    /// Prints a one-time link for another password
    ResetPassword { name: String },
    /// Prints a one-time link for another second factor
    ResetTotp { name: String },
    /// What one person may refund without a second one; without any option they are shown
    Limits {
        /// In fen
        #[arg(long, value_parser = amount)]
        per_refund_fen: Option<Fen>,
        /// In fen, by person and Beijing day
        #[arg(long, value_parser = amount)]
        per_day_fen: Option<Fen>,
        /// No limits any more
        #[arg(long, conflicts_with_all = ["per_refund_fen", "per_day_fen"])]
        none: bool,
    },
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| format!("must be one of {}", Role::ALL.map(Role::code).join(", ")))
}

/// # Errors
/// No such account, what may not be, or the books are out of reach.
pub fn staff<'a>(
    arguments: StaffArguments,
    environment: &'a Environment,
    out: &'a mut (dyn Write + Send),
) -> LocalBoxFuture<'a, Result<(), CommandError>> {
    Box::pin(async move {
        let settings = arguments.which.settings(environment)?;
        let StaffRoom { staff, db, origin } = open_staff(settings, Surroundings::system()).await?;
        let teller = Teller { origin: &origin, json: arguments.json, actor: commander() };
        let done = teller.carry_out(arguments.command, &staff, out).await;
        db.close().await;
        done
    })
}

/// Before anything is done: a link that nobody sees is none.
fn require_terminal() -> Result<(), CommandError> {
    if std::io::stdout().is_terminal() { Ok(()) } else { Err(CommandError::NoTerminal) }
}

struct Teller<'a> {
    origin: &'a str,
    json: bool,
    actor: Actor,
}

impl Teller<'_> {
    async fn carry_out(
        &self,
        command: StaffCommand,
        staff: &Staff,
        out: &mut (dyn Write + Send),
    ) -> Result<(), CommandError> {
        match command {
            StaffCommand::List => self.list(&staff.list_accounts().await?, out),
            StaffCommand::Add { name, role } => {
                require_terminal()?;
                staff.add_account(&name, role, &self.actor).await?;
                self.link(staff, &name, Purpose::Invite, out).await
            }
            StaffCommand::ResetPassword { name } => {
                require_terminal()?;
                self.link(staff, &name, Purpose::Password, out).await
            }
            StaffCommand::ResetTotp { name } => {
                require_terminal()?;
                self.link(staff, &name, Purpose::Totp, out).await
            }
            StaffCommand::Limits { per_refund_fen, per_day_fen, none } => {
                // What is not named stays.
                let present = if none { Limits::default() } else { staff.limits().await? };
                let wanted = Limits {
                    per_refund: per_refund_fen.or(present.per_refund),
                    per_day: per_day_fen.or(present.per_day),
                };
                if none || per_refund_fen.is_some() || per_day_fen.is_some() {
                    check_limits(wanted)?;
                    staff.set_limits(wanted, &self.actor).await?;
                }
                self.limits(staff.limits().await?, out)
            }
            StaffCommand::Disable { name } => self.change(staff, &name, Change::Disable, out).await,
            StaffCommand::Enable { name } => self.change(staff, &name, Change::Enable, out).await,
            StaffCommand::Role { name, role } => self.change(staff, &name, Change::Role(role), out).await,
        }
    }

    async fn link(
        &self,
        staff: &Staff,
        name: &str,
        purpose: Purpose,
        out: &mut (dyn Write + Send),
    ) -> Result<(), CommandError> {
        let (token, ended) = staff.make_link(name, purpose, &self.actor).await?;
        let link = format!("{}/admin/link/{token}", self.origin);
        if self.json {
            writeln!(out, "{}", json!({ "name": name, "link": link, "minutes": 30, "ended": ended.map(ended_link) }))?;
        } else {
            writeln!(out, "{link}")?;
            writeln!(out, "Give it to its owner; it works once, within 30 minutes.")?;
            if let Some(ended) = ended {
                writeln!(out, "It ends the link before it, {}, which opens nothing any more.", ended_link(ended))?;
            }
        }
        Ok(())
    }

    async fn change(
        &self,
        staff: &Staff,
        name: &str,
        change: Change,
        out: &mut (dyn Write + Send),
    ) -> Result<(), CommandError> {
        staff.change_account(name, change, &self.actor).await?;
        let account = staff.find_account(name).await?;
        self.list(&[account], out)
    }

    fn limits(&self, limits: Limits, out: &mut (dyn Write + Send)) -> Result<(), CommandError> {
        let Limits { per_refund, per_day } = limits;
        if self.json {
            let json = json!({ "per_refund_fen": per_refund.map(Fen::get), "per_day_fen": per_day.map(Fen::get) });
            writeln!(out, "{json}")?;
            return Ok(());
        }
        for (name, limit) in [("per refund", per_refund), ("per day", per_day)] {
            let limit = limit.map_or_else(|| "no limit".to_owned(), |fen| format!("{fen} yuan"));
            writeln!(out, "{name}\t{limit}")?;
        }
        Ok(())
    }

    fn list(&self, accounts: &[Account], out: &mut (dyn Write + Send)) -> Result<(), CommandError> {
        if self.json {
            let all: Vec<_> = accounts.iter().map(as_json).collect();
            writeln!(out, "{}", json!({ "accounts": all }))?;
            return Ok(());
        }
        for account in accounts {
            let Account { name, role, .. } = account;
            writeln!(out, "{name}\t{role}\t{}", standing(account))?;
        }
        Ok(())
    }
}

fn standing(account: &Account) -> String {
    let factor = if account.totp.is_some() { "second factor" } else { "no second factor" };
    match (account.disabled, &account.password) {
        (Some(at), _) => format!("disabled {}", beijing(at)),
        (None, None) => "invited".to_owned(),
        (None, Some(_)) => factor.to_owned(),
    }
}

fn as_json(account: &Account) -> serde_json::Value {
    json!({
        "name": account.name,
        "role": account.role.code(),
        "disabled": account.disabled.map(beijing),
        "has_password": account.password.is_some(),
        "has_second_factor": account.totp.is_some(),
        "created": beijing(account.created),
    })
}

impl From<StaffError> for CommandError {
    fn from(error: StaffError) -> Self {
        Self::Staff(error)
    }
}

/// What a link was for that another one has ended.
const fn ended_link(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Invite => "an invitation",
        Purpose::Password => "for another password",
        Purpose::Totp => "for another second factor",
    }
}
