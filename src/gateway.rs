//! The only caller of the WeChat Pay platform: prepay, query, close, refunds, platform certificates, bills.
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

mod bills;
mod error;
mod flight;
mod proven_time;
pub(crate) mod questions;
mod reach;
mod refresh;
mod refused;
mod reply;
mod settings;
mod transport;

use std::{fmt, sync::Arc, time::Duration};

use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT},
};
use jiff::Timestamp;

pub(crate) use bills::{BillKind, FetchError, MOST_PLAIN, has_hash};
pub(crate) use error::{Cause, GatewayError, RequestId, SetupError};
pub(crate) use questions::{Asker, Questions, Turn};
pub(crate) use refused::Refusal;
pub(crate) use reply::Replied;
pub(crate) use settings::{EgressProxy, GatewaySettings, Merchant};

use self::{flight::Refresh, proven_time::ProvenTime, refused::Refusals, reply::Verified, transport::Transport};
use crate::{
    clock::Clock,
    domain::{OutRefundNo, OutTradeNo},
    entropy::Entropy,
    metrics::Metrics,
    wechatpay::{
        Interface, PlatformKeys, PlatformSerial, RefundReply, Transaction, headers,
        message::Request,
        model::{
            NATIVE_PREPAY, PrepayReply, REFUNDS, abnormal_refund_path, close_body, close_path, query_path, refund_path,
            transaction_path,
        },
        seal::SealingKey,
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

/// When a call may go out.
#[derive(Clone, Copy, Debug)]
enum Leave {
    /// Somebody wants it now, or it has been counted.
    AtOnce,
    /// A question, which counts at the moment when it is sent.
    Counted,
}

/// One merchant's line to the platform. Keeps a pool of connections: make one per process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Gateway {
    merchant: Arc<Merchant>,
    transport: Arc<Transport>,
    refresh_gap: Duration,
    refresh: Refresh,
    questions: Questions,
    proven_time: ProvenTime,
    refusals: Refusals,
    metrics: Metrics,
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
        metrics: Metrics,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, SetupError> {
        let (merchant, transport) = (Arc::new(merchant), Arc::new(Transport::new(settings)?));
        let refresh_gap = settings.refresh_gap;
        let questions = Questions::new(settings.questions_per_second, clock.clone());
        let (refresh, proven_time, refusals) = (Refresh::default(), ProvenTime::default(), Refusals::default());
        Ok(Self {
            merchant,
            transport,
            refresh_gap,
            refresh,
            questions,
            proven_time,
            refusals,
            metrics,
            clock,
            entropy,
        })
    }

    /// What may be asked, and when. Certificates see to their turn themselves; for [`query`](Self::query),
    /// [`close`](Self::close) and [`query_refund`](Self::query_refund) the caller does.
    pub const fn questions(&self) -> &Questions {
        &self.questions
    }

    /// Native prepay (§5.1). `body` is what [`NativePrepay::to_bytes`] made and the caller has
    /// stored: a repetition must be equal byte by byte, and then returns a fresh link for the same
    /// number.
    ///
    /// [`NativePrepay::to_bytes`]: crate::wechatpay::model::NativePrepay::to_bytes
    ///
    /// # Errors
    /// See [`GatewayError`]; after [`GatewayError::Unknown`] the order may exist.
    pub async fn prepay(&self, body: &[u8]) -> Result<Replied<CodeUrl>, GatewayError> {
        let reply = self.call(Interface::Prepay, Leave::AtOnce, Method::POST, NATIVE_PREPAY, body).await?;
        let code_url = reply.read::<PrepayReply>(StatusCode::OK)?.code_url;
        let plain = (1..=1024).contains(&code_url.len()) && !code_url.chars().any(char::is_control);
        if plain { Ok(reply.with(CodeUrl(code_url))) } else { Err(reply.unknown(Cause::Unreadable)) }
    }

    /// The order as WeChat sees it (§5.2), any state. Verified, of our mchid and of this number;
    /// appid and amount are for the caller to compare.
    ///
    /// # Errors
    /// See [`GatewayError`]. [`GatewayError::is_order_not_exist`] is no proof that no prepay is
    /// under way.
    pub async fn query(&self, number: &OutTradeNo) -> Result<Replied<Transaction>, GatewayError> {
        let mchid = self.merchant.signer.mchid();
        let reply = self.call(Interface::Query, Leave::Counted, Method::GET, &query_path(number, mchid), b"").await?;
        let transaction: Transaction = reply.read(StatusCode::OK)?;
        if transaction.out_trade_no != number.as_str() || transaction.mchid != mchid.as_str() {
            return Err(reply.unknown(Cause::Mismatch));
        }
        Ok(reply.with(transaction))
    }

    /// The same by WeChat's number, which only paid orders have. Verified, of our mchid and of this number.
    ///
    /// # Errors
    /// See [`GatewayError`].
    pub async fn query_transaction(&self, id: &str) -> Result<Replied<Transaction>, GatewayError> {
        let mchid = self.merchant.signer.mchid();
        let Some(target) = transaction_path(id, mchid) else { return Err(GatewayError::not_asked()) };
        let reply = self.call(Interface::Query, Leave::Counted, Method::GET, &target, b"").await?;
        let transaction: Transaction = reply.read(StatusCode::OK)?;
        if transaction.transaction_id.as_deref() != Some(id) || transaction.mchid != mchid.as_str() {
            return Err(reply.unknown(Cause::Mismatch));
        }
        Ok(reply.with(transaction))
    }

    /// Closes an order (§5.3): after `Ok` no money can arrive under this number.
    ///
    /// # Errors
    /// See [`GatewayError`]; query after any of them.
    pub async fn close(&self, number: &OutTradeNo) -> Result<(), GatewayError> {
        let body = close_body(self.merchant.signer.mchid());
        let reply = self.call(Interface::Close, Leave::Counted, Method::POST, &close_path(number), &body).await?;
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
    pub async fn refund(&self, body: &[u8]) -> Result<Replied<RefundReply>, GatewayError> {
        self.call(Interface::Refund, Leave::AtOnce, Method::POST, REFUNDS, body).await?.answer(StatusCode::OK)
    }

    /// The refund as WeChat sees it (§7.3), any state. Verified and of this number; transaction and
    /// amount are for the caller to compare.
    ///
    /// # Errors
    /// See [`GatewayError`]. After [`GatewayError::is_refund_not_exist`] the same bytes may be sent
    /// again.
    pub async fn query_refund(&self, number: &OutRefundNo) -> Result<Replied<RefundReply>, GatewayError> {
        let reply = self.call(Interface::RefundQuery, Leave::Counted, Method::GET, &refund_path(number), b"").await?;
        let refund: Replied<RefundReply> = reply.answer(StatusCode::OK)?;
        let fits = refund.content.out_refund_no == number.as_str();
        if fits { Ok(refund) } else { Err(reply.unknown(Cause::Mismatch)) }
    }

    /// Sends an abnormal refund to a bank account (§7.3), by WeChat's number. `body` is what [`AbnormalRefund::to_bytes`]
    /// made, `serial` that of the key by which its fields are sealed. Verified and of this refund, which is under way
    /// again then.
    ///
    /// [`AbnormalRefund::to_bytes`]: crate::wechatpay::model::AbnormalRefund::to_bytes
    ///
    /// # Errors
    /// See [`GatewayError`]; after [`GatewayError::Unknown`] it may have been heard: query the refund's number.
    pub async fn apply_abnormal_refund(
        &self,
        (refund_id, number): (&str, &OutRefundNo),
        body: &[u8],
        serial: &PlatformSerial,
    ) -> Result<Replied<RefundReply>, GatewayError> {
        let Some(target) = abnormal_refund_path(refund_id) else { return Err(GatewayError::not_asked()) };
        let asked = (Interface::AbnormalRefund, Leave::AtOnce);
        let reply = self.call_under(asked, Method::POST, &target, body, Some(serial)).await?;
        let refund: Replied<RefundReply> = reply.answer(StatusCode::OK)?;
        let fits = refund.content.refund_id == refund_id && refund.content.out_refund_no == number.as_str();
        if fits { Ok(refund) } else { Err(reply.unknown(Cause::Mismatch)) }
    }

    /// The key to seal with what only WeChat shall read. Fetches the certificates of a merchant who has nothing else
    /// yet; `None` when there is no key then either.
    pub async fn sealing_key(&self) -> Option<SealingKey> {
        let find =
            || self.merchant.keyring.snapshot().sealing_key(self.merchant.public_key_id.as_ref(), self.clock.now());
        if let Some(key) = find() {
            return Some(key);
        }
        if let Err(error) = self.refresh_certificates().await {
            tracing::warn!(%error, "no key to seal with");
        }
        find()
    }

    /// Sends, looks at the status, verifies; counts under `interface` what that came to.
    async fn call(
        &self,
        interface: Interface,
        leave: Leave,
        method: Method,
        target: &str,
        body: &[u8],
    ) -> Result<Verified, GatewayError> {
        self.call_under((interface, leave), method, target, body, self.merchant.public_key_id.as_ref()).await
    }

    /// The same with a `Wechatpay-Serial` of its own.
    async fn call_under(
        &self,
        (interface, leave): (Interface, Leave),
        method: Method,
        target: &str,
        body: &[u8],
        serial: Option<&PlatformSerial>,
    ) -> Result<Verified, GatewayError> {
        let outcome = self.exchange((interface, leave), method, target, body, serial).await;
        self.metrics.wechat_call(interface.label(), outcome.as_ref().map_or_else(GatewayError::label, |_| "ok"));
        outcome
    }

    /// What time it is by WeChat's word: an answer has verified since this process started, and nobody has set
    /// this machine's clock since. `None` when only this machine says what time it is.
    pub fn proven_time(&self) -> Option<Timestamp> {
        self.proven_time.now(&self.clock)
    }

    /// Why nothing that this process asks is answered; `None` unless WeChat refuses all it signs.
    pub fn refusal(&self) -> Option<Refusal> {
        self.refusals.standing(&self.clock)
    }

    /// The keys that verify now.
    pub fn platform_keys(&self) -> PlatformKeys {
        self.merchant.keyring.snapshot()
    }

    async fn exchange(
        &self,
        (interface, leave): (Interface, Leave),
        method: Method,
        target: &str,
        body: &[u8],
        serial: Option<&PlatformSerial>,
    ) -> Result<Verified, GatewayError> {
        let reply = self.send(leave, method, target, body, serial).await?;
        let believed = self.believe(interface, &reply).await;
        self.note_word(&reply, believed.as_ref().err());
        believed.map(|()| Verified(reply))
    }

    /// What an answer says of our clock and our signature.
    fn note_word(&self, reply: &transport::Reply, error: Option<&GatewayError>) {
        if error.is_none() {
            self.proven_time.note(&self.clock);
        }
        self.refusals.hear(&self.clock, &reply.headers, error);
    }

    async fn believe(&self, interface: Interface, reply: &transport::Reply) -> Result<(), GatewayError> {
        reply::triage(interface, reply)?;
        let verify = || reply::verify(reply, &self.merchant.keyring.snapshot(), self.clock.now());
        let mut verdict = verify();
        if let Err(error) = &verdict
            && let Some(serial) = error.unknown_serial()
            && self.on_unknown_serial(serial).await
        {
            verdict = verify();
        }
        verdict
    }

    async fn send(
        &self,
        leave: Leave,
        method: Method,
        target: &str,
        body: &[u8],
        serial: Option<&PlatformSerial>,
    ) -> Result<transport::Reply, GatewayError> {
        let request = Request { method: method.as_str(), target, body };
        let authorization = self.merchant.signer.authorization(&request, self.clock.now(), &self.entropy.nonce())?;
        let mut headers = HeaderMap::from_iter([(AUTHORIZATION, authorization), (ACCEPT, JSON), (USER_AGENT, AGENT)]);
        if !body.is_empty() {
            headers.insert(CONTENT_TYPE, JSON);
        }
        if let Some(id) = serial.and_then(|id| HeaderValue::from_str(id.as_str()).ok()) {
            headers.insert(headers::SERIAL, id);
        }
        // Last of all: signing takes its time on a busy machine.
        if matches!(leave, Leave::Counted) {
            self.questions.leave().await;
        }
        self.transport.send(&method, target, &headers, body).await
    }
}

#[cfg(test)]
mod tests;
