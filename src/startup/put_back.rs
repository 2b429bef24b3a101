//! Whether older books lie there than those that were kept here last: a backup that somebody has put back. They have
//! forgotten payments and refunds that WeChat will not tell of again by itself.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{error::StartupError, found::NotOurBooks, mark, platform};
use crate::{
    config::{DatabaseUrl, Mode, Settings},
    storage::{
        Database, StorageError,
        books::{self, Mark},
        copies::Place,
        generation::{self, Beside},
        restorations::{self, FoundBy, Restoration},
    },
    wechatpay::time::rfc3339,
};

/// Where the number is kept that follows the books: beside them, and once more in a folder there, for whoever removes all
/// that is called as they are. Beside the data where they are on a server.
fn places(url: &DatabaseUrl, data_dir: &Path) -> Vec<PathBuf> {
    let place = url.place();
    let plain =
        |name: &str| name.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '-' }).collect::<String>();
    if url.is_server() {
        return vec![data_dir.join(format!("{}.generation", plain(&place)))];
    }
    let path = Path::new(&place);
    let once_more = path
        .parent()
        .zip(path.file_name())
        .map(|(folder, name)| folder.join("generations").join(plain(&name.to_string_lossy())));
    [Some(format!("{place}.generation").into()), once_more].into_iter().flatten().collect()
}

pub(super) fn beside_of(url: &DatabaseUrl, data_dir: &Path) -> Beside {
    Beside::read(places(url, data_dir))
}

/// For `saoma serve`: the books are ours, or become so, and are marked if they are older ones that were put back,
/// before anybody is served.
///
/// # Errors
/// They are another's, or cannot be read or written; or a shop's are gone, and these are new ones.
pub(super) async fn claim(
    db: &Database,
    (url, data_dir): (&DatabaseUrl, &Path),
    (ours, is_sandbox): (&Mark, bool),
    now: Timestamp,
) -> Result<Beside, StartupError> {
    let beside = beside_of(url, data_dir);
    let seen = beside.seen();
    if !is_sandbox && seen > 0 && is_new(db).await? {
        let numbers = beside.paths().iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" ");
        return Err(NotOurBooks::Gone { place: url.place(), numbers }.into());
    }
    mark::claim(db, &url.place(), ours, now).await?;
    match db.write(move |c| Box::pin(generation::rise(c, seen, FoundBy::File, now))).await {
        Ok(risen) => beside.follow_or_warn(risen.number),
        // It is looked at again with the first heartbeat that can be written.
        Err(error) if error.is_read_only() || error.is_outcome_unknown() => {
            tracing::error!(%error, "nobody can tell yet whether these books are a copy");
        }
        Err(error) => return Err(error.into()),
    }
    if let Some(open) = restorations::find_open(&mut *db.read().await?).await? {
        tracing::error!(
            "these books are a copy, put back: they know nothing of what came after {}. Orders that were open or new the \
             day before are asked about; until that has ended nothing is refunded: docs/operating.md",
            rfc3339(open.since)
        );
    }
    Ok(beside)
}

/// Nobody has ever served from them.
async fn is_new(db: &Database) -> Result<bool, StorageError> {
    let mut c = db.read().await?;
    Ok(generation::find(&mut c).await?.number == 0 && books::find(&mut c).await?.is_none())
}

/// For whoever has put older books there himself, of `since` if he knows. Otherwise they are of the last moment that they
/// tell of, and a server that has run meanwhile has told them of its own.
///
/// # Errors
/// They cannot be written.
pub async fn mark_by_hand(
    db: &Database,
    (url, data_dir): (&DatabaseUrl, &Path),
    since: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), StorageError> {
    let beside = beside_of(url, data_dir);
    let seen = beside.seen();
    let number = db.write(move |c| Box::pin(generation::put_back(c, seen, since, now))).await?;
    beside.follow_or_warn(number);
    Ok(())
}

/// What `saoma restore` has done.
#[derive(Clone, Debug)]
pub struct PutBack {
    /// Where the books are now that lay there before.
    pub aside: Option<PathBuf>,
    /// Where those had gone.
    pub moved_to: Option<String>,
    pub restoration: Option<Restoration>,
    /// Attempts that WeChat is to be asked about.
    pub left: i64,
}

/// Which books go in the place of those that lie there.
#[derive(Clone, Copy, Debug)]
pub struct Replacement<'a> {
    pub from: &'a Path,
    /// Also where those that lie there were moved: the shop's are then somewhere else.
    pub although_moved: bool,
}

/// Puts them there, marked as put back. Nobody else may have those that lie there open. `None` where the books are on a
/// server.
///
/// # Errors
/// They are in use, or were moved; or what is wanted is damaged, or another's: then nothing has changed.
pub async fn restore(
    settings: Settings,
    wanted: Replacement<'_>,
    now: Timestamp,
) -> Result<Option<PutBack>, StartupError> {
    let (url, data_dir) = (settings.database_url, settings.data_dir);
    let Some(place) = Place::take(&url)? else { return Ok(None) };
    let live = match settings.mode {
        Mode::Live(live) => *live,
        Mode::Sandbox { .. } => platform::beside(&data_dir)?,
    };
    let moved_to = place.moved_to().await;
    if let Some(to) = moved_to.clone().filter(|_| !wanted.although_moved) {
        return Err(NotOurBooks::StayBehind { place: url.place(), to }.into());
    }
    let beside = beside_of(&url, &data_dir);
    let ready = place.lay_ready(wanted.from).await?;
    let marked = mark_ready(&ready, wanted.from, &mark::of(&live), beside.seen(), now).await;
    let (number, restoration, left) = match marked {
        Ok(marked) => marked,
        Err(error) => {
            place.clear()?;
            return Err(error);
        }
    };
    let aside = place.put_in(now).await?;
    beside.follow_or_warn(number);
    Ok(Some(PutBack { aside, moved_to, restoration, left }))
}

async fn mark_ready(
    ready: &str,
    from: &Path,
    ours: &Mark,
    seen: i64,
    now: Timestamp,
) -> Result<(i64, Option<Restoration>, i64), StartupError> {
    let db = Database::open(ready).await?;
    let marked = async {
        mark::claim(&db, &from.display().to_string(), ours, now).await?;
        let number = db.write(move |c| Box::pin(generation::put_back(c, seen, None, now))).await?;
        let mut c = db.read().await?;
        let restoration = restorations::find_open(&mut c).await?;
        let left = match &restoration {
            Some(open) => restorations::count_to_ask(&mut c, open).await?,
            None => 0,
        };
        Ok((number, restoration, left))
    };
    let marked = marked.await;
    db.close().await;
    marked
}
