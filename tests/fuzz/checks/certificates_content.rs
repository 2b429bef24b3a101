//! What was sealed in a reply of `/v3/certificates`: lines `serial_no`, `associated_data`, then a
//! certificate in PEM. Sealed here, so that every input is decrypted and read.

use saoma::wechatpay::{
    KeyError, PlatformCertificate, PlatformSerial, certificates::CertificatesError, cipher::ALGORITHM,
};
use serde_json::json;

use super::{
    certificates_reply::open,
    lines,
    platform::{NONCE, seal},
};

pub fn check(data: &[u8]) -> bool {
    let Some(([serial_no, associated_data], pem)) = lines::<2>(data) else { return false };
    let body = json!({
        "data": [{
            "serial_no": serial_no,
            "encrypt_certificate": {
                "algorithm": ALGORITHM,
                "nonce": NONCE,
                "associated_data": associated_data,
                "ciphertext": seal(associated_data, pem),
            },
        }],
    });
    // Nobody signed it.
    let error = open(&serde_json::to_vec(&body).expect("JSON")).expect_err("a forgery was believed");
    let certificate = str::from_utf8(pem).map_err(|_| KeyError::NotPem).and_then(PlatformCertificate::from_pem);
    match certificate {
        Err(reason) => assert_eq!(error, CertificatesError::Certificate(reason)),
        Ok(certificate) if is_same(serial_no, &certificate.serial) => {
            assert!(matches!(error, CertificatesError::Verify(_)), "{error}");
            return true;
        }
        Ok(_) => assert_eq!(error, CertificatesError::SerialMismatch),
    }
    false
}

/// Equal as hexadecimal numbers, and a serial at all.
fn is_same(stated: &str, serial: &PlatformSerial) -> bool {
    let number = |text: &str| format!("{:0>128}", text.to_ascii_uppercase());
    PlatformSerial::parse(stated).is_ok_and(|it| it.as_str() == stated) && number(stated) == number(serial.as_str())
}
