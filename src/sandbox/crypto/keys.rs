//! The keys of both sides, made at first start and kept in the sandbox's folder:
//!
//! | file | holds |
//! | --- | --- |
//! | `apiclient_key.pem`, `apiclient_cert.pem` | merchant key (PKCS#8) and certificate |
//! | `pub_key.pem` | WeChat Pay public key, as the console would hand it out |
//! | `ca.pem` | the CA of the sandbox's own TLS certificate, made with `--tls` |
//! | `platform/*.pem` | what only WeChat would have: the platform's private keys, its certificates |
//! | `account.json` | numbers, serials and the `APIv3` key; written last, so it marks a whole set |

mod changes;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    thread,
};

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

pub(in crate::sandbox) use self::changes::RotationError;
use super::{
    certificate,
    seal::{self, ApiV3Key},
    signature::{MerchantKey, PlatformKey},
};
use crate::{
    clock::Clock,
    entropy::Entropy,
    sandbox::{failure::SandboxError, files},
};

pub(in crate::sandbox) const MERCHANT_KEY: &str = "apiclient_key.pem";
pub(super) const MERCHANT_CERTIFICATE: &str = "apiclient_cert.pem";
pub(in crate::sandbox) const PUBLIC_KEY: &str = "pub_key.pem";
pub(super) const PLATFORM: &str = "platform";
const PUBLIC_KEY_PRIVATE: &str = "platform/pub_key_private.pem";
const PLATFORM_KEY: &str = "platform/cert_key.pem";
const PLATFORM_CERTIFICATE: &str = "platform/cert.pem";
const ACCOUNT: &str = "account.json";

const PLATFORM_SUBJECT: &str = "CN=Tenpay.com sign,O=Saoma Sandbox (no real money),C=CN";

/// The one merchant account of a sandbox: what never changes of it.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::sandbox) struct Account {
    pub(in crate::sandbox) mchid: String,
    pub(in crate::sandbox) appid: String,
    pub(in crate::sandbox) merchant_serial: String,
    pub(in crate::sandbox) public_key_id: String,
}

impl Account {
    /// Some SDKs write its letters small.
    pub(in crate::sandbox) fn is_merchant_serial(&self, serial: &str) -> bool {
        self.merchant_serial.eq_ignore_ascii_case(serial)
    }
}

/// What a merchant or WeChat may change while the platform runs.
#[derive(Clone, Serialize, Deserialize)]
struct Changing {
    /// The first platform certificate, in `platform/cert.pem`.
    certificate_serial: String,
    certificate_from_ms: i64,
    api_v3_key: String,
    /// Those after it, in `platform/<serial>.pem`, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    later_certificates: Vec<Issued>,
    /// Serials that sign nothing any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    retired_certificates: Vec<String>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Issued {
    serial: String,
    from_ms: i64,
}

/// `account.json`.
#[derive(Serialize, Deserialize)]
struct AccountFile {
    #[serde(flatten)]
    account: Account,
    #[serde(flatten)]
    changing: Changing,
}

/// A platform certificate (平台证书) with its private key.
pub(in crate::sandbox) struct PlatformCertificate {
    pub(in crate::sandbox) key: Arc<PlatformKey>,
    pub(in crate::sandbox) pem: String,
    /// Where that text is, in the sandbox's folder.
    pub(super) file: String,
    from_ms: i64,
}

/// The parts that change, read from what `account.json` says of them.
struct Safe {
    file: Changing,
    api_v3_key: ApiV3Key,
    /// Those in use, oldest first: one, or two while one follows the other (§3).
    certificates: Vec<Arc<PlatformCertificate>>,
}

pub(in crate::sandbox) struct Keys {
    dir: PathBuf,
    pub(in crate::sandbox) account: Account,
    pub(in crate::sandbox) merchant: MerchantKey,
    pub(in crate::sandbox) merchant_public: rsa::PublicKey,
    pub(in crate::sandbox) merchant_key_pem: String,
    pub(in crate::sandbox) public_key_pem: String,
    /// 微信支付公钥: the other kind of signing key (§2.3).
    pub(in crate::sandbox) public_key: Arc<PlatformKey>,
    safe: RwLock<Safe>,
}

impl Keys {
    /// Reads the set in `dir`, or makes one.
    pub(in crate::sandbox) fn open(dir: &Path, clock: &Clock, entropy: &Entropy) -> Result<Self, SandboxError> {
        files::make_folder(&dir.join(PLATFORM))?;
        files::keep_private(&dir.join(PLATFORM));
        if !dir.join(ACCOUNT).exists() {
            make(dir, clock, entropy)?;
        }
        Self::read(dir)
    }

    fn read(dir: &Path) -> Result<Self, SandboxError> {
        let AccountFile { account, changing } = serde_json::from_str(&files::read(&dir.join(ACCOUNT))?)
            .map_err(|source| SandboxError::Account { source })?;
        let merchant_key_pem = files::read(&dir.join(MERCHANT_KEY))?;
        let merchant_public = private_key(&merchant_key_pem)?.to_public_key();
        Ok(Self {
            dir: dir.to_owned(),
            merchant: MerchantKey::new(merchant_public.clone()),
            merchant_public,
            merchant_key_pem,
            public_key_pem: files::read(&dir.join(PUBLIC_KEY))?,
            public_key: Arc::new(platform_key(dir, PUBLIC_KEY_PRIVATE, &account.public_key_id)?),
            safe: RwLock::new(Safe::read(dir, changing)?),
            account,
        })
    }

