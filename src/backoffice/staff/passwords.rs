//! Passwords: Argon2id with OWASP's parameters, on blocking threads, a few at a time. Each takes 19 MiB for some
//! hundredths of a second, and strangers may ask for it.

use std::{fmt, sync::Arc, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString},
};
use tokio::sync::Semaphore;

use super::error::StaffError;

/// In characters.
pub const LENGTHS: std::ops::RangeInclusive<usize> = 12..=128;

/// Looked at in the same moment.
const AT_ONCE: usize = 2;
/// And so long one waits for its turn. Then there are more than anybody's staff.
const TURN: Duration = Duration::from_secs(5);

/// A salt, and what stands for an account that is not there: whoever asks waits as long.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    nobody: Arc<str>,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passwords")
    }
}

impl Default for Passwords {
    fn default() -> Self {
        /// Of a password that nobody knows, under the usual parameters. What it opens is thrown away.
        const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FvbWEtbm9ib2R5LTAwMA\
                              $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), nobody: NOBODY.into() }
    }
}

impl Passwords {
    /// # Errors
    /// [`StaffError::PasswordLength`].
    pub fn check(password: &str) -> Result<(), StaffError> {
        if LENGTHS.contains(&password.chars().count()) { Ok(()) } else { Err(StaffError::PasswordLength) }
    }

    /// # Errors
    /// Its length, or [`StaffError::Crowded`].
    pub(super) async fn hash(&self, password: String, salt: [u8; 16]) -> Result<String, StaffError> {
        Self::check(&password)?;
        let hash = self.blocking(move || hashed(&Argon2::default(), &password, &salt)).await?;
        hash.ok_or(StaffError::Crowded)
    }

    /// Whether it is this one. Of nobody's (`None`) it is not, which takes as long to find out.
    ///
    /// # Errors
    /// [`StaffError::Crowded`].
    pub(super) async fn verify(&self, password: String, hash: Option<&str>) -> Result<bool, StaffError> {
        let is_somebody = hash.is_some();
        let hash = hash.map_or_else(|| Arc::clone(&self.nobody), Into::into);
        let fits = self.blocking(move || verified(&password, &hash)).await?;
        Ok(fits && is_somebody)
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, StaffError> {
        let turn = tokio::time::timeout(TURN, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(StaffError::Crowded) };
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.map_err(|_| StaffError::Crowded)
    }
}

fn hashed(argon: &Argon2<'_>, password: &str, salt: &[u8; 16]) -> Option<String> {
    let salt = SaltString::encode_b64(salt).ok()?;
    Some(argon.hash_password(password.as_bytes(), &salt).ok()?.to_string())
}

fn verified(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
}

/// For the accounts of a sandbox, whose passwords everybody may read: costs nothing at every start.
pub(super) fn hash_lightly(password: &str, salt: &[u8; 16]) -> Option<String> {
    let params = Params::new(Params::MIN_M_COST, 1, 1, None).ok()?;
    hashed(&Argon2::new(Algorithm::Argon2id, Version::V0x13, params), password, salt)
}

pub(super) fn verify_lightly(password: &str, hash: &str) -> bool {
    let is_light = PasswordHash::new(hash).is_ok_and(|it| it.params.get_decimal("m") == Some(Params::MIN_M_COST));
    is_light && verified(password, hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_opens_with_its_own_and_nobody_with_any() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse battery".to_owned(), [1; 16]).await.expect("a hash");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let verify = async |password: &str, hash| passwords.verify(password.to_owned(), hash).await.expect("a turn");
        assert!(verify("correct horse battery", Some(hash.as_str())).await);
        assert!(!verify("correct horse batterY", Some(hash.as_str())).await);
        assert!(!verify("correct horse battery", None).await);
        assert!(PasswordHash::new(&passwords.nobody).is_ok(), "takes as long as another one");
    }

    #[test]
    fn a_length_is_counted_in_characters() {
        for (password, fits) in
            [("elevenchars", false), ("twelve chars", true), (&"密".repeat(12), true), (&"x".repeat(129), false)]
        {
            assert_eq!(Passwords::check(password).is_ok(), fits, "{password}");
        }
    }

    #[test]
    fn a_sandbox_takes_no_time() {
        let hash = hash_lightly("demo", &[1; 16]).expect("a hash");
        assert!(verify_lightly("demo", &hash) && !verify_lightly("other", &hash));
    }
}
