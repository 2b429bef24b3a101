use serde_json::{Value, json};

use super::*;
use crate::wechatpay::{
    ApiV3Key,
    fixtures::{
        self, API_V3_KEY, NEXT_SERIAL, PLATFORM_SERIAL, PREVIOUS_API_V3_KEY, api_v3_keys, both_keys, now, public_keys,
        seal, sign, sign_as, text,
    },
    headers,
    keys::PemKind,
};

fn serials(opened: &Opened) -> Vec<&str> {
    opened.certificates.iter().map(|it| it.serial.as_str()).collect()
}

/// A reply with one item, changed by `change`, signed by the public key that is known.
fn open_changed(change: impl FnOnce(&mut Value)) -> Result<Opened, CertificatesError> {
    let mut reply: Value = serde_json::from_slice(&fixtures::bytes("answers/certificates.body")).expect("JSON");
    change(&mut reply);
    let body = reply.to_string().into_bytes();
    open(&sign(&body, now()), &body, &public_keys(), &api_v3_keys(), now())
}

#[test]
fn the_first_reply_is_verified_with_the_certificate_inside_it() {
    let (headers, body) = fixtures::answer("answers/certificates");
    let opened = open(&headers, &body, &PlatformKeys::default(), &api_v3_keys(), now()).expect("opens");
    assert_eq!(serials(&opened), [PLATFORM_SERIAL]);
    assert!(opened.certificates[0].not_before < opened.certificates[0].not_after);
}

#[test]
fn a_rotation_signed_by_the_new_certificate_is_taken() {
    let (headers, body) = fixtures::answer("answers/certificates_rotated");
    for known in [PlatformKeys::default(), public_keys(), both_keys()] {
        let opened = open(&headers, &body, &known, &api_v3_keys(), now()).expect("opens");
        assert_eq!(serials(&opened), [NEXT_SERIAL, PLATFORM_SERIAL]);
    }
}

#[test]
fn a_reply_signed_by_a_known_key_is_taken() {
    let opened = open_changed(|_| ()).expect("opens");
    assert_eq!(serials(&opened), [PLATFORM_SERIAL]);
}

#[test]
fn a_known_serial_is_verified_before_anything_is_read() {
    let mut headers = sign(b"other bytes", now());
    assert_eq!(
        open(&headers, b"not JSON", &public_keys(), &api_v3_keys(), now()).err(),
        Some(VerifyError::SignatureWrong.into())
    );
    headers.remove(headers::SERIAL);
    let missing = VerifyError::from(headers::HeaderError::Missing(headers::SERIAL));
    assert_eq!(open(&headers, b"", &public_keys(), &api_v3_keys(), now()).err(), Some(missing.into()));
}

#[test]
fn a_reply_signed_by_a_stranger_is_refused() {
    let body = fixtures::bytes("answers/certificates.body");
    // By a key that is neither known nor inside.
    let headers = sign_as("next_platform_key", NEXT_SERIAL, &body, "1767196800");
    let unknown = VerifyError::UnknownSerial(NEXT_SERIAL.to_owned());
    assert_eq!(open(&headers, &body, &both_keys(), &api_v3_keys(), now()).err(), Some(unknown.into()));
    // In the name of the one inside.
    let headers = sign_as("next_platform_key", PLATFORM_SERIAL, &body, "1767196800");
    let wrong = Some(VerifyError::SignatureWrong.into());
    assert_eq!(open(&headers, &body, &PlatformKeys::default(), &api_v3_keys(), now()).err(), wrong);
}

#[test]
fn a_certificate_sealed_with_another_key_is_refused() {
    let (headers, body) = fixtures::answer("answers/certificates");
    let keys = ApiV3Keys::new(ApiV3Key::parse(PREVIOUS_API_V3_KEY).expect("32 bytes"));
    assert_eq!(
        open(&headers, &body, &PlatformKeys::default(), &keys, now()).err(),
        Some(OpenError::Unopened.into()),
        "who does not know the APIv3 key cannot plant a certificate"
    );
}

