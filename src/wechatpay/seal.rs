//! Field encryption (§2.3): RSAES-OAEP with SHA-1 and MGF1-SHA-1, base64. Only WeChat opens what is sealed with its
//! key; the request names the key in `Wechatpay-Serial`.

use std::sync::Arc;

use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{identity::PlatformSerial, keys::PlatformKey};

/// A key of WeChat's with the name that the request has to bear.
#[derive(Clone, Debug)]
pub struct SealingKey {
    pub serial: PlatformSerial,
    pub(super) key: Arc<PlatformKey>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("it is too long to be sealed")]
    TooLong,
    #[error("the crypto library could not seal")]
    Failed,
}

impl SealingKey {
    /// The padding's randomness is the crypto library's own: sealed twice, the same text gives other bytes.
    ///
    /// # Errors
    /// Longer than the key takes (214 bytes for 2048 bits), or the crypto library fails.
    pub fn seal(&self, text: &str) -> Result<String, SealError> {
        let key = PublicEncryptingKey::from_der(self.key.spki()).map_err(|_| SealError::Failed)?;
        let key = OaepPublicEncryptingKey::new(key).map_err(|_| SealError::Failed)?;
        if text.len() > key.max_plaintext_size(&OAEP_SHA1_MGF1SHA1) {
            return Err(SealError::TooLong);
        }
        let mut out = vec![0; key.ciphertext_size()];
        let sealed =
            key.encrypt(&OAEP_SHA1_MGF1SHA1, text.as_bytes(), &mut out, None).map_err(|_| SealError::Failed)?;
        Ok(STANDARD.encode(sealed))
    }

    /// Of what is sealed, before it is base64.
    pub fn sealed_size(&self) -> usize {
        PublicEncryptingKey::from_der(self.key.spki()).map_or(0, |key| key.key_size_bytes())
    }
}

#[cfg(test)]
mod tests;
