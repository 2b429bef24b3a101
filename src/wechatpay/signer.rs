//! Merchant key → `Authorization` (§1.1).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderValue;
use jiff::Timestamp;

use super::{
    SIGNATURE_TYPE,
    identity::{Mchid, MerchantSerial},
    keys::{MerchantKey, SignFailed},
    message::{self, Request},
};

/// Signs requests in the name of one merchant.
#[derive(Debug)]
pub struct Signer {
    mchid: Mchid,
    serial: MerchantSerial,
    key: MerchantKey,
}

/// Our own mistake: a request was not fit to be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    #[error("a nonce is 1 to 32 letters and digits")]
    Nonce,
    #[error(transparent)]
    Failed(#[from] SignFailed),
}

impl Signer {
    /// `serial` is the one of the certificate that belongs to `key`.
    pub fn new(mchid: Mchid, serial: MerchantSerial, key: MerchantKey) -> Self {
        Self { mchid, serial, key }
    }

    pub fn mchid(&self) -> &Mchid {
        &self.mchid
    }

    pub fn key(&self) -> &MerchantKey {
        &self.key
    }

    /// The value of `Authorization`, marked as sensitive. Good for five minutes around `now`, for
    /// exactly this request, on any host.
    ///
    /// # Errors
    /// `nonce` is not 1 to 32 of `[0-9A-Za-z]`; the crypto library failed.
    pub fn authorization(&self, request: &Request<'_>, now: Timestamp, nonce: &str) -> Result<HeaderValue, SignError> {
        if !(1..=32).contains(&nonce.len()) || !nonce.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(SignError::Nonce);
        }
        let timestamp = now.as_second().to_string();
        let signature = self.key.sign(&message::of_request(request, &timestamp, nonce))?;
        let text = format!(
            r#"{SIGNATURE_TYPE} mchid="{}",nonce_str="{nonce}",timestamp="{timestamp}",serial_no="{}",signature="{}""#,
            self.mchid,
            self.serial,
            STANDARD.encode(signature),
        );
        let mut value = HeaderValue::try_from(text).map_err(|_| SignError::Nonce)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

#[cfg(test)]
mod tests;
