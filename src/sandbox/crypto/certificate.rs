//! X.509 certificates. Those of the merchant (商户 API 证书) and of the platform (平台证书) are self-signed, live
//! five years and have a serial of 40 hex digits (`wechatpay-v3.md` §1.1, §2.3); what [`super::tls`] needs is signed here,
//! too.

use std::{str::FromStr as _, time::Duration};

use jiff::{SignedDuration, Timestamp};
use rsa::{PrivateKey, pkcs1v15::SigningKey, pkcs8::EncodePublicKey as _};
use sha2::Sha256;
use x509_cert::{
    builder::{Builder as _, CertificateBuilder, profile::BuilderProfile},
    certificate::TbsCertificate,
    der::{self, Encode as _, EncodePem as _, asn1::UtcTime, pem::LineEnding},
    ext::{
        Extension, Extensions, ToExtension,
        pkix::{KeyUsage, KeyUsages, SubjectAltName},
    },
    name::Name,
    serial_number::SerialNumber,
    spki::{SubjectPublicKeyInfo, SubjectPublicKeyInfoRef},
    time::{Time, Validity},
};

use crate::{entropy::Entropy, sandbox::failure::CertificateError};

/// How long WeChat's certificates live: 5 years of 365 days.
pub(super) const LIFE: SignedDuration = SignedDuration::from_hours(5 * 365 * 24);

pub(super) struct Certificate {
    /// 40 hex digits, upper case.
    pub(super) serial: String,
    pub(super) pem: String,
    pub(super) der: Vec<u8>,
}

/// From when on, and for how long.
pub(super) type Term = (Timestamp, SignedDuration);

/// A certificate for `key`, signed by itself, valid from `now`.
pub(super) fn issue(
    key: &PrivateKey,
    subject: &str,
    now: Timestamp,
    entropy: &Entropy,
) -> Result<Certificate, CertificateError> {
    sign(SelfSigned(Name::from_str(subject)?), key, key, (now, LIFE), None::<&SubjectAltName>, entropy)
}

/// A certificate for `key` by `signer`, made up as `profile` says.
pub(super) fn sign(
    profile: impl BuilderProfile,
    key: &PrivateKey,
    signer: &PrivateKey,
    (from, life): Term,
    extension: Option<impl ToExtension<Error = der::Error>>,
    entropy: &Entropy,
) -> Result<Certificate, CertificateError> {
    let mut bytes = entropy.bytes::<20>();
    // The first bit off, so that the number is positive; the second on, so that it has 40 digits.
    bytes[0] = bytes[0] & 0x3f | 0x40;
    let public = key.to_public_key().to_public_key_der()?;
    let expiry = from.checked_add(life).map_err(|_| CertificateError::Date)?;
    let mut builder = CertificateBuilder::new(
        profile,
        SerialNumber::new(&bytes)?,
        Validity::new(time(from)?, time(expiry)?),
        SubjectPublicKeyInfo::try_from(public.as_bytes())?,
    )?;
    if let Some(extension) = extension {
        builder.add_extension(extension)?;
    }
    let certificate = builder.build(&SigningKey::<Sha256>::new(signer.clone()))?;
    let [high, low] = [&bytes[..4], &bytes[4..]].map(|part| part.iter().fold(0, |n, byte| n << 8 | u128::from(*byte)));
    Ok(Certificate {
        serial: format!("{high:08X}{low:032X}"),
        pem: certificate.to_pem(LineEnding::LF)?,
        der: certificate.to_der()?,
    })
}

fn time(at: Timestamp) -> Result<Time, CertificateError> {
    let seconds = u64::try_from(at.as_second()).map_err(|_| CertificateError::Date)?;
    Ok(Time::UtcTime(UtcTime::from_unix_duration(Duration::from_secs(seconds))?))
}

/// One extension, so that the certificate is of version 3: clients read key, serial and dates.
struct SelfSigned(Name);

impl BuilderProfile for SelfSigned {
    fn get_issuer(&self, subject: &Name) -> Name {
        subject.clone()
    }

    fn get_subject(&self) -> Name {
        self.0.clone()
    }

    fn build_extensions(
        &self,
        _: SubjectPublicKeyInfoRef<'_>,
        _: SubjectPublicKeyInfoRef<'_>,
        certificate: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        let usage = KeyUsage(KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment);
        Ok(vec![usage.to_extension(certificate.subject(), &Extensions::new())?])
    }
}
