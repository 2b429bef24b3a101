//! Sessions: found by the hash of their cookie, alive for so long, listed and ended.

use jiff::{SignedDuration, Timestamp};

use super::{
    audit::what,
    error::StaffError,
    login::DEVICE_LIFE,
    shared::{Actor, Staff, hash_of},
};
use crate::{
    domain::Role,
    storage::{
        StorageError, audit,
        staff_sessions::{self, Session, Stage},
    },
};

/// Without a click.
const IDLE: SignedDuration = SignedDuration::from_mins(30);
/// With however many.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);
/// Until the second factor is there.
const HALF_WAY: SignedDuration = SignedDuration::from_mins(10);
/// A second factor that was asked for once more counts for so long.
const CONFIRMED: SignedDuration = SignedDuration::from_mins(5);
/// What is further ahead of the clock than this was written by one that was wrong.
const AHEAD: SignedDuration = SignedDuration::from_mins(1);
/// How often it is written that somebody is still there.
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// Somebody who has come in, at this request.
#[derive(Clone, Debug)]
pub struct Visit {
    pub session_id: i64,
    pub staff_id: i64,
    pub name: String,
    pub role: Role,
    pub stage: Stage,
    pub has_factor: bool,
    /// The second factor was asked for once more, and given, a moment ago.
    pub is_confirmed: bool,
}

impl Visit {
    /// The same person as the audit log has it.
    pub fn actor(&self, address: String, request_id: String) -> Actor {
        Actor { staff: Some((self.staff_id, self.role)), name: self.name.clone(), address, request_id }
    }
}

/// Every time in it is distrusted that lies ahead.
fn is_alive(session: &Session, seen: Timestamp, now: Timestamp) -> bool {
    let limit = if session.stage == Stage::Whole { LONGEST } else { HALF_WAY };
    let within = |at: Timestamp, most: SignedDuration| at <= now + AHEAD && now.duration_since(at) < most;
    !session.disabled && within(session.created, limit) && within(seen, IDLE)
}

/// When it is over if nobody clicks any more; `None` when it is already.
pub fn ends_of(session: &Session, now: Timestamp) -> Option<Timestamp> {
    let limit = if session.stage == Stage::Whole { LONGEST } else { HALF_WAY };
    is_alive(session, session.seen, now).then(|| (session.seen + IDLE).min(session.created + limit))
}

impl Staff {
    /// Whose cookie this is. `None`: nobody's, or not any more.
    ///
    /// # Errors
    /// The books are out of reach.
    pub async fn find_visit(&self, token: &str) -> Result<Option<Visit>, StaffError> {
        let now = self.now();
        let found = staff_sessions::find(&mut *self.0.db.read().await?, &hash_of(token)).await?;
        let Some(session) = found else { return Ok(None) };
        let remembered = self.0.seen.of(session.id).unwrap_or(session.seen);
        // Of several instances each knows its own part.
        let seen = if remembered <= now + AHEAD { remembered.max(session.seen) } else { session.seen };
        if !is_alive(&session, seen, now) {
            return Ok(None);
        }
        self.note_seen(&session, now);
        let confirmed = session.confirmed.filter(|at| *at <= now && now.duration_since(*at) < CONFIRMED);
        Ok(Some(Visit {
            session_id: session.id,
            staff_id: session.staff_id,
            name: session.name,
            role: session.role,
            stage: session.stage,
            has_factor: session.has_totp,
            is_confirmed: confirmed.is_some(),
        }))
    }

    /// Nobody waits for it, and nobody needs it.
    fn note_seen(&self, session: &Session, now: Timestamp) {
        self.0.seen.note(session.id, now);
        if now.duration_since(session.seen) < NOTED_EVERY {
            return;
        }
        let (db, id) = (self.0.db.clone(), session.id);
        drop(self.0.checkout.spawn(async move {
            if let Err(error) = db.write(move |c| Box::pin(staff_sessions::touch(c, id, now))).await {
                tracing::debug!(%error, "when a session was seen last is not written");
            }
        }));
    }

    /// Ends this session.
    ///
    /// # Errors
    /// The books cannot be written.
    pub async fn log_out(&self, visit: &Visit, actor: &Actor) -> Result<(), StaffError> {
        let (id, entry, chain) = (visit.session_id, self.entry(actor, what::LOGOUT, "", ""), self.0.chain.clone());
        let left = self.0.db.write(move |c| {
            let (entry, chain) = (entry.clone(), chain.clone());
            Box::pin(async move {
                if staff_sessions::remove(c, id).await? {
                    audit::append(c, &chain, &entry).await?;
                }
                Ok(())
            })
        });
        Ok(left.await?)
    }

    /// One person's that are alive, newest first.
    ///
    /// # Errors
    /// The books are out of reach.
    pub async fn list_sessions(&self, staff_id: Option<i64>) -> Result<Vec<Session>, StaffError> {
        const MOST: i64 = 500;
        let now = self.now();
        let mut c = self.0.db.read().await?;
        let all = match staff_id {
            Some(staff_id) => staff_sessions::list_of(&mut c, staff_id).await?,
            None => staff_sessions::list(&mut c, MOST).await?,
        };
        let seen = |session: &Session| self.0.seen.of(session.id).map_or(session.seen, |at| at.max(session.seen));
        Ok(all
            .into_iter()
            .map(|session| Session { seen: seen(&session), ..session })
            .filter(|session| is_alive(session, session.seen, now))
            .collect())
    }

    /// Ends one of the visitor's own sessions, whatever his role.
    ///
    /// # Errors
    /// The books cannot be written.
    pub async fn end_own_session(&self, id: i64, visit: &Visit, actor: &Actor) -> Result<(), StaffError> {
        self.end_session_of(Some(visit.staff_id), id, actor).await
    }

    /// Ends anybody's session, as a manager.
    ///
    /// # Errors
    /// The actor is none, or the books cannot be written.
    pub async fn end_session(&self, id: i64, actor: &Actor) -> Result<(), StaffError> {
        if actor.staff.is_some_and(|(_, role)| role < Role::Manager) {
            return Err(StaffError::Role(Role::Manager));
        }
        self.end_session_of(None, id, actor).await
    }

    async fn end_session_of(&self, own: Option<i64>, id: i64, actor: &Actor) -> Result<(), StaffError> {
        let (entry, chain) =
            (self.entry(actor, what::SESSION_ENDED, &format!("session:{id}"), ""), self.0.chain.clone());
        let ended = self.0.db.write(move |c| {
            let (entry, chain) = (entry.clone(), chain.clone());
            Box::pin(async move {
                let removed = match own {
                    Some(staff_id) => staff_sessions::remove_own(c, id, staff_id).await?,
                    None => staff_sessions::remove(c, id).await?,
                };
                if removed {
                    audit::append(c, &chain, &entry).await?;
                }
                Ok(())
            })
        });
        Ok(ended.await?)
    }

    /// What is past every limit goes from the books, once in a while: sessions, and browsers that nobody uses.
    ///
    /// # Errors
    /// The books cannot be written.
    pub async fn remove_old_sessions(&self) -> Result<(), StorageError> {
        let (limit, unused) = (self.now() - LONGEST, self.now() - DEVICE_LIFE);
        let removed = self.0.db.write(move |c| {
            Box::pin(async move {
                staff_sessions::remove_older(c, limit).await?;
                staff_sessions::forget_old_devices(c, unused).await
            })
        });
        removed.await
    }
}
