//! What somebody does with his own account.

use super::{
    audit::what, error::StaffError, factor::RecoveryCodes, login::Login, passwords::Passwords, sessions::Visit,
    shared::Staff,
};
use crate::storage::{audit, staff, staff_links};

impl Staff {
    /// Another password. All sessions end, this one too.
    ///
    /// # Errors
    /// The old one is wrong (which is counted as at login), the new one too short or too long, or the books.
    pub async fn change_password(
        &self,
        visit: &Visit,
        old: &str,
        new: String,
        login: &Login,
    ) -> Result<(), StaffError> {
        let account = self.account_of(visit).await?;
        Passwords::check(&new)?;
        let subjects = self.subjects(Some(&account), &account.name, login.device.as_deref(), &login.address).await?;
        if !self.try_password(&subjects, old, account.password.as_deref()).await? {
            self.note_failure(Some(&account), what::LOGIN_FAILED, &login.address, &login.request_id);
            return Err(StaffError::WrongPassword);
        }
        let hash = self.0.passwords.hash(new, self.0.entropy.bytes()).await?;
        let entry = self.entry(&login.actor(&account), what::PASSWORD_SET, &format!("staff:{}", account.name), "");
        let (chain, id, generation) = (self.0.chain.clone(), account.id, account.generation);
        let changed = self.0.db.write(move |c| {
            let (hash, entry, chain) = (hash.clone(), entry.clone(), chain.clone());
            Box::pin(async move {
                if audit::is_there(c, &entry.entry).await? {
                    return Ok(true);
                }
                if !staff::hold(c, id, generation).await? {
                    return Ok(false);
                }
                staff::set_password(c, id, &hash).await?;
                audit::append(c, &chain, &entry).await?;
                Ok(true)
            })
        });
        if changed.await? { Ok(()) } else { Err(StaffError::NoSession) }
    }

    /// New recovery codes in the place of those there are.
    ///
    /// # Errors
    /// The session has ended, or the books.
    pub async fn renew_recovery_codes(&self, visit: &Visit, login: &Login) -> Result<RecoveryCodes, StaffError> {
        let account = self.account_of(visit).await?;
        let (codes, hashes) = self.draw_recovery_codes();
        let entry =
            self.entry(&login.actor(&account), what::RECOVERY_CODES_MADE, &format!("staff:{}", account.name), "");
        let (chain, id) = (self.0.chain.clone(), account.id);
        let put = self.0.db.write(move |c| {
            let (hashes, entry, chain) = (hashes.clone(), entry.clone(), chain.clone());
            Box::pin(async move {
                if audit::is_there(c, &entry.entry).await? {
                    return Ok(());
                }
                staff_links::put_recovery_codes(c, id, &hashes).await?;
                audit::append(c, &chain, &entry).await
            })
        });
        put.await?;
        Ok(codes)
    }

    /// How many recovery codes are left.
    ///
    /// # Errors
    /// The books are out of reach.
    pub async fn count_recovery_codes(&self, visit: &Visit) -> Result<i64, StaffError> {
        Ok(staff_links::count_recovery_codes(&mut *self.0.db.read().await?, visit.staff_id).await?)
    }
}
