//! What changes while the platform runs: the merchant sets another `APIv3` key in its console, and
//! one platform certificate follows another (`wechatpay-v3.md` §3, §4). `account.json` has a
//! change before anybody sees it.

use std::sync::{Arc, PoisonError};

use jiff::Timestamp;

use super::{
    Changing, Issued, Keys, PLATFORM_SUBJECT, PlatformCertificate, Safe, certificate_files, generate, private_pem,
    write_account,
};
use crate::{
    entropy::Entropy,
    sandbox::{
        crypto::{certificate, seal},
        failure::SandboxError,
        files,
    },
};

/// Why a certificate is not issued or not retired. The texts are shown to people.
#[derive(Debug, thiserror::Error)]
pub(in crate::sandbox) enum RotationError {
    #[error("已有两张证书可用，请先停用一张")]
    TwoInUse,
    #[error("这是最后一张证书，请先签发下一张")]
    LastInUse,
    #[error("没有这张可用的证书")]
    Unknown,
    #[error(transparent)]
    Keys(#[from] SandboxError),
}

impl Keys {
    /// Sets a new `APIv3` key: this one, or one of our own making. The former one is returned.
    pub(in crate::sandbox) fn change_api_v3_key(
        &self,
        wanted: Option<String>,
        entropy: &Entropy,
    ) -> Result<String, SandboxError> {
        let key = wanted.unwrap_or_else(|| seal::alphanumeric::<32>(entropy));
        self.change(|file| {
            let former = std::mem::replace(&mut file.api_v3_key, key);
            Ok(former)
        })
    }

    /// Issues the certificate that follows the present one. Both are in use from now on.
    pub(in crate::sandbox) fn issue_certificate(
        &self,
        now: Timestamp,
        entropy: &Entropy,
    ) -> Result<Arc<PlatformCertificate>, RotationError> {
        if self.certificates().len() > 1 {
            return Err(RotationError::TwoInUse);
        }
        let key = generate()?;
        let certificate =
            certificate::issue(&key, PLATFORM_SUBJECT, now, entropy).map_err(SandboxError::Certificate)?;
        let (key_file, certificate_file) = certificate_files(&certificate.serial);
        files::write(&self.dir.join(key_file), &private_pem(&key)?)?;
        files::write(&self.dir.join(certificate_file), &certificate.pem)?;
        let issued = Issued { serial: certificate.serial, from_ms: now.as_millisecond() };
        self.change(|file| {
            // Somebody may have been faster.
            if file.in_use() > 1 {
                return Err(RotationError::TwoInUse);
            }
            file.later_certificates.push(issued);
            Ok(())
        })?;
        self.certificates().pop().ok_or(RotationError::Unknown)
    }

    /// From now on this certificate signs nothing, and no request may name it.
    pub(in crate::sandbox) fn retire_certificate(&self, serial: &str) -> Result<(), RotationError> {
        self.change(|file| {
            if !file.is_in_use(serial) {
                Err(RotationError::Unknown)
            } else if file.in_use() < 2 {
                Err(RotationError::LastInUse)
            } else {
                file.retired_certificates.push(serial.to_owned());
                Ok(())
            }
        })
    }

    fn change<T, E: From<SandboxError>>(&self, change: impl FnOnce(&mut Changing) -> Result<T, E>) -> Result<T, E> {
        let mut safe = self.safe.write().unwrap_or_else(PoisonError::into_inner);
        let mut file = safe.file.clone();
        let result = change(&mut file)?;
        let next = Safe::read(&self.dir, file.clone())?;
        write_account(&self.dir, self.account.clone(), file)?;
        *safe = next;
        Ok(result)
    }
}

impl Changing {
    fn in_use(&self) -> usize {
        1 + self.later_certificates.len() - self.retired_certificates.len()
    }

    fn is_in_use(&self, serial: &str) -> bool {
        let known = self.certificate_serial == serial
            || self.later_certificates.iter().any(|certificate| certificate.serial == serial);
        known && !self.retired_certificates.iter().any(|retired| retired == serial)
    }
}
