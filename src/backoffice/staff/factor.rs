//! The second factor: six digits that a phone shows (TOTP), or a recovery code. A code opens once, whichever it is.

use jiff::Timestamp;
use sqlx::AnyConnection;
use totp_rs::{Builder, Secret, Totp};

use super::{
    audit::what,
    error::StaffError,
    login::{LoggedIn, Login},
    login_limits::Subject,
    sessions::Visit,
    shared::{Actor, Staff, hash_of},
};
use crate::storage::{
    StorageError, audit,
    staff::{self, Account},
    staff_links,
    staff_sessions::{self, NewSession, Stage},
};

/// In bytes, as RFC 4226 asks for.
const SECRET: usize = 20;
/// In seconds.
const STEP: i64 = 30;
const RECOVERY_CODES: usize = 10;
/// Without I, L, O and U, which are misread on paper.
const RECOVERY_ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const RECOVERY_LENGTH: usize = 16;

/// A second factor that is being set up.
#[derive(Clone)]
pub struct Enrolment {
    /// For those who type it.
    pub secret: String,
    /// For those who scan it.
    pub url: String,
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Enrolment")
    }
}

/// Shown once; the books have their hashes.
#[derive(Clone)]
pub struct RecoveryCodes(pub Vec<String>);

impl std::fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCodes")
    }
}

/// What the phone of a sandbox's account would show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DemoCode {
    Now(String),
    /// So many seconds from now: those before it are used up.
    In(i64),
}

/// What a code turned out to be.
enum Fits {
    /// Of the phone, of this step.
    Step(i64),
    Recovery(String),
}

pub(super) fn place(staff_id: i64) -> String {
    format!("totp of staff {staff_id}")
}

fn totp(secret: &[u8]) -> Option<Totp> {
    Builder::new().with_secret(Secret::new_stack(secret.try_into().ok()?)).build().ok()
}

/// The step whose code this is, of those around `now`.
fn step_of(secret: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    let seconds = u64::try_from(now.as_second()).ok()?;
    totp(secret)?.check(code, seconds).and_then(|step| i64::try_from(step).ok())
}

/// What is used up. A step that lies ahead is of a clock that was wrong, and would keep its owner out until then.
pub(super) fn used_up(account: &Account, now: Timestamp) -> i64 {
    let ahead = now.as_second() / STEP + 1;
    if account.totp_step > ahead { 0 } else { account.totp_step }
}

/// RFC 4648, without padding: what authenticators read.
fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect::<Vec<_>>();
    let digit = |bits: &[u8]| (0..5).fold(0, |value, at| value << 1 | bits.get(at).copied().unwrap_or_default());
    bits.chunks(5).map(|bits| char::from(ALPHABET[usize::from(digit(bits))])).collect()
}

impl Staff {
    /// The second half of a login.
    ///
    /// # Errors
    /// The code is wrong or used, too many were, or the session has ended.
    pub async fn prove(&self, visit: &Visit, code: &str, login: &Login) -> Result<LoggedIn, StaffError> {
        let account = self.account_of(visit).await?;
        let fits = self.check_code(&account, code, login).await?;
        let logged_in = LoggedIn {
            token: self.0.entropy.nonce(),
            device: self.device_of(&account, login).await?,
            stage: Stage::Whole,
        };
        let session = self.whole(&account, &logged_in, login);
        let (device, half) = (hash_of(&logged_in.device), visit.session_id);
        let used = self.use_code(&account, fits, login, move |c| {
            let (session, device) = (session.clone(), device.clone());
            Box::pin(async move {
                // Two at once with two codes: one of them was first.
                if !staff_sessions::remove(c, half).await? {
                    return Ok(false);
                }
                put(c, &session, &device).await?;
                Ok(true)
            })
        });
        if used.await? { Ok(logged_in) } else { Err(StaffError::NoSession) }
    }

