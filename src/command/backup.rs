//! `saoma backup` and `saoma restore`: a copy of the books while a server runs, and back again.

use std::{
    io::Write,
    path::{Path, PathBuf},
    str::FromStr,
};

use clap::{ArgGroup, Args};
use futures::future::LocalBoxFuture;
use jiff::Timestamp;

use super::{CommandError, WhichShop, beijing, who::acting};
use crate::{
    backoffice::{
        Office,
        put_back::{PutBack, Told, UnknownKind},
    },
    checkout::Awaited,
    config::{DatabaseUrl, Environment},
    startup::{PutBack as Restored, Replacement, Surroundings, mark_by_hand, open_office, restore as put_back},
    storage::{
        StorageError,
        copies::{self, Backup},
        restorations::Restoration,
    },
};

/// It says something.
#[derive(Clone, Debug)]
struct Reason(String);

impl FromStr for Reason {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() { Err("say what has been compared") } else { Ok(Self(text.to_owned())) }
    }
}

/// Copies the books, also while a server runs
#[derive(Debug, Args)]
pub struct BackupCommand {
    #[command(flatten)]
    which: WhichShop,
    /// Where to; there must be nothing yet. Without it, a file named by the time in backups/ in the data folder (of a sandbox, in its sandbox/)
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// Puts a copy of the books back, while no server runs
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own, and clap says which go together")]
#[command(group = ArgGroup::new("what").required(true))]
pub struct RestoreCommand {
    #[command(flatten)]
    which: WhichShop,
    /// The copy
    #[arg(group = "what")]
    file: Option<PathBuf>,
    /// Says what is still open since books were put back, and changes nothing
    #[arg(long, group = "what")]
    status: bool,
    /// Somebody vouches that nothing is missing: refunds are made again, whatever is still open
    #[arg(long, group = "what", requires = "reason")]
    release: bool,
    /// Why, for the audit log: what has been compared
    #[arg(long, value_name = "TEXT", requires = "release", conflicts_with_all = ["file", "status", "by_hand"])]
    reason: Option<Reason>,
    /// The books that lie there now, or on the server, were put back by hand: marks them
    #[arg(long, group = "what")]
    by_hand: bool,
    /// Of when they are, as 2026-01-31T08:00:00+08:00. Without it, of the last moment that they tell of: say it where a
    /// server has run on them since
    #[arg(long, value_name = "TIME", requires = "by_hand", conflicts_with_all = ["file", "status", "release"])]
    since: Option<Timestamp>,
    /// Also where the books that lie there were moved to a server: only where those there are lost
    #[arg(long, requires = "file", conflicts_with_all = ["status", "release", "by_hand"])]
    although_moved: bool,
}

/// # Errors
/// There is no room or something there already, the copy is not good, or the books are on a server.
pub fn backup<'a>(
    command: BackupCommand,
    environment: &'a Environment,
    out: &'a mut (dyn Write + Send),
) -> LocalBoxFuture<'a, Result<(), CommandError>> {
    Box::pin(async move {
        let settings = command.which.settings(environment)?;
        let now = Surroundings::system().clock.now();
        let Some(from) = copies::file_of(&settings.database_url).map_err(CommandError::Backup)? else {
            return Err(CommandError::OnServer { told: dump(&settings.database_url) });
        };
        let to = match command.to {
            Some(to) => to,
            None => usual_place(&settings.own_dir(), now)?,
        };
        let Backup { path, bytes, rows } = copies::back_up(&from, &to, now).await.map_err(CommandError::Backup)?;
        writeln!(out, "{}  {bytes} bytes, whole", path.display())?;
        for (table, count) in rows {
            writeln!(out, "{count:>10}  {table}")?;
        }
        Ok(())
    })
}

/// In a folder of its own, for nobody else.
fn usual_place(own_dir: &Path, now: Timestamp) -> Result<PathBuf, CommandError> {
    use std::os::unix::fs::DirBuilderExt as _;
    let folder = own_dir.join("backups");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let at: String = beijing(now).chars().take("2026-11-26T12:00:00".len()).filter(char::is_ascii_digit).collect();
    Ok(folder.join(format!("saoma-{at}.db")))
}

fn dump(url: &DatabaseUrl) -> String {
    let place = url.place();
    let at = place.trim_start_matches("mysql://");
    let (host, name) = at.split_once('/').unwrap_or((at, "saoma"));
    let host = host.replace(':', " -P ");
    format!(
        "the books are on a server, which is backed up by its own tool:\n  \
         (umask 077 && mariadb-dump --single-transaction --quick -h {host} -u USER -p {name} > saoma-backup.sql)\n\
         and put back into an empty database, with no `saoma serve` running, by\n  \
         mariadb -h {host} -u USER -p {name} < saoma-backup.sql\n  saoma restore --by-hand"
    )
}