    /// The platform key that a request asks for by `Wechatpay-Serial` (§2.3).
    pub(in crate::sandbox) fn find_platform(&self, serial: &str) -> Option<Arc<PlatformKey>> {
        if self.public_key.serial == serial {
            return Some(Arc::clone(&self.public_key));
        }
        self.certificates().iter().map(|certificate| &certificate.key).find(|key| key.serial == serial).cloned()
    }

    /// The platform certificates in use, oldest first.
    pub(in crate::sandbox) fn certificates(&self) -> Vec<Arc<PlatformCertificate>> {
        self.safe.read().unwrap_or_else(PoisonError::into_inner).certificates.clone()
    }

    pub(super) fn newest_certificate(&self) -> Option<Arc<PlatformCertificate>> {
        self.certificates().pop()
    }

    pub(in crate::sandbox) fn api_v3_key(&self) -> ApiV3Key {
        self.safe.read().unwrap_or_else(PoisonError::into_inner).api_v3_key.clone()
    }

    /// The same as the merchant knows it.
    pub(in crate::sandbox) fn api_v3_key_text(&self) -> String {
        self.safe.read().unwrap_or_else(PoisonError::into_inner).file.api_v3_key.clone()
    }
}

impl PlatformCertificate {
    /// From when to when it is valid.
    pub(in crate::sandbox) fn validity(&self) -> (Timestamp, Timestamp) {
        let from = Timestamp::from_millisecond(self.from_ms).unwrap_or_default();
        (from, from.saturating_add(certificate::LIFE).unwrap_or(Timestamp::MAX))
    }
}

impl Safe {
    fn read(dir: &Path, file: Changing) -> Result<Self, SandboxError> {
        let first = Issued { serial: file.certificate_serial.clone(), from_ms: file.certificate_from_ms };
        let first = (first, PLATFORM_KEY.to_owned(), PLATFORM_CERTIFICATE.to_owned());
        let later = file.later_certificates.iter().map(|issued| {
            let (key, certificate) = certificate_files(&issued.serial);
            (issued.clone(), key, certificate)
        });
        let in_use = |(issued, ..): &(Issued, String, String)| !file.retired_certificates.contains(&issued.serial);
        let certificates = std::iter::once(first).chain(later).filter(in_use).map(|(issued, key, certificate)| {
            Ok(Arc::new(PlatformCertificate {
                key: Arc::new(platform_key(dir, &key, &issued.serial)?),
                pem: files::read(&dir.join(&certificate))?,
                file: certificate,
                from_ms: issued.from_ms,
            }))
        });
        let certificates = certificates.collect::<Result<_, SandboxError>>()?;
        Ok(Self { api_v3_key: ApiV3Key::parse(&file.api_v3_key)?, certificates, file })
    }
}

/// Where the private key and the certificate of this serial lie.
fn certificate_files(serial: &str) -> (String, String) {
    (format!("{PLATFORM}/{serial}_key.pem"), format!("{PLATFORM}/{serial}.pem"))
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
    let platform_certificate = certificate::issue(&platform, PLATFORM_SUBJECT, now, entropy)?;

    files::write(&dir.join(MERCHANT_KEY), &private_pem(&merchant)?)?;
    files::write(&dir.join(MERCHANT_CERTIFICATE), &merchant_certificate.pem)?;
    files::write(&dir.join(PUBLIC_KEY_PRIVATE), &private_pem(&public)?)?;
    let public_pem = public.to_public_key().to_public_key_pem(LineEnding::LF)?;
    files::write(&dir.join(PUBLIC_KEY), &public_pem)?;
    files::write(&dir.join(PLATFORM_KEY), &private_pem(&platform)?)?;
    files::write(&dir.join(PLATFORM_CERTIFICATE), &platform_certificate.pem)?;
    let account = Account {
        appid: format!("wx{:016x}", u64::from_be_bytes(entropy.bytes())),
        merchant_serial: merchant_certificate.serial,
        public_key_id: format!("PUB_KEY_ID_01{mchid}{}", seal::digits::<20>(entropy)),
        mchid,
    };
    let changing = Changing {
        certificate_serial: platform_certificate.serial,
        certificate_from_ms: now.as_millisecond(),
        api_v3_key: seal::alphanumeric::<32>(entropy),
        later_certificates: Vec::new(),
        retired_certificates: Vec::new(),
    };
    write_account(dir, account, changing)
}

fn write_account(dir: &Path, account: Account, changing: Changing) -> Result<(), SandboxError> {
    let text = serde_json::to_string_pretty(&AccountFile { account, changing })
        .map_err(|source| SandboxError::Account { source })?;
    files::write(&dir.join(ACCOUNT), &text)
}

pub(super) fn generate() -> Result<PrivateKey, SandboxError> {
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| SandboxError::KeyGeneration)?;
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| SandboxError::KeyGeneration)?;
    Ok(PrivateKey::from_pkcs8_der(der.as_ref())?)
}

pub(super) fn private_pem(key: &PrivateKey) -> Result<String, SandboxError> {
    Ok(key.to_pkcs8_pem(LineEnding::LF)?.to_string())
}

pub(super) fn private_key(pem: &str) -> Result<PrivateKey, SandboxError> {
    Ok(PrivateKey::from_pkcs8_pem(pem)?)
}

fn platform_key(dir: &Path, file: &str, serial: &str) -> Result<PlatformKey, SandboxError> {
    Ok(PlatformKey::new(serial.to_owned(), private_key(&files::read(&dir.join(file))?)?))
}