    /// Once more, before what is decided about money and people.
    ///
    /// # Errors
    /// As [`Self::prove`].
    pub async fn confirm(&self, visit: &Visit, code: &str, login: &Login) -> Result<(), StaffError> {
        let account = self.account_of(visit).await?;
        let fits = self.check_code(&account, code, login).await?;
        let (id, now) = (visit.session_id, self.now());
        let used = self.use_code(&account, fits, login, move |c| {
            Box::pin(async move {
                staff_sessions::confirm(c, id, now).await?;
                Ok(true)
            })
        });
        used.await.map(drop)
    }

    /// What is to be scanned. The same however often it is looked at, until it is proven.
    ///
    /// # Errors
    /// There is no secret key, or the books.
    pub async fn begin_enrolment(&self, visit: &Visit, issuer: &str) -> Result<Enrolment, StaffError> {
        let key = self.key()?;
        let mut sealed = staff_sessions::pending_totp(&mut *self.0.db.read().await?, visit.session_id).await?;
        if sealed.is_none() {
            let secret: [u8; SECRET] = self.0.entropy.bytes();
            let (id, new) = (visit.session_id, key.seal(&place(visit.staff_id), self.0.entropy.bytes(), &secret));
            let put = self.0.db.write(move |c| {
                let new = new.clone();
                Box::pin(async move {
                    staff_sessions::set_pending_totp(c, id, &new).await?;
                    staff_sessions::pending_totp(c, id).await
                })
            });
            sealed = put.await?;
        }
        let secret = base32(&key.open(&place(visit.staff_id), &sealed.ok_or(StaffError::NoSession)?)?);
        let encode =
            |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
        let (issuer, name) = (encode(issuer), encode(&visit.name));
        let url =
            format!("otpauth://totp/{issuer}:{name}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30");
        Ok(Enrolment { secret, url })
    }

    /// The phone shows the right code: from now on it is asked for. All sessions end, and a new one begins.
    ///
    /// # Errors
    /// The code is wrong, or the session has ended.
    pub async fn finish_enrolment(
        &self,
        visit: &Visit,
        code: &str,
        login: &Login,
    ) -> Result<(LoggedIn, RecoveryCodes), StaffError> {
        let account = self.account_of(visit).await?;
        let sealed = staff_sessions::pending_totp(&mut *self.0.db.read().await?, visit.session_id).await?;
        let sealed = sealed.ok_or(StaffError::NoSession)?;
        let secret = self.key()?.open(&place(account.id), &sealed)?;
        let subjects = self.code_subjects(&account, login).await?;
        self.0.limits.take(&subjects, self.0.clock.elapsed())?;
        let Some(step) = step_of(&secret, code.trim(), self.now()) else {
            return Err(StaffError::WrongCode);
        };
        self.0.limits.succeeded(&subjects);
        let (codes, hashes) = self.draw_recovery_codes();
        let logged_in = LoggedIn {
            token: self.0.entropy.nonce(),
            device: self.device_of(&account, login).await?,
            stage: Stage::Whole,
        };
        let session = self.whole(&account, &logged_in, login);
        let entry = self.entry(&login.actor(&account), what::FACTOR_SET, &format!("staff:{}", account.name), "");
        let (chain, device) = (self.0.chain.clone(), hash_of(&logged_in.device));
        let (id, generation) = (account.id, account.generation);
        let put_all = self.0.db.write(move |c| {
            let (session, device, entry, chain) = (session.clone(), device.clone(), entry.clone(), chain.clone());
            let (sealed, hashes) = (sealed.clone(), hashes.clone());
            Box::pin(async move {
                if audit::is_there(c, &entry.entry).await? {
                    return Ok(true);
                }
                if !staff::hold(c, id, generation).await? {
                    return Ok(false);
                }
                staff::set_totp(c, id, Some(&sealed), step).await?;
                staff_links::put_recovery_codes(c, id, &hashes).await?;
                put(c, &session, &device).await?;
                audit::append(c, &chain, &entry).await?;
                Ok(true)
            })
        });
        if put_all.await? { Ok((logged_in, codes)) } else { Err(StaffError::NoSession) }
    }

