//! `saoma backup` and `saoma restore`: a copy of the books while a server runs, and back again.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::{ArgGroup, Args};
use futures::future::LocalBoxFuture;
use jiff::Timestamp;

use super::{CommandError, WhichShop, beijing};
use crate::{
    config::{DatabaseUrl, Environment},
    startup::{PutBack, Surroundings, mark_by_hand, open_books, restore as put_back},
    storage::{
        Database, StorageError,
        copies::{self, Backup},
        restorations::{self, Restoration},
    },
};

/// Copies the books, also while a server runs
#[derive(Debug, Args)]
pub struct BackupCommand {
    #[command(flatten)]
    which: WhichShop,
    /// Where to; there must be nothing yet. Without it, a file named by the time in backups/ in the data folder
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// Puts a copy of the books back, while no server runs
#[derive(Debug, Args)]
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
    #[arg(long, group = "what")]
    release: bool,
    /// The books that lie there now, or on the server, were put back by hand: marks them
    #[arg(long, group = "what")]
    by_hand: bool,
    /// Of when they are, as 2026-01-31T08:00:00+08:00. Without it, of the last moment that they tell of: say it where a
    /// server has run on them since
    #[arg(long, value_name = "TIME", requires = "by_hand", conflicts_with_all = ["file", "status", "release"])]
    since: Option<Timestamp>,
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
        let Some(from) = copies::file_of(&settings.database_url)? else {
            return Err(CommandError::OnServer { told: dump(&settings.database_url) });
        };
        let to = match command.to {
            Some(to) => to,
            None => usual_place(&settings.data_dir, now)?,
        };
        let Backup { path, bytes, rows } = copies::back_up(&from, &to, now).await?;
        writeln!(out, "{}  {bytes} bytes, whole", path.display())?;
        for (table, count) in rows {
            writeln!(out, "{count:>10}  {table}")?;
        }
        Ok(())
    })
}

/// In a folder of its own, for nobody else.
fn usual_place(data_dir: &Path, now: Timestamp) -> Result<PathBuf, CommandError> {
    use std::os::unix::fs::DirBuilderExt as _;
    let folder = data_dir.join("backups");
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
        let RestoreCommand { which, file, release, by_hand, since, .. } = command;
        let settings = which.settings(environment)?;
        let now = Surroundings::system().clock.now();
        if let Some(file) = file {
            let place = dump(&settings.database_url);
            let done = put_back(settings, &file, now).await?;
            return tell(done.ok_or(CommandError::OnServer { told: place })?, out);
        }
        let (url, data_dir) = (&settings.database_url, settings.data_dir.as_path());
        let (db, _) = open_books(settings.mode, url, data_dir).await?;
        let marked = if by_hand { mark_by_hand(&db, (url, data_dir), since, now).await } else { Ok(()) };
        let looked = match marked {
            Ok(()) => look(&db, release, now).await,
            Err(error) => Err(error),
        };
        db.close().await;
        let (open, left) = looked?;
        show(open.as_ref(), left, out)
    })
}

async fn look(db: &Database, release: bool, now: Timestamp) -> Result<(Option<Restoration>, usize), StorageError> {
    const COUNTED: i64 = 100_000;
    if release {
        db.write(move |c| Box::pin(restorations::end_all(c, now))).await?;
    }
    let mut c = db.read().await?;
    let Some(open) = restorations::find_open(&mut c).await? else { return Ok((None, 0)) };
    let left = match open.asked {
        Some(_) => 0,
        None => restorations::list_to_ask(&mut c, open.reached, open.asks_from(), COUNTED).await?.len(),
    };
    Ok((Some(open), left))
}

fn show(open: Option<&Restoration>, left: usize, out: &mut dyn Write) -> Result<(), CommandError> {
    let Some(open) = open else {
        writeln!(out, "nothing is open: the books are not a copy that was put back, or know everything again")?;
        return Ok(());
    };
    writeln!(out, "these books are a copy of {}, put back {}", beijing(open.since), beijing(open.noticed))?;
    match open.asked {
        None => writeln!(out, "asking about everything since {}: {left} left", beijing(open.asks_from()))?,
        Some(at) => writeln!(out, "everything since {} was asked about by {}", beijing(open.asks_from()), beijing(at))?,
    }
    writeln!(out, "nothing is refunded until that has ended; a running server goes on with it by itself")?;
    Ok(())
}

fn tell(done: PutBack, out: &mut dyn Write) -> Result<(), CommandError> {
    match done.aside {
        Some(aside) => writeln!(out, "put back; what lay there is now {}", aside.display())?,
        None => writeln!(out, "put back")?,
    }
    writeln!(out, "Start `saoma serve`: it asks WeChat Pay about everything that these books may have forgotten.")?;
    show(done.restoration.as_ref(), 0, out)
}
