//! `saoma move`: the books of a file go to a server. See [`crate::storage::moving`] for how, and for why there are
//! never two of them that can be opened.

use std::path::PathBuf;

use jiff::Timestamp;

use super::{
    commands::COMMANDS, error::StartupError, found::NotOurBooks, mark, platform, put_back, secret_key,
    surroundings::Surroundings,
};
use crate::{
    backoffice::staff::{Actor, audit::what},
    config::{DatabaseUrl, Mode, Settings},
    storage::{
        Database, StorageError,
        audit::{NewEntry, Noted, Outcome},
        durability::{self, Durability},
        generation,
        moves::{self, Move, MoveState},
        moving::{Arrival, Carried, Departure, MoveError, Plan, Teller},
        staff_sessions,
    },
};

/// What `saoma move` has done.
#[derive(Clone, Debug)]
pub struct Moved {
    pub from: String,
    pub to: String,
    /// Empty when an earlier try had got so far already, and only its end was missing.
    pub carried: Vec<Carried>,
    /// What the server does otherwise than it should where money is kept.
    pub warnings: Vec<String>,
    /// The key that opens what is sealed in the books.
    pub secret_key: SecretPlace,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    /// In the settings, which stay.
    Set,
    /// A file beside the old books: beside those on a server nobody looks for it.
    File(PathBuf),
    Nowhere,
}

/// What is wanted.
#[derive(Debug)]
pub struct Wish<'a> {
    pub to: &'a DatabaseUrl,
    /// Empties what an earlier try of these books has left there.
    pub again: bool,
    pub actor: Actor,
}

/// `None` where the books are on a server already.
///
/// # Errors
/// The books stay where they are, and as they are.
pub async fn move_books(
    settings: Settings,
    wish: Wish<'_>,
    surroundings: &Surroundings,
    tell: Teller<'_>,
) -> Result<Option<Moved>, StartupError> {
    let url = settings.database_url.clone();
    let (from, to) = (url.place(), wish.to.place());
    let departure = Departure::take(&url).await.map_err(|error| StartupError::of_books(&from, error))?;
    let Some(departure) = departure else { return Ok(None) };
    let place = secret_key::place(&settings);
    let secret_key = match (&settings.secret_key, place.filter(|path| path.exists())) {
        (Some(_), _) => SecretPlace::Set,
        (None, Some(path)) => SecretPlace::File(path),
        (None, None) => SecretPlace::Nowhere,
    };
    let live = match settings.mode {
        Mode::Live(live) => *live,
        Mode::Sandbox { .. } => platform::beside(&settings.data_dir)?,
    };
    let standing = departure.look().await?;
    match standing.mark {
        Some(theirs) => mark::compare(&from, theirs, &mark::of(&live))?,
        None => return Err(NotOurBooks::Unmarked { place: from }.into()),
    }
    let number = standing.generation.number;
    let (run, carried, db) = match standing.generation.moved_to {
        // An earlier try has come so far that the old books were let go.
        Some(gone) => {
            let left = standing.moves.into_iter().find(|it| it.state == MoveState::Left);
            let Some(left) = left.filter(|_| gone == to) else {
                return Err(NotOurBooks::Moved { place: from, to: gone }.into());
            };
            let db = Database::attach(wish.to).await.map_err(|error| StartupError::of_books(&to, error))?;
            require_unfinished(&db, &left.run, (&from, &to)).await?;
            (left.run, Vec::new(), db)
        }
        None => carry(&departure, &standing.moves, &wish, (&from, &to), surroundings, tell).await?,
    };
    let ended = arrive(&db, run, (&from, &to), wish.actor, surroundings).await;
    let warnings = warnings(&db).await.unwrap_or_default();
    db.close().await;
    put_back::beside_of(wish.to, &settings.data_dir).follow_or_warn(ended?);
    // A copy of the old books that is laid in their place is behind this: it is noticed, and refunds nothing by itself.
    put_back::beside_of(&url, &settings.data_dir).follow_or_warn(number.saturating_add(1));
    Ok(Some(Moved { from, to, carried, warnings, secret_key }))
}