    pub(super) async fn account_of(&self, visit: &Visit) -> Result<Account, StaffError> {
        let account = staff::find(&mut *self.0.db.read().await?, visit.staff_id).await?;
        account.filter(|account| account.disabled.is_none()).ok_or(StaffError::NoSession)
    }

    pub(super) fn draw_recovery_codes(&self) -> (RecoveryCodes, Vec<String>) {
        let draw = |_| {
            let random: [u8; RECOVERY_LENGTH] = self.0.entropy.bytes();
            random.iter().map(|byte| char::from(RECOVERY_ALPHABET[usize::from(byte & 31)])).collect::<String>()
        };
        let plain: Vec<String> = (0..RECOVERY_CODES).map(draw).collect();
        let hashes = plain.iter().map(|code| hash_of(code)).collect();
        let grouped =
            |code: String| code.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-");
        (RecoveryCodes(plain.into_iter().map(grouped).collect()), hashes)
    }

    fn whole(&self, account: &Account, logged_in: &LoggedIn, login: &Login) -> NewSession {
        NewSession {
            token_hash: hash_of(&logged_in.token),
            staff_id: account.id,
            stage: Stage::Whole,
            created: self.now(),
            address: login.address.clone(),
            agent: login.agent.chars().take(200).collect(),
        }
    }

    async fn code_subjects(&self, account: &Account, login: &Login) -> Result<Vec<Subject>, StaffError> {
        let known = self.known_device(account.id, login.device.as_deref()).await?;
        Ok(known.map_or_else(
            || vec![Subject::CodeOf(account.id), Subject::Address(login.address.clone())],
            |device| vec![Subject::DeviceCode(device)],
        ))
    }

    async fn check_code(&self, account: &Account, code: &str, login: &Login) -> Result<Fits, StaffError> {
        let subjects = self.code_subjects(account, login).await?;
        self.0.limits.take(&subjects, self.0.clock.elapsed())?;
        let checked = self.read_code(account, code);
        match &checked {
            Ok(_) => {}
            Err(StaffError::WrongCode | StaffError::UsedCode) => {
                self.note_failure(Some(account), what::FACTOR_FAILED, &login.address, &login.request_id);
            }
            Err(_) => self.0.limits.give_back(&subjects),
        }
        checked
    }

    fn read_code(&self, account: &Account, code: &str) -> Result<Fits, StaffError> {
        let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
        if plain.len() == RECOVERY_LENGTH {
            return Ok(Fits::Recovery(hash_of(&plain.to_ascii_uppercase())));
        }
        let sealed = account.totp.as_ref().ok_or(StaffError::WrongCode)?;
        let secret = self.key()?.open(&place(account.id), sealed)?;
        let now = self.now();
        let step = step_of(&secret, &plain, now).ok_or(StaffError::WrongCode)?;
        if step > used_up(account, now) { Ok(Fits::Step(step)) } else { Err(StaffError::UsedCode) }
    }

