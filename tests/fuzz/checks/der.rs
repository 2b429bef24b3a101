//! What a PEM text decodes to: one byte for the kind, then DER. Base64 would hide its structure from
//! the fuzzer.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use saoma::wechatpay::{KeyError, MerchantCertificate, MerchantKey, PlatformCertificate, PlatformKey, PlatformKeys};

pub fn check(data: &[u8]) -> bool {
    let Some((kind, der)) = data.split_first() else { return false };
    match kind & 3 {
        0 => check_certificate(&pem("CERTIFICATE", der)),
        1 => PlatformKey::from_pem(&pem("PUBLIC KEY", der)).is_ok(),
        2 => MerchantKey::from_pem(&pem("PRIVATE KEY", der)).is_ok(),
        _ => MerchantKey::from_pem(&pem("RSA PRIVATE KEY", der)).is_ok(),
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// The same bytes are read for the merchant and for the platform.
fn check_certificate(text: &str) -> bool {
    let platform = match PlatformCertificate::from_pem(text) {
        Ok(platform) => platform,
        // The merchant's has no dates that are read, and its key is not loaded.
        Err(KeyError::Damaged | KeyError::Invalid) => return false,
        Err(error) => {
            assert_eq!(MerchantCertificate::from_pem(text).err(), Some(error));
            return false;
        }
    };
    let serial = platform.serial.clone();
    assert!(!serial.is_public_key_id());
    // A merchant's serial is shorter at most.
    match MerchantCertificate::from_pem(text) {
        Ok(merchant) => assert_eq!(merchant.serial.as_str(), serial.as_str()),
        Err(error) => assert!(error == KeyError::Damaged && serial.as_str().len() > 40, "{error}"),
    }
    let not_after = platform.not_after;
    let keys = PlatformKeys::default().with_certificates([platform]);
    assert_eq!(keys.list(), [(serial.as_str(), Some(not_after))]);
    true
}
