//! Coming in: a name and a password, then the second factor of whoever has one or must have one.

use jiff::SignedDuration;

use super::{
    audit::what,
    error::StaffError,
    login_limits::Subject,
    shared::{Actor, Staff, hash_of},
};
use crate::storage::{
    StorageError, audit,
    staff::{self, Account},
    staff_sessions::{self, NewSession, Stage},
};

/// So long a browser is known that nobody logs in with.
pub(super) const DEVICE_LIFE: SignedDuration = SignedDuration::from_hours(180 * 24);

/// What somebody has typed, and where.
#[derive(Clone)]
pub struct Login {
    pub name: String,
    pub password: String,
    /// The cookie of a browser that somebody has logged in with before.
    pub device: Option<String>,
    pub address: String,
    pub agent: String,
    pub request_id: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("address", &self.address).finish_non_exhaustive()
    }
}

/// New cookies: nobody gets in with one that was there before.
#[derive(Clone)]
pub struct LoggedIn {
    pub token: String,
    pub device: String,
    pub stage: Stage,
}

impl std::fmt::Debug for LoggedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoggedIn").field("stage", &self.stage).finish_non_exhaustive()
    }
}

impl Staff {
    /// # Errors
    /// [`StaffError::WrongLogin`] for whatever reason, [`StaffError::TooMany`], [`StaffError::Crowded`], or the books.
    pub async fn log_in(&self, login: &Login) -> Result<LoggedIn, StaffError> {
        let name = login.name.trim().to_lowercase();
        let account = staff::find_by_name(&mut *self.0.db.read().await?, &name).await?;
        let subjects = self.subjects(account.as_ref(), &name, login.device.as_deref(), &login.address).await?;
        let open = account.as_ref().filter(|account| account.disabled.is_none());
        let hash = open.and_then(|account| account.password.as_deref());
        let fits = self.try_password(&subjects, &login.password, hash).await?;
        let (true, Some(account)) = (fits, open) else {
            self.note_failure(account.as_ref(), what::LOGIN_FAILED, &login.address, &login.request_id);
            return Err(StaffError::WrongLogin);
        };
        let stage = match (&account.totp, account.role.moves_money()) {
            (Some(_), _) => Stage::Factor,
            (None, true) => Stage::Enrol,
            (None, false) => Stage::Whole,
        };
        self.begin(account, stage, login).await
    }

    /// Whether it is this password, within the limits.
    pub(super) async fn try_password(
        &self,
        subjects: &[Subject],
        password: &str,
        hash: Option<&str>,
    ) -> Result<bool, StaffError> {
        self.0.limits.take(subjects, self.0.clock.elapsed())?;
        let fits = self.0.passwords.verify(password.to_owned(), hash).await;
        match &fits {
            Ok(true) => self.0.limits.succeeded(subjects),
            Ok(false) => {}
            Err(_) => self.0.limits.give_back(subjects),
        }
        fits
    }

    /// A failure is counted under the device, where it is known to the account, and under the name otherwise: who
    /// has logged in here before is not shut out by strangers.
    pub(super) async fn subjects(
        &self,
        account: Option<&Account>,
        name: &str,
        device: Option<&str>,
        address: &str,
    ) -> Result<Vec<Subject>, StaffError> {
        let by_address = Subject::Address(address.to_owned());
        // Looked up for those as well who are nobody.
        let id = account.map_or(0, |account| account.id);
        let known = self.known_device(id, device).await?;
        Ok(known.map_or_else(|| vec![Subject::Name(hash_of(name)), by_address], |device| vec![Subject::Device(device)]))
    }

    /// The hash of a device that this account has been used with.
    pub(super) async fn known_device(&self, id: i64, device: Option<&str>) -> Result<Option<String>, StaffError> {
        let Some(device) = device.map(hash_of) else { return Ok(None) };
        let since = self.now() - DEVICE_LIFE;
        let known = staff_sessions::knows_device(&mut *self.0.db.read().await?, &device, id, since).await?;
        Ok(known.then_some(device))
    }

    /// After the answer, so that it takes no longer for those who exist. Of names that nobody has nothing is written:
    /// strangers would fill a book from which nothing is ever removed.
    pub(super) fn note_failure(&self, account: Option<&Account>, what: &'static str, address: &str, request_id: &str) {
        let Some(account) = account else { return };
        let actor = Actor {
            staff: Some((account.id, account.role)),
            name: account.name.clone(),
            address: address.to_owned(),
            request_id: request_id.to_owned(),
        };
        let mut entry = self.entry(&actor, what, &format!("staff:{}", account.name), "");
        entry.outcome = audit::Outcome::Refused;
        let (db, chain) = (self.0.db.clone(), self.0.chain.clone());
        drop(self.0.checkout.spawn(async move {
            let written = db.write(move |c| {
                let (entry, chain) = (entry.clone(), chain.clone());
                Box::pin(async move { audit::append(c, &chain, &entry).await })
            });
            if let Err(error) = written.await {
                tracing::warn!(%error, "a failed login is not written down");
            }
        }));
    }

    /// A browser keeps its mark as long as it is known to this very account.
    pub(super) async fn device_of(&self, account: &Account, login: &Login) -> Result<String, StaffError> {
        if let Some(device) = &login.device
            && self.known_device(account.id, Some(device)).await?.is_some()
        {
            return Ok(device.clone());
        }
        Ok(self.0.entropy.nonce())
    }

    /// A new session, if nothing has ended the account's meanwhile.
    pub(super) async fn begin(&self, account: &Account, stage: Stage, login: &Login) -> Result<LoggedIn, StaffError> {
        /// Nobody's browser says more of itself that would help to tell it from another.
        const AGENT_MOST: usize = 200;
        let logged_in =
            LoggedIn { token: self.0.entropy.nonce(), device: self.device_of(account, login).await?, stage };
        let session = NewSession {
            token_hash: hash_of(&logged_in.token),
            staff_id: account.id,
            stage,
            created: self.now(),
            address: login.address.clone(),
            agent: login.agent.chars().take(AGENT_MOST).collect(),
        };
        let actor = Actor {
            staff: Some((account.id, account.role)),
            name: account.name.clone(),
            address: login.address.clone(),
            request_id: login.request_id.clone(),
        };
        let entry = self.entry(&actor, what::LOGIN, &format!("staff:{}", account.name), stage.code());
        let (chain, generation, device) = (self.0.chain.clone(), account.generation, hash_of(&logged_in.device));
        let begun = self.0.db.write(move |c| {
            let (session, entry, chain, device) = (session.clone(), entry.clone(), chain.clone(), device.clone());
            Box::pin(async move {
                if audit::is_there(c, &entry.entry).await? {
                    return Ok(true);
                }
                if !staff::hold(c, session.staff_id, generation).await? {
                    return Ok(false);
                }
                if !staff_sessions::insert(c, &session).await? {
                    return Err(StorageError::Raced { table: "staff_sessions", row: 0 });
                }
                if session.stage == Stage::Whole {
                    staff_sessions::note_device(c, &device, session.staff_id, session.created).await?;
                }
                audit::append(c, &chain, &entry).await?;
                Ok(true)
            })
        });
        if begun.await? { Ok(logged_in) } else { Err(StaffError::WrongLogin) }
    }
}
