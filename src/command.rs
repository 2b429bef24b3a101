//! `saoma order`, `refund`, `inbox`, `product`, `staff`, `bill`, `status`, `doctor`, `backup`, `restore`, `move` and `health`: what an
//! operator does without pages, beside a running server or without one. Knows only the use cases; writes to what it is given.

mod abnormal;
mod backup;
mod bill;
mod doctor;
mod explained;
mod health;
mod inbox;
mod json;
mod moving;
mod order;
mod output;
mod product;
mod refund;
mod staff;
mod status;
mod who;

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
};

use clap::Args;
use jiff::Timestamp;

use crate::{
    backoffice::{
        Office,
        inbox::CannotReplay,
        orders::NotActed,
        products::ProductError,
        staff::{AbnormalError, StaffError},
    },
    checkout::{RefundError, catalogue::CatalogueError},
    config::{Environment, Problems, Settings, Wanted},
    domain::{Fen, OutRefundNo, OutTradeNo, RefundState},
    reconcile::{BillDay, ReconcileError},
    startup::{StartupError, Surroundings, open_office},
    storage::{Database, StorageError, refunds::Refund},
    wechatpay::{Interface, model::InvalidCard},
};

use self::explained::explain;
pub use self::{
    backup::{BackupCommand, RestoreCommand, backup, restore},
    bill::{BillArguments, bill},
    doctor::{DoctorCommand, doctor},
    health::health,
    inbox::{InboxArguments, inbox},
    moving::{MoveCommand, move_to},
    order::{OrderArguments, order},
    output::standard_output,
    product::{ProductArguments, product},
    refund::{RefundCommand, refund},
    staff::{StaffArguments, staff},
    status::{StatusArguments, status},
};

/// Which shop a command is for: the live one, unless the sandbox is asked for, as with `saoma serve`.
#[derive(Clone, Copy, Debug, Args)]
pub struct WhichShop {
    /// The sandbox's books and platform instead of the live shop's
    #[arg(long, global = true)]
    sandbox: bool,
}

impl WhichShop {
    fn wanted(self) -> Wanted {
        if self.sandbox { Wanted::SANDBOX } else { Wanted::Live }
    }

    /// Its settings. Says which books a command is about to use: from another folder, or with another `.env`,
    /// they are others.
    fn settings(self, environment: &Environment) -> Result<Settings, Problems> {
        let settings = Settings::from_env(self.wanted(), environment)?;
        // Beside what the command has to say. Where nobody reads it, nothing is lost.
        drop(writeln!(io::stderr(), "books: {}", settings.database_url.place()));
        Ok(settings)
    }

    /// Its back office, and its books to be closed after it.
    async fn open_office(self, environment: &Environment) -> Result<(Office, Database), CommandError> {
        Ok(open_office(self.settings(environment)?, Surroundings::system()).await?)
    }
}

/// How much less the processors are for a command than for a server, whose callbacks somebody waits for: about a tenth
/// of them where both could use all.
const NICER: i32 = 10;

/// Before a command begins: of this thread, and of those that it starts from now on.
pub fn give_way() {
    if let Err(error) = rustix::process::nice(NICER) {
        tracing::debug!(%error, "as urgent as a server");
    }
}

/// The operator reads it and acts.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Settings(#[from] Problems),
    #[error(transparent)]
    Startup(#[from] StartupError),
    #[error("order {number}: {error}")]
    Order { number: OutTradeNo, error: NotActed },
    /// What the books say is shown all the same.
    #[error("order {number}: WeChat Pay gave no usable answer; shown is what the books say")]
    Unanswered { number: OutTradeNo },
    #[error("no order has the number {0}")]
    NothingFound(String),
    #[error("cannot be read: {}", .0.join(", "))]
    Filter(Vec<&'static str>),
    #[error("notification {id}: {error}")]
    Notification { id: i64, error: CannotReplay },
    #[error("the books cannot be read: {0}")]
    Books(#[from] StorageError),
    /// A copy is not made, for whatever is wrong with the books or with the place.
    #[error("backup: {0}")]
    Backup(#[source] StorageError),
    /// Nobody has been asked for it.
    #[error("refund of {of}: {error}")]
    Refund { of: String, error: RefundError },
    #[error("product: {0}")]
    Product(#[from] ProductError),
    #[error("{}: {_1}", .0.display())]
    File(PathBuf, io::Error),
    /// Once its number is known, every error names it.
    #[error("refund {number}: {error}")]
    RefundOf { number: OutRefundNo, error: Box<RefundError> },
    #[error("refund {number}: {error}")]
    Abnormal { number: OutRefundNo, error: Box<AbnormalError> },
    #[error("card: {0}")]
    Card(InvalidCard),
    #[error(
        "WeChat Pay's public key or platform certificate is not known: nothing can be sealed, and nothing was sent"
    )]
    NoSealingKey,
    #[error("refund {number} has failed: {state}")]
    RefundFailed { number: OutRefundNo, state: RefundState },
    #[error("the server at {address} does not answer")]
    NoAnswer {
        address: SocketAddr,
        #[source]
        error: reqwest::Error,
    },
    #[error("the server at {address} is not ready")]
    NotReady { address: SocketAddr },
    #[error("staff: {0}")]
    Staff(StaffError),
    #[error("staff: a one-time link is printed on a terminal only, and this is none: nothing has been done")]
    NoTerminal,
    /// What is done with a tool of the server's.
    #[error("{told}")]
    OnServer { told: String },
    #[error("bill: {0}")]
    Bill(#[from] ReconcileError),
    /// Something to mend.
    #[error("the bill of {day} and the books differ, {} open: `saoma bill show --date {day}`", counted(*open, "difference is", "differences are"))]
    BillDiffers { day: BillDay, open: i64 },
    #[error("the audit log is not whole: an entry was changed, or some are missing")]
    AuditLog,
    #[error("{0} to mend")]
    ToMend(usize),
    #[error("{0} could not be checked")]
    CouldNotCheck(usize),
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
}

impl CommandError {
    /// There are none where somebody says that they are, or they are not this program's.
    pub const fn is_of_other_books(&self) -> bool {
        matches!(self, Self::Backup(StorageError::Schema(_)))
    }
}

impl From<CatalogueError> for CommandError {
    fn from(error: CatalogueError) -> Self {
        Self::Product(error.into())
    }
}

fn amount(text: &str) -> Result<Fen, String> {
    let fen = text.parse().map_err(|_| "must be a whole number of fen".to_owned())?;
    match Fen::new(fen) {
        Ok(Fen::ZERO) => Err("must be at least 1 fen".to_owned()),
        Ok(amount) => Ok(amount),
        Err(error) => Err(error.to_string()),
    }
}

fn line(refund: &Refund, out: &mut dyn Write) -> io::Result<()> {
    let problem = refund.problem.as_ref().map(|problem| format!("  {problem}")).unwrap_or_default();
    writeln!(out, "refund   {}  {} yuan  {}{problem}", refund.out_refund_no, refund.amount, refund.state)?;
    let code = refund.problem.as_deref().unwrap_or_default();
    explain(code, Interface::Refund, refund.request_id.as_deref(), out)
}

/// `1 order`, `2 orders`.
fn counted<T: From<u8> + PartialEq + Copy + std::fmt::Display>(count: T, one: &str, more: &str) -> String {
    let noun = if count == T::from(1) { one } else { more };
    format!("{count} {noun}")
}

/// With its zone: the log, and whoever reads this somewhere else, may have another one.
fn beijing(at: Timestamp) -> String {
    crate::wechatpay::time::rfc3339(at)
}
