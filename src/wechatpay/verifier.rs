//! Who signed this? One map from serial to key holds WeChat Pay public keys and platform
//! certificates side by side: while a merchant is being moved from the one to the other, both kinds
//! arrive (§2.3), so there is no mode to branch on.

use std::{collections::HashMap, fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;

use super::{
    SIGNATURE_PROBE,
    headers::{HeaderError, SignatureHeaders},
    identity::PlatformSerial,
    keys::{PlatformCertificate, PlatformKey},
    message,
    seal::SealingKey,
};

/// A message this far from now, or farther, in either direction, is refused (§2.2).
pub const WINDOW_MILLISECONDS: u64 = 300_000;

/// The peer's message must not be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Headers(#[from] HeaderError),
    #[error("the timestamp is {away_seconds} s away from this machine's clock, in the {direction}")]
    OutsideWindow { away_seconds: u64, direction: Direction },
    /// A certificate we have not fetched yet, a key that is not configured, or nonsense.
    #[error("no key is known for serial {}", shown(.0))]
    UnknownSerial(String),
    #[error("the signature is wrong")]
    SignatureWrong,
    /// WeChat's own test whether we verify (§2.4): a wrong signature, counted apart.
    #[error("the signature is wrong, as WeChat meant it to be (SIGNTEST)")]
    SignatureProbe,
}

/// On which side of now a timestamp lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Past,
    Future,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Past => "past",
            Self::Future => "future",
        })
    }
}

/// A stranger chose the text: only what can be a serial is repeated in a log.
fn shown(serial: &str) -> &str {
    if PlatformSerial::parse(serial).is_ok_and(|it| it.as_str() == serial) { serial } else { "(no serial at all)" }
}

/// All keys trusted at one moment. Cloning copies a pointer.
#[derive(Clone, Default)]
pub struct PlatformKeys(Arc<HashMap<PlatformSerialText, Entry>>);

/// So that a lookup by `&str` needs no allocation.
type PlatformSerialText = Box<str>;

#[derive(Clone)]
struct Entry {
    key: Arc<PlatformKey>,
    /// `None` for a WeChat Pay public key, which does not expire.
    not_after: Option<Timestamp>,
}

impl PlatformKeys {
    /// Adds a WeChat Pay public key, or replaces the one of that id.
    #[must_use]
    pub fn with_public_key(&self, id: &PlatformSerial, key: PlatformKey) -> Self {
        let mut keys = HashMap::clone(&self.0);
        keys.insert(id.as_str().into(), Entry { key: Arc::new(key), not_after: None });
        Self(Arc::new(keys))
    }

    /// Puts `certificates` in the place of all certificates there were; public keys stay. An empty
    /// list changes nothing (§3: never replace with an empty list).
    #[must_use]
    pub fn with_certificates(&self, certificates: impl IntoIterator<Item = PlatformCertificate>) -> Self {
        let entry = |it: PlatformCertificate| {
            (it.serial.as_str().into(), Entry { key: Arc::new(it.key), not_after: Some(it.not_after) })
        };
        let fresh: HashMap<_, _> = certificates.into_iter().map(entry).collect();
        if fresh.is_empty() {
            return self.clone();
        }
        let public = self.0.iter().filter(|(_, it)| it.not_after.is_none());
        Self(Arc::new(public.map(|(serial, it)| (serial.clone(), it.clone())).chain(fresh).collect()))
    }

    /// Adds `certificates` to those there were, when it is not known whether they are all.
    #[must_use]
    pub fn adding_certificates(&self, certificates: impl IntoIterator<Item = PlatformCertificate>) -> Self {
        let mut keys = HashMap::clone(&self.0);
        for it in certificates {
            keys.insert(it.serial.as_str().into(), Entry { key: Arc::new(it.key), not_after: Some(it.not_after) });
        }
        Self(Arc::new(keys))
    }

    /// `serial` is compared letter by letter.
    pub fn contains(&self, serial: &str) -> bool {
        self.0.contains_key(serial)
    }

    /// The key of this serial as PEM, and whether it came in a certificate.
    pub fn pem(&self, serial: &str) -> Option<(&str, bool)> {
        self.0.get(serial).map(|entry| (entry.key.pem(), entry.not_after.is_some()))
    }

    /// The key to seal what only WeChat shall read (§2.3, §3): that of `preferred`, the merchant's WeChat Pay public key,
    /// or else the certificate that lasts longest of those that have not ended. `None` while there is none.
    pub fn sealing_key(&self, preferred: Option<&PlatformSerial>, now: Timestamp) -> Option<SealingKey> {
        let of = |serial: &str, entry: &Entry| {
            Some(SealingKey { serial: PlatformSerial::parse(serial).ok()?, key: Arc::clone(&entry.key) })
        };
        if let Some((serial, entry)) = preferred.and_then(|id| self.0.get_key_value(id.as_str())) {
            return of(serial, entry);
        }
        let certificates = self.0.iter().filter_map(|(serial, entry)| Some((entry.not_after?, serial, entry)));
        let newest =
            certificates.filter(|(end, ..)| *end > now).max_by_key(|(end, serial, _)| (*end, (*serial).clone()));
        newest.and_then(|(_, serial, entry)| of(serial, entry))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Serials in alphabetical order, for pages and logs, with the end of life of certificates.
    pub fn list(&self) -> Vec<(&str, Option<Timestamp>)> {
        let mut list: Vec<_> = self.0.iter().map(|(serial, it)| (&**serial, it.not_after)).collect();
        list.sort_unstable();
        list
    }

    /// Checks that WeChat signed `body`, these raw bytes, less than five minutes from `now`: time
    /// window, then key, then signature (§2.2).
    ///
    /// # Errors
    /// The first check that fails. A signature that is not base64 or has the wrong length is simply
    /// wrong: that is what a probe looks like (§2.4).
    pub fn verify(&self, headers: &SignatureHeaders<'_>, body: &[u8], now: Timestamp) -> Result<(), VerifyError> {
        check_window(headers.seconds, now)?;
        let entry = self.0.get(headers.serial).ok_or_else(|| VerifyError::UnknownSerial(headers.serial.to_owned()))?;
        let message = message::of_answer(headers.timestamp, headers.nonce, body);
        let good = STANDARD.decode(headers.signature).is_ok_and(|signature| entry.key.verifies(&message, &signature));
        if good {
            Ok(())
        } else if headers.signature.starts_with(SIGNATURE_PROBE.as_bytes()) {
            Err(VerifyError::SignatureProbe)
        } else {
            Err(VerifyError::SignatureWrong)
        }
    }
}

impl fmt::Debug for PlatformKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.list().iter().map(|(serial, _)| serial)).finish()
    }
}

fn check_window(seconds: u64, now: Timestamp) -> Result<(), VerifyError> {
    let then = i128::from(seconds) * 1000;
    let now = i128::from(now.as_millisecond());
    let away = now.abs_diff(then);
    if away < u128::from(WINDOW_MILLISECONDS) {
        return Ok(());
    }
    let direction = if then < now { Direction::Past } else { Direction::Future };
    Err(VerifyError::OutsideWindow { away_seconds: u64::try_from(away / 1000).unwrap_or(u64::MAX), direction })
}

#[cfg(test)]
mod tests;
