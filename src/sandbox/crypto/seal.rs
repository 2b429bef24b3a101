//! `AEAD_AES_256_GCM` (`wechatpay-v3.md` §4), sealing side, by aws-lc-rs; the other side of the
//! wire opens with another implementation.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{entropy::Entropy, sandbox::failure::SandboxError};

/// The `APIv3` key: 32 ASCII bytes, used as they are.
#[derive(Clone)]
pub(in crate::sandbox) struct ApiV3Key([u8; 32]);

/// What `resource` and `encrypt_certificate` carry.
pub(in crate::sandbox) struct Sealed {
    pub(in crate::sandbox) nonce: String,
    /// Base64 of ciphertext ‖ tag.
    pub(in crate::sandbox) ciphertext: String,
}

#[derive(Debug, thiserror::Error)]
pub(in crate::sandbox) enum SealError {
    #[error("an APIv3 key has 32 letters and digits")]
    Key,
    #[error("sealing failed")]
    Cipher,
}

impl From<SealError> for SandboxError {
    fn from(_: SealError) -> Self {
        Self::ApiV3Key
    }
}

impl ApiV3Key {
    pub(in crate::sandbox) fn parse(text: &str) -> Result<Self, SealError> {
        let bytes: [u8; 32] = text.as_bytes().try_into().map_err(|_| SealError::Key)?;
        if bytes.iter().all(u8::is_ascii_alphanumeric) { Ok(Self(bytes)) } else { Err(SealError::Key) }
    }

    pub(in crate::sandbox) fn seal(
        &self,
        entropy: &Entropy,
        associated_data: &str,
        plaintext: &[u8],
    ) -> Result<Sealed, SealError> {
        let nonce = alphanumeric::<NONCE_LEN>(entropy);
        let bytes: [u8; NONCE_LEN] = nonce.as_bytes().try_into().map_err(|_| SealError::Cipher)?;
        let key = UnboundKey::new(&AES_256_GCM, &self.0).map_err(|_| SealError::Cipher)?;
        let mut buffer = plaintext.to_vec();
        LessSafeKey::new(key)
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(bytes),
                Aad::from(associated_data.as_bytes()),
                &mut buffer,
            )
            .map_err(|_| SealError::Cipher)?;
        Ok(Sealed { nonce, ciphertext: STANDARD.encode(buffer) })
    }
}

/// `N` letters and digits, as WeChat's callback nonces are (§6.1).
pub(in crate::sandbox) fn alphanumeric<const N: usize>(entropy: &Entropy) -> String {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    // 62 does not divide 256: the slight lean to the first eight letters harms nothing here.
    entropy.bytes::<N>().iter().map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()])).collect()
}

/// `N` decimal digits.
pub(in crate::sandbox) fn digits<const N: usize>(entropy: &Entropy) -> String {
    entropy.bytes::<N>().iter().map(|byte| char::from(b'0' + byte % 10)).collect()
}

#[cfg(test)]
mod tests {
    use aes_gcm::{
        Aes256Gcm, KeyInit as _,
        aead::{Aead as _, Payload},
    };

    use super::*;

    #[test]
    fn another_implementation_opens_what_is_sealed() {
        let text = "0123456789abcdefghijklmnopqrstuv";
        let key = ApiV3Key::parse(text).expect("32 bytes");
        for associated_data in ["", "transaction"] {
            let sealed = key.seal(&Entropy::seeded(1), associated_data, b"{}").expect("seals");
            let cipher = Aes256Gcm::new_from_slice(text.as_bytes()).expect("32 bytes");
            let msg = STANDARD.decode(sealed.ciphertext).expect("base64");
            let nonce: [u8; 12] = sealed.nonce.as_bytes().try_into().expect("12 bytes");
            let payload = Payload { msg: &msg, aad: associated_data.as_bytes() };
            assert_eq!(cipher.decrypt(&nonce.into(), payload).expect("opens"), b"{}");
        }
    }

    #[test]
    fn a_key_has_32_letters_and_digits() {
        for bad in ["", "0123456789abcdef", "0123456789abcdefghijklmnopqrstu\n", "0123456789abcdefghijklmnopqrstuvw"] {
            assert!(ApiV3Key::parse(bad).is_err(), "{bad:?}");
        }
    }
}
