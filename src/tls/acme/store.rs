//! What is kept in the data folder: the account, and the certificate with its key. For its owner alone, and
//! whole or not at all, whenever the power goes.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use instant_acme::AccountCredentials;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use super::super::Pair;
use crate::config::read_small_file;

const FILE: u32 = 0o600;
const FOLDER: u32 = 0o700;
const ACCOUNT: &str = "account.json";
const CERTIFICATE: &str = "certificate.pem";

/// Of one ACME server: a certificate that a test server made must not be taken for a real one.
#[derive(Debug)]
pub(super) struct Store(PathBuf);

#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    pub contact: Option<String>,
    pub credentials: AccountCredentials,
}

impl Store {
    pub(crate) fn of(folder: &Path, directory: &str) -> Self {
        let host = Url::parse(directory).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        let plain: String = host.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect();
        let digest: String = Sha256::digest(directory).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Self(folder.join(format!("{plain}-{digest}")))
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    pub(crate) fn make(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(FOLDER).create(&self.0)
    }

    pub(crate) fn account_path(&self) -> PathBuf {
        self.0.join(ACCOUNT)
    }

    /// `None`: there is none, or nothing that is one, and a new one is made.
    ///
    /// # Errors
    /// It is there, and cannot be read just now.
    pub(crate) fn account(&self) -> io::Result<Option<Kept>> {
        let Some(bytes) = self.read(ACCOUNT)? else { return Ok(None) };
        match serde_json::from_slice(&bytes) {
            Ok(kept) => Ok(Some(kept)),
            Err(error) => {
                // Where, and not what: there is a key in it.
                let (line, column) = (error.line(), error.column());
                let path = self.account_path();
                tracing::warn!(line, column, "no ACME account is in {}: a new one is made", path.display());
                Ok(None)
            }
        }
    }

    pub(crate) fn keep_account(&self, kept: &Kept) -> io::Result<()> {
        self.write(ACCOUNT, &serde_json::to_vec(kept).map_err(io::Error::other)?)
    }

    pub(crate) fn pair(&self) -> Option<Pair> {
        let both = match self.read(CERTIFICATE) {
            Ok(both) => both?,
            Err(error) => {
                tracing::warn!(%error, "the certificate in {} cannot be read: a new one is ordered", self.0.display());
                return None;
            }
        };
        match Pair::parse(&both, &both) {
            Ok(pair) => Some(pair),
            Err(error) => {
                tracing::warn!(%error, "the certificate in {} cannot be used: a new one is ordered", self.0.display());
                None
            }
        }
    }

    /// In one file, so that they cannot part.
    pub(crate) fn keep_pair(&self, key: &str, chain: &str) -> io::Result<()> {
        self.write(CERTIFICATE, format!("{key}{chain}").as_bytes())
    }

    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match read_small_file(&self.0.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.make()?;
        let (new, path) = (self.0.join(format!("{name}.new")), self.0.join(name));
        if let Err(error) = fs::remove_file(&new)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE).open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        File::open(&self.0)?.sync_all()
    }
}
