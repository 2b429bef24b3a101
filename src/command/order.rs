//! `saoma order`: finds orders, shows one with all that belongs to it, and writes them out.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use futures::{TryStreamExt as _, future::LocalBoxFuture};
use serde_json::json;

use super::{CommandError, WhichShop, beijing, explained::explain, json, line, who::acting};
use crate::{
    backoffice::{
        Office,
        orders::{Asked, Columns, Field, Filter, Form, Kind, NotActed, Row},
    },
    checkout::OrderHistory,
    config::Environment,
    domain::{Fen, OrderStatus, OutTradeNo},
    startup::Surroundings,
    storage::{
        attempts::{AttemptState, PrepayProblem},
        events::EventKind,
    },
    wechatpay::Interface,
};

#[derive(Debug, Args)]
pub struct OrderArguments {
    #[command(flatten)]
    pub which: WhichShop,
    /// For programs
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: OrderCommand,
}

#[derive(Debug, Subcommand)]
enum OrderCommand {
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
    /// The orders of any number: of an order, a payment, a refund, a page, a notification, or a Request-ID
    Find { number: String },
    /// Orders of a period, newest first
    List {
        #[command(flatten)]
        filter: FilterArguments,
        /// Goes on below this id, which the page before has told
        #[arg(long)]
        below: Option<i64>,
    },
    /// All orders of a period to standard output: as CSV, or with --json a line for each
    Export {
        #[command(flatten)]
        filter: FilterArguments,
    },
}

/// A period is always set; the rest may be.
#[derive(Debug, Args)]
struct FilterArguments {
    /// First Beijing day, as 2026-11-26; 30 days back when not given
    #[arg(long, default_value = "")]
    from: String,
    /// Last Beijing day; today when not given
    #[arg(long, default_value = "")]
    to: String,
    /// One of its states
    #[arg(long, value_parser = Kind::ALL.map(Kind::code))]
    status: Option<String>,
    /// Id of a product
    #[arg(long, default_value = "")]
    product: String,
    /// In yuan
    #[arg(long, default_value = "")]
    least: String,
    /// In yuan
    #[arg(long, default_value = "")]
    most: String,
    /// How its payment was found
    #[arg(long, default_value = "")]
    found_by: String,
    /// Only those that somebody has to look after
    #[arg(long)]
    needs_someone: bool,
}

impl FilterArguments {
    fn read(self) -> Result<Filter, CommandError> {
        let Self { from: first, to: last, status, product, least, most, found_by: found, needs_someone } = self;
        let kind = status.unwrap_or_default();
        let asked = Asked { first, last, kind, product, least, most, found, needs_someone };
        let wrong = |field: &Field| match field {
            Field::First => "--from",
            Field::Last => "--to",
            Field::Kind => "--status",
            Field::Product => "--product",
            Field::Least => "--least",
            Field::Most => "--most",
            Field::Found => "--found-by",
        };
        let read = Filter::read(&asked, Surroundings::system().clock.now());
        read.map_err(|it| CommandError::Filter(it.0.iter().map(wrong).collect()))
    }
}

/// # Errors
/// No such order, or books or platform are out of reach.
pub fn order<'a>(
    arguments: OrderArguments,
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
    command: OrderCommand,
    is_json: bool,
    office: &Office,
    out: &mut (dyn Write + Send),
) -> Result<(), CommandError> {
    let checkout = office.checkout();
    match command {
        OrderCommand::Show { out_trade_no } => {
            let history = checkout.load_history(&out_trade_no).await.map_err(NotActed::from);
            tell(&history.map_err(|error| CommandError::Order { number: out_trade_no, error })?, is_json, out)
        }
        OrderCommand::Query { out_trade_no } => {
            checkout.rise_if_possible().await?;
            let asked = office.query_order(&out_trade_no, &acting()).await;
            let (answer, history) =
                asked.map_err(|error| CommandError::Order { number: out_trade_no.clone(), error })?;
            if is_json {
                json::write(&json::asked(answer, &history), out)?;
            } else {
                show(&history, out)?;
            }
            if answer.is_some() { Ok(()) } else { Err(CommandError::Unanswered { number: out_trade_no }) }
        }
        OrderCommand::Find { number } => {
            let rows = office.search(&number).await?;
            if is_json {
                return json::write(&json!({ "orders": rows.iter().map(json::row).collect::<Vec<_>>() }), out);
            }
            if rows.is_empty() {
                return Err(CommandError::NothingFound(number));
            }
            list(&rows, out)
        }
        OrderCommand::List { filter, below } => {
            let page = office.list_orders(&filter.read()?, below).await?;
            if is_json {
                let rows: Vec<_> = page.rows.iter().map(json::row).collect();
                return json::write(&json!({ "orders": rows, "below": page.below, "is_cut": page.is_cut }), out);
            }
            list(&page.rows, out)?;
            match page.below {
                Some(below) if page.is_cut => writeln!(out, "looked far back; go on with --below {below}")?,
                Some(below) => writeln!(out, "more with --below {below}")?,
                None => {}
            }
            Ok(())
        }
        OrderCommand::Export { filter } => export(office, filter.read()?, is_json, out).await,
    }
}

/// Instead of a status: something of it came back to the shop's own account, and the payer is still owed it.
const OWED: &str = "OWED_TO_PAYER";

fn list(rows: &[Row], out: &mut dyn Write) -> Result<(), CommandError> {
    for Row { line, beside, owed } in rows {
        let (number, at, total) = (&beside.out_trade_no, beijing(line.created), line.total);
        let status = if *owed > Fen::ZERO { OWED } else { line.status.word() };
        writeln!(out, "{number}  {at}  {total} yuan  {status}  {}", line.title)?;
    }
    Ok(())
}

async fn export(
    office: &Office,
    filter: Filter,
    is_json: bool,
    out: &mut (dyn Write + Send),
) -> Result<(), CommandError> {
    let columns = Columns {
        headings: [
            "out_trade_no",
            "title",
            "product_id",
            "total_yuan",
            "status",
            "placed_beijing",
            "paid_beijing",
            "transaction_id",
            "found_by",
            "refunded_yuan",
            "set_aside_yuan",
        ],
        status: OrderStatus::word,
        owed: OWED,
        found: json::found,
    };
    office.note_export(&acting(), &filter).await?;
    let form = if is_json { Form::Lines(|row| json::row(row).to_string()) } else { Form::Csv(columns) };
    let mut pieces = std::pin::pin!(office.export_orders(filter, form).pieces());
    let mut orders = 0_usize;
    while let Some((piece, more)) = pieces.try_next().await? {
        out.write_all(&piece)?;
        orders += more;
        // Beside what the command has to say. Where nobody reads it, nothing is lost.
        drop(write!(io::stderr(), "\r{orders} orders"));
    }
    drop(writeln!(io::stderr()));
    Ok(out.flush()?)
}

fn tell(history: &OrderHistory, is_json: bool, out: &mut (dyn Write + Send)) -> Result<(), CommandError> {
    if is_json { json::write(&json::history(history), out) } else { Ok(show(history, out)?) }
}

fn show(history: &OrderHistory, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let order = &history.order;
    writeln!(out, "{}  {} yuan  {}", order.title, order.total, order.status.word())?;
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
