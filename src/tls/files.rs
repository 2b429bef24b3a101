//! A certificate that somebody else renews: files that are looked at again and again. By what is in them, since
//! dates lie and links are moved (certbot, Kubernetes).

use std::{fmt, io, path::PathBuf, time::Duration};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{
    Pair, PairError, Tls, Told,
    told::{Words, minute},
};
use crate::config::read_small_file;

/// Where the two are named.
const CERTIFICATE: &str = "SAOMA_TLS_CERTIFICATE";
const KEY: &str = "SAOMA_TLS_KEY";

/// Where they are, and how often they are looked at.
#[derive(Clone, Debug)]
pub struct Files {
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// What the shop is called.
    pub names: Vec<String>,
    pub look_every: Duration,
}

/// Why a pair of files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    #[error("{}: cannot be read: {source}", path.display())]
    File { setting: &'static str, path: PathBuf, source: io::Error },
    #[error("{}: {source}", path.display())]
    Part { setting: &'static str, path: PathBuf, source: PairError },
    #[error("{} and {}: the key is not the certificate's", certificate.display(), key.display())]
    NotTogether { certificate: PathBuf, key: PathBuf },
}

impl FilesError {
    fn words(&self) -> Words {
        let public = match self {
            Self::File { setting, source, .. } => format!("{setting}: cannot be read: {source}"),
            Self::Part { setting, source, .. } => format!("{setting}: {source}"),
            Self::NotTogether { .. } => format!("{CERTIFICATE} and {KEY}: the key is not the certificate's"),
        };
        Words { public, log: self.to_string() }
    }
}

/// What was found, good or not.
type Found = (Seen, Result<Pair, FilesError>);
/// Tells two findings apart without keeping a key.
pub(super) type Seen = [u8; 32];

impl Files {
    /// What is in them now; returns what was seen.
    ///
    /// # Errors
    /// They cannot be read, or do not belong together.
    pub(super) fn show(&self, tls: &Tls, told: &Told) -> Result<Seen, FilesError> {
        let (seen, pair) = self.look();
        self.take(pair?, tls, told);
        Ok(seen)
    }

    /// Why nobody gets in with what is in them at `now`; names no path.
    pub fn trouble(&self, now: Timestamp) -> Option<String> {
        let words = match self.look().1 {
            Ok(pair) => self.fault(&pair, now)?,
            Err(error) => error.words(),
        };
        Some(words.public)
    }

    fn look(&self) -> Found {
        let read = |setting, path: &PathBuf| {
            read_small_file(path).map_err(|source| FilesError::File { setting, path: path.clone(), source })
        };
        let (chain, key) = (read(CERTIFICATE, &self.certificate), read(KEY, &self.key));
        let mut seen = Sha256::new();
        for part in [&chain, &key] {
            match part {
                Ok(bytes) => seen.update(Sha256::digest(bytes)),
                Err(error) => seen.update(error.to_string()),
            }
        }
        let pair = chain.and_then(|chain| Ok((chain, key?))).and_then(|(chain, key)| self.parse(&chain, &key));
        (seen.finalize().into(), pair)
    }

    fn parse(&self, chain: &[u8], key: &[u8]) -> Result<Pair, FilesError> {
        Pair::parse(chain, key).map_err(|source| match source {
            PairError::NoCertificate | PairError::BrokenCertificate => {
                FilesError::Part { setting: CERTIFICATE, path: self.certificate.clone(), source }
            }
            PairError::NoKey | PairError::UnusableKey => {
                FilesError::Part { setting: KEY, path: self.key.clone(), source }
            }
            PairError::NotItsKey => {
                FilesError::NotTogether { certificate: self.certificate.clone(), key: self.key.clone() }
            }
        })
    }

    /// Why browsers and WeChat refuse this one, whoever has signed it.
    fn fault(&self, pair: &Pair, now: Timestamp) -> Option<Words> {
        let missing: Vec<_> = self.names.iter().filter(|name| !pair.is_for(name)).map(String::as_str).collect();
        let fault = if !missing.is_empty() {
            format!("is not for {}", missing.join(", "))
        } else if now < pair.begins() {
            format!("begins at {}", minute(pair.begins()))
        } else if now >= pair.ends() {
            format!("has ended at {}", minute(pair.ends()))
        } else {
            return None;
        };
        let told = |what: &dyn fmt::Display| format!("{what}: {fault}: browsers and WeChat will refuse it");
        Some(Words { public: told(&CERTIFICATE), log: told(&self.certificate.display()) })
    }

    /// Looks for others than those `shown`, for ever.
    pub(super) async fn watch(&self, mut shown: Seen, tls: &Tls, told: &Told) {
        let mut before = shown;
        loop {
            tokio::time::sleep(self.look_every).await;
            told.standing(tls);
            let (seen, pair) = self.look();
            // Two files are never changed at the same time: half a change is none yet.
            let has_settled = std::mem::replace(&mut before, seen) == seen;
            if seen == shown || !has_settled {
                continue;
            }
            shown = seen;
            let old = tls.pair().and_then(|shown| self.fault(&shown, told.now()));
            let stays = |why: Words| why.map(|why| format!("the new one cannot be used, the old one stays: {why}"));
            match (pair.map(|pair| (self.fault(&pair, told.now()), pair)), old) {
                (Ok((Some(fault), _)), None) => told.failed(stays(fault), tls),
                (Ok((_, pair)), _) => self.take(pair, tls, told),
                (Err(error), None) => told.failed(stays(error.words()), tls),
                (Err(error), Some(old)) => told.keeps_out(stays(error.words()).and(old), tls),
            }
        }
    }

    /// Whatever it is: there is no better one.
    fn take(&self, pair: Pair, tls: &Tls, told: &Told) {
        tracing::info!(ends = minute(pair.ends()), "the certificate of {} is shown", self.certificate.display());
        let fault = self.fault(&pair, told.now());
        tls.show(pair);
        match fault {
            None => told.mended(tls),
            Some(fault) => told.keeps_out(fault, tls),
        }
    }
}
