//! What a client of this sandbox needs to know: `DIR/credentials.env` (design §2.2, §2.5).

use std::{
    fmt,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::{
    keys::{Keys, MERCHANT_CERTIFICATE, MERCHANT_KEY, PUBLIC_KEY},
    tls,
};
use crate::sandbox::{failure::SandboxError, files, key_mode::KeyMode};

const FILE: &str = "credentials.env";

/// What a sandbox was started with: where it is, and how it is to be.
pub(in crate::sandbox) struct Place {
    pub(in crate::sandbox) dir: PathBuf,
    pub(in crate::sandbox) domain: Url,
    pub(in crate::sandbox) notify_domain: Url,
    pub(in crate::sandbox) keys: KeyMode,
    pub(in crate::sandbox) tls: bool,
    /// Hosts beside this machine that callbacks go to without TLS.
    pub(in crate::sandbox) plain_hosts: Vec<String>,
}

/// The merchant's side of the sandbox's keys. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct SandboxCredentials {
    pub mchid: String,
    pub appid: String,
    /// Serial of the merchant certificate.
    pub serial_no: String,
    pub certificate_path: PathBuf,
    pub private_key_path: PathBuf,
    /// PKCS#8 PEM.
    pub private_key_pem: SecretString,
    pub api_v3_key: SecretString,
    pub public_key_id: String,
    pub public_key_path: PathBuf,
    /// SPKI PEM.
    pub public_key_pem: String,
    /// Of the newest platform certificate.
    pub platform_serial_no: String,
    pub platform_certificate_path: PathBuf,
    /// With which kind of key the platform signs.
    pub keys: KeyMode,
    /// The CA that a client has to trust, when there is TLS.
    pub ca_path: Option<PathBuf>,
    /// Where the platform listens.
    pub domain: Url,
    /// Where the platform may send callbacks.
    pub notify_domain: Url,
}

impl SandboxCredentials {
    pub(in crate::sandbox) fn build(place: &Place, keys: &Keys) -> Self {
        let Place { dir, domain, notify_domain, .. } = place;
        let newest = keys.newest_certificate();
        Self {
            mchid: keys.account.mchid.clone(),
            appid: keys.account.appid.clone(),
            serial_no: keys.account.merchant_serial.clone(),
            certificate_path: dir.join(MERCHANT_CERTIFICATE),
            private_key_path: dir.join(MERCHANT_KEY),
            private_key_pem: keys.merchant_key_pem.clone().into(),
            api_v3_key: keys.api_v3_key_text().into(),
            public_key_id: keys.account.public_key_id.clone(),
            public_key_path: dir.join(PUBLIC_KEY),
            public_key_pem: keys.public_key_pem.clone(),
            platform_serial_no: newest.as_ref().map(|newest| newest.key.serial.clone()).unwrap_or_default(),
            platform_certificate_path: dir.join(newest.map(|newest| newest.file.clone()).unwrap_or_default()),
            keys: place.keys,
            ca_path: place.tls.then(|| dir.join(tls::CA)),
            domain: domain.clone(),
            notify_domain: notify_domain.clone(),
        }
    }

    /// By their names in the environment. A public key that signs nothing is not among them, so that a client which
    /// has one when it is told of one does as it has to.
    pub(in crate::sandbox) fn variables(&self) -> Result<Vec<(&'static str, String)>, SandboxError> {
        let path = |path: &Path| path.to_str().map(str::to_owned).ok_or_else(|| unquotable(path));
        let mut variables = vec![
            ("WXPAY_MCH_ID", self.mchid.clone()),
            ("WXPAY_APPID", self.appid.clone()),
            ("WXPAY_MCH_SERIAL_NO", self.serial_no.clone()),
            ("WXPAY_CERTIFICATE_PATH", path(&self.certificate_path)?),
            ("WXPAY_PRIVATE_KEY_PATH", path(&self.private_key_path)?),
            ("WXPAY_API_V3_KEY", self.api_v3_key.expose_secret().to_owned()),
        ];
        if self.keys != KeyMode::Certificate {
            variables.push(("WXPAY_PUBLIC_KEY_ID", self.public_key_id.clone()));
            variables.push(("WXPAY_PUBLIC_KEY_PATH", path(&self.public_key_path)?));
        }
        variables.push(("WXPAY_PLATFORM_SERIAL_NO", self.platform_serial_no.clone()));
        variables.push(("WXPAY_PLATFORM_CERTIFICATE_PATH", path(&self.platform_certificate_path)?));
        variables.push(("WXPAY_DOMAIN", origin(&self.domain)));
        variables.push(("WXPAY_NOTIFY_DOMAIN", origin(&self.notify_domain)));
        if let Some(ca) = &self.ca_path {
            variables.push(("SANDBOX_CA_PATH", path(ca)?));
            variables.push(("SANDBOX_HTTPS_PROXY", origin(&self.domain)));
        }
        Ok(variables)
    }

    /// The same, with the text of every file that is named: `WXPAY_PRIVATE_KEY` beside `WXPAY_PRIVATE_KEY_PATH`.
    pub(in crate::sandbox) fn variables_and_texts(&self) -> Result<Vec<(String, String)>, SandboxError> {
        let mut all = Vec::new();
        for (name, value) in self.variables()? {
            if let Some(name) = name.strip_suffix("_PATH") {
                all.push((name.to_owned(), files::read(Path::new(&value))?));
            }
            all.push((name.to_owned(), value));
        }
        Ok(all)
    }

    /// Writes `credentials.env`, which a shell can source and dotenv can read.
    pub(in crate::sandbox) fn write(&self, dir: &Path) -> Result<(), SandboxError> {
        let mut text =
            String::from("# Saoma sandbox: no real money. Made anew at every start and with every new key.\n");
        for (name, value) in self.variables()? {
            let value = quote(&value).ok_or_else(|| unquotable(dir))?;
            writeln!(text, "{name}={value}").map_err(|_| unquotable(dir))?;
        }
        files::write(&dir.join(FILE), &text)
    }
}

impl fmt::Display for SandboxCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "merchant {} at {}", self.mchid, origin(&self.domain))
    }
}

fn origin(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

fn unquotable(path: &Path) -> SandboxError {
    SandboxError::UnquotablePath { path: path.to_owned() }
}

/// The value in a form that sh and dotenv read alike; none when there is no such form.
fn quote(value: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if value.chars().all(plain) {
        Some(value.to_owned())
    } else if value.contains(['\'', '\n', '\r']) {
        None
    } else {
        Some(format!("'{value}'"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_a_shell_would_split() {
        assert_eq!(quote("/data/key.pem").as_deref(), Some("/data/key.pem"));
        assert_eq!(quote("/my data/$k.pem").as_deref(), Some("'/my data/$k.pem'"));
        assert_eq!(quote("it's"), None);
        assert_eq!(quote("a\nb"), None);
    }
}
