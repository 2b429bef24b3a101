//! Platform certificates (`wechatpay-v3.md` §3).

use serde_json::{Value, json};
use url::form_urlencoded;

use crate::sandbox::{
    api::reply::Success, crypto::keys::PlatformCertificate, error::ApiError, platform::Platform, wire_time,
};

/// What certificates are sealed with in place of `transaction`.
const ASSOCIATED_DATA: &str = "certificate";

pub(super) fn list(platform: &Platform, query: &str) -> Result<Success, ApiError> {
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match (&*name, &*value) {
            ("algorithm_type", "RSA" | "ALL") => {}
            ("algorithm_type", "SM2") => return Err(ApiError::no_certificates()),
            _ => {
                return Err(ApiError::unknown_parameter("query", &format!("/{name}"), &json!(value)));
            }
        }
    }
    if platform.faults().public_key_only {
        return Err(ApiError::no_certificates());
    }
    let certificates = platform.keys.certificates();
    let listed = certificates.iter().map(|certificate| show(platform, certificate)).collect::<Result<Vec<_>, _>>()?;
    Ok(Success::Body(json!({ "data": listed })))
}

fn show(platform: &Platform, certificate: &PlatformCertificate) -> Result<Value, ApiError> {
    let (from, to) = certificate.validity();
    let sealed = platform
        .keys
        .api_v3_key()
        .seal(&platform.entropy, ASSOCIATED_DATA, certificate.pem.as_bytes())
        .map_err(|error| ApiError::of("sandbox seal", &error))?;
    Ok(json!({
        "serial_no": certificate.key.serial,
        "effective_time": wire_time::seconds(from),
        "expire_time": wire_time::seconds(to),
        "encrypt_certificate": {
            "algorithm": "AEAD_AES_256_GCM",
            "nonce": sealed.nonce,
            "associated_data": ASSOCIATED_DATA,
            "ciphertext": sealed.ciphertext,
        },
    }))
}
