//! The two key systems (§0): the merchant's key signs what we send, the platform's keys verify what
//! WeChat sends. They are different types, parsed once at start-up, never per call.

use aws_lc_rs::{
    error::KeyRejected,
    rsa::KeyPair,
    signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256},
};
use jiff::Timestamp;
use rsa::{
    pkcs1::{RsaPrivateKeyRef, RsaPublicKeyRef, der::Decode as _},
    pkcs8::{PrivateKeyInfoRef, spki::SubjectPublicKeyInfoRef},
};
use x509_cert::{Certificate, der::Encode as _, spki::ObjectIdentifier};

use std::fmt;

pub use super::key_error::{KeyError, PemKind};
use super::{
    identity::{MerchantSerial, PlatformSerial},
    pem,
};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const LEAST_BITS: usize = 2048;

/// The merchant's private key (商户 API 私钥, `apiclient_key.pem`). Signs; is never shown.
pub struct MerchantKey(KeyPair);

impl MerchantKey {
    /// PKCS#8 or PKCS#1, RSA of at least 2048 bits, without passphrase.
    ///
    /// # Errors
    /// What is wrong with `text`, for instance that it is a public key.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let block = pem::find(text, &[PemKind::PrivateKey, PemKind::RsaPrivateKey])?;
        let pkcs1 = if block.kind == PemKind::PrivateKey {
            let info = PrivateKeyInfoRef::try_from(block.der.as_slice()).map_err(|_| KeyError::Damaged)?;
            require_rsa(&info.algorithm.oid)?;
            info.private_key.as_bytes()
        } else {
            block.der.as_slice()
        };
        let key = RsaPrivateKeyRef::from_der(pkcs1).map_err(|_| KeyError::Damaged)?;
        require_length(key.modulus.as_bytes())?;
        KeyPair::from_der(pkcs1).map(Self).map_err(invalid)
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256 over `message`.
    ///
    /// # Errors
    /// Only when the crypto library itself fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignFailed> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        // The random source is ignored for this padding, which is deterministic.
        let rng = aws_lc_rs::rand::SystemRandom::new();
        self.0.sign(&RSA_PKCS1_SHA256, &rng, message, &mut signature).map_err(|_| SignFailed)?;
        Ok(signature)
    }

    /// This key and that certificate are of one pair.
    pub fn belongs_to(&self, certificate: &MerchantCertificate) -> bool {
        self.public() == &*certificate.public
    }

    /// `platform` is the public half of this very key: the merchant's own certificate was
    /// configured where WeChat's key belongs (§11 no. 5), and nothing would ever verify.
    pub fn is_own_half(&self, platform: &PlatformKey) -> bool {
        self.public() == platform.key.as_ref()
    }

    fn public(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }
}

impl fmt::Debug for MerchantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MerchantKey([redacted])")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the crypto library could not sign")]
pub struct SignFailed;

/// A key of WeChat's: verifies replies and notifications.
pub struct PlatformKey {
    key: ParsedPublicKey,
    /// `SubjectPublicKeyInfo` in DER, for whoever seals with it.
    spki: Box<[u8]>,
    /// What it was read from, for whoever has to verify again some day.
    pem: Box<str>,
}

impl PlatformKey {
    /// The WeChat Pay public key (微信支付公钥, `pub_key.pem`), SPKI.
    ///
    /// # Errors
    /// What is wrong with `text`, for instance that it is a certificate.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let block = pem::find(text, &[PemKind::PublicKey])?;
        Self::from_spki(&block.der, pem::write("PUBLIC KEY", &block.der))
    }

    fn from_spki(der: &[u8], pem: String) -> Result<Self, KeyError> {
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pkcs1_of(der)?).map_err(invalid)?;
        Ok(Self { key, spki: der.into(), pem: pem.into() })
    }

    /// The public key, or the whole certificate, written as files hold it.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    pub(super) fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// `signature` is a good one of `message`, which no wrong length of it can be.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for PlatformKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlatformKey")
    }
}

