//! `saoma`: reads the command line and the environment, then hands over to the library.

use std::{path::PathBuf, process::ExitCode, sync::LazyLock, time::Duration};

use anyhow::Context;
use clap::{Parser, Subcommand};
use rust_embed::RustEmbed;
use saoma::{
    command::{
        self, BackupCommand, BillArguments, CommandError, DoctorCommand, InboxArguments, MoveCommand, OrderArguments,
        ProductArguments, RefundCommand, RestoreCommand, StaffArguments, StatusArguments,
    },
    config::{Environment, LOG, Problems, Settings, Wanted},
    http::Site,
    sandbox::{self, SandboxCommand},
    service_manager::ServiceManager,
    signals,
    startup::{Application, StartupError, Surroundings},
    telemetry,
};

#[cfg(fuzzing)]
compile_error!("cfg(fuzzing) lets notifications be read unverified (wechatpay::notify): no program may have it");

/// Requests and statements are many small pieces that are made on one thread and dropped on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The site, inside the program and not in the library: only the last step of the build waits for it. A
/// program that is built before there is one has none.
#[derive(RustEmbed)]
#[folder = "target/site"]
#[allow_missing = true]
struct Inside;

/// Changes with the site, so that cargo builds the program again. `make` sets it.
const _: Option<&str> = option_env!("SAOMA_SITE_KEY");

fn inside() -> Site {
    Site::of(Inside::iter().filter_map(|path| Some((path.clone(), Inside::get(&path)?.data))))
}

/// Of which commit this program is; `make` says it. Read here, so that only the program is built again.
static VERSION: LazyLock<String> = LazyLock::new(|| match option_env!("SAOMA_COMMIT") {
    Some(commit) if !commit.is_empty() => format!("{} ({commit})", env!("CARGO_PKG_VERSION")),
    _ => env!("CARGO_PKG_VERSION").to_owned(),
});

/// 扫码: self-hosted WeChat Pay Native checkout
#[derive(Parser)]
#[command(version = VERSION.as_str())]
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
    Sandbox(SandboxCommand),
    /// Finds orders, shows one, asks WeChat Pay how it stands, writes them out
    Order(OrderArguments),
    /// What WeChat Pay has delivered, and what was not believed
    Inbox(InboxArguments),
    Refund(RefundCommand),
    /// What is on sale
    Product(ProductArguments),
    /// The people who may come in to /admin
    Staff(StaffArguments),
    /// How this shop is set, which jobs ran well when, and what needs someone
    Status(StatusArguments),
    Backup(BackupCommand),
    Restore(RestoreCommand),
    Move(MoveCommand),
    /// WeChat Pay's bills laid beside the books
    Bill(BillArguments),
    Doctor(DoctorCommand),
    /// Whether the server with these settings is ready, as /readyz tells it
    Health,
}

#[derive(clap::Args, Default)]
struct ServeArguments {
    /// No merchant account and no money: a WeChat Pay of its own, demo products, books apart from a shop's
    #[arg(long)]
    sandbox: bool,
    /// The sandbox's pages and controls (`/_sandbox/…`) answer other machines too, and they see the demo accounts of /admin
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

/// How long the end of the process waits for its last lines to be read.
const LAST_WORDS: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let code = start();
    telemetry::flush(LAST_WORDS);
    ExitCode::from(code)
}

fn start() -> u8 {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(told) => return tell(&told),
    };
    let environment = match Environment::load(arguments.env_file.as_deref()) {
        Ok(environment) => environment,
        Err(error) => {
            telemetry::say(&format!("saoma: {error}"));
            return MISCONFIGURED;
        }
    };
    telemetry::start(environment.text(LOG).as_deref());
    let command = arguments.command.unwrap_or(Command::Serve(ServeArguments::default()));
    if !matches!(command, Command::Serve(_) | Command::Sandbox(_) | Command::Health) {
        // Before there are threads: each begins as the one that it comes from.
        command::give_way();
    }
    let outcome =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime").and_then(|runtime| {
            let outcome = runtime.block_on(run(command, &environment));
            // Whatever still hangs must not keep the process.
            runtime.shutdown_background();
            outcome
        });
    match outcome {
        Ok(()) => 0,
        Err(error) => {
            telemetry::say(&format!("saoma: {}", once(&error)));
            if is_misconfigured(&error) { MISCONFIGURED } else { 1 }
        }
    }
}

/// The error with what is behind it, and nothing of it twice: most of ours say what was behind them themselves.
fn once(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |said, cause| match said {
        said if said.contains(&cause) => said,
        said if said.is_empty() => cause,
        said => format!("{said}: {cause}"),
    })
}

/// What clap has to say instead of arguments: help, the version, or what is wrong with them.
fn tell(told: &clap::Error) -> u8 {
    if told.use_stderr() {
        telemetry::say(told.render().to_string().trim_end());
        return MISCONFIGURED;
    }
    match told.print() {
        Ok(()) => 0,
        Err(error) => {
            telemetry::say(&format!("saoma: {}", CommandError::Output(error)));
            1
        }
    }
}

fn is_misconfigured(error: &anyhow::Error) -> bool {
    error.is::<Problems>()
        || matches!(
            error.downcast_ref(),
            Some(CommandError::Settings(_) | CommandError::OnServer { .. } | CommandError::CouldNotCheck(_))
        )
        || matches!(error.downcast_ref(), Some(CommandError::Startup(error)) if error.is_misconfigured())
        || error.downcast_ref().is_some_and(CommandError::is_of_other_books)
        || error.downcast_ref().is_some_and(StartupError::is_misconfigured)
}

async fn run(command: Command, environment: &Environment) -> anyhow::Result<()> {
    outlive_file_limit()?;
    match command {
        Command::Serve(arguments) => {
            let settings = Settings::from_env(arguments.wanted(), environment)?;
            let service_manager = ServiceManager::from_lookup(&|name| environment.text(name))?;
            let surroundings =
                Surroundings { version: &VERSION, site: inside(), service_manager, ..Surroundings::system() };
            tracing::info!("Saoma {}", *VERSION);
            let application = Application::build(settings, surroundings).await?;
            Ok(application.run(signals::stop_asked()?).await?)
        }
        Command::Sandbox(command) => Ok(sandbox::run(command, signals::stop_asked()?, &mut std::io::stdout()).await?),
        Command::Order(command) => Ok(command::order(command, environment, &mut output()?).await?),
        Command::Inbox(command) => Ok(command::inbox(command, environment, &mut output()?).await?),
        Command::Status(command) => Ok(command::status(command, environment, &mut output()?).await?),
        Command::Refund(command) => Ok(command::refund(command, environment, &mut output()?).await?),
        Command::Product(command) => Ok(command::product(command, environment, &mut output()?).await?),
        Command::Staff(command) => Ok(command::staff(command, environment, &mut output()?).await?),
        Command::Backup(command) => Ok(command::backup(command, environment, &mut output()?).await?),
        Command::Restore(command) => Ok(command::restore(command, environment, &mut output()?).await?),
        Command::Move(command) => Ok(command::move_to(command, environment, &mut output()?).await?),
        Command::Bill(command) => Ok(command::bill(command, environment, &mut output()?).await?),
        Command::Doctor(command) => {
            let surroundings = Surroundings { site: inside(), ..Surroundings::system() };
            Ok(command::doctor(command, environment, surroundings, &mut output()?).await?)
        }
        Command::Health => Ok(command::health(environment, &mut output()?).await?),
    }
}

/// For a command, before it does anything.
fn output() -> Result<std::io::Stdout, CommandError> {
    Ok(command::standard_output()?)
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
