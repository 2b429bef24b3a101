//! The body of a reply of `/v3/certificates`, under the headers of a genuine one: altered, it may be
//! decrypted, but is never believed.

use std::sync::LazyLock;

use http::HeaderMap;
use saoma::wechatpay::{
    PlatformKeys,
    certificates::{self, CertificatesError, Opened},
};

use super::platform::{api_v3_keys, headers, now};

const GENUINE: &[u8] = include_bytes!("../../vectors/answers/certificates.body");

pub fn check(data: &[u8]) -> bool {
    match open(data) {
        Ok(opened) => {
            assert_eq!(data, GENUINE, "a forgery was believed");
            assert_eq!((opened.certificates.len(), opened.unusable.len()), (1, 0));
            true
        }
        // Everything in it was opened and read.
        Err(CertificatesError::Verify(_)) => data != GENUINE,
        Err(_) => false,
    }
}

/// As at the very first download, when no key is known.
pub fn open(body: &[u8]) -> Result<Opened, CertificatesError> {
    static HEADERS: LazyLock<HeaderMap> =
        LazyLock::new(|| headers(include_bytes!("../../vectors/answers/certificates.headers")).expect("headers").0);
    certificates::open(&HEADERS, body, &PlatformKeys::default(), api_v3_keys(), now())
}
