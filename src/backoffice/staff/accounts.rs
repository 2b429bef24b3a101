//! Accounts: made, changed, put out. On the command line, or with a second manager (`approvals`).

use super::{
    audit::what,
    error::StaffError,
    shared::{Actor, PROGRAM, Staff},
};
use crate::{
    domain::Role,
    storage::{
        StorageError, audit,
        staff::{self, Account},
        staff_sessions,
    },
};

/// What may be typed at login, as it is kept.
///
/// # Errors
/// [`StaffError::Name`].
pub fn valid_name(text: &str) -> Result<String, StaffError> {
    let name = text.trim().to_lowercase();
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    let begins = name.bytes().next().is_some_and(|first| first.is_ascii_lowercase());
    if (2..=40).contains(&name.len()) && begins && name.bytes().all(legal) { Ok(name) } else { Err(StaffError::Name) }
}

/// One change of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Role(Role),
    Disable,
    Enable,
    /// A second factor has to be set up anew at the next login.
    ResetFactor,
}

impl Staff {
    /// All, the disabled ones too, by name.
    ///
    /// # Errors
    /// The books are out of reach.
    pub async fn list_accounts(&self) -> Result<Vec<Account>, StaffError> {
        Ok(staff::list(&mut *self.0.db.read().await?).await?)
    }

    /// # Errors
    /// [`StaffError::NoSuchAccount`], or the books.
    pub async fn find_account(&self, name: &str) -> Result<Account, StaffError> {
        let found = staff::find_by_name(&mut *self.0.db.read().await?, &valid_name(name)?).await?;
        found.ok_or(StaffError::NoSuchAccount)
    }

    /// Without a password: nobody comes in before the invitation is taken up.
    ///
    /// # Errors
    /// The name is taken or none, or the books.
    pub async fn add_account(&self, name: &str, role: Role, actor: &Actor) -> Result<(), StaffError> {
        let (name, now) = (valid_name(name)?, self.now());
        // The audit log calls the program so.
        if name == PROGRAM {
            return Err(StaffError::NameTaken);
        }
        let entry = self.entry(actor, what::ACCOUNT_ADDED, &format!("staff:{name}"), role.code());
        let chain = self.0.chain.clone();
        let added = self.0.db.write(move |c| {
            let (name, entry, chain) = (name.clone(), entry.clone(), chain.clone());
            Box::pin(async move {
                if audit::is_there(c, &entry.entry).await? {
                    return Ok(true);
                }
                if staff::find_by_name(c, &name).await?.is_some() {
                    return Ok(false);
                }
                if !staff::insert(c, &name, role, now).await? {
                    return Err(StorageError::Raced { table: "staff", row: 0 });
                }
                audit::append(c, &chain, &entry).await?;
                Ok(true)
            })
        });
        if added.await? { Ok(()) } else { Err(StaffError::NameTaken) }
    }

    /// Ends the account's sessions with it.
    ///
    /// # Errors
    /// No such account, [`StaffError::LastManager`], or the books.
    pub async fn change_account(&self, name: &str, change: Change, actor: &Actor) -> Result<(), StaffError> {
        let account = self.find_account(name).await?;
        let (what, detail) = match change {
            Change::Role(role) => (what::ROLE_CHANGED, format!("{} -> {role}", account.role)),
            Change::Disable => (what::ACCOUNT_DISABLED, String::new()),
            Change::Enable => (what::ACCOUNT_ENABLED, String::new()),
            Change::ResetFactor => (what::FACTOR_RESET, String::new()),
        };
        let entry = self.entry(actor, what, &format!("staff:{}", account.name), &detail);
        let (chain, id, now) = (self.0.chain.clone(), account.id, self.now());
        let changed = self.0.db.write(move |c| {
            let (entry, chain) = (entry.clone(), chain.clone());
            Box::pin(async move {
                if audit::is_there(c, &entry.entry).await? {
                    return Ok(true);
                }
                if !carry_out(c, id, change, now).await? {
                    return Ok(false);
                }
                audit::append(c, &chain, &entry).await?;
                Ok(true)
            })
        });
        if changed.await? { Ok(()) } else { Err(StaffError::LastManager) }
    }
}

/// `false` when nobody could decide anything any more. In the transaction of whoever wants it.
pub(super) async fn carry_out(
    c: &mut sqlx::AnyConnection,
    id: i64,
    change: Change,
    now: jiff::Timestamp,
) -> Result<bool, StorageError> {
    let leaves = matches!(change, Change::Disable | Change::Role(Role::Viewer | Role::Operator));
    if leaves && staff::count_other_managers(c, id).await? == 0 {
        // Whoever is no manager may go.
        let account = staff::find(c, id).await?;
        if account.is_some_and(|it| it.role == Role::Manager && it.disabled.is_none()) {
            return Ok(false);
        }
    }
    match change {
        Change::Role(role) => staff::set_role(c, id, role).await?,
        Change::Disable => {
            staff::set_disabled(c, id, Some(now)).await?;
            staff_sessions::forget_devices(c, id).await?;
        }
        Change::Enable => staff::set_disabled(c, id, None).await?,
        Change::ResetFactor => {
            staff::set_totp(c, id, None, 0).await?;
            staff_sessions::forget_devices(c, id).await?;
        }
    }
    Ok(true)
}
