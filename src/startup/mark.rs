//! Whose books are these? Asked before anything is served or booked, by every start and every command: a
//! shop that comes up with another's books, or a sandbox with a shop's, must say so and do nothing.
//!
//! Books without a mark are from before marks, or new. What they are is then read from the requests of
//! their attempts: each names its merchant and where WeChat was to call back.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use super::{
    catalogue,
    error::StartupError,
    found::{Found, NotOurBooks, kind},
};
use crate::{
    config::{LiveSettings, live::is_loopback},
    storage::{
        Database, Older, StorageError, backfill,
        books::{self, Mark, PlatformKind},
        generation, moves,
    },
    wechatpay::model::StoredPrepay,
};

/// Attempts that are read, or filled in, at once: an instance beside this one may be serving.
const BATCH: i64 = 200;

/// The mark that books of this account bear.
pub(super) fn of(live: &LiveSettings) -> Mark {
    Mark { mchid: live.mchid.to_string(), platform: kind(is_loopback(&live.domain)) }
}

/// For `saoma serve`, before it opens books that it would migrate: a start that is refused changes nothing of them.
///
/// # Errors
/// [`NotOurBooks`], or they cannot be read.
pub(super) async fn foresee(url: &str, place: &str, ours: &Mark) -> Result<(), StartupError> {
    let found = Database::look(url).await.map_err(|error| StartupError::of_books(place, error))?;
    let Some(mut older) = found else { return Ok(()) };
    let judged = judge(&mut older, place, ours).await;
    older.close().await;
    judged
}

async fn judge(older: &mut Older, place: &str, ours: &Mark) -> Result<(), StartupError> {
    if older.can_be_marked()
        && let Some(theirs) = books::find(older.connection()).await?
    {
        return compare(place, theirs, ours);
    }
    let mut found = Found::default();
    let mut after = 0;
    loop {
        let batch = backfill::list_older_requests(older.connection(), after, BATCH).await?;
        let Some(last) = batch.last() else { break };
        after = last.attempt_id;
        for request in &batch {
            found.count(request);
        }
    }
    require_ours(found, place, ours)?;
    Ok(())
}

fn require_ours(found: Found, place: &str, ours: &Mark) -> Result<Found, NotOurBooks> {
    if found.is_of(ours) {
        return Ok(found);
    }
    Err(NotOurBooks::Mixed { place: place.to_owned(), ours: ours.clone(), found })
}

/// For `saoma serve`: the books are ours, or become ours if they are nobody's. `place` is how they are
/// named to people.
///
/// # Errors
/// [`NotOurBooks`], or they cannot be read or written.
pub(super) async fn claim(db: &Database, place: &str, ours: &Mark, now: Timestamp) -> Result<(), StartupError> {
    require_here(db, place).await?;
    let marked = books::find(&mut *db.read().await?).await?;
    if let Some(theirs) = marked {
        return compare(place, theirs, ours);
    }
    let (found, first) = look(db).await?;
    let found = require_ours(found, place, ours)?;
    if found.unreadable > 0 {
        tracing::error!(unreadable = found.unreadable, "attempts in these books are damaged: they name no merchant");
    }
    // Before the mark: whoever is interrupted here begins again at the next start.
    if let Some(first) = first {
        fill_appids(db, first).await?;
    }
    compare(place, stamp(db, place, ours, found.is_empty(), now).await?, ours)
}

/// For commands, which mark nothing.
///
/// # Errors
/// [`NotOurBooks`], or they cannot be read.
pub(super) async fn require(db: &Database, place: &str, ours: &Mark) -> Result<(), StartupError> {
    require_here(db, place).await?;
    match books::find(&mut *db.read().await?).await? {
        Some(theirs) => compare(place, theirs, ours),
        None => Err(NotOurBooks::Unmarked { place: place.to_owned() }.into()),
    }
}

