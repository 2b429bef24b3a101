//! The keys of both sides, made at first start and kept in the sandbox's folder:
//!
//! | file | holds |
//! | --- | --- |
//! | `apiclient_key.pem`, `apiclient_cert.pem` | merchant key (PKCS#8) and certificate |
//! | `pub_key.pem` | WeChat Pay public key, as the console would hand it out |
//! | `platform/*.pem` | what only WeChat would have: both platform private keys, the certificate |
//! | `account.json` | numbers, serials and the `APIv3` key; written last, so it marks a whole set |

use std::{path::Path, thread};

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use jiff::Timestamp;
use rsa::{
    PrivateKey,
    pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _, LineEnding},
};
use serde::{Deserialize, Serialize};

use super::{
    SandboxError, certificate, files,
    seal::{self, ApiV3Key},
    signature::{MerchantKey, PlatformKey},
};
use crate::{clock::Clock, entropy::Entropy};

pub(super) const MERCHANT_KEY: &str = "apiclient_key.pem";
const MERCHANT_CERTIFICATE: &str = "apiclient_cert.pem";
pub(super) const PUBLIC_KEY: &str = "pub_key.pem";
const PLATFORM: &str = "platform";
const PUBLIC_KEY_PRIVATE: &str = "platform/pub_key_private.pem";
const PLATFORM_KEY: &str = "platform/cert_key.pem";
const PLATFORM_CERTIFICATE: &str = "platform/cert.pem";
const ACCOUNT: &str = "account.json";

/// The one merchant account of a sandbox.
#[derive(Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) mchid: String,
    pub(super) appid: String,
    pub(super) merchant_serial: String,
    pub(super) public_key_id: String,
    pub(super) certificate_serial: String,
    certificate_from_ms: i64,
    pub(super) api_v3_key: String,
}

/// The platform's two kinds of signing key (§2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyKind {
    /// 微信支付公钥
    PublicKey,
    /// 平台证书
    Certificate,
}

pub(super) struct Keys {
    pub(super) account: Account,
    pub(super) merchant: MerchantKey,
    pub(super) merchant_public: rsa::PublicKey,
    pub(super) merchant_key_pem: String,
    pub(super) public_key_pem: String,
    public_key: PlatformKey,
    certificate: PlatformKey,
    pub(super) certificate_pem: String,
    pub(super) api_v3_key: ApiV3Key,
}

impl Keys {
    /// Reads the set in `dir`, or makes one.
    pub(super) fn open(dir: &Path, clock: &Clock, entropy: &Entropy) -> Result<Self, SandboxError> {
        files::make_folder(&dir.join(PLATFORM))?;
        if !dir.join(ACCOUNT).exists() {
            make(dir, clock, entropy)?;
        }
        Self::read(dir)
    }

    fn read(dir: &Path) -> Result<Self, SandboxError> {
        let account: Account = serde_json::from_str(&files::read(&dir.join(ACCOUNT))?)
            .map_err(|source| SandboxError::Account { source })?;
        let merchant_key_pem = files::read(&dir.join(MERCHANT_KEY))?;
        let merchant_public = private_key(&merchant_key_pem)?.to_public_key();
        Ok(Self {
            merchant: MerchantKey::new(merchant_public.clone()),
            merchant_public,
            merchant_key_pem,
            public_key_pem: files::read(&dir.join(PUBLIC_KEY))?,
            public_key: platform_key(dir, PUBLIC_KEY_PRIVATE, &account.public_key_id)?,
            certificate: platform_key(dir, PLATFORM_KEY, &account.certificate_serial)?,
            certificate_pem: files::read(&dir.join(PLATFORM_CERTIFICATE))?,
            api_v3_key: ApiV3Key::parse(&account.api_v3_key)?,
            account,
        })
    }