async fn carry(
    departure: &Departure,
    earlier: &[Move],
    wish: &Wish<'_>,
    (from, to): (&str, &str),
    surroundings: &Surroundings,
    tell: Teller<'_>,
) -> Result<(String, Vec<Carried>, Database), StartupError> {
    let now = surroundings.clock.now();
    let mut arrival = Arrival::connect(wish.to, to).await.map_err(|error| of(to, error))?;
    let was_half = arrival.is_half(earlier).await?;
    if was_half && !wish.again {
        return Err(MoveError::Half { place: to.to_owned() }.into());
    }
    // Nothing is in there that a migration could spoil.
    let db = Database::open(wish.to).await.map_err(|error| StartupError::of_books(to, error))?;
    let mut held = departure.hold().await?;
    let plan = Plan::make(&mut held, &mut arrival).await?;
    plan.examine(&mut held, &arrival, &mut *tell).await?;
    held.release().await?;
    let run = format!("{:032x}", surroundings.entropy.u128());
    departure.begin(&run, to, now).await?;
    let mut held = departure.hold().await?;
    let plan = Plan::make(&mut held, &mut arrival).await?;
    let begun = Move { run: run.clone(), state: MoveState::Copying, place: from.to_owned() };
    arrival.begin(&plan.names(), &begun, was_half, now.as_millisecond()).await?;
    let cut_off = |error| MoveError::CutOff(Box::new(error));
    let carried = plan.carry(&mut held, &mut arrival, tell).await.map_err(cut_off)?;
    arrival.be_whole(&run).await.map_err(cut_off)?;
    let let_go = held.let_go(&run, to, surroundings.clock.now()).await;
    let_go.map_err(|error| MoveError::NotEnded(Box::new(error)))?;
    Ok((run, carried, db))
}

/// Which server it was that does not answer.
fn of(place: &str, error: MoveError) -> StartupError {
    match error {
        MoveError::Storage(source) => StartupError::of_books(place, source),
        error => error.into(),
    }
}

async fn require_unfinished(db: &Database, run: &str, (from, to): (&str, &str)) -> Result<(), StartupError> {
    let there = moves::list(&mut *db.read().await?).await?;
    match there.iter().find(|it| it.run == run).map(|it| it.state) {
        Some(MoveState::Whole) => Ok(()),
        Some(MoveState::Here) => Err(NotOurBooks::Moved { place: from.to_owned(), to: to.to_owned() }.into()),
        _ => Err(MoveError::MarkGone { place: to.to_owned() }.into()),
    }
}

/// The old books have let go: the new ones can be opened from now on. Returns how far they have come.
async fn arrive(
    db: &Database,
    run: String,
    (from, to): (&str, &str),
    actor: Actor,
    surroundings: &Surroundings,
) -> Result<i64, StartupError> {
    let now = surroundings.clock.now();
    let entry = entry(format!("{:032x}", surroundings.entropy.u128()), (from, to), actor, now);
    let noted = Noted { chain: COMMANDS.to_owned(), entry };
    let place = to.to_owned();
    let arrived = db.write(move |c| {
        let (run, noted) = (run.clone(), noted.clone());
        Box::pin(async move {
            let goes_on = moves::go_on(c, &run, (MoveState::Whole, MoveState::Here), now).await?;
            if goes_on {
                // Of a server that is no more.
                staff_sessions::remove_all(c).await?;
                noted.write(c).await?;
            }
            let is_here = moves::list(c).await?.iter().any(|it| it.run == run && it.state == MoveState::Here);
            Ok((is_here, generation::find(c).await?.number))
        })
    });
    match arrived.await.map_err(|error| MoveError::NotEnded(Box::new(error)))? {
        (true, number) => Ok(number),
        (false, _) => Err(MoveError::MarkGone { place }.into()),
    }
}

fn entry(entry: String, (from, to): (&str, &str), actor: Actor, at: Timestamp) -> NewEntry {
    NewEntry {
        entry,
        at,
        staff_id: None,
        who: actor.name,
        what: what::BOOKS_MOVED,
        subject: "books".to_owned(),
        detail: format!("{from} -> {to}"),
        address: actor.address,
        request_id: actor.request_id,
        outcome: Outcome::Done,
    }
}

async fn warnings(db: &Database) -> Result<Vec<String>, StorageError> {
    let found = durability::find(&mut *db.read().await?).await?;
    let Durability::Mysql { flush_log, binlog, sync_binlog, is_galera } = found else { return Ok(Vec::new()) };
    let mut warnings = Vec::new();
    if flush_log != 1 && !is_galera {
        warnings.push(format!(
            "the server does not sync what it commits: payments can be lost with its power. Set \
             innodb_flush_log_at_trx_commit = 1 (it is {flush_log})"
        ));
    }
    if binlog && sync_binlog != 1 && !is_galera {
        warnings
            .push(format!("sync_binlog is {sync_binlog}: set it to 1, or a replica misses what a crash has cut off"));
    }
    Ok(warnings)
}
