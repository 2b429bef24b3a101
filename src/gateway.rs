//! The only caller of the WeChat Pay platform: prepay, query, close, refunds, platform certificates.
//!
//! Every call has a time limit; looks at the status first, then verifies the raw bytes of a good
//! reply, then reads them; and ends in one of four ways: a verified value, or a [`GatewayError`]
//! that says "nobody knows" ([`GatewayError::Unknown`]), "WeChat says no"
//! ([`GatewayError::Rejected`]) or "the operator must act" ([`GatewayError::Misconfigured`]).
//!
//! Knows no order and no table. A concrete type, no trait: tests put a real HTTP server, or the
//! sandbox, at the other end. The environment is not read: proxies in `HTTPS_PROXY` and the like
//! are ignored, so that a value meant for other programs never carries payments; a proxy that is meant
//! for this one is in the [`GatewaySettings`].

mod error;
mod reply;
mod settings;
mod transport;

use std::{fmt, time::Duration};

use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT},
};
use jiff::Timestamp;
use tokio::sync::Mutex;

pub use error::{Alarm, Cause, GatewayError, Rejection, RequestId, SetupError, UnknownOutcome};
pub use settings::{EgressProxy, GatewaySettings, Merchant};

use self::{
    reply::{Verified, certificates_error},
    transport::Transport,
};
use crate::{
    clock::Clock,
    domain::{OutRefundNo, OutTradeNo},
    entropy::Entropy,
    wechatpay::{
        PlatformSerial, RefundReply, Transaction, certificates, headers,
        message::Request,
        model::{CERTIFICATES, NATIVE_PREPAY, PrepayReply, REFUNDS, close_body, close_path, query_path, refund_path},
    },
};