/// # Errors
/// They have been moved: what lies here is what stayed behind. Or a move to here has not come to its end.
async fn require_here(db: &Database, place: &str) -> Result<(), StartupError> {
    let mut c = db.read().await?;
    if let Some(to) = generation::find(&mut c).await?.moved_to {
        return Err(NotOurBooks::Moved { place: place.to_owned(), to }.into());
    }
    match moves::list(&mut c).await?.into_iter().find(|it| it.state.is_half()) {
        Some(half) => Err(NotOurBooks::HalfMoved { place: place.to_owned(), from: half.place }.into()),
        None => Ok(()),
    }
}

pub(super) fn compare(place: &str, theirs: Mark, ours: &Mark) -> Result<(), StartupError> {
    if theirs == *ours {
        return Ok(());
    }
    Err(NotOurBooks::Another { place: place.to_owned(), theirs, ours: ours.clone() }.into())
}

/// The mark that stands in the end: of instances that start at the same time, the first one's. With it, in
/// one transaction, goes from sale what no shop with real money has put there.
async fn stamp(db: &Database, place: &str, ours: &Mark, is_new: bool, now: Timestamp) -> Result<Mark, StorageError> {
    let ours = Arc::new(ours.clone());
    let stamp = db.write(move |c| {
        let ours = Arc::clone(&ours);
        Box::pin(async move {
            if let Some(theirs) = books::find(c).await? {
                return Ok((theirs, 0));
            }
            if !books::stamp(c, &ours, now).await? {
                return Err(StorageError::Raced { table: "books", row: 1 });
            }
            let real = ours.platform == PlatformKind::WechatPay;
            let withdrawn = if real { catalogue::withdraw_demo_products(c, now).await? } else { 0 };
            Ok((Mark::clone(&ours), withdrawn))
        })
    });
    let (mark, withdrawn) = stamp.await?;
    if is_new {
        // Whoever meant others (another folder, a mistyped DATABASE_URL) has to see it.
        tracing::warn!("new books, without any order: {place}, from now on of {mark}");
    } else {
        tracing::info!("the books in {place} are from now on of {mark}");
    }
    if withdrawn > 0 {
        tracing::warn!(
            withdrawn,
            "{withdrawn} demo products were on sale in these books: withdrawn, there is real money now"
        );
    }
    Ok(mark)
}

/// What lies there, and the first attempt whose appid stands in its request only.
async fn look(db: &Database) -> Result<(Found, Option<i64>), StorageError> {
    let mut found = Found::default();
    let (mut after, mut first) = (0, None);
    loop {
        let batch = backfill::list_requests(&mut *db.read().await?, after, BATCH).await?;
        let Some(last) = batch.last() else { return Ok((found, first)) };
        after = last.attempt_id;
        for request in &batch {
            found.count(request);
        }
        let lacking = || batch.iter().find(|request| request.appid.is_empty()).map(|request| request.attempt_id);
        first = first.or_else(lacking);
    }
}

/// What an attempt was asked for with is compared when it is paid; old rows have it in their request only.
async fn fill_appids(db: &Database, first: i64) -> Result<(), StorageError> {
    let mut after = first - 1;
    loop {
        let batch = backfill::list_requests(&mut *db.read().await?, after, BATCH).await?;
        let Some(last) = batch.last() else { return Ok(()) };
        after = last.attempt_id;
        let mut missing: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for request in batch.iter().filter(|request| request.appid.is_empty()) {
            if let Some(prepay) = StoredPrepay::read(&request.request) {
                missing.entry(prepay.appid).or_default().push(request.attempt_id);
            }
        }
        if missing.is_empty() {
            continue;
        }
        let missing = Arc::new(missing);
        db.write(move |c| {
            let missing = Arc::clone(&missing);
            Box::pin(async move {
                for (appid, attempts) in &*missing {
                    backfill::set_appid(c, attempts, appid).await?;
                }
                Ok(())
            })
        })
        .await?;
    }
}
