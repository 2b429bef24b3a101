//! Signing and verifying (签名, 验签): `wechatpay-v3.md` §1.1, §1.2, §2.1. RSASSA-PKCS1-v1_5 with
//! SHA-256 by the `rsa` crate; the other side of the wire uses another implementation.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rand::rngs::SysRng;
use rsa::{
    PrivateKey, PublicKey,
    pkcs1v15::{Signature, SigningKey, VerifyingKey},
    signature::{RandomizedSigner as _, SignatureEncoding as _, Verifier as _},
};
use sha2::Sha256;

/// The only signature scheme of `APIv3` that is imitated here; SM2 is not.
pub(in crate::sandbox) const SCHEME: &str = "WECHATPAY2-SHA256-RSA2048";

/// What WeChat puts in front of a signature that is wrong on purpose (§2.4).
const PROBE_PREFIX: &str = "WECHATPAY/SIGNTEST/";

/// One of the platform's two kinds of signing key: 微信支付公钥 or 平台证书 (§2.3).
pub(in crate::sandbox) struct PlatformKey {
    /// What travels in `Wechatpay-Serial`.
    pub(in crate::sandbox) serial: String,
    signing: SigningKey<Sha256>,
}

/// The merchant's public key, taken from its certificate: verifies requests.
pub(in crate::sandbox) struct MerchantKey(VerifyingKey<Sha256>);

#[derive(Debug, thiserror::Error)]
#[error("signing failed")]
pub(in crate::sandbox) struct SigningFailed(#[from] rsa::signature::Error);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not match")]
pub(in crate::sandbox) struct Mismatch;

impl PlatformKey {
    pub(in crate::sandbox) fn new(serial: String, key: PrivateKey) -> Self {
        Self { serial, signing: SigningKey::new(key) }
    }

    /// Blinded, so that nobody learns the key by timing signatures over text of their choice.
    pub(in crate::sandbox) fn sign(&self, message: &[u8]) -> Result<String, SigningFailed> {
        let signature = self.signing.try_sign_with_rng(&mut SysRng, message)?;
        Ok(STANDARD.encode(signature.to_bytes()))
    }

    pub(in crate::sandbox) fn private_key(&self) -> &PrivateKey {
        self.signing.as_ref()
    }
}

impl MerchantKey {
    pub(in crate::sandbox) fn new(key: PublicKey) -> Self {
        Self(VerifyingKey::new(key))
    }

    /// `signature` is standard base64 with padding (§1.1); anything else is a mismatch.
    pub(in crate::sandbox) fn verify(&self, message: &[u8], signature: &str) -> Result<(), Mismatch> {
        let bytes = STANDARD.decode(signature).map_err(|_| Mismatch)?;
        let signature = Signature::try_from(bytes.as_slice()).map_err(|_| Mismatch)?;
        self.0.verify(message, &signature).map_err(|_| Mismatch)
    }
}

/// What a request signs: five lines, each ended by LF (§1.2). `url` is path and query as sent.
pub(in crate::sandbox) fn request_message(
    method: &str,
    url: &str,
    timestamp: &str,
    nonce: &str,
    body: &[u8],
) -> Vec<u8> {
    lines(&[method.as_bytes(), url.as_bytes(), timestamp.as_bytes(), nonce.as_bytes(), body])
}

/// What a reply or a notification signs: three lines (§2.1). The body of a 204 is empty.
pub(in crate::sandbox) fn answer_message(timestamp: &str, nonce: &str, body: &[u8]) -> Vec<u8> {
    lines(&[timestamp.as_bytes(), nonce.as_bytes(), body])
}

/// A signature probe (签名探测): not base64 of any 256 bytes (§2.4).
pub(in crate::sandbox) fn probe(noise: &[u8]) -> String {
    format!("{PROBE_PREFIX}{}", STANDARD.encode(noise).trim_end_matches('='))
}

fn lines(parts: &[&[u8]]) -> Vec<u8> {
    let mut message = Vec::with_capacity(parts.iter().map(|part| part.len() + 1).sum());
    for part in parts {
        message.extend_from_slice(part);
        message.push(b'\n');
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_a_request_ends_in_lf() {
        let message = request_message("GET", "/v3/certificates", "1554208460", "593BEC", b"");
        assert_eq!(message, b"GET\n/v3/certificates\n1554208460\n593BEC\n\n");
    }

    #[test]
    fn a_body_that_ends_in_lf_gets_its_own_lf() {
        assert_eq!(answer_message("1", "n", b"{}\n"), b"1\nn\n{}\n\n");
        assert_eq!(answer_message("1", "n", b""), b"1\nn\n\n");
    }

    #[test]
    fn a_probe_is_no_signature() {
        let probe = probe(&[7; 254]);
        assert!(probe.starts_with("WECHATPAY/SIGNTEST/"));
        assert!(STANDARD.decode(&probe).map_or(true, |bytes| bytes.len() != 256));
    }
}
