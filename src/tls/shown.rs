//! What handshakes are answered with: the certificate of the moment, or the answer to an ACME server that
//! asks whether a name is ours (TLS-ALPN-01, RFC 8737). As long as there is no certificate, this machine itself
//! sees one that nobody vouches for, so that `/readyz` can say why (`curl -k https://localhost/readyz`); shoppers
//! are not taught to click a warning away.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use tokio_rustls::rustls::{
    self, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};

use super::Pair;

const ACME: &[u8] = b"acme-tls/1";

/// What the front door needs. Clones share the certificate.
#[derive(Clone)]
pub struct Tls {
    shown: Arc<Shown>,
    shop: Arc<ServerConfig>,
    one_by_one: Arc<ServerConfig>,
    challenge: Arc<ServerConfig>,
    stopgap: Arc<ServerConfig>,
}

#[derive(Debug, Default)]
struct Shown {
    pair: RwLock<Option<Pair>>,
    challenges: RwLock<HashMap<String, Arc<CertifiedKey>>>,
}

/// Answers for one name as long as it is there.
#[derive(Debug)]
pub struct Challenge {
    shown: Arc<Shown>,
    name: String,
}

#[derive(Debug)]
struct OfTheShop(Arc<Shown>);

#[derive(Debug)]
struct OfChallenges(Arc<Shown>);

#[derive(Debug)]
struct Stopgap(Arc<CertifiedKey>);

impl ResolvesServerCert for Stopgap {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

impl ResolvesServerCert for OfTheShop {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let pair = self.0.pair.read().unwrap_or_else(PoisonError::into_inner);
        pair.as_ref().map(|pair| Arc::clone(&pair.certified))
    }
}

impl ResolvesServerCert for OfChallenges {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let challenges = self.0.challenges.read().unwrap_or_else(PoisonError::into_inner);
        challenges.get(&hello.server_name()?.to_ascii_lowercase()).cloned()
    }
}

impl Tls {
    /// Without a certificate: handshakes fail until there is one.
    ///
    /// # Errors
    /// TLS cannot be set up at all.
    pub fn new() -> Result<Self, SetupError> {
        let shown = Arc::new(Shown::default());
        let provider = Arc::new(aws_lc_rs::default_provider());
        let tickets = aws_lc_rs::Ticketer::new()?;
        let config = |resolver: Arc<dyn ResolvesServerCert>, protocols: &[&[u8]]| {
            let mut config = config(&provider, resolver)?;
            config.alpn_protocols = protocols.iter().map(|it| it.to_vec()).collect();
            config.ticketer = Arc::clone(&tickets);
            Ok::<_, rustls::Error>(Arc::new(config))
        };
        let stopgap = Stopgap(Arc::new(unvouched(&provider)?));
        Ok(Self {
            shop: config(Arc::new(OfTheShop(Arc::clone(&shown))), &[b"h2", b"http/1.1"])?,
            one_by_one: config(Arc::new(OfTheShop(Arc::clone(&shown))), &[b"http/1.1"])?,
            challenge: config(Arc::new(OfChallenges(Arc::clone(&shown))), &[ACME])?,
            stopgap: config(Arc::new(stopgap), &[b"http/1.1"])?,
            shown,
        })
    }

    /// From the next handshake on.
    pub(super) fn show(&self, pair: Pair) {
        *self.shown.pair.write().unwrap_or_else(PoisonError::into_inner) = Some(pair);
    }

    pub(super) fn pair(&self) -> Option<Pair> {
        self.shown.pair.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn answer_challenge(&self, name: &str, answer: CertifiedKey) -> Challenge {
        let name = name.to_ascii_lowercase();
        let mut challenges = self.shown.challenges.write().unwrap_or_else(PoisonError::into_inner);
        challenges.insert(name.clone(), Arc::new(answer));
        Challenge { shown: Arc::clone(&self.shown), name }
    }

    /// How to go on with a handshake.
    pub fn answer(&self, hello: &ClientHello<'_>, caller: Caller) -> (Arc<ServerConfig>, Purpose) {
        if hello.alpn().is_some_and(|mut offered| offered.any(|protocol| protocol == ACME)) {
            return (Arc::clone(&self.challenge), Purpose::Challenge);
        }
        let config = if caller.is_this_machine && self.pair().is_none() {
            &self.stopgap
        } else if caller.one_by_one {
            &self.one_by_one
        } else {
            &self.shop
        };
        (Arc::clone(config), Purpose::Requests)
    }
}

/// TLS cannot be set up at all.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    #[error(transparent)]
    Stopgap(#[from] rcgen::Error),
}

/// Who wants to speak TLS with us.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    pub is_this_machine: bool,
    /// May send one request after another only.
    pub one_by_one: bool,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Requests,
    /// Over with its handshake.
    Challenge,
}

fn config(
    provider: &Arc<CryptoProvider>,
    resolver: Arc<dyn ResolvesServerCert>,
) -> Result<ServerConfig, rustls::Error> {
    let config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    Ok(config)
}

fn unvouched(provider: &CryptoProvider) -> Result<CertifiedKey, SetupError> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    Ok(CertifiedKey::from_der(vec![made.cert.der().clone()], key, provider)?)
}

impl Drop for Challenge {
    fn drop(&mut self) {
        self.shown.challenges.write().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("shown", &self.shown).finish_non_exhaustive()
    }
}
