//! What must not be read off a copy of the books is sealed in them, under a key that is kept apart: `SAOMA_SECRET_KEY`.

use std::fmt;

use aes_gcm::{
    Aes256Gcm, KeyInit as _, Nonce,
    aead::{Aead as _, Payload},
};
use sha2::{Digest, Sha256};

const NONCE: usize = 12;

/// 32 bytes. Shows in no `Debug`.
#[derive(Clone)]
pub struct SecretKey {
    cipher: Aes256Gcm,
    /// What is derived from the key, by what it is for.
    seed: [u8; 32],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 64 hexadecimal digits (`openssl rand -hex 32` makes one)")]
pub struct InvalidSecretKey;

/// It was sealed under another key, for something else, or has been changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what is sealed in the books does not open: SAOMA_SECRET_KEY is not the key it was sealed under")]
pub struct DoesNotOpen;

impl SecretKey {
    pub fn new(bytes: [u8; 32]) -> Self {
        let seed = Sha256::new_with_prefix(b"saoma secret key\0").chain_update(bytes).finalize();
        Self { cipher: Aes256Gcm::new(&bytes.into()), seed: seed.into() }
    }

    /// # Errors
    /// It is no such text; nothing of it is repeated.
    pub fn parse(text: &str) -> Result<Self, InvalidSecretKey> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(InvalidSecretKey);
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| InvalidSecretKey)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| InvalidSecretKey)?;
        }
        Ok(Self::new(bytes))
    }

    /// Always the same for one use of one key, and tells nothing of the key or of another use.
    pub fn derive(&self, use_of_it: &str) -> [u8; 32] {
        Sha256::new_with_prefix(self.seed).chain_update(use_of_it).finalize().into()
    }

    /// `place` says what it is and whose: it opens nowhere else. `nonce` is random.
    pub fn seal(&self, place: &str, nonce: [u8; NONCE], secret: &[u8]) -> Vec<u8> {
        let payload = Payload { msg: secret, aad: place.as_bytes() };
        // Fails only for messages of many gigabytes.
        let sealed = self.cipher.encrypt(&Nonce::from(nonce), payload).unwrap_or_default();
        [&nonce[..], &sealed].concat()
    }

    /// # Errors
    /// [`DoesNotOpen`].
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, DoesNotOpen> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(DoesNotOpen)?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        self.cipher.decrypt(&Nonce::from(*nonce), payload).map_err(|_| DoesNotOpen)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_in_its_own_place_under_its_own_key() {
        let key = SecretKey::new([7; 32]);
        let sealed = key.seal("totp of 1", [1; NONCE], b"secret");
        assert_eq!(key.open("totp of 1", &sealed), Ok(b"secret".to_vec()));
        assert_eq!(key.open("totp of 2", &sealed), Err(DoesNotOpen));
        assert_eq!(SecretKey::new([8; 32]).open("totp of 1", &sealed), Err(DoesNotOpen));
        assert_eq!(key.open("totp of 1", &sealed[..20]), Err(DoesNotOpen));
        assert_eq!(key.open("totp of 1", &[]), Err(DoesNotOpen));
    }

    #[test]
    fn is_64_digits() {
        let key = SecretKey::parse(&"07".repeat(32)).expect("a key");
        assert_eq!(key.derive("a"), SecretKey::new([7; 32]).derive("a"));
        assert_ne!(key.derive("a"), key.derive("b"));
        for bad in ["", "07", &"0g".repeat(32), &"07".repeat(33), &"é".repeat(32), &format!("+7{}", "07".repeat(31))] {
            assert!(SecretKey::parse(bad).is_err(), "{bad}");
        }
        assert!(!format!("{key:?}").contains("07"));
    }
}
