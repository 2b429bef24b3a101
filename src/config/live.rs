//! The merchant's side of WeChat Pay: the `WXPAY_*` variables, named after the keys of the original
//! `wxpay.properties`.
//!
//! | variable | meaning |
//! | --- | --- |
//! | `WXPAY_MCH_ID`, `WXPAY_APPID` | 商户号, 应用 ID |
//! | `WXPAY_MCH_SERIAL_NO` | serial of the merchant certificate |
//! | `WXPAY_CERTIFICATE_PATH` | the merchant certificate (`apiclient_cert.pem`): not needed; where it is given, serial and private key have to be its own |
//! | `WXPAY_PRIVATE_KEY_PATH` or `WXPAY_PRIVATE_KEY` | merchant private key, PKCS#8 or PKCS#1 PEM |
//! | `WXPAY_API_V3_KEY` or `WXPAY_API_V3_KEY_PATH` | the 32-byte APIv3 key |
//! | `WXPAY_API_V3_KEY_PREVIOUS` or `WXPAY_API_V3_KEY_PREVIOUS_PATH` | the one before it, for a day around a change: callbacks sealed with it are still on their way |
//! | `WXPAY_PUBLIC_KEY_ID` with `WXPAY_PUBLIC_KEY_PATH` or `WXPAY_PUBLIC_KEY` | WeChat Pay public key; absent: platform certificates |
//! | `WXPAY_DOMAIN` | API base, default `https://api.mch.weixin.qq.com` |
//! | `WXPAY_NOTIFY_DOMAIN` | this site's public https origin |