/// The merchant's API certificate (商户 API 证书, `apiclient_cert.pem`). Not needed to pay; it says
/// which serial belongs to a key.
#[derive(Debug)]
pub struct MerchantCertificate {
    pub serial: MerchantSerial,
    pub not_after: Timestamp,
    /// `RSAPublicKey` in DER.
    public: Box<[u8]>,
}

impl MerchantCertificate {
    /// # Errors
    /// What is wrong with `text`.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let certificate = parse_certificate(text)?;
        let serial = MerchantSerial::parse(&serial_of(&certificate)).map_err(|_| KeyError::Damaged)?;
        let not_after = timestamp(certificate.tbs_certificate().validity().not_after)?;
        let spki = spki_of(&certificate)?;
        Ok(Self { serial, not_after, public: pkcs1_of(&spki)?.into() })
    }
}

/// A certificate of WeChat's (平台证书), as `/v3/certificates` gives it.
#[derive(Debug)]
pub struct PlatformCertificate {
    /// As printed by the certificate: upper-case hex, no separators.
    pub serial: PlatformSerial,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub key: PlatformKey,
}

impl PlatformCertificate {
    /// # Errors
    /// What is wrong with `text`.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let certificate = parse_certificate(text)?;
        let der = certificate.to_der().map_err(|_| KeyError::Damaged)?;
        let validity = certificate.tbs_certificate().validity();
        let spki = spki_of(&certificate)?;
        Ok(Self {
            serial: PlatformSerial::parse(&serial_of(&certificate)).map_err(|_| KeyError::Damaged)?,
            not_before: timestamp(validity.not_before)?,
            not_after: timestamp(validity.not_after)?,
            key: PlatformKey::from_spki(&spki, pem::write("CERTIFICATE", &der))?,
        })
    }
}

fn parse_certificate(text: &str) -> Result<Certificate, KeyError> {
    let block = pem::find(text, &[PemKind::Certificate])?;
    Certificate::from_der(&block.der).map_err(|_| KeyError::Damaged)
}

fn spki_of(certificate: &Certificate) -> Result<Vec<u8>, KeyError> {
    certificate.tbs_certificate().subject_public_key_info().to_der().map_err(|_| KeyError::Damaged)
}

/// Upper-case hex without the zero byte that DER puts before a high bit.
fn serial_of(certificate: &Certificate) -> String {
    let bytes = certificate.tbs_certificate().serial_number().as_bytes();
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)]));
    bytes.iter().skip_while(|byte| **byte == 0).flat_map(digits).collect()
}

fn timestamp(time: x509_cert::time::Time) -> Result<Timestamp, KeyError> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).map_err(|_| KeyError::Damaged)?;
    Timestamp::from_second(seconds).map_err(|_| KeyError::Damaged)
}

/// The `RSAPublicKey` inside a `SubjectPublicKeyInfo`, both in DER.
fn pkcs1_of(spki: &[u8]) -> Result<&[u8], KeyError> {
    let info = SubjectPublicKeyInfoRef::try_from(spki).map_err(|_| KeyError::Damaged)?;
    require_rsa(&info.algorithm.oid)?;
    let der = info.subject_public_key.as_bytes().ok_or(KeyError::Damaged)?;
    let key = RsaPublicKeyRef::from_der(der).map_err(|_| KeyError::Damaged)?;
    require_length(key.modulus.as_bytes())?;
    Ok(der)
}

fn require_rsa(algorithm: &ObjectIdentifier) -> Result<(), KeyError> {
    if *algorithm == RSA_ENCRYPTION { Ok(()) } else { Err(KeyError::NotRsa) }
}

fn require_length(modulus: &[u8]) -> Result<(), KeyError> {
    let leading = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    let bits = modulus.len() * 8 - leading;
    if bits < LEAST_BITS { Err(KeyError::TooShort(bits)) } else { Ok(()) }
}

fn invalid(_: KeyRejected) -> KeyError {
    KeyError::Invalid
}

#[cfg(test)]
mod tests;
