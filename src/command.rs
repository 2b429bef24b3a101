//! `saoma order`, `saoma refund`, `saoma product` and `saoma health`: what an operator does without pages, beside a
//! running server or without one. Knows only the use cases; writes to what it is given.

mod explained;
mod health;
mod output;
mod product;
mod refund;

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use clap::{Args, Subcommand};
use futures::future::LocalBoxFuture;
use jiff::Timestamp;

use crate::{
    checkout::{Checkout, CheckoutError, OrderHistory, RefundError, catalogue::CatalogueError},
    config::{Environment, Problems, Settings, Wanted},
    domain::{Fen, OutRefundNo, OutTradeNo, RefundState},
    startup::{StartupError, Surroundings, open_checkout},
    storage::{
        Database,
        attempts::{AttemptState, PrepayProblem},
        events::{EventKind, Source},
        refunds::Refund,
    },
    wechatpay::Interface,
};

use self::explained::explain;
pub use self::{
    health::health,
    output::standard_output,
    product::{ProductArguments, product},
    refund::{RefundCommand, refund},
};

/// Which shop a command is for: the live one, unless the sandbox is asked for, as with `saoma serve`.
#[derive(Clone, Copy, Debug, Args)]
pub struct WhichShop {
    /// The sandbox's books and platform instead of the live shop's
    #[arg(long, global = true)]
    sandbox: bool,
}

impl WhichShop {
    /// Its settings. Says which books a command is about to use: from another folder, or with another `.env`,
    /// they are others.
    fn settings(self, environment: &Environment) -> Result<Settings, Problems> {
        let wanted = if self.sandbox { Wanted::SANDBOX } else { Wanted::Live };
        let settings = Settings::from_env(wanted, environment)?;
        // Beside what the command has to say. Where nobody reads it, nothing is lost.
        drop(writeln!(io::stderr(), "books: {}", settings.database_url.place()));
        Ok(settings)
    }

    /// Its use cases, and its books to be closed after them.
    async fn open(self, environment: &Environment) -> Result<(Checkout, Database), CommandError> {
        Ok(open_checkout(self.settings(environment)?, Surroundings::system()).await?)
    }
}

#[derive(Debug, Args)]
pub struct OrderArguments {
    #[command(flatten)]
    pub which: WhichShop,
    #[command(subcommand)]
    pub command: OrderCommand,
}

#[derive(Debug, Subcommand)]
pub enum OrderCommand {
    /// An order with its attempts, payments, refunds and timeline
    Show {
        #[arg(value_parser = OutTradeNo::parse)]
        out_trade_no: OutTradeNo,
    },
    /// Asks WeChat Pay how it stands, books what the answer says, and shows it
    Query {
        #[arg(value_parser = OutTradeNo::parse)]
        out_trade_no: OutTradeNo,
    },
}

/// The operator reads it and acts.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Settings(#[from] Problems),
    #[error(transparent)]
    Startup(#[from] StartupError),
    #[error("order {number}: {error}")]
    Order { number: OutTradeNo, error: CheckoutError },
    /// Nobody has been asked for it.
    #[error("refund of {of}: {error}")]
    Refund { of: String, error: RefundError },
    #[error("product: {0}")]
    Product(#[from] CatalogueError),
    /// Once its number is known, every error names it.
    #[error("refund {number}: {error}")]
    RefundOf { number: OutRefundNo, error: Box<RefundError> },
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
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
}

fn amount(text: &str) -> Result<Fen, String> {
    let fen = text.parse().map_err(|_| "must be a whole number of fen".to_owned())?;
    match Fen::new(fen) {
        Ok(Fen::ZERO) => Err("must be at least 1 fen".to_owned()),
        Ok(amount) => Ok(amount),
        Err(error) => Err(error.to_string()),
    }
}

/// # Errors
/// No such order, or books or platform are out of reach.
pub fn order<'a>(
    arguments: OrderArguments,
    environment: &'a Environment,
    out: &'a mut (dyn Write + Send),
) -> LocalBoxFuture<'a, Result<(), CommandError>> {
    Box::pin(show_order(arguments, environment, out))
}

async fn show_order(
    arguments: OrderArguments,
    environment: &Environment,
    out: &mut (dyn Write + Send),
) -> Result<(), CommandError> {
    let (checkout, db) = arguments.which.open(environment).await?;
    let (number, history) = match arguments.command {
        OrderCommand::Show { out_trade_no } => (out_trade_no.clone(), checkout.load_history(&out_trade_no).await),
        OrderCommand::Query { out_trade_no } => {
            (out_trade_no.clone(), checkout.query_order(&out_trade_no, Source::CommandLine).await)
        }
    };
    db.close().await;
    let history = history.map_err(|error| CommandError::Order { number, error })?;
    Ok(show(&history, out)?)
}

fn show(history: &OrderHistory, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let order = &history.order;
    let reason = order.status.reason().map(|reason| format!(" ({})", reason.code())).unwrap_or_default();
    writeln!(out, "{}  {} yuan  {}{reason}", order.title, order.total, order.status)?;
    writeln!(out, "placed {}  payable until {}", beijing(order.created), beijing(order.expires))?;
    for attempt in &history.attempts {
        let state = match &attempt.state {
            AttemptState::Preparing { problem } => problem.map_or("PREPARING", |problem| problem.code()),
            AttemptState::Open { .. } => "OPEN",
            AttemptState::Closed { .. } => "CLOSED",
            AttemptState::Paid => "PAID",
        };
        writeln!(out, "attempt  {}  {state}", attempt.out_trade_no)?;
        if attempt.state == (AttemptState::Preparing { problem: Some(PrepayProblem::Refused) }) {
            let told = history.events.iter().rfind(|event| event.kind == EventKind::PrepayRefused.code());
            let code = told.map_or("", |event| event.detail.as_str());
            explain(code, Interface::Prepay, attempt.request_id.as_deref(), out)?;
        }
    }
    for payment in &history.payments {
        let (id, total, kind) = (&payment.transaction_id, payment.total, payment.kind.code());
        writeln!(out, "payment  {id}  {total} yuan  {kind}  {}", beijing(payment.success))?;
    }
    for refund in &history.refunds {
        line(refund, out)?;
    }
    for event in &history.events {
        writeln!(out, "{}  {:<17}  {:<12}  {}", beijing(event.at), event.kind, event.source, event.detail)?;
    }
    Ok(())
}

fn line(refund: &Refund, out: &mut dyn Write) -> io::Result<()> {
    let problem = refund.problem.as_ref().map(|problem| format!("  {problem}")).unwrap_or_default();
    writeln!(out, "refund   {}  {} yuan  {}{problem}", refund.out_refund_no, refund.amount, refund.state)?;
    let code = refund.problem.as_deref().unwrap_or_default();
    explain(code, Interface::Refund, refund.request_id.as_deref(), out)
}

/// With its zone: the log, and whoever reads this somewhere else, may have another one.
fn beijing(at: Timestamp) -> String {
    let second = at.round(jiff::Unit::Second).unwrap_or(at);
    second.display_with_offset(jiff::tz::offset(8)).to_string()
}