const AGENT: HeaderValue = HeaderValue::from_static(concat!("Saoma/", env!("CARGO_PKG_VERSION")));
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What the QR code of an order holds: opaque, encoded as it is (§5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeUrl(String);

impl CodeUrl {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CodeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<CodeUrl> for String {
    fn from(url: CodeUrl) -> Self {
        url.0
    }
}

/// One merchant's line to the platform. Keeps a pool of connections: make one per process.
#[derive(Debug)]
pub struct Gateway {
    merchant: Merchant,
    transport: Transport,
    refresh_gap: Duration,
    /// When certificates were last asked for. Held while asking, so that a thousand callbacks with
    /// a new serial ask once.
    last_refresh: Mutex<Option<Timestamp>>,
    clock: Clock,
    entropy: Entropy,
}

impl Gateway {
    /// Opens no connection yet.
    ///
    /// # Errors
    /// A base address that is neither https nor loopback, or has more than an origin; TLS that
    /// cannot be set up.
    pub fn new(
        settings: &GatewaySettings,
        merchant: Merchant,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, SetupError> {
        let transport = Transport::new(settings)?;
        let refresh_gap = settings.refresh_gap;
        Ok(Self { merchant, transport, refresh_gap, last_refresh: Mutex::default(), clock, entropy })
    }

    /// Native prepay (§5.1). `body` is what [`NativePrepay::to_bytes`] made and the caller has
    /// stored: a repetition must be equal byte by byte, and then returns a fresh link for the same
    /// number.
    ///
    /// [`NativePrepay::to_bytes`]: crate::wechatpay::model::NativePrepay::to_bytes
    ///
    /// # Errors
    /// See [`GatewayError`]; after [`GatewayError::Unknown`] the order may exist.
    pub async fn prepay(&self, body: &[u8]) -> Result<CodeUrl, GatewayError> {
        let reply = self.call(Method::POST, NATIVE_PREPAY, body).await?;
        let prepay: PrepayReply = reply.read(StatusCode::OK)?;
        let plain = (1..=1024).contains(&prepay.code_url.len()) && !prepay.code_url.chars().any(char::is_control);
        if plain { Ok(CodeUrl(prepay.code_url)) } else { Err(reply.unknown(Cause::Unreadable)) }
    }

    /// The order as WeChat sees it (§5.2), any state. Verified, of our mchid and of this number;
    /// appid and amount are for the caller to compare.
    ///
    /// # Errors
    /// See [`GatewayError`]. [`GatewayError::is_order_not_exist`] is no proof that no prepay is
    /// under way.
    pub async fn query(&self, number: &OutTradeNo) -> Result<Transaction, GatewayError> {
        let mchid = self.merchant.signer.mchid();
        let reply = self.call(Method::GET, &query_path(number, mchid), b"").await?;
        let transaction: Transaction = reply.read(StatusCode::OK)?;
        if transaction.out_trade_no != number.as_str() || transaction.mchid != mchid.as_str() {
            return Err(reply.unknown(Cause::Mismatch));
        }
        Ok(transaction)
    }

    /// Closes an order (§5.3): after `Ok` no money can arrive under this number.
    ///
    /// # Errors
    /// See [`GatewayError`]; query after any of them.
    pub async fn close(&self, number: &OutTradeNo) -> Result<(), GatewayError> {
        let body = close_body(self.merchant.signer.mchid());
        let reply = self.call(Method::POST, &close_path(number), &body).await?;
        reply.require(StatusCode::NO_CONTENT)
    }

    /// Asks for a refund (§7.1). `body` is what [`RefundRequest::to_bytes`] made and the caller has
    /// stored: a repetition must be equal byte by byte, and is then the same refund. `Ok` means
    /// accepted; the money is back when a status says so. Verified; number, transaction and amount
    /// are for the caller to compare.
    ///
    /// [`RefundRequest::to_bytes`]: crate::wechatpay::model::RefundRequest::to_bytes
    ///
    /// # Errors
    /// See [`GatewayError`]; after any of them the refund may exist: query its number.
    pub async fn refund(&self, body: &[u8]) -> Result<RefundReply, GatewayError> {
        self.call(Method::POST, REFUNDS, body).await?.read(StatusCode::OK)
    }

    /// The refund as WeChat sees it (§7.3), any state. Verified and of this number; transaction and
    /// amount are for the caller to compare.
    ///
    /// # Errors
    /// See [`GatewayError`]. After [`GatewayError::is_refund_not_exist`] the same bytes may be sent
    /// again.
    pub async fn query_refund(&self, number: &OutRefundNo) -> Result<RefundReply, GatewayError> {
        let reply = self.call(Method::GET, &refund_path(number), b"").await?;
        let refund: RefundReply = reply.read(StatusCode::OK)?;
        if refund.out_refund_no == number.as_str() { Ok(refund) } else { Err(reply.unknown(Cause::Mismatch)) }
    }

    /// Asks for the platform certificates and takes them over, for the first time and then every
    /// few hours (§3). On failure the old ones stay. Returns how many there are.
    ///
    /// # Errors
    /// See [`GatewayError`]. [`GatewayError::is_certificates_unavailable`] is normal for a merchant
    /// who has a WeChat Pay public key only.
    pub async fn refresh_certificates(&self) -> Result<usize, GatewayError> {
        let mut last = self.last_refresh.lock().await;
        *last = Some(self.clock.now());
        self.fetch_certificates().await
    }

    /// A reply or callback named a key we do not have: asks for certificates, but never more often
    /// than the settings' `refresh_gap`, whoever sends serials. `true` if the key is known now. Takes
    /// up to the time limit of a call.
    pub async fn on_unknown_serial(&self, serial: &str) -> bool {
        // A public key comes from the merchant console only, and nonsense from nowhere.
        if !PlatformSerial::parse(serial).is_ok_and(|it| !it.is_public_key_id()) {
            return false;
        }
        let mut last = self.last_refresh.lock().await;
        if self.knows(serial) {
            return true;
        }
        let now = self.clock.now();
        if last.is_some_and(|last| now.duration_since(last).unsigned_abs() < self.refresh_gap) {
            return false;
        }
        *last = Some(now);
        match self.fetch_certificates().await {
            Ok(count) => tracing::info!(count, "platform certificates refreshed"),
            Err(error) => tracing::warn!(%error, "platform certificates could not be refreshed"),
        }
        self.knows(serial)
    }

    fn knows(&self, serial: &str) -> bool {
        self.merchant.keyring.snapshot().contains(serial)
    }

    async fn fetch_certificates(&self) -> Result<usize, GatewayError> {
        let reply = self.send(Method::GET, CERTIFICATES, b"").await?;
        reply::triage(&reply)?;
        let known = self.merchant.keyring.snapshot();
        let keys = &self.merchant.api_v3_keys;
        let certificates = certificates::open(&reply.headers, &reply.body, &known, keys, self.clock.now())
            .map_err(|error| certificates_error(&reply, error))?;
        let count = certificates.len();
        self.merchant.keyring.update(|keys| keys.with_certificates(certificates));
        Ok(count)
    }

    /// Sends, looks at the status, verifies.
    async fn call(&self, method: Method, target: &str, body: &[u8]) -> Result<Verified, GatewayError> {
        let reply = self.send(method, target, body).await?;
        reply::triage(&reply)?;
        let verify = || reply::verify(&reply, &self.merchant.keyring.snapshot(), self.clock.now());
        let mut verdict = verify();
        if let Err(error) = &verdict
            && let Some(serial) = error.unknown_serial()
            && self.on_unknown_serial(serial).await
        {
            verdict = verify();
        }
        verdict?;
        Ok(Verified(reply))
    }

    async fn send(&self, method: Method, target: &str, body: &[u8]) -> Result<transport::Reply, GatewayError> {
        let request = Request { method: method.as_str(), target, body };
        let authorization = self.merchant.signer.authorization(&request, self.clock.now(), &self.entropy.nonce())?;
        let mut headers = HeaderMap::from_iter([(AUTHORIZATION, authorization), (ACCEPT, JSON), (USER_AGENT, AGENT)]);
        if !body.is_empty() {
            headers.insert(CONTENT_TYPE, JSON);
        }
        let id = self.merchant.public_key_id.as_ref();
        if let Some(id) = id.and_then(|id| HeaderValue::from_str(id.as_str()).ok()) {
            headers.insert(headers::SERIAL, id);
        }
        self.transport.send(&method, target, &headers, body).await
    }
}

#[cfg(test)]
mod tests;