/// # Errors
/// The books are in use, or what is to be put back is not good: then nothing has changed.
pub fn restore<'a>(
    command: RestoreCommand,
    environment: &'a Environment,
    out: &'a mut (dyn Write + Send),
) -> LocalBoxFuture<'a, Result<(), CommandError>> {
    Box::pin(async move {
        let RestoreCommand { which, file, reason, by_hand, since, although_moved, .. } = command;
        let settings = which.settings(environment)?;
        let now = Surroundings::system().clock.now();
        if let Some(file) = file {
            let place = dump(&settings.database_url);
            let done = put_back(settings, Replacement { from: &file, although_moved }, now).await?;
            let done = done.ok_or(CommandError::OnServer { told: place })?;
            tell(done, out)?;
            let (office, db) = open_office(which.settings(environment)?, Surroundings::system()).await?;
            let noted = office.note_put_back(&acting(), &file.display().to_string()).await;
            db.close().await;
            return Ok(noted?);
        }
        let (url, data_dir) = (settings.database_url.clone(), settings.data_dir.clone());
        let (office, db) = open_office(settings, Surroundings::system()).await?;
        let marked = if by_hand {
            match mark_by_hand(&db, (&url, &data_dir), since, now).await {
                Ok(()) => office.note_put_back(&acting(), "by hand").await,
                Err(error) => Err(error),
            }
        } else {
            Ok(())
        };
        let looked = match marked {
            Ok(()) => look(&office, reason.as_ref().map(|Reason(why)| &**why)).await,
            Err(error) => Err(error),
        };
        db.close().await;
        show(looked?, out)
    })
}

async fn look(office: &Office, reason: Option<&str>) -> Result<Option<PutBack>, StorageError> {
    if let Some(reason) = reason {
        office.release_put_back(&acting(), reason).await?;
    }
    office.find_put_back().await
}

fn show(found: Option<PutBack>, out: &mut dyn Write) -> Result<(), CommandError> {
    let Some(PutBack { of, left, bills, unknown }) = found else {
        writeln!(out, "nothing is open: the books are not a copy that was put back")?;
        return Ok(());
    };
    writeln!(out, "these books are a copy of {}, put back {}", beijing(of.since), beijing(of.noticed))?;
    match of.over {
        Some(over) => writeln!(out, "nothing is open: refunds are made again since {}", beijing(over))?,
        None => standing(&of, left, &bills, out)?,
    }
    for it in unknown {
        let kind = match it.kind {
            UnknownKind::Order => "order",
            UnknownKind::Refund => "refund",
        };
        let amount = it.fen.map(|fen| format!("  {fen} fen")).unwrap_or_default();
        let place = match it.told {
            Told::Difference(id) => format!("bill of {}, difference {id}", it.day),
            Told::Notification(id) => format!("notification {id} of {}", it.day),
        };
        writeln!(out, "only WeChat Pay knows {kind} {}{amount}: {place}", it.number)?;
    }
    Ok(())
}

fn standing(of: &Restoration, left: i64, bills: &[Awaited], out: &mut dyn Write) -> Result<(), CommandError> {
    match of.asked {
        None => writeln!(out, "asking about everything since {}: {left} left", beijing(of.asks_from()))?,
        Some(at) => writeln!(out, "everything since {} was asked about by {}", beijing(of.asks_from()), beijing(at))?,
    }
    for Awaited { day, problem } in bills {
        let problem = problem.as_ref().map(|problem| format!(": {problem}")).unwrap_or_default();
        writeln!(out, "waiting for the bill of {day}{problem}")?;
    }
    writeln!(out, "nothing is refunded until that has ended; a running server goes on with it by itself")?;
    if bills.iter().any(|it| it.problem.as_deref() == Some("NO_AUTH")) {
        writeln!(
            out,
            "bills are not allowed for this merchant: get the permission in the merchant console, or compare by yourself \
             and end it by `saoma restore --release --reason TEXT`"
        )?;
    }
    Ok(())
}

fn tell(done: Restored, out: &mut dyn Write) -> Result<(), CommandError> {
    match done.aside {
        Some(aside) => writeln!(out, "put back; what lay there is now {}", aside.display())?,
        None => writeln!(out, "put back")?,
    }
    if let Some(to) = done.moved_to {
        writeln!(
            out,
            "those were moved to {to}: from now on the shop has two sets of books. Whatever is open there must never be \
             opened again: both would give money back"
        )?;
    }
    if let Some(open) = done.restoration {
        writeln!(out, "these books are a copy of {}, put back {}", beijing(open.since), beijing(open.noticed))?;
        let from = beijing(open.asks_from());
        writeln!(out, "{} attempts open, or made or paid since {from}, are to be asked about", done.left)?;
    }
    writeln!(
        out,
        "Start `saoma serve`: it asks WeChat Pay about everything that these books may have forgotten, and refunds \
         nothing until that has ended. How far it is: `saoma restore --status`"
    )?;
    Ok(())
}
