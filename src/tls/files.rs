//! A certificate that somebody else renews: files that are looked at again and again. By what is in them, since
//! dates lie and links are moved (certbot, Kubernetes).

use std::{io, path::PathBuf, time::Duration};

use sha2::{Digest, Sha256};

use super::{Pair, PairError, Tls, Told};
use crate::config::read_small_file;

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
    File { path: PathBuf, source: io::Error },
    #[error("{}: {source}", path.display())]
    Part { path: PathBuf, source: PairError },
    #[error("{} and {}: the key is not the certificate's", certificate.display(), key.display())]
    NotTogether { certificate: PathBuf, key: PathBuf },
}

/// What was found, good or not.
type Found = (Seen, Result<Pair, FilesError>);
/// Tells two findings apart without keeping a key.
type Seen = [u8; 32];

impl Files {
    /// # Errors
    /// They cannot be read, or do not belong together.
    pub(super) fn load(&self) -> Result<Pair, FilesError> {
        self.look().1
    }

    fn look(&self) -> Found {
        let read =
            |path: &PathBuf| read_small_file(path).map_err(|source| FilesError::File { path: path.clone(), source });
        let (chain, key) = (read(&self.certificate), read(&self.key));
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
                FilesError::Part { path: self.certificate.clone(), source }
            }
            PairError::NoKey | PairError::UnusableKey => FilesError::Part { path: self.key.clone(), source },
            PairError::NotItsKey => {
                FilesError::NotTogether { certificate: self.certificate.clone(), key: self.key.clone() }
            }
        })
    }

    /// Which of the shop's names it does not stand for, in words.
    pub(super) fn wrong_names(&self, pair: &Pair) -> Option<String> {
        let missing: Vec<_> = self.names.iter().filter(|name| !pair.is_for(name)).map(String::as_str).collect();
        (!missing.is_empty()).then(|| {
            let certificate = self.certificate.display();
            let missing = missing.join(", ");
            format!("{certificate}: is not for {missing}: browsers and WeChat will refuse it")
        })
    }

    /// Looks for newer ones for ever.
    pub(super) async fn watch(&self, tls: &Tls, told: &Told) {
        let mut shown = self.look().0;
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
            match pair {
                Ok(pair) => self.take(pair, tls, told),
                Err(error) => told.failed(&format!("the new one cannot be used, the old one stays: {error}"), tls),
            }
        }
    }

    pub(super) fn take(&self, pair: Pair, tls: &Tls, told: &Told) {
        tracing::info!(ends = %pair.ends(), "the certificate of {} is shown", self.certificate.display());
        let wrong = self.wrong_names(&pair);
        tls.show(pair);
        match wrong {
            None => told.mended(tls),
            Some(wrong) => told.failed(&wrong, tls),
        }
    }
}
