//! `saoma move`: the books of a file go to a server.

use std::io::{self, IsTerminal as _, Write};

use clap::Args;
use futures::future::LocalBoxFuture;
use serde_json::{Value, json};

use super::{CommandError, WhichShop, json, who::commander};
use crate::{
    config::{DatabaseUrl, Environment},
    startup::{Moved, SecretPlace, Surroundings, Wish, move_books},
    storage::moving::{Progress, Step},
};

/// Moves the books from SQLite to MySQL or MariaDB, while no server runs
#[derive(Debug, Args)]
pub struct MoveCommand {
    #[command(flatten)]
    which: WhichShop,
    /// Where to: `mysql://USER:PASSWORD@HOST:PORT/NAME`, a database with nothing in it. `-` reads it from standard input, so
    /// that the password stands in no list of processes
    #[arg(long, value_name = "URL")]
    to: String,
    /// Empties what an earlier try of these very books has left there, and moves them anew
    #[arg(long)]
    again: bool,
    /// For programs
    #[arg(long)]
    json: bool,
}

/// # Errors
/// Nothing has moved: the books are in use or do not fit, or the other database cannot have them.
pub fn move_to<'a>(
    command: MoveCommand,
    environment: &'a Environment,
    out: &'a mut (dyn Write + Send),
) -> LocalBoxFuture<'a, Result<(), CommandError>> {
    Box::pin(async move {
        let to = address(&command.to)?;
        let settings = command.which.settings(environment)?;
        let wish = Wish { to: &to, again: command.again, actor: commander() };
        let mut shown = Shown::default();
        let done = move_books(settings, wish, &Surroundings::system(), &mut |progress| shown.tell(progress)).await;
        shown.end();
        let told = || "the books are on a server already: its own tools copy them to another one".to_owned();
        let moved = done?.ok_or_else(|| CommandError::OnServer { told: told() })?;
        if command.json { json::write(&as_json(&moved), out) } else { Ok(tell(&moved, out)?) }
    })
}

fn address(given: &str) -> Result<DatabaseUrl, CommandError> {
    let mut read = String::new();
    if given == "-" {
        io::stdin().read_line(&mut read)?;
    }
    let text = if given == "-" { read.trim() } else { given };
    let url = DatabaseUrl::parse(text).ok().filter(DatabaseUrl::is_server);
    let told = "--to must be mysql://USER:PASSWORD@HOST:PORT/NAME, with what is neither a letter nor a digit in the \
                password written as %XX";
    url.ok_or_else(|| CommandError::OnServer { told: told.to_owned() })
}

/// One line that changes, on a terminal. Whoever reads it elsewhere has no use for it.
struct Shown {
    is_terminal: bool,
    /// Of a thousand.
    share: Option<(Step, u64)>,
}

impl Default for Shown {
    fn default() -> Self {
        Self { is_terminal: io::stderr().is_terminal(), share: None }
    }
}

impl Shown {
    fn tell(&mut self, Progress { step, table, done, of }: Progress<'_>) {
        let share = Some((step, done.saturating_mul(1000) / of.max(1)));
        if !self.is_terminal || self.share == share {
            return;
        }
        self.share = share;
        let step = match step {
            Step::Looking => "looking",
            Step::Copying => "copying",
            Step::Comparing => "comparing",
        };
        // Beside what the command has to say. Where nobody reads it, nothing is lost.
        drop(write!(io::stderr(), "\r{step:<9}  {done} of {of} rows  {table:<24}"));
    }

    fn end(&self) {
        if self.share.is_some() {
            drop(writeln!(io::stderr()));
        }
    }
}

fn tell(moved: &Moved, out: &mut dyn Write) -> io::Result<()> {
    for it in &moved.carried {
        writeln!(out, "{:>10}  {}  {}", it.rows, it.hash.get(..16).unwrap_or_default(), it.table)?;
    }
    let rows: u64 = moved.carried.iter().map(|it| it.rows).sum();
    if moved.carried.is_empty() {
        writeln!(out, "moved: only the end was missing of a move that was cut off")?;
    } else {
        writeln!(out, "moved: {rows} rows, counted and hashed on both sides")?;
    }
    writeln!(out, "from  {}  which starts no more", moved.from)?;
    writeln!(out, "to    {}", moved.to)?;
    for warning in &moved.warnings {
        writeln!(out, "warning: {warning}")?;
    }
    writeln!(out, "Now set, for every instance:")?;
    writeln!(out, "  DATABASE_URL={}  with the user and the password", moved.to)?;
    match &moved.secret_key {
        SecretPlace::Set => writeln!(out, "  SAOMA_SECRET_KEY as it is")?,
        SecretPlace::File(path) => {
            writeln!(out, "  SAOMA_SECRET_KEY_PATH={}  or SAOMA_SECRET_KEY to what is in it", path.display())?;
        }
        SecretPlace::Nowhere => writeln!(out, "  SAOMA_SECRET_KEY (`openssl rand -hex 32` makes one)")?,
    }
    writeln!(out, "and leave SAOMA_DATA_DIR: the bills lie there. Then start `saoma serve`; staff has to log in again.")
}

fn as_json(moved: &Moved) -> Value {
    let tables = moved.carried.iter().map(|it| json!({ "table": it.table, "rows": it.rows, "sha256": it.hash }));
    json!({
        "from": moved.from,
        "to": moved.to,
        "rows": moved.carried.iter().map(|it| it.rows).sum::<u64>(),
        "tables": tables.collect::<Vec<_>>(),
        "warnings": moved.warnings,
        "secret_key": match &moved.secret_key {
            SecretPlace::Set => "SET".to_owned(),
            SecretPlace::File(path) => path.display().to_string(),
            SecretPlace::Nowhere => "NOWHERE".to_owned(),
        },
    })
}
