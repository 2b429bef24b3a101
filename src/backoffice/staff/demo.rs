//! One account per role for whoever tries a sandbox. No money moves there, so that their passwords may be read.

use super::{
    error::StaffError,
    factor::{DemoCode, shown_code, used_up},
    passwords::{hash_lightly, verify_lightly},
    shared::Staff,
};
use crate::{
    domain::Role,
    storage::staff::{self, Account},
};

/// What somebody needs to come in.
#[derive(Clone, Debug)]
pub struct DemoAccount {
    pub role: Role,
    pub name: String,
    pub password: String,
}

impl Staff {
    /// Empty where there may be money.
    pub fn demo_accounts(&self) -> Vec<DemoAccount> {
        let (true, Ok(key)) = (self.0.is_demo, self.key()) else { return Vec::new() };
        let account = |role: Role| {
            let secret = key.derive(&format!("demo password of {role}"));
            let password = secret[..8].iter().map(|byte| format!("{byte:02x}")).collect();
            DemoAccount { role, name: format!("demo-{role}"), password }
        };
        Role::ALL.map(account).into()
    }

    /// Those that still open with what is shown, and nobody has changed or disabled since the start.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn open_demo_accounts(&self) -> Result<Vec<DemoAccount>, StaffError> {
        let mut open = Vec::new();
        for demo in self.demo_accounts() {
            let account = staff::find_by_name(&mut *self.0.db.read().await?, &demo.name).await?;
            if account.is_some_and(|it| it.disabled.is_none() && self.opens(&it, &demo)) {
                open.push(demo);
            }
        }
        Ok(open)
    }

    /// At every start: they are there, and open with what is printed.
    ///
    /// # Errors
    /// The books cannot be written.
    pub async fn keep_demo_accounts(&self) -> Result<(), StaffError> {
        for demo in self.demo_accounts() {
            let account = staff::find_by_name(&mut *self.0.db.read().await?, &demo.name).await?;
            if account.is_some_and(|account| self.opens(&account, &demo)) {
                continue;
            }
            let key = self.key()?;
            let secret = demo_secret(key, demo.role);
            let hash = hash_lightly(&demo.password, &self.0.entropy.bytes());
            let (nonce, key, now) = (self.0.entropy.bytes(), key.clone(), self.now());
            let put = self.0.db.write(move |c| {
                let (demo, hash, key, secret) = (demo.clone(), hash.clone(), key.clone(), secret.clone());
                Box::pin(async move {
                    staff::insert(c, &demo.name, demo.role, now).await?;
                    let Some(account) = staff::find_by_name(c, &demo.name).await? else { return Ok(()) };
                    staff::set_password(c, account.id, hash.as_deref().unwrap_or_default()).await?;
                    staff::set_role(c, account.id, demo.role).await?;
                    if demo.role.moves_money() {
                        let sealed = key.seal(&super::factor::place(account.id), nonce, &secret);
                        staff::set_totp(c, account.id, Some(&sealed), 0).await?;
                    }
                    Ok(())
                })
            });
            put.await?;
        }
        Ok(())
    }

    fn opens(&self, account: &Account, demo: &DemoAccount) -> bool {
        let password = account.password.as_deref().is_some_and(|hash| verify_lightly(&demo.password, hash));
        let factor = match (&account.totp, self.key()) {
            (Some(sealed), Ok(key)) => key
                .open(&super::factor::place(account.id), sealed)
                .is_ok_and(|secret| secret == demo_secret(key, demo.role)),
            (Some(_), Err(_)) => false,
            (None, _) => !demo.role.moves_money(),
        };
        password && factor && account.role == demo.role
    }

    /// What the phone of a demo account would show.
    ///
    /// # Errors
    /// The books are out of reach.
    pub async fn demo_code(&self, staff_id: i64) -> Result<Option<DemoCode>, StaffError> {
        let account = staff::find(&mut *self.0.db.read().await?, staff_id).await?;
        let Some(account) = account else { return Ok(None) };
        let demo = self.demo_accounts().into_iter().find(|demo| demo.name == account.name);
        let Some(demo) = demo.filter(|demo| self.opens(&account, demo)) else { return Ok(None) };
        let now = self.now();
        Ok(shown_code(&demo_secret(self.key()?, demo.role), used_up(&account, now), now))
    }
}

fn demo_secret(key: &crate::secret_key::SecretKey, role: Role) -> Vec<u8> {
    key.derive(&format!("demo second factor of {role}"))[..20].to_vec()
}
