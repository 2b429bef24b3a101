//! `saoma`: reads the command line and the environment, then hands over to the library.

#![expect(clippy::print_stderr, reason = "a program says what it did and what went wrong")]

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{Parser, Subcommand};
use saoma::{
    command::{self, CommandError, OrderArguments, ProductArguments, RefundCommand},
    config::{Environment, LOG, Problems, Settings, Wanted},
    sandbox,
    startup::{Application, StartupError, Surroundings},
    telemetry,
};
use tokio_util::sync::CancellationToken;

#[cfg(fuzzing)]
compile_error!("cfg(fuzzing) lets notifications be read unverified (wechatpay::notify): no program may have it");

/// 扫码: self-hosted WeChat Pay Native checkout
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A file of settings, instead of the working folder's .env; the environment wins over either
    #[arg(long, global = true, value_name = "PATH")]
    env_file: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// The server (also without any command): a live shop, unless the sandbox is asked for
    Serve(ServeArguments),
    /// The WeChat Pay sandbox alone, for this or any other APIv3 client
    Sandbox {
        #[arg(long, default_value = "127.0.0.1:9090")]
        listen: SocketAddr,
        /// Keeps keys, orders and credentials.env
        #[arg(long)]
        dir: PathBuf,
    },
    /// Shows an order, or asks WeChat Pay how it stands
    Order(OrderArguments),
    Refund(RefundCommand),
    /// What is on sale
    Product(ProductArguments),
}

#[derive(clap::Args, Default)]
struct ServeArguments {
    /// No merchant account and no money: a WeChat Pay of its own, demo products, books apart from a shop's
    #[arg(long)]
    sandbox: bool,
    /// The sandbox's pages and controls (`/_sandbox/…`) answer other machines too
    #[arg(long, requires = "sandbox")]
    sandbox_open: bool,
}

impl ServeArguments {
    const fn wanted(&self) -> Wanted {
        if self.sandbox { Wanted::Sandbox { open: self.sandbox_open } } else { Wanted::Live }
    }
}

/// For what somebody must mend before a start can succeed.
const MISCONFIGURED: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let environment = match Environment::load(arguments.env_file.as_deref()) {
        Ok(environment) => environment,
        Err(error) => {
            eprintln!("saoma: {error}");
            return ExitCode::from(MISCONFIGURED);
        }
    };
    telemetry::start(environment.text(LOG).as_deref());
    let outcome =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime").and_then(|runtime| {
            let command = arguments.command.unwrap_or(Command::Serve(ServeArguments::default()));
            runtime.block_on(run(command, &environment))
        });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("saoma: {error:#}");
            ExitCode::from(if is_misconfigured(&error) { MISCONFIGURED } else { 1 })
        }
    }
}

fn is_misconfigured(error: &anyhow::Error) -> bool {
    error.is::<Problems>()
        || matches!(error.downcast_ref(), Some(CommandError::Settings(_)))
        || matches!(error.downcast_ref(), Some(CommandError::Startup(error)) if error.is_misconfigured())
        || error.downcast_ref().is_some_and(StartupError::is_misconfigured)
}

async fn run(command: Command, environment: &Environment) -> anyhow::Result<()> {
    outlive_file_limit()?;
    match command {
        Command::Serve(arguments) => {
            let settings = Settings::from_env(arguments.wanted(), environment)?;
            let application = Application::build(settings, Surroundings::system()).await?;
            Ok(application.run(signalled()?).await?)
        }
        Command::Sandbox { listen, dir } => Ok(sandbox::run(listen, &dir, signalled()?).await?),
        Command::Order(command) => Ok(command::order(command, environment, &mut std::io::stdout()).await?),
        Command::Refund(command) => Ok(command::refund(command, environment, &mut std::io::stdout()).await?),
        Command::Product(command) => Ok(command::product(command, environment, &mut std::io::stdout()).await?),
    }
}

/// Where no file may grow past a limit (`ulimit -f`), a write fails as on a full disk; without this the first
/// one that does ends the process.
fn outlive_file_limit() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    /// On Linux and macOS.
    const SIGXFSZ: i32 = 25;
    drop(signal(SignalKind::from_raw(SIGXFSZ)).context("SIGXFSZ")?);
    Ok(())
}

/// Cancelled by SIGINT or SIGTERM.
fn signalled() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM")?;
    let token = CancellationToken::new();
    let cancelled = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        cancelled.cancel();
    });
    Ok(token)
}
