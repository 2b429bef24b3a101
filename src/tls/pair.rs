//! A certificate with its chain and its key, fit to be shown.

use std::{fmt, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use tokio_rustls::rustls::{
    self,
    client::verify_server_name,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    server::ParsedCertificate,
    sign::CertifiedKey,
};
use x509_cert::{Certificate, der::Decode};

/// What is wrong with a certificate or its key. Nothing of either is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PairError {
    #[error("there is no certificate in it (PEM, BEGIN CERTIFICATE)")]
    NoCertificate,
    #[error("the certificate cannot be read")]
    BrokenCertificate,
    #[error("there is no private key in it (PEM, BEGIN PRIVATE KEY, without a password)")]
    NoKey,
    #[error("the private key is of no kind that can be used")]
    UnusableKey,
    #[error("the key is not the certificate's")]
    NotItsKey,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Pair {
    pub(super) certified: Arc<CertifiedKey>,
    begins: Timestamp,
    ends: Timestamp,
}

impl Pair {
    /// From PEM: the certificate first, then those that it hangs from.
    ///
    /// # Errors
    /// They cannot be read, or do not belong together.
    pub fn parse(chain: &[u8], key: &[u8]) -> Result<Self, PairError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|_| PairError::BrokenCertificate)?;
        let leaf = chain.first().ok_or(PairError::NoCertificate)?;
        let (begins, ends) = validity(leaf).ok_or(PairError::BrokenCertificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| PairError::NoKey)?;
        let certified =
            CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => PairError::NotItsKey,
                rustls::Error::InvalidCertificate(_) => PairError::BrokenCertificate,
                _ => PairError::UnusableKey,
            })?;
        Ok(Self { certified: Arc::new(certified), begins, ends })
    }

    /// What it shows to those who want to know who is there.
    pub fn is_for(&self, name: &str) -> bool {
        let leaf = self.certified.cert.first().and_then(|leaf| ParsedCertificate::try_from(leaf).ok());
        let name = ServerName::try_from(name).ok();
        leaf.zip(name).is_some_and(|(leaf, name)| verify_server_name(&leaf, &name).is_ok())
    }

    pub const fn begins(&self) -> Timestamp {
        self.begins
    }

    pub const fn ends(&self) -> Timestamp {
        self.ends
    }

    /// From its first moment to its last.
    pub fn life(&self) -> SignedDuration {
        self.ends.duration_since(self.begins)
    }
}

fn validity(leaf: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let leaf = Certificate::from_der(leaf).ok()?;
    let validity = leaf.tbs_certificate().validity();
    let at = |time: &x509_cert::time::Time| {
        let second = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
        Timestamp::from_second(second).ok()
    };
    Some((at(&validity.not_before)?, at(&validity.not_after)?))
}

/// Without the key.
impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair").field("begins", &self.begins).field("ends", &self.ends).finish_non_exhaustive()
    }
}

/// One that nobody vouches for, for tests: a name, its first and its last day.
#[cfg(test)]
pub(super) fn made(name: &str, begins: (i32, u8, u8), ends: (i32, u8, u8)) -> Pair {
    let (chain, key) = made_pem(name, begins, ends);
    Pair::parse(chain.as_bytes(), key.as_bytes()).expect("a pair")
}

#[cfg(test)]
pub(super) fn made_pem(name: &str, begins: (i32, u8, u8), ends: (i32, u8, u8)) -> (String, String) {
    let mut made = rcgen::CertificateParams::new([name.to_owned()]).expect("a name");
    made.not_before = rcgen::date_time_ymd(begins.0, begins.1, begins.2);
    made.not_after = rcgen::date_time_ymd(ends.0, ends.1, ends.2);
    let key = rcgen::KeyPair::generate().expect("a key");
    (made.self_signed(&key).expect("a certificate").pem(), key.serialize_pem())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGINS: (i32, u8, u8) = (2026, 1, 1);
    const ENDS: (i32, u8, u8) = (2026, 4, 1);

    #[test]
    fn names_are_those_it_is_for() {
        let pair = made("*.example.com", BEGINS, ENDS);
        assert!(pair.is_for("shop.example.com") && pair.is_for("SHOP.example.com"));
        assert!(!pair.is_for("example.com") && !pair.is_for("a.shop.example.com") && !pair.is_for("no name"));
        assert_eq!(pair.life(), SignedDuration::from_hours(90 * 24));
        assert!(made("192.0.2.1", BEGINS, ENDS).is_for("192.0.2.1"));
    }

    #[test]
    fn what_is_wrong_is_told_and_nothing_of_it() {
        let (chain, key) = made_pem("shop.example.com", BEGINS, ENDS);
        let (_, other) = made_pem("shop.example.com", BEGINS, ENDS);
        let wrong = |chain: &str, key: &str| Pair::parse(chain.as_bytes(), key.as_bytes()).expect_err("wrong");
        assert_eq!(wrong(&chain, &other), PairError::NotItsKey);
        assert_eq!(wrong("", &key), PairError::NoCertificate);
        assert_eq!(wrong(&key, &key), PairError::NoCertificate);
        assert_eq!(wrong(&chain, &chain), PairError::NoKey);
        let half = &chain[..chain.len() / 2];
        assert!(matches!(wrong(half, &key), PairError::NoCertificate | PairError::BrokenCertificate));
        let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(wrong(nonsense, &key), PairError::BrokenCertificate);
        // Both in one file, in whichever order.
        assert!(Pair::parse(format!("{key}{chain}").as_bytes(), format!("{chain}{key}").as_bytes()).is_ok());
    }
}
