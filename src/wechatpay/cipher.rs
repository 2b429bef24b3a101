//! `AEAD_AES_256_GCM` (§4): opens what WeChat seals with the APIv3 key (APIv3 密钥).

use aes_gcm::{
    Aes256Gcm, KeyInit as _,
    aead::{Aead as _, Nonce, Payload},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use std::fmt;

/// The name of the algorithm on the wire.
pub const ALGORITHM: &str = "AEAD_AES_256_GCM";

/// The APIv3 key, ready to open. Zeroised when dropped.
pub struct ApiV3Key(Box<Aes256Gcm>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the APIv3 key has exactly 32 bytes, not {0}")]
pub struct InvalidApiV3Key(pub usize);

impl ApiV3Key {
    /// The 32 characters as the merchant console shows them: neither hex nor base64 (§4). White
    /// space at the ends is dropped.
    ///
    /// # Errors
    /// Not 32 bytes. Half of it would silently be AES-128, as in some SDKs.
    pub fn parse(text: &str) -> Result<Self, InvalidApiV3Key> {
        let bytes = text.trim().as_bytes();
        Aes256Gcm::new_from_slice(bytes).map(|it| Self(Box::new(it))).map_err(|_| InvalidApiV3Key(bytes.len()))
    }
}

impl fmt::Debug for ApiV3Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiV3Key([redacted])")
    }
}

/// The key in use and, around a change in the merchant console, the one before it (§4): a new key
/// holds for notifications at once, also for those still on their way.
#[derive(Debug)]
pub struct ApiV3Keys(Vec<ApiV3Key>);

impl ApiV3Keys {
    pub fn new(current: ApiV3Key) -> Self {
        Self(vec![current])
    }

    #[must_use]
    pub fn with_previous(mut self, previous: ApiV3Key) -> Self {
        self.0.push(previous);
        self
    }

    /// Opens `ciphertext` (base64 of ciphertext and 16-byte tag) with the first key that fits.
    ///
    /// # Errors
    /// Not base64, a nonce that has not 12 bytes, or no key fits: another key, another
    /// `associated_data`, or altered bytes, which cannot be told apart.
    pub fn open(&self, nonce: &str, associated_data: &str, ciphertext: &str) -> Result<Vec<u8>, OpenError> {
        let nonce = <&Nonce<Aes256Gcm>>::try_from(nonce.as_bytes()).map_err(|_| OpenError::Nonce)?;
        let sealed = STANDARD.decode(ciphertext).map_err(|_| OpenError::Base64)?;
        let payload = || Payload { msg: &sealed, aad: associated_data.as_bytes() };
        self.0.iter().find_map(|key| key.0.decrypt(nonce, payload()).ok()).ok_or(OpenError::Unopened)
    }
}

/// The operator's APIv3 key is another one than the merchant console has, or the peer misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error("the nonce has not 12 bytes")]
    Nonce,
    #[error("the ciphertext is not base64")]
    Base64,
    #[error("the ciphertext does not open: is the APIv3 key the one of the merchant console?")]
    Unopened,
}

#[cfg(test)]
mod tests;
