//! The reply of `GET /v3/certificates` (§3): platform certificates, each sealed with the APIv3 key.

use http::HeaderMap;
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    cipher::{ALGORITHM, ApiV3Keys, OpenError},
    headers::SignatureHeaders,
    identity::PlatformSerial,
    keys::{KeyError, PlatformCertificate},
    verifier::{PlatformKeys, VerifyError},
};

#[derive(Deserialize)]
struct Reply {
    /// Each is read on its own.
    data: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Item {
    serial_no: String,
    encrypt_certificate: Sealed,
}

#[derive(Deserialize)]
struct Sealed {
    algorithm: String,
    nonce: String,
    #[serde(default)]
    associated_data: Option<String>,
    ciphertext: String,
}

/// What a reply held.
#[derive(Debug)]
pub struct Opened {
    /// At least one.
    pub certificates: Vec<PlatformCertificate>,
    /// Why others of the list are of no use; they do not spoil the good ones.
    pub unusable: Vec<CertificatesError>,
}

/// No certificate was taken over, or this one was not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificatesError {
    #[error("the reply is not to be trusted: {0}")]
    Verify(#[from] VerifyError),
    #[error("the reply is no list of certificates")]
    Shape,
    #[error("the list is empty")]
    Empty,
    #[error("a certificate is sealed with an unknown algorithm")]
    UnknownAlgorithm,
    /// The operator's APIv3 key is not the merchant console's.
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("a certificate {0}")]
    Certificate(#[from] KeyError),
    #[error("a certificate has another serial than the reply says")]
    SerialMismatch,
}

/// Verifies and decrypts a reply. The whole list is refused only when nothing in it is of use.
///
/// A serial that `known` holds is verified before anything is read. The very first reply is signed
/// by a certificate that we cannot know yet: that one is verified with the certificates that the
/// APIv3 key has just opened, as the PHP SDK does, so that nobody without that key can plant one.
///
/// # Errors
/// See [`CertificatesError`].
pub fn open(
    headers: &HeaderMap,
    body: &[u8],
    known: &PlatformKeys,
    keys: &ApiV3Keys,
    now: Timestamp,
) -> Result<Opened, CertificatesError> {
    let signed = SignatureHeaders::read(headers).map_err(VerifyError::from)?;
    if known.contains(signed.serial) {
        known.verify(&signed, body, now)?;
        return decrypt(body, keys);
    }
    let opened = PlatformKeys::default().with_certificates(decrypt(body, keys)?.certificates);
    opened.verify(&signed, body, now)?;
    decrypt(body, keys)
}

/// Decrypts without verifying.
fn decrypt(body: &[u8], keys: &ApiV3Keys) -> Result<Opened, CertificatesError> {
    let reply: Reply = serde_json::from_slice(body).map_err(|_| CertificatesError::Shape)?;
    let mut opened = Opened { certificates: Vec::new(), unusable: Vec::new() };
    for item in reply.data {
        match decrypt_one(item, keys) {
            Ok(certificate) => opened.certificates.push(certificate),
            Err(error) => opened.unusable.push(error),
        }
    }
    if opened.certificates.is_empty() {
        return Err(opened.unusable.into_iter().next().unwrap_or(CertificatesError::Empty));
    }
    Ok(opened)
}

fn decrypt_one(item: serde_json::Value, keys: &ApiV3Keys) -> Result<PlatformCertificate, CertificatesError> {
    let item: Item = serde_json::from_value(item).map_err(|_| CertificatesError::Shape)?;
    let sealed = &item.encrypt_certificate;
    if sealed.algorithm != ALGORITHM {
        return Err(CertificatesError::UnknownAlgorithm);
    }
    let associated_data = sealed.associated_data.as_deref().unwrap_or_default();
    let pem = keys.open(&sealed.nonce, associated_data, &sealed.ciphertext)?;
    let pem = str::from_utf8(&pem).map_err(|_| KeyError::NotPem)?;
    let mut certificate = PlatformCertificate::from_pem(pem)?;
    let same = |a: &str, b: &str| a.trim_start_matches('0').eq_ignore_ascii_case(b.trim_start_matches('0'));
    if !same(&item.serial_no, certificate.serial.as_str()) {
        return Err(CertificatesError::SerialMismatch);
    }
    // SDKs disagree on a leading zero: what WeChat writes here is also what it writes in headers.
    certificate.serial = PlatformSerial::parse(&item.serial_no).map_err(|_| CertificatesError::SerialMismatch)?;
    Ok(certificate)
}

#[cfg(test)]
mod tests;
