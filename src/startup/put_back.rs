//! Whether older books lie there than those that were kept here last: a backup that somebody has put back. They have
//! forgotten payments and refunds that WeChat will not tell of again by itself.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{error::StartupError, mark, platform};
use crate::{
    config::{DatabaseUrl, Mode, Settings},
    storage::{
        Database, StorageError,
        books::Mark,
        copies::Place,
        generation::{self, Beside},
        restorations::{self, FoundBy, Restoration},
    },
    wechatpay::time::rfc3339,
};

/// The file beside the books; beside the data where they are on a server.
pub(super) fn beside(url: &DatabaseUrl, data_dir: &Path) -> PathBuf {
    let place = url.place();
    if url.is_server() {
        let name: String = place.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '-' }).collect();
        return data_dir.join(format!("{name}.generation"));
    }
    format!("{place}.generation").into()
}

pub(super) fn beside_of(url: &DatabaseUrl, data_dir: &Path) -> Beside {
    Beside::read(beside(url, data_dir))
}

/// For `saoma serve`: the books are ours, or become so, and are marked if they are older ones that were put back,
/// before anybody is served.
///
/// # Errors
/// They are another's, or cannot be read or written.
pub(super) async fn claim(
    db: &Database,
    (url, data_dir): (&DatabaseUrl, &Path),
    ours: &Mark,
    now: Timestamp,
) -> Result<Beside, StartupError> {
    mark::claim(db, &url.place(), ours, now).await?;
    let beside = beside_of(url, data_dir);
    let seen = beside.seen();
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
    pub restoration: Option<Restoration>,
    /// Attempts that WeChat is to be asked about.
    pub left: i64,
}

/// Puts the books in `from` in the place of those that lie there, marked as put back. Nobody else may have these open.
/// `None` where the books are on a server.
///
/// # Errors
/// They are in use; or what is in `from` is damaged, or another's: then nothing has changed.
pub async fn restore(settings: Settings, from: &Path, now: Timestamp) -> Result<Option<PutBack>, StartupError> {
    let (url, data_dir) = (settings.database_url, settings.data_dir);
    let Some(place) = Place::take(&url)? else { return Ok(None) };
    let live = match settings.mode {
        Mode::Live(live) => *live,
        Mode::Sandbox { .. } => platform::beside(&data_dir)?,
    };
    let beside = beside_of(&url, &data_dir);
    let seen = beside.seen();
    let ready = place.lay_ready(from).await?;
    let db = Database::open(&ready).await?;
    let made = async {
        mark::claim(&db, &from.display().to_string(), &mark::of(&live), now).await?;
        let number = db.write(move |c| Box::pin(generation::put_back(c, seen, None, now))).await?;
        let mut c = db.read().await?;
        let restoration = restorations::find_open(&mut c).await?;
        let left = match &restoration {
            Some(open) => restorations::count_to_ask(&mut c, open).await?,
            None => 0,
        };
        Ok::<_, StartupError>((number, restoration, left))
    };
    let made = made.await;
    db.close().await;
    let (number, restoration, left) = made?;
    let aside = place.put_in(now).await?;
    beside.follow_or_warn(number);
    Ok(Some(PutBack { aside, restoration, left }))
}