    /// Uses the code up in the transaction of what it opens.
    async fn use_code<F>(&self, account: &Account, fits: Fits, login: &Login, then: F) -> Result<bool, StaffError>
    where
        F: for<'c> Fn(&'c mut AnyConnection) -> crate::storage::JobFuture<'c, bool> + Send + Sync + 'static,
    {
        let what = if matches!(fits, Fits::Step(_)) { what::FACTOR_ASKED } else { what::RECOVERY_CODE_USED };
        let entry = self.entry(&login.actor(account), what, &format!("staff:{}", account.name), "");
        let (chain, id, generation, seen) = (self.0.chain.clone(), account.id, account.generation, account.totp_step);
        let (fits, then) = (std::sync::Arc::new(fits), std::sync::Arc::new(then));
        let now = self.now();
        let used = self.0.db.write(move |c| {
            let (entry, chain, fits) = (entry.clone(), chain.clone(), std::sync::Arc::clone(&fits));
            let then = std::sync::Arc::clone(&then);
            Box::pin(async move {
                if audit::is_there(c, &entry.entry).await? {
                    return Ok(Some(true));
                }
                if !staff::hold(c, id, generation).await? {
                    return Ok(Some(false));
                }
                let is_first = match &*fits {
                    Fits::Step(step) => staff::use_step(c, id, seen, *step).await?,
                    Fits::Recovery(hash) => staff_links::use_recovery_code(c, id, hash, now).await?,
                };
                if !is_first {
                    return Ok(None);
                }
                let done = then(c).await?;
                if done {
                    audit::append(c, &chain, &entry).await?;
                }
                Ok(Some(done))
            })
        });
        let used = used.await?;
        if used.is_none() {
            self.note_failure(Some(account), what::FACTOR_FAILED, &login.address, &login.request_id);
            return Err(StaffError::UsedCode);
        }
        let subjects = self.code_subjects(account, login).await?;
        self.0.limits.succeeded(&subjects);
        Ok(used.unwrap_or_default())
    }
}

impl Login {
    pub(super) fn actor(&self, account: &Account) -> Actor {
        Actor {
            staff: Some((account.id, account.role)),
            name: account.name.clone(),
            address: self.address.clone(),
            request_id: self.request_id.clone(),
        }
    }
}

async fn put(c: &mut AnyConnection, session: &NewSession, device: &str) -> Result<(), StorageError> {
    if !staff_sessions::insert(c, session).await? {
        return Err(StorageError::Raced { table: "staff_sessions", row: 0 });
    }
    staff_sessions::note_device(c, device, session.staff_id, session.created).await
}

/// The code that an account's phone shows, or the next one once it has been used, but only one that is good already.
/// For the accounts of a sandbox.
pub(super) fn shown_code(secret: &[u8], used_up: i64, now: Timestamp) -> Option<DemoCode> {
    let current = now.as_second() / STEP;
    let step = (used_up + 1).max(current);
    // [`step_of`] takes the code of the step that comes next, and none of a later one.
    let good_from = (step - 1) * STEP;
    if good_from > now.as_second() {
        return Some(DemoCode::In(good_from - now.as_second()));
    }
    let seconds = u64::try_from(step.checked_mul(STEP)?).ok()?;
    Some(DemoCode::Now(totp(secret)?.generate(seconds).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_is_what_authenticators_read() {
        // RFC 4648 §10.
        for (bytes, text) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, the last six of eight digits.
        let secret = b"12345678901234567890";
        for (second, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            let at = Timestamp::from_second(second).expect("a time");
            assert_eq!(step_of(secret, code, at), Some(second / STEP));
            assert_eq!(step_of(secret, code, at + jiff::SignedDuration::from_secs(90)), None);
        }
    }

    #[test]
    fn a_code_that_is_shown_is_good() {
        let secret = b"12345678901234567890";
        let at = |second: i64| Timestamp::from_second(second).expect("a time");
        for used in [0, 99, 100, 101] {
            for second in 3000..3030 {
                match shown_code(secret, used, at(second)) {
                    Some(DemoCode::Now(code)) => {
                        let step = step_of(secret, &code, at(second)).expect("is good");
                        assert!(step > used, "of step {used}, at {second}");
                    }
                    Some(DemoCode::In(wait)) => {
                        assert_eq!((used, second + wait), (101, 3030), "at {second}");
                        let then = shown_code(secret, used, at(second + wait));
                        assert!(matches!(then, Some(DemoCode::Now(_))), "{then:?}");
                    }
                    None => panic!("nothing to show"),
                }
            }
        }
    }
}