    /// The platform key that a request asks for by `Wechatpay-Serial` (§2.3).
    pub(super) fn find_platform(&self, serial: &str) -> Option<KeyKind> {
        [KeyKind::PublicKey, KeyKind::Certificate].into_iter().find(|kind| self.platform(*kind).serial == serial)
    }

    pub(super) fn platform(&self, kind: KeyKind) -> &PlatformKey {
        match kind {
            KeyKind::PublicKey => &self.public_key,
            KeyKind::Certificate => &self.certificate,
        }
    }

    /// From when to when the platform certificate is valid.
    pub(super) fn certificate_validity(&self) -> (Timestamp, Timestamp) {
        let from = Timestamp::from_millisecond(self.account.certificate_from_ms).unwrap_or_default();
        (from, from.saturating_add(certificate::LIFE).unwrap_or(Timestamp::MAX))
    }
}

/// Three RSA keys at once; aws-lc-rs makes them, because it is several times as fast as `rsa`.
fn make(dir: &Path, clock: &Clock, entropy: &Entropy) -> Result<(), SandboxError> {
    let makers = [(); 3].map(|()| thread::spawn(generate));
    let [merchant, public, platform] = makers.map(|maker| maker.join().unwrap_or(Err(SandboxError::KeyGeneration)));
    let (merchant, public, platform) = (merchant?, public?, platform?);

    let now = clock.now();
    let mchid = format!("16{}", seal::digits::<8>(entropy));
    let merchant_subject = format!("CN={mchid},O=Saoma Sandbox Merchant,C=CN");
    let merchant_certificate = certificate::issue(&merchant, &merchant_subject, now, entropy)?;
    let platform_subject = "CN=Tenpay.com sign,O=Saoma Sandbox (no real money),C=CN";
    let platform_certificate = certificate::issue(&platform, platform_subject, now, entropy)?;

    files::write_secret(&dir.join(MERCHANT_KEY), &private_pem(&merchant)?)?;
    files::write(&dir.join(MERCHANT_CERTIFICATE), &merchant_certificate.pem)?;
    files::write_secret(&dir.join(PUBLIC_KEY_PRIVATE), &private_pem(&public)?)?;
    let public_pem = public.to_public_key().to_public_key_pem(LineEnding::LF)?;
    files::write(&dir.join(PUBLIC_KEY), &public_pem)?;
    files::write_secret(&dir.join(PLATFORM_KEY), &private_pem(&platform)?)?;
    files::write(&dir.join(PLATFORM_CERTIFICATE), &platform_certificate.pem)?;
    let account = Account {
        appid: format!("wx{:016x}", u64::from_be_bytes(entropy.bytes())),
        merchant_serial: merchant_certificate.serial,
        public_key_id: format!("PUB_KEY_ID_01{mchid}{}", seal::digits::<20>(entropy)),
        certificate_serial: platform_certificate.serial,
        certificate_from_ms: now.as_millisecond(),
        api_v3_key: seal::alphanumeric::<32>(entropy),
        mchid,
    };
    let text = serde_json::to_string_pretty(&account).map_err(|source| SandboxError::Account { source })?;
    files::write_secret(&dir.join(ACCOUNT), &text)
}

fn generate() -> Result<PrivateKey, SandboxError> {
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| SandboxError::KeyGeneration)?;
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| SandboxError::KeyGeneration)?;
    Ok(PrivateKey::from_pkcs8_der(der.as_ref())?)
}

fn private_pem(key: &PrivateKey) -> Result<String, SandboxError> {
    Ok(key.to_pkcs8_pem(LineEnding::LF)?.to_string())
}

fn private_key(pem: &str) -> Result<PrivateKey, SandboxError> {
    Ok(PrivateKey::from_pkcs8_pem(pem)?)
}

fn platform_key(dir: &Path, file: &str, serial: &str) -> Result<PlatformKey, SandboxError> {
    Ok(PlatformKey::new(serial.to_owned(), private_key(&files::read(&dir.join(file))?)?))
}
