//! One-time links: an invitation, another password, another second factor. A command prints them, on a terminal; the
//! books have their hash.

use jiff::SignedDuration;

use super::{
    audit::what,
    error::StaffError,
    login::{LoggedIn, Login},
    passwords::Passwords,
    shared::{Actor, Staff, hash_of},
};
use crate::storage::{
    StorageError, audit,
    staff::{self, Account},
    staff_links::{self, Link, Purpose},
    staff_sessions::{self, Stage},
};

const LIFE: SignedDuration = SignedDuration::from_mins(30);

/// A link that opens, and whose.
#[derive(Clone, Debug)]
pub struct OpenLink {
    pub name: String,
    pub purpose: Purpose,
}

impl Staff {
    /// A new link; those before it open nothing any more. Returns its token, and what an older one was for that it has
    /// ended.
    ///
    /// # Errors
    /// No such account, or the books.
    pub async fn make_link(
        &self,
        name: &str,
        purpose: Purpose,
        actor: &Actor,
    ) -> Result<(String, Option<Purpose>), StaffError> {
        let account = self.find_account(name).await?;
        let (token, now) = (self.0.entropy.nonce(), self.now());
        let link = Link { staff_id: account.id, purpose, created: now, ends: now + LIFE, used: false };
        let entry = self.entry(actor, what::LINK_MADE, &format!("staff:{}", account.name), purpose.code());
        let (hash, chain) = (hash_of(&token), self.0.chain.clone());
        let made = self.0.db.write(move |c| {
            let (hash, link, entry, chain) = (hash.clone(), link.clone(), entry.clone(), chain.clone());
            Box::pin(async move {
                if audit::is_there(c, &entry.entry).await? {
                    return Ok(None);
                }
                let ended = staff_links::find_open(c, link.staff_id, link.created).await?;
                staff_links::remove_of(c, link.staff_id).await?;
                if !staff_links::insert(c, &hash, &link).await? {
                    return Err(StorageError::Raced { table: "staff_links", row: 0 });
                }
                audit::append(c, &chain, &entry).await?;
                Ok(ended)
            })
        });
        Ok((token, made.await?))
    }

    /// Looks at a link, and leaves it as it is: mail programs and chats open links before people do.
    ///
    /// # Errors
    /// [`StaffError::NoSuchLink`], or the books.
    pub async fn look_at_link(&self, token: &str) -> Result<OpenLink, StaffError> {
        let (account, link) = self.open_link(token).await?;
        Ok(OpenLink { name: account.name, purpose: link.purpose })
    }

    async fn open_link(&self, token: &str) -> Result<(Account, Link), StaffError> {
        let now = self.now();
        let mut c = self.0.db.read().await?;
        let link = staff_links::find(&mut c, &hash_of(token)).await?;
        // One from a clock that was ahead would last longer than half an hour.
        let is_open = |link: &Link| !link.used && now < link.ends && link.ends.duration_since(now) <= LIFE;
        let link = link.filter(is_open).ok_or(StaffError::NoSuchLink)?;
        let account = staff::find(&mut c, link.staff_id).await?;
        let account = account.filter(|account| account.disabled.is_none()).ok_or(StaffError::NoSuchLink)?;
        Ok((account, link))
    }

    /// Uses the link up: a new password, or for another second factor the one there is. Then whoever has to set up a
    /// second factor goes on with that, and everybody else logs in.
    ///
    /// # Errors
    /// The link, the password, or the books.
    pub async fn take_up_link(&self, token: &str, login: &Login) -> Result<Option<LoggedIn>, StaffError> {
        let (account, link) = self.open_link(token).await?;
        let is_factor = link.purpose == Purpose::Totp;
        let password = if is_factor {
            let subjects =
                self.subjects(Some(&account), &account.name, login.device.as_deref(), &login.address).await?;
            if !self.try_password(&subjects, &login.password, account.password.as_deref()).await? {
                self.note_failure(Some(&account), what::LOGIN_FAILED, &login.address, &login.request_id);
                return Err(StaffError::WrongPassword);
            }
            None
        } else {
            Passwords::check(&login.password)?;
            Some(self.0.passwords.hash(login.password.clone(), self.0.entropy.bytes()).await?)
        };
        let what = if is_factor { what::FACTOR_RESET } else { what::PASSWORD_SET };
        let entry = self.entry(&login.actor(&account), what, &format!("staff:{}", account.name), link.purpose.code());
        let (hash, chain, id, now) = (hash_of(token), self.0.chain.clone(), account.id, self.now());
        let used = self.0.db.write(move |c| {
            let (hash, password, entry, chain) = (hash.clone(), password.clone(), entry.clone(), chain.clone());
            Box::pin(async move {
                if audit::is_there(c, &entry.entry).await? {
                    return Ok(true);
                }
                if !staff_links::use_up(c, &hash, now).await? {
                    return Ok(false);
                }
                match &password {
                    Some(password) => staff::set_password(c, id, password).await?,
                    None => staff::set_totp(c, id, None, 0).await?,
                }
                staff_sessions::forget_devices(c, id).await?;
                audit::append(c, &chain, &entry).await?;
                Ok(true)
            })
        });
        if !used.await? {
            return Err(StaffError::NoSuchLink);
        }
        let account = staff::find(&mut *self.0.db.read().await?, id).await?.ok_or(StaffError::NoSuchLink)?;
        if is_factor || (account.totp.is_none() && account.role.moves_money()) {
            return Ok(Some(self.begin(&account, Stage::Enrol, login).await?));
        }
        Ok(None)
    }
}
