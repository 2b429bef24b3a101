//! The state that routes, controls and notifier share.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::File,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::body::Bytes;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{
    books::{
        bill::Day,
        ledger::{CommitError, Ledger},
        order::Lives,
    },
    crypto::{
        credentials::Place,
        keys::Keys,
        seal,
        signature::{self, PlatformKey},
    },
    error::ApiError,
    faults::{Faults, KeyShares},
};
use crate::{clock::Clock, entropy::Entropy};

/// In front of every token of a `code_url` (§5.1).
const CODE_URL_PREFIX: &str = "weixin://wxpay/bizpayurl?pr=";

pub(super) struct Platform {
    pub(super) place: Place,
    pub(super) keys: Keys,
    pub(super) clock: Clock,
    pub(super) entropy: Entropy,
    pub(super) client: reqwest::Client,
    /// Called when a delivery becomes due earlier than the notifier knows.
    pub(super) wake: Notify,
    /// Set when the platform stops: nothing is to be waited for any longer.
    pub(super) stopping: CancellationToken,
    ledger: Mutex<Ledger>,
    faults: Mutex<Faults>,
    /// Requests whose reply has been probed once: the same request is not probed again (§2.4).
    probed: Mutex<HashSet<Vec<u8>>>,
    /// When refund calls have failed of late (§7.2).
    failures: Mutex<Vec<Timestamp>>,
    /// Bills that can be fetched, by the tokens of their addresses.
    issued: Mutex<HashMap<String, IssuedBill>>,
    /// What knobs had added to the account, as the bills of those days were last made.
    planted: Mutex<BTreeMap<Day, i64>>,
    /// Keeps a second process out of the folder.
    _lock: File,
}

/// A bill that was applied for, as it will be sent.
pub(super) struct IssuedBill {
    pub(super) expires: Timestamp,
    pub(super) bytes: Bytes,
}

/// A signature with what it was made over and with.
pub(super) struct Signed {
    pub(super) timestamp: String,
    pub(super) nonce: String,
    pub(super) signature: String,
    pub(super) serial: String,
}

impl Platform {
    pub(super) fn new(
        place: Place,
        keys: Keys,
        ledger: Ledger,
        lock: File,
        client: reqwest::Client,
        clock: Clock,
        entropy: Entropy,
    ) -> Self {
        let faults = Faults::usual(place.keys);
        Self {
            place,
            keys,
            clock,
            entropy,
            client,
            wake: Notify::new(),
            stopping: CancellationToken::new(),
            ledger: Mutex::new(ledger),
            faults: Mutex::new(faults),
            probed: Mutex::default(),
            failures: Mutex::default(),
            issued: Mutex::default(),
            planted: Mutex::default(),
            _lock: lock,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The time by the clock that signs and judges timestamps, which may be wrong.
    pub(super) fn signing_now(&self) -> Timestamp {
        let skew = SignedDuration::from_secs(self.faults().clock_skew_seconds);
        self.now().saturating_add(skew).unwrap_or_default()
    }

    /// Never held across an await.
    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Never held across an await; taken after the ledger, if both are.
    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn lives(&self) -> Lives {
        let faults = self.faults();
        Lives {
            code: SignedDuration::from_secs(faults.code_life_seconds.into()),
            order: SignedDuration::from_secs(faults.order_life_seconds.into()),
        }
    }

    /// Forgets everything but keys and credentials.
    pub(super) fn reset(&self) -> Result<(), CommitError> {
        self.ledger().reset()?;
        *self.faults() = Faults::usual(self.place.keys);
        self.probed.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }

    /// True with a probability of `share`; 0 is never and 1 is always.
    #[expect(clippy::float_arithmetic, reason = "a probability, not money")]
    pub(super) fn chance(&self, share: f64) -> bool {
        let drawn = || f64::from(u32::from_be_bytes(self.entropy.bytes())) / f64::from(u32::MAX);
        share >= 1.0 || (share > 0.0 && drawn() < share)
    }

    pub(super) fn code_token(&self) -> String {
        seal::alphanumeric::<16>(&self.entropy)
    }

    /// Signs what goes out (§2.1), off the async threads: an RSA signature takes milliseconds.
    pub(super) async fn sign(
        self: &Arc<Self>,
        key: Arc<PlatformKey>,
        timestamp: Timestamp,
        body: Bytes,
    ) -> Result<Signed, ApiError> {
        let platform = Arc::clone(self);
        let signing = tokio::task::spawn_blocking(move || {
            let timestamp = timestamp.as_second().to_string();
            let nonce = platform.entropy.nonce();
            let signature = key.sign(&signature::answer_message(&timestamp, &nonce, &body))?;
            Ok::<_, signature::SigningFailed>(Signed { timestamp, nonce, signature, serial: key.serial.clone() })
        });
        match signing.await {
            Ok(Ok(signed)) => Ok(signed),
            Ok(Err(error)) => Err(ApiError::of("sandbox signature", &error)),
            Err(error) => Err(ApiError::of("sandbox signature", &error)),
        }
    }

    /// What signs where nobody has asked for a key (§2.3, §3).
    pub(super) fn draw_key(&self, shares: KeyShares) -> Arc<PlatformKey> {
        let certificates = self.keys.certificates();
        let newest = self.chance(shares.new_certificate);
        let certificate = if newest { certificates.last() } else { certificates.first() };
        let public_key = self.chance(shares.public_key);
        let certificate = certificate.filter(|_| !public_key).map(|certificate| &certificate.key);
        Arc::clone(certificate.unwrap_or(&self.keys.public_key))
    }

    /// Whether this request's reply is to be probed; says so only once for the same request.
    pub(super) fn probes_reply(&self, request: Vec<u8>) -> bool {
        let share = self.faults().signtest_replies;
        self.chance(share) && self.probed.lock().unwrap_or_else(PoisonError::into_inner).insert(request)
    }

    /// Notes a refund call that fails now; true when it is one too many within a second.
    pub(super) fn fails_too_often(&self) -> bool {
        let limit = usize::try_from(self.faults().refund_failures_per_second).unwrap_or(usize::MAX);
        let now = self.now();
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.retain(|at| now.duration_since(*at) < SignedDuration::from_secs(1));
        if limit > 0 && failures.len() >= limit {
            return true;
        }
        failures.push(now);
        false
    }
}

impl Platform {
    /// Those whose time is over are forgotten.
    /// Notes what a day's account has got; what all earlier ones had, so that one follows the other.
    pub(super) fn plant(&self, day: Day, fen: i64) -> i64 {
        let mut planted = self.planted.lock().unwrap_or_else(PoisonError::into_inner);
        planted.insert(day, fen);
        planted.range(..day).map(|(_, fen)| fen).sum()
    }

    pub(super) fn issue_bill(&self, token: String, bill: IssuedBill) {
        let now = self.now();
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.retain(|_, bill| bill.expires > now);
        issued.insert(token, bill);
    }

    pub(super) fn issued_bill(&self, token: &str) -> Option<Bytes> {
        let now = self.now();
        let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.get(token).filter(|bill| bill.expires > now).map(|bill| bill.bytes.clone())
    }
}

pub(super) fn code_url(token: &str) -> String {
    format!("{CODE_URL_PREFIX}{token}")
}

pub(super) fn token_of(code_url: &str) -> Option<&str> {
    code_url.trim().strip_prefix(CODE_URL_PREFIX)
}
