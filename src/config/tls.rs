//! The shop's own HTTPS.
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `SAOMA_TLS` | `acme`: certificates of Let's Encrypt; `files`: the two below; `off`: a proxy has them | `off` |
//! | `SAOMA_TLS_CERTIFICATE`, `SAOMA_TLS_KEY` | PEM files, read again when they change | |
//! | `SAOMA_ACME_CONTACT` | an e-mail address for the ACME server | none |
//! | `SAOMA_ACME_DIRECTORY` | another ACME server | Let's Encrypt |
//! | `SAOMA_ACME_CA` | PEM file of the CA that its https hangs from | the system's |
//! | `SAOMA_REDIRECT_ADDR` | where http is sent on to https; `off`: nowhere | `[::]:80` |

use std::{
    net::{Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

use url::{Host, Url};

use super::{file, live::LiveSettings, reader::Reader};

pub const ACME_DIRECTORY: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// Where the certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Certificates {
    Files {
        certificate: PathBuf,
        key: PathBuf,
    },
    Acme {
        directory: Url,
        /// In PEM.
        ca: Option<Vec<u8>>,
        /// `mailto:…`
        contact: Option<String>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    pub certificates: Certificates,
    /// The shop's hosts, as certificates have them.
    pub names: Vec<String>,
    pub redirect_addr: Option<SocketAddr>,
}

/// Where a shop with its own HTTPS listens unless it is told otherwise: on every address, of IPv4 as well.
pub(super) const HTTPS: SocketAddr = SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::UNSPECIFIED), 443);
const HTTP: SocketAddr = SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::UNSPECIFIED), 80);

/// Whose HTTPS it would be.
#[derive(Clone, Copy)]
pub(super) enum Shop<'a> {
    /// `None` when something was wrong with it.
    Live(Option<&'a LiveSettings>),
    Sandbox,
}

#[derive(Clone, Copy)]
enum Asked {
    Off,
    Files,
    Acme,
}

fn asked(text: &str) -> Result<Asked, &'static str> {
    match text {
        "off" => Ok(Asked::Off),
        "files" => Ok(Asked::Files),
        "acme" => Ok(Asked::Acme),
        _ => Err("must be acme, files or off"),
    }
}

/// Whether the shop speaks TLS, as far as that can be told.
pub(super) fn is_on(reader: &mut Reader<'_>) -> bool {
    matches!(reader.parsed("SAOMA_TLS", asked), Some(Asked::Files | Asked::Acme))
}

/// What is set and used by nothing is a mistake of somebody who believes in it. `off` says that all of it waits.
fn refuse_unused(reader: &mut Reader<'_>, asked: Option<Asked>) {
    const FILES: (&[&str], &str) = (&["SAOMA_TLS_CERTIFICATE", "SAOMA_TLS_KEY"], "SAOMA_TLS=files");
    const ACME: (&[&str], &str) = (&["SAOMA_ACME_CONTACT", "SAOMA_ACME_DIRECTORY", "SAOMA_ACME_CA"], "SAOMA_TLS=acme");
    const BOTH: (&[&str], &str) = (&["SAOMA_REDIRECT_ADDR"], "SAOMA_TLS=acme or files");
    let unused: &[_] = match asked {
        Some(Asked::Files) => &[ACME],
        Some(Asked::Acme) => &[FILES],
        None if reader.text("SAOMA_TLS").is_none() => &[FILES, ACME, BOTH],
        Some(Asked::Off) | None => &[],
    };
    for (variables, user) in unused {
        for variable in *variables {
            if reader.text(variable).is_some_and(|value| value != "off") {
                reader.wrong(variable, format!("is set, and nothing uses it: {user} would"));
            }
        }
    }
}

/// `None` without TLS, and when something was wrong, which is then in `reader`.
pub(super) fn read(reader: &mut Reader<'_>, shop: Shop<'_>, public_origin: Option<&Url>) -> Option<TlsSettings> {
    let asked = reader.parsed("SAOMA_TLS", asked);
    let certificate = reader.text("SAOMA_TLS_CERTIFICATE").map(PathBuf::from);
    let key = reader.text("SAOMA_TLS_KEY").map(PathBuf::from);
    let contact = reader.parsed("SAOMA_ACME_CONTACT", contact);
    let directory = reader.parsed("SAOMA_ACME_DIRECTORY", directory);
    let ca = reader.parsed("SAOMA_ACME_CA", |path| {
        file::read(Path::new(path)).map_err(|error| format!("cannot read {path}: {error}"))
    });
    let redirect_addr = reader.parsed("SAOMA_REDIRECT_ADDR", redirect_addr).unwrap_or(Some(HTTP));
    refuse_unused(reader, asked);
    let certificates = match asked? {
        Asked::Off => return None,
        Asked::Files => {
            for (variable, value) in [("SAOMA_TLS_CERTIFICATE", &certificate), ("SAOMA_TLS_KEY", &key)] {
                if value.is_none() {
                    reader.wrong(variable, "is missing (the path of a PEM file)");
                }
            }
            Certificates::Files { certificate: certificate?, key: key? }
        }
        Asked::Acme => {
            Certificates::Acme { directory: directory.or_else(|| Url::parse(ACME_DIRECTORY).ok())?, ca, contact }
        }
    };
    let names = names(reader, shop, public_origin, matches!(certificates, Certificates::Acme { .. }))?;
    Some(TlsSettings { certificates, names, redirect_addr })
}

fn names(reader: &mut Reader<'_>, shop: Shop<'_>, public_origin: Option<&Url>, by_acme: bool) -> Option<Vec<String>> {
    let live = match shop {
        Shop::Live(live) => live?,
        Shop::Sandbox => {
            reader.wrong("SAOMA_TLS", "is for a live shop: the sandbox calls back over loopback, without TLS");
            return None;
        }
    };
    let origins = [("WXPAY_NOTIFY_DOMAIN", Some(&live.notify_domain)), ("SAOMA_PUBLIC_ORIGIN", public_origin)];
    let mut names = Vec::new();
    for (variable, origin) in origins {
        let Some(origin) = origin else { continue };
        if origin.scheme() != "https" {
            reader.wrong(variable, "must be https, since the shop has its own HTTPS (SAOMA_TLS)");
        }
        let name = match origin.host()? {
            Host::Domain(name) => name.to_owned(),
            address if by_acme => {
                reader.wrong(variable, format!("{address} is an address: SAOMA_TLS=acme needs a name"));
                continue;
            }
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Some(names)
}

fn contact(text: &str) -> Result<String, &'static str> {
    let address = text.strip_prefix("mailto:").unwrap_or(text);
    let is_plain = address.bytes().all(|byte| byte.is_ascii_graphic() && !b",?".contains(&byte));
    match address.split_once('@') {
        Some((name, host)) if is_plain && !name.is_empty() && host.contains('.') => Ok(format!("mailto:{address}")),
        _ => Err("must be an e-mail address"),
    }
}

fn directory(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("is no address: {error}"))?;
    if url.scheme() == "https" && url.has_host() { Ok(url) } else { Err("must be https".to_owned()) }
}

fn redirect_addr(text: &str) -> Result<Option<SocketAddr>, &'static str> {
    if text == "off" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| "must be an address and a port, such as 0.0.0.0:80, or off")
}
