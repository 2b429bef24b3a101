//! The `Wechatpay-*` headers of a reply or a notification (§2.1).

use std::fmt;

use http::{HeaderMap, HeaderValue};

use super::SIGNATURE_TYPE;

pub const TIMESTAMP: &str = "wechatpay-timestamp";
pub const NONCE: &str = "wechatpay-nonce";
pub const SIGNATURE: &str = "wechatpay-signature";
pub const SERIAL: &str = "wechatpay-serial";
pub const TYPE: &str = "wechatpay-signature-type";

/// What a message says about its signature; nothing of it is trusted yet.
pub struct SignatureHeaders<'a> {
    /// As received: this very text is signed.
    pub timestamp: &'a str,
    /// The same as a number, in Unix seconds.
    pub seconds: u64,
    pub nonce: &'a str,
    pub serial: &'a str,
    /// Not decoded yet. Bytes, so that an impossible character is a wrong signature like any other.
    pub signature: &'a [u8],
}

/// Without nonce and signature, which do not belong into a log.
impl fmt::Debug for SignatureHeaders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seconds, serial, .. } = self;
        f.debug_struct("SignatureHeaders").field("seconds", seconds).field("serial", serial).finish_non_exhaustive()
    }
}

/// The peer sent headers that cannot even be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    #[error("header {0} is missing")]
    Missing(&'static str),
    #[error("header {0} comes more than once")]
    Repeated(&'static str),
    #[error("header {0} cannot be read")]
    Unreadable(&'static str),
    #[error("the signature type is not {SIGNATURE_TYPE}")]
    UnknownType,
}

impl<'a> SignatureHeaders<'a> {
    /// # Errors
    /// One of the four is missing, comes twice or is no text; the timestamp is no number of
    /// seconds; the signature type is another one than ours (absent means ours).
    pub fn read(headers: &'a HeaderMap) -> Result<Self, HeaderError> {
        let timestamp = text(headers, TIMESTAMP)?;
        let nonce = text(headers, NONCE)?;
        let serial = text(headers, SERIAL)?;
        let signature = single(headers, SIGNATURE)?.ok_or(HeaderError::Missing(SIGNATURE))?.as_bytes();
        if single(headers, TYPE)?.is_some_and(|value| value.as_bytes() != SIGNATURE_TYPE.as_bytes()) {
            return Err(HeaderError::UnknownType);
        }
        let seconds = parse_seconds(timestamp).ok_or(HeaderError::Unreadable(TIMESTAMP))?;
        Ok(Self { timestamp, seconds, nonce, serial, signature })
    }
}

/// Digits only: `parse` alone would take a plus sign.
fn parse_seconds(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, HeaderError> {
    let value = single(headers, name)?.ok_or(HeaderError::Missing(name))?;
    value.to_str().map_err(|_| HeaderError::Unreadable(name))
}

fn single<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a HeaderValue>, HeaderError> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() { Err(HeaderError::Repeated(name)) } else { Ok(first) }
}

#[cfg(test)]
mod tests;
