//! From a reply to a verdict: status first, then the signature over the raw bytes, then the content
//! (§1.5). Error replies are not signed.

use http::StatusCode;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::{
    error::{Alarm, Cause, GatewayError, Rejection, RequestId, Told, UnknownOutcome},
    transport::Reply,
};
use crate::wechatpay::{
    ErrorCode, Interface, PlatformKeys, VerifyError,
    certificates::CertificatesError,
    headers::{SERIAL, SignatureHeaders},
    model::ErrorBody,
};

/// What a verified reply says, by whose signature, and the name under which WeChat's support finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replied<T> {
    pub content: T,
    /// Of the key that signed it.
    pub serial: String,
    pub request_id: Option<RequestId>,
}

/// A reply that WeChat signed.
#[derive(Debug)]
pub(super) struct Verified(pub Reply);

impl Verified {
    pub(crate) fn require(&self, status: StatusCode) -> Result<(), GatewayError> {
        if self.0.status == status { Ok(()) } else { Err(self.unknown(Cause::Status)) }
    }

    pub(crate) fn read<T: DeserializeOwned>(&self, status: StatusCode) -> Result<T, GatewayError> {
        self.require(status)?;
        // The error of `serde_json` may quote the body: it is dropped.
        serde_json::from_slice(&self.0.body).map_err(|_| self.unknown(Cause::Unreadable))
    }

    pub(crate) fn answer<T: DeserializeOwned>(&self, status: StatusCode) -> Result<Replied<T>, GatewayError> {
        Ok(self.with(self.read(status)?))
    }

    pub(crate) fn with<T>(&self, content: T) -> Replied<T> {
        let serial = self.0.headers.get(SERIAL).and_then(|serial| serial.to_str().ok());
        Replied { content, serial: serial.unwrap_or_default().to_owned(), request_id: self.0.request_id() }
    }

    pub(crate) fn unknown(&self, cause: Cause) -> GatewayError {
        self.0.unknown(cause)
    }
}

/// Lets 2xx pass, except 202; sorts everything else.
pub(super) fn triage(interface: Interface, reply: &Reply) -> Result<(), GatewayError> {
    let status = reply.status;
    if status.is_success() && status != StatusCode::ACCEPTED {
        return Ok(());
    }
    let body = ErrorBody::parse(&reply.body);
    let unknown = |cause, body: Option<ErrorBody>| {
        let told = body.map(|it| Told { code: it.code, interface });
        GatewayError::Unknown(UnknownOutcome { cause, status: Some(status), told, request_id: reply.request_id() })
    };
    let by_status = match status {
        StatusCode::ACCEPTED => Some(Cause::Pending),
        StatusCode::TOO_MANY_REQUESTS => Some(Cause::Limited),
        _ if status.is_server_error() => Some(Cause::Trouble),
        _ if !status.is_client_error() => Some(Cause::Status),
        _ => None,
    };
    if let Some(cause) = by_status {
        return Err(unknown(cause, body));
    }
    let Some(body) = body else {
        return Err(unknown(Cause::Foreign, None));
    };
    if body.code.is_undecided() {
        let cause = match body.code {
            ErrorCode::UserPaying => Cause::Pending,
            ErrorCode::FrequencyLimited => Cause::Limited,
            _ => Cause::Trouble,
        };
        return Err(unknown(cause, Some(body)));
    }
    let alarm = body.code.is_configuration();
    let ErrorBody { code, message, field } = body;
    let rejection =
        Rejection { status, told: Told { code, interface }, message, field, request_id: reply.request_id() };
    Err(if alarm { Alarm::Refused(rejection).into() } else { GatewayError::Rejected(rejection) })
}

/// Checks the signature over the raw bytes; an empty body for 204.
pub(super) fn verify(reply: &Reply, keys: &PlatformKeys, now: Timestamp) -> Result<(), GatewayError> {
    SignatureHeaders::read(&reply.headers)
        .map_err(VerifyError::from)
        .and_then(|signed| keys.verify(&signed, &reply.body, now))
        .map_err(|error| reply.unknown(Cause::Unverified(error)))
}

pub(super) fn certificates_error(reply: &Reply, error: CertificatesError) -> GatewayError {
    match error {
        CertificatesError::Verify(error) => reply.unknown(Cause::Unverified(error)),
        CertificatesError::Open(_) => Alarm::ApiV3Key.into(),
        CertificatesError::Shape
        | CertificatesError::Empty
        | CertificatesError::UnknownAlgorithm
        | CertificatesError::Certificate(_)
        | CertificatesError::SerialMismatch => reply.unknown(Cause::Unreadable),
    }
}
