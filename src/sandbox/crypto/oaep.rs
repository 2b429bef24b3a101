//! Field encryption (`wechatpay-v3.md` §2.3): RSAES-OAEP with SHA-1 and MGF1-SHA-1, base64.

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rsa::{
    PrivateKey, PublicKey,
    pkcs8::{EncodePrivateKey as _, EncodePublicKey as _},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the field cannot be encrypted or decrypted")]
pub(in crate::sandbox) struct OaepError;

pub(in crate::sandbox) fn encrypt(key: &PublicKey, plaintext: &[u8]) -> Result<String, OaepError> {
    let der = key.to_public_key_der().map_err(|_| OaepError)?;
    let key = PublicEncryptingKey::from_der(der.as_bytes()).map_err(|_| OaepError)?;
    let key = OaepPublicEncryptingKey::new(key).map_err(|_| OaepError)?;
    let mut out = vec![0; key.ciphertext_size()];
    let sealed = key.encrypt(&OAEP_SHA1_MGF1SHA1, plaintext, &mut out, None).map_err(|_| OaepError)?;
    Ok(STANDARD.encode(sealed))
}

pub(in crate::sandbox) fn decrypt(key: &PrivateKey, ciphertext: &str) -> Result<Vec<u8>, OaepError> {
    let ciphertext = STANDARD.decode(ciphertext).map_err(|_| OaepError)?;
    let der = key.to_pkcs8_der().map_err(|_| OaepError)?;
    let key = PrivateDecryptingKey::from_pkcs8(der.as_bytes()).map_err(|_| OaepError)?;
    let key = OaepPrivateDecryptingKey::new(key).map_err(|_| OaepError)?;
    let mut out = vec![0; key.min_output_size()];
    let opened = key.decrypt(&OAEP_SHA1_MGF1SHA1, &ciphertext, &mut out, None).map_err(|_| OaepError)?;
    Ok(opened.to_vec())
}
