//! A notification (回调通知, §6.1, §7.4): from raw HTTP to a value, in one step. The envelope and the
//! decrypted text are private to this file, so that nobody can read them without verifying first.

use std::borrow::Cow;

use http::HeaderMap;
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    cipher::{ALGORITHM, ApiV3Keys, OpenError},
    headers::{HeaderError, SignatureHeaders},
    model::{RefundNotice, Transaction},
    time,
    verifier::{PlatformKeys, VerifyError},
};

/// A verified and decrypted notification. Verified means: WeChat said so. Whether it concerns us
/// (mchid, appid, number, amount, state; §6.4) is for the caller to check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// WeChat's id of this notification; not enough to tell duplicates (§6.1).
    pub id: String,
    /// `TRANSACTION.SUCCESS`, `REFUND.SUCCESS`, …
    pub event_type: String,
    pub create_time: Option<Timestamp>,
    /// The key that signed it.
    pub serial: String,
    pub content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// `original_type` = `transaction`.
    Transaction(Box<Transaction>),
    /// `original_type` = `refund`.
    Refund(Box<RefundNotice>),
    /// `original_type` = `security`: the self-test of §10.6.
    SecurityEcho { echo_message: Option<String> },
    /// Something WeChat invented later; opened, but not read.
    Unknown { event_type: String, original_type: String },
}

/// The notification was not accepted. No variant and no text holds anything of its body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotifyError {
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// Signed by WeChat, but not JSON or not of the shape of a v3 notification (§7.4: a v2 XML
    /// notice comes here only if it were signed the v3 way).
    #[error("the body is no notification: line {line}, column {column}")]
    Envelope { line: usize, column: usize },
    #[error("the resource is sealed with an unknown algorithm")]
    UnknownAlgorithm,
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It opened, but is not what its `original_type` says.
    #[error("the content is not of its type: line {line}, column {column}")]
    Content { line: usize, column: usize },
}

/// How a refusal is answered (design §2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Cannot be read: 400.
    Malformed,
    /// Cannot be believed: 401.
    Unauthentic,
}

impl NotifyError {
    pub const fn refusal(&self) -> Refusal {
        match self {
            Self::Verify(VerifyError::Headers(_))
            | Self::Envelope { .. }
            | Self::UnknownAlgorithm
            | Self::Open(_)
            | Self::Content { .. } => Refusal::Malformed,
            Self::Verify(
                VerifyError::OutsideWindow { .. }
                | VerifyError::UnknownSerial(_)
                | VerifyError::SignatureWrong
                | VerifyError::SignatureProbe,
            ) => Refusal::Unauthentic,
        }
    }

    /// The serial to fetch certificates for, if that is what was missing.
    pub fn unknown_serial(&self) -> Option<&str> {
        match self {
            Self::Verify(VerifyError::UnknownSerial(serial)) => Some(serial),
            _ => None,
        }
    }

    /// A fixed word per reason, for counters.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Verify(VerifyError::Headers(HeaderError::UnknownType)) => "signature_type",
            Self::Verify(VerifyError::Headers(_)) => "headers",
            Self::Verify(VerifyError::OutsideWindow { .. }) => "timestamp",
            Self::Verify(VerifyError::UnknownSerial(_)) => "serial",
            Self::Verify(VerifyError::SignatureWrong) => "signature",
            Self::Verify(VerifyError::SignatureProbe) => "signature_probe",
            Self::Envelope { .. } => "envelope",
            Self::UnknownAlgorithm => "algorithm",
            Self::Open(_) => "ciphertext",
            Self::Content { .. } => "content",
        }
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    id: String,
    #[serde(default, deserialize_with = "time::lenient")]
    create_time: Option<Timestamp>,
    event_type: String,
    #[serde(borrow)]
    resource: Resource<'a>,
}

#[derive(Deserialize)]
struct Resource<'a> {
    original_type: String,
    #[serde(borrow)]
    algorithm: Cow<'a, str>,
    #[serde(borrow)]
    ciphertext: Cow<'a, str>,
    #[serde(borrow, default)]
    associated_data: Option<Cow<'a, str>>,
    #[serde(borrow)]
    nonce: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Echo {
    #[serde(default)]
    echo_message: Option<String>,
}

/// Verifies, then decrypts, then reads: in this order (§2.2), over the raw `body`.
///
/// # Errors
/// The first check that fails; [`NotifyError::refusal`] says how to answer.
pub fn open(
    headers: &HeaderMap,
    body: &[u8],
    platform: &PlatformKeys,
    keys: &ApiV3Keys,
    now: Timestamp,
) -> Result<Notification, NotifyError> {
    let signed = SignatureHeaders::read(headers).map_err(VerifyError::from)?;
    platform.verify(&signed, body, now)?;
    unseal(signed.serial, body, keys)
}

/// What lies behind the signature, which must have been verified: private, and [`open`] is its only
/// caller.
fn unseal(serial: &str, body: &[u8], keys: &ApiV3Keys) -> Result<Notification, NotifyError> {
    let envelope: Envelope<'_> = serde_json::from_slice(body)
        .map_err(|error| NotifyError::Envelope { line: error.line(), column: error.column() })?;
    let resource = envelope.resource;
    if resource.algorithm != ALGORITHM {
        return Err(NotifyError::UnknownAlgorithm);
    }
    let associated_data = resource.associated_data.as_deref().unwrap_or_default();
    let plaintext = keys.open(&resource.nonce, associated_data, &resource.ciphertext)?;
    let content = match resource.original_type.as_str() {
        "transaction" => Content::Transaction(read(&plaintext)?),
        "refund" => Content::Refund(read(&plaintext)?),
        "security" => Content::SecurityEcho { echo_message: read::<Echo>(&plaintext)?.echo_message },
        _ => Content::Unknown { event_type: envelope.event_type.clone(), original_type: resource.original_type },
    };
    Ok(Notification {
        id: envelope.id,
        event_type: envelope.event_type,
        create_time: envelope.create_time,
        serial: serial.to_owned(),
        content,
    })
}

/// [`unseal`] for `tests/fuzz`, where a signature per execution would cost more than everything else
/// together. It opens no door in a program: `cfg(fuzzing)` is no feature that a dependent could
/// switch on but a flag of the compiler that only cargo-fuzz sets, and `main.rs` does not compile
/// with it.
///
/// # Errors
/// Those of [`open`], without [`NotifyError::Verify`].
#[cfg(fuzzing)]
pub fn unseal_unverified(serial: &str, body: &[u8], keys: &ApiV3Keys) -> Result<Notification, NotifyError> {
    unseal(serial, body, keys)
}

/// The error of `serde_json` may quote what it read, so only its place is kept.
fn read<T: DeserializeOwned>(plaintext: &[u8]) -> Result<Box<T>, NotifyError> {
    serde_json::from_slice(plaintext)
        .map(Box::new)
        .map_err(|error| NotifyError::Content { line: error.line(), column: error.column() })
}

#[cfg(test)]
mod tests;