use std::{
    io,
    net::IpAddr,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use url::Url;

use super::{
    file,
    reader::{Problems, Reader},
    variables,
};
use crate::wechatpay::{
    ApiV3Key, ApiV3Keys, Mchid, MerchantCertificate, MerchantKey, MerchantSerial, PlatformKey, PlatformSerial,
};

const DEFAULT_DOMAIN: &str = "https://api.mch.weixin.qq.com";
/// The remote city's entry (`wechatpay-v3.md` §10.1).
const BACKUP_DOMAIN: &str = "https://api2.mch.weixin.qq.com";

/// A merchant account, parsed. Keys redact themselves in `Debug`.
#[derive(Debug)]
pub struct LiveSettings {
    pub mchid: Mchid,
    pub appid: String,
    pub serial: MerchantSerial,
    pub private_key: MerchantKey,
    pub api_v3_keys: ApiV3Keys,
    pub public_key: Option<(PlatformSerial, PlatformKey)>,
    pub domain: Url,
    pub backup: Option<Url>,
    pub notify_domain: Url,
    /// When the merchant certificate ends, where it was given.
    pub certificate_ends: Option<Timestamp>,
    /// What holds keys.
    pub secret_files: Vec<PathBuf>,
}

/// Those that name a file with a secret.
const SECRET_FILES: [&str; 3] = ["WXPAY_PRIVATE_KEY_PATH", "WXPAY_API_V3_KEY_PATH", "WXPAY_API_V3_KEY_PREVIOUS_PATH"];

/// From `lookup`, which answers a variable's name with its value.
///
/// # Errors
/// Everything that is missing or wrong.
pub fn from_lookup(lookup: &dyn Fn(&str) -> Option<String>) -> Result<LiveSettings, Problems> {
    let mut reader = Reader::new(lookup);
    let live = read(&mut reader);
    reader.finish(live)
}

/// Sandbox mode has an account of its own: whoever has set one, too, means something else.
pub(super) fn refuse(reader: &mut Reader<'_>) {
    let set: Vec<_> = variables::LIVE.into_iter().filter(|variable| reader.text(variable).is_some()).collect();
    if !set.is_empty() {
        let set = set.join(", ");
        reader.wrong("--sandbox", format!("no money moves there, but a merchant account is set: {set}. Start the live shop without --sandbox, or the sandbox without these (environment and .env)"));
    }
}

/// `None` when something was wrong, which is then in `reader`.
pub fn read(reader: &mut Reader<'_>) -> Option<LiveSettings> {
    let mchid = reader.required("WXPAY_MCH_ID", Mchid::parse);
    let appid = reader.required("WXPAY_APPID", appid);
    let serial = reader.required("WXPAY_MCH_SERIAL_NO", MerchantSerial::parse);
    let private_key = required_secret(reader, "WXPAY_PRIVATE_KEY", "WXPAY_PRIVATE_KEY_PATH")
        .and_then(|(variable, pem)| noted(reader, variable, MerchantKey::from_pem(&pem)));
    let api_v3_key = required_secret(reader, "WXPAY_API_V3_KEY", "WXPAY_API_V3_KEY_PATH")
        .and_then(|(variable, key)| noted(reader, variable, ApiV3Key::parse(key.trim())));
    let previous = secret(reader, "WXPAY_API_V3_KEY_PREVIOUS", "WXPAY_API_V3_KEY_PREVIOUS_PATH")
        .and_then(|(variable, key)| noted(reader, variable, ApiV3Key::parse(key.trim())));
    let public_key = public_key(reader);
    let domain = match reader.text("WXPAY_DOMAIN") {
        Some(_) => reader.parsed("WXPAY_DOMAIN", safe_origin),
        None => Url::parse(DEFAULT_DOMAIN).ok(),
    };
    let local = domain.as_ref().is_some_and(is_loopback);
    let notify_domain = reader.required("WXPAY_NOTIFY_DOMAIN", |text| notify_origin(text, local));
    if let (Some(key), Ok(Some((_, platform)))) = (&private_key, &public_key)
        && key.is_own_half(platform)
    {
        reader
            .wrong("WXPAY_PUBLIC_KEY", "is the merchant's own public key; WeChat Pay's is downloaded from the console");
    }
    let certificate_ends = certificate_end(reader, private_key.as_ref(), serial.as_ref());
    let secret_files = SECRET_FILES.iter().filter_map(|variable| reader.text(variable)).map(PathBuf::from).collect();
    let backup = domain.as_ref().is_some_and(|it| it.as_str().trim_end_matches('/') == DEFAULT_DOMAIN);
    Some(LiveSettings {
        mchid: mchid?,
        appid: appid?,
        serial: serial?,
        private_key: private_key?,
        api_v3_keys: match (ApiV3Keys::new(api_v3_key?), previous) {
            (keys, Some(previous)) => keys.with_previous(previous),
            (keys, None) => keys,
        },
        public_key: public_key.ok()?,
        domain: domain?,
        backup: if backup { Url::parse(BACKUP_DOMAIN).ok() } else { None },
        notify_domain: notify_domain?,
        certificate_ends,
        secret_files,
    })
}

/// With the key or the serial of another certificate WeChat refuses whatever is signed.
fn certificate_end(
    reader: &mut Reader<'_>,
    key: Option<&MerchantKey>,
    serial: Option<&MerchantSerial>,
) -> Option<Timestamp> {
    const VARIABLE: &str = "WXPAY_CERTIFICATE_PATH";
    let path = reader.text(VARIABLE)?;
    let pem = read_text(&path)
        .map_err(|error| reader.wrong(VARIABLE, format!("cannot read {}: {error}", shown(&path))))
        .ok()?;
    let certificate = noted(reader, VARIABLE, MerchantCertificate::from_pem(&pem))?;
    if key.is_some_and(|key| !key.belongs_to(&certificate)) {
        reader.wrong(VARIABLE, "is not the certificate of the private key: WeChat Pay would refuse every signature");
    }
    if serial.is_some_and(|serial| *serial != certificate.serial) {
        let theirs = certificate.serial.as_str();
        reader.wrong("WXPAY_MCH_SERIAL_NO", format!("is not the serial of WXPAY_CERTIFICATE_PATH, which is {theirs}"));
    }
    Some(certificate.not_after)
}

/// Noted in the reader.
struct Wrong;

/// Both or neither of id and key; `Err` when what there is cannot be used.
fn public_key(reader: &mut Reader<'_>) -> Result<Option<(PlatformSerial, PlatformKey)>, Wrong> {
    let named = reader.text("WXPAY_PUBLIC_KEY_ID").is_some();
    let given = ["WXPAY_PUBLIC_KEY", "WXPAY_PUBLIC_KEY_PATH"].iter().any(|it| reader.text(it).is_some());
    if !named && !given {
        return Ok(None);
    }
    let id = reader.required("WXPAY_PUBLIC_KEY_ID", |text| {
        let id = PlatformSerial::parse(text).map_err(|error| error.to_string())?;
        if id.is_public_key_id() { Ok(id) } else { Err("must begin with PUB_KEY_ID_".to_owned()) }
    });
    let key = required_secret(reader, "WXPAY_PUBLIC_KEY", "WXPAY_PUBLIC_KEY_PATH")
        .and_then(|(variable, pem)| noted(reader, variable, PlatformKey::from_pem(&pem)));
    Ok(Some((id.ok_or(Wrong)?, key.ok_or(Wrong)?)))
}

pub(super) fn noted<T, E: std::fmt::Display>(
    reader: &mut Reader<'_>,
    variable: &'static str,
    result: Result<T, E>,
) -> Option<T> {
    let file = reader.text(variable).filter(|_| variable.ends_with("_PATH"));
    let told = |error| match file {
        Some(file) => reader.wrong(variable, format!("{}: {error}", shown(&file))),
        None => reader.wrong(variable, error),
    };
    result.map_err(told).ok()
}

/// A path; but of what may as well be the secret itself, put into the wrong variable, nothing is repeated.
fn shown(path: &str) -> &str {
    const LONGEST: usize = 255;
    let is_plain = path.len() <= LONGEST && !path.contains(char::is_whitespace) && !path.contains("-----");
    let is_path = path.starts_with('/') || path.starts_with("./") || path.starts_with("../");
    if is_plain && (is_path || Path::new(path).extension().is_some()) || Path::new(path).is_file() {
        path
    } else {
        "the file that it names"
    }
}

fn required_secret(reader: &mut Reader<'_>, value: &'static str, path: &'static str) -> Option<(&'static str, String)> {
    if reader.text(value).is_none() && reader.text(path).is_none() {
        reader.wrong(value, format!("is missing (or {path})"));
    }
    secret(reader, value, path)
}

/// A value given directly or as the path of a file, never both; with the name of the one used.
/// `None` also when neither is set.
pub(super) fn secret(
    reader: &mut Reader<'_>,
    value: &'static str,
    path: &'static str,
) -> Option<(&'static str, String)> {
    match (reader.text(value), reader.text(path)) {
        (Some(text), None) => Some((value, text)),
        (None, Some(file)) => match read_text(&file) {
            Ok(text) => Some((path, text)),
            Err(error) => {
                reader.wrong(path, format!("cannot read {}: {error}", shown(&file)));
                None
            }
        },
        (Some(_), Some(_)) => {
            reader.wrong(value, format!("is set together with {path}; one of them is enough"));
            None
        }
        (None, None) => None,
    }
}

fn read_text(path: &str) -> io::Result<String> {
    String::from_utf8(file::read(Path::new(path))?)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "is not UTF-8"))
}