#[test]
fn an_empty_or_shapeless_list_is_refused() {
    assert_eq!(open_changed(|it| it["data"] = json!([])).err(), Some(CertificatesError::Empty));
    assert_eq!(open_changed(|it| *it = json!({})).err(), Some(CertificatesError::Shape));
    assert_eq!(open_changed(|it| it["data"][0]["serial_no"] = json!(5)).err(), Some(CertificatesError::Shape));
}

#[test]
fn another_algorithm_is_refused() {
    let changed = open_changed(|it| {
        it["data"][0]["encrypt_certificate"]["algorithm"] = json!("AEAD_SM4_GCM");
    });
    assert_eq!(changed.err(), Some(CertificatesError::UnknownAlgorithm));
}

#[test]
fn a_certificate_under_another_serial_is_refused() {
    let changed = open_changed(|it| it["data"][0]["serial_no"] = json!(NEXT_SERIAL));
    assert_eq!(changed.err(), Some(CertificatesError::SerialMismatch));
}

#[test]
fn the_serial_is_kept_as_the_reply_spells_it() {
    let nonce = "14b16c03dc1b";
    let changed = open_changed(|it| {
        let item = &mut it["data"][0];
        item["serial_no"] = json!(NEXT_SERIAL.trim_start_matches('0'));
        let pem = text("keys/next_platform_certificate.pem");
        item["encrypt_certificate"]["ciphertext"] = json!(seal(API_V3_KEY, nonce, "certificate", pem.as_bytes()));
    });
    assert_eq!(serials(&changed.expect("opens")), [NEXT_SERIAL.trim_start_matches('0')]);
}

#[test]
fn what_opens_must_be_a_certificate() {
    for (plaintext, error) in [
        (text("keys/wechatpay_public.pem").into_bytes(), KeyError::WrongKind(PemKind::PublicKey)),
        (b"\xff".to_vec(), KeyError::NotPem),
        (Vec::new(), KeyError::Empty),
    ] {
        let changed = open_changed(|it| {
            let sealed = seal(API_V3_KEY, "14b16c03dc1b", "certificate", &plaintext);
            it["data"][0]["encrypt_certificate"]["ciphertext"] = json!(sealed);
        });
        assert_eq!(changed.err(), Some(error.into()));
    }
}

#[test]
fn what_is_of_no_use_does_not_spoil_the_good_ones() {
    let opened = open_changed(|it| {
        let mut sealed_otherwise = it["data"][0].clone();
        sealed_otherwise["encrypt_certificate"]["nonce"] = json!("000000000000");
        let mut of_a_new_kind = it["data"][0].clone();
        of_a_new_kind["encrypt_certificate"]["algorithm"] = json!("AEAD_SM4_GCM");
        let list = it["data"].as_array_mut().expect("a list");
        list.insert(0, json!({"serial_no": "0123"}));
        list.extend([sealed_otherwise, of_a_new_kind]);
    });
    let opened = opened.expect("one is good");
    assert_eq!(serials(&opened), [PLATFORM_SERIAL]);
    let why = [CertificatesError::Shape, OpenError::Unopened.into(), CertificatesError::UnknownAlgorithm];
    assert_eq!(opened.unusable, why);
}

#[test]
fn the_published_certificate_opens() {
    let keys = ApiV3Keys::new(ApiV3Key::parse("a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb").expect("32 bytes"));
    let opened = decrypt(&fixtures::bytes("published/java_certificates.json"), &keys).expect("opens");
    assert_eq!(serials(&opened), ["5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC"]);
    assert_eq!(opened.certificates[0].not_before.to_string(), "2023-09-19T15:15:58Z");
    assert_eq!(opened.certificates[0].not_after.to_string(), "2028-09-17T15:15:58Z");
}
