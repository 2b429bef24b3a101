//! How this instance is: what it is set to (never a secret), whose money it is about, which keys it trusts, who else
//! writes in the books, and when each job last ran well.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    attention::{Need, Room},
    office::Office,
    shown::Shown,
    staff::ends_of,
    told,
};
use crate::storage::{
    StorageError, books, heartbeats, leases,
    staff_sessions::{self, Stage},
};

/// Newest first: a shop has a handful of people.
const SESSIONS_MOST: i64 = 500;
/// An instance whose heart has not beaten for so long is taken for dead.
const ALIVE: SignedDuration = SignedDuration::from_secs(30);

#[derive(Clone, Debug, Serialize)]
pub struct Status {
    #[serde(serialize_with = "told::time")]
    pub now: Timestamp,
    #[serde(flatten)]
    pub shown: Shown,
    pub merchant: Option<Merchant>,
    /// Keys that WeChat's word is verified with.
    pub keys: Vec<Key>,
    /// When the certificate of the shop's own HTTPS ends.
    #[serde(serialize_with = "told::optional")]
    pub certificate_ends: Option<Timestamp>,
    /// Those that have not stopped.
    pub instances: Vec<Instance>,
    pub jobs: Vec<Job>,
    /// Who of the staff is logged in; whoever has yet to show a second factor is not.
    pub sessions: Vec<SessionEnd>,
    pub disk: Option<Room>,
    /// What keeps this instance from its work, as `/readyz` says it.
    pub troubles: Vec<Trouble>,
    pub needs_someone: Vec<Needed>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Merchant {
    pub mchid: String,
    /// `WECHATPAY`, or `LOOPBACK` where nobody's money is.
    pub platform: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub struct Key {
    pub serial: String,
    /// A WeChat Pay public key ends never.
    #[serde(serialize_with = "told::optional")]
    pub ends: Option<Timestamp>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Instance {
    pub id: String,
    /// By its own clock.
    #[serde(serialize_with = "told::time")]
    pub last_beat: Timestamp,
    /// Its heart beats. Else it has ended without saying so, or cannot write.
    pub is_live: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct Job {
    pub name: String,
    #[serde(serialize_with = "told::optional")]
    pub last_good: Option<Timestamp>,
}

#[derive(Clone, Debug, Serialize)]
pub struct SessionEnd {
    pub name: String,
    /// If nobody clicks any more.
    #[serde(serialize_with = "told::time")]
    pub ends: Timestamp,
}

#[derive(Clone, Debug, Serialize)]
pub struct Trouble {
    pub what: &'static str,
    pub said: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Needed {
    pub need: Need,
    pub count: i64,
}

impl Office {
    /// # Errors
    /// The books cannot be read.
    pub async fn status(&self) -> Result<Status, StorageError> {
        let surroundings = &self.0.surroundings;
        let at = |millis: i64| Timestamp::from_millisecond(millis).ok();
        let mut c = self.0.db.read().await?;
        let merchant = books::find(&mut c).await?;
        let beats = heartbeats::list(&mut c).await?;
        let jobs = leases::list_last_good(&mut c).await?;
        let sessions = staff_sessions::list(&mut c, SESSIONS_MOST).await?;
        drop(c);
        let now = surroundings.clock.now();
        let keys = self.0.checkout.gateway().platform_keys();
        let troubles = self.0.checkout.readiness().troubles();
        let needs = self.count_needs().await?;
        Ok(Status {
            now,
            shown: surroundings.shown.clone(),
            merchant: merchant.map(|it| Merchant { mchid: it.mchid, platform: it.platform.code() }),
            keys: keys.list().into_iter().map(|(serial, ends)| Key { serial: serial.to_owned(), ends }).collect(),
            certificate_ends: surroundings.metrics.certificate().ends_at(),
            instances: beats
                .into_iter()
                .filter(|it| it.beats > 0)
                .map(|it| Instance { id: it.instance, last_beat: it.wall, is_live: it.wall >= now - ALIVE })
                .collect(),
            jobs: jobs.into_iter().map(|(name, good)| Job { name, last_good: at(good) }).collect(),
            sessions: sessions
                .into_iter()
                .filter(|it| it.stage == Stage::Whole)
                .filter_map(|it| Some(SessionEnd { ends: ends_of(&it, now)?, name: it.name }))
                .collect(),
            disk: self.room(),
            troubles: troubles.into_iter().map(|(what, said)| Trouble { what, said }).collect(),
            needs_someone: needs
                .into_iter()
                .filter(|it| it.1 > 0)
                .map(|(need, count)| Needed { need, count })
                .collect(),
        })
    }
}