fn appid(text: &str) -> Result<String, &'static str> {
    let legal = (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    if legal { Ok(text.to_owned()) } else { Err("must be 1 to 32 letters and digits, such as wxd678efh567hg6787") }
}

/// Whether what answers there is on this machine: no real money. Whatever leads here counts, also what only some
/// systems take for this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let is_here = |address: IpAddr| {
        let address = address.to_canonical();
        address.is_loopback() || address.is_unspecified()
    };
    match url.host() {
        Some(url::Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(url::Host::Ipv4(address)) => is_here(address.into()),
        Some(url::Host::Ipv6(address)) => is_here(address.into()),
        None => false,
    }
}

/// The plain names of this machine, which is all that goes without encryption.
fn is_plainly_here(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn origin(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("is no address: {error}"))?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    if !bare || !anonymous || url.host().is_none() {
        return Err("must be scheme, host and port only: no path, query, fragment or user".to_owned());
    }
    Ok(url)
}

/// Unencrypted on this machine only.
pub(super) fn safe_origin(text: &str) -> Result<Url, String> {
    let url = origin(text)?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_plainly_here(&url) => Ok(url),
        _ => Err("must be https; http is for a loopback host only".to_owned()),
    }
}

fn notify_origin(text: &str, platform_is_local: bool) -> Result<Url, String> {
    let url = origin(text)?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if platform_is_local && is_plainly_here(&url) => Ok(url),
        _ => Err("must be https; http is for a loopback host while WXPAY_DOMAIN is one too".to_owned()),
    }
}
