use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::*;
use crate::wechatpay::fixtures::{self, text};

#[test]
fn both_forms_of_a_private_key_sign_as_openssl_does() {
    for name in ["merchant_key", "merchant_key_pkcs1"] {
        let key = MerchantKey::from_pem(&text(&format!("keys/{name}.pem"))).expect(name);
        for request in ["prepay", "query", "close"] {
            let message = fixtures::bytes(&format!("requests/{request}.message"));
            let signature = STANDARD.encode(key.sign(&message).expect("signed"));
            assert_eq!(signature, text(&format!("requests/{request}.signature")), "{name}, {request}");
        }
    }
}

#[test]
fn a_key_mangled_on_its_way_through_the_environment_still_loads() {
    let pem = text("keys/merchant_key.pem");
    let mangled = [
        pem.replace('\n', " "),
        pem.replace('\n', "\\n"),
        pem.replace('\n', "\\r\\n"),
        pem.replace('\n', "\r\n"),
        pem.replace('\n', "\n    "),
        pem.replace('\n', ""),
        pem.trim_end().to_owned(),
        format!("\u{feff}{pem}"),
        format!("\"{pem}\""),
        format!("Bag Attributes\n    friendlyName: Tenpay Certificate\n{pem}\n# the end"),
        format!("{}{pem}", text("keys/merchant_certificate.pem")),
    ];
    for pem in mangled {
        let key = MerchantKey::from_pem(&pem).expect("loads");
        assert_eq!(key.public(), fixtures::merchant_key().public());
    }
}

#[test]
fn a_private_key_slot_names_what_it_found_instead() {
    for (name, error) in [
        ("merchant_public", KeyError::WrongKind(PemKind::PublicKey)),
        ("merchant_certificate", KeyError::WrongKind(PemKind::Certificate)),
        ("merchant_key_encrypted", KeyError::WrongKind(PemKind::EncryptedPrivateKey)),
        ("merchant_key_pkcs1_encrypted", KeyError::WrongKind(PemKind::EncryptedPrivateKey)),
        ("ec_key", KeyError::NotRsa),
        ("short_key", KeyError::TooShort(1024)),
    ] {
        assert_eq!(MerchantKey::from_pem(&text(&format!("keys/{name}.pem"))).err(), Some(error), "{name}");
    }
}

#[test]
fn a_public_key_slot_names_what_it_found_instead() {
    for (name, error) in [
        ("merchant_key", KeyError::WrongKind(PemKind::PrivateKey)),
        ("merchant_key_pkcs1", KeyError::WrongKind(PemKind::RsaPrivateKey)),
        ("platform_certificate", KeyError::WrongKind(PemKind::Certificate)),
        ("ec_public", KeyError::NotRsa),
        ("short_public", KeyError::TooShort(1024)),
    ] {
        assert_eq!(PlatformKey::from_pem(&text(&format!("keys/{name}.pem"))).err(), Some(error), "{name}");
    }
}

#[test]
fn a_certificate_slot_names_what_it_found_instead() {
    let key = text("keys/merchant_key.pem");
    let error = KeyError::WrongKind(PemKind::PrivateKey);
    assert_eq!(MerchantCertificate::from_pem(&key).err(), Some(error));
    assert_eq!(PlatformCertificate::from_pem(&key).err(), Some(error));
}

#[test]
fn what_is_no_pem_is_told_apart() {
    let pem = text("keys/merchant_key.pem");
    for (text, error) in [
        (String::new(), KeyError::Empty),
        (" \n\\n".to_owned(), KeyError::Empty),
        ("keys/apiclient_key.pem".to_owned(), KeyError::NotPem),
        (pem.replace("-----END PRIVATE KEY-----", ""), KeyError::CutOff),
        (pem.replace("END PRIVATE", "END PUBLIC"), KeyError::CutOff),
        ("-----BEGIN PRIVATE KEY".to_owned(), KeyError::CutOff),
        (pem.replace("MII", "M!I"), KeyError::Damaged),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----".to_owned(), KeyError::Damaged),
        (
            "-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----".to_owned(),
            KeyError::WrongKind(PemKind::Other),
        ),
    ] {
        assert_eq!(MerchantKey::from_pem(&text).err(), Some(error), "{text}");
    }
}

#[test]
fn a_key_cut_anywhere_is_an_error_and_no_panic() {
    for name in ["merchant_key", "wechatpay_public", "platform_certificate"] {
        let pem = text(&format!("keys/{name}.pem"));
        let whole = pem.trim_end().len();
        for length in 0..whole {
            let cut = &pem[..length];
            assert!(MerchantKey::from_pem(cut).is_err(), "{name} {length}");
            assert!(PlatformKey::from_pem(cut).is_err(), "{name} {length}");
            assert!(PlatformCertificate::from_pem(cut).is_err(), "{name} {length}");
        }
    }
}

#[test]
fn a_key_with_a_line_missing_is_refused() {
    let pem = text("keys/merchant_key.pem");
    let lines: Vec<_> = pem.lines().collect();
    for missing in 1..lines.len() - 1 {
        let rest = lines.iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, line)| *line);
        assert!(MerchantKey::from_pem(&rest.collect::<Vec<_>>().join("\n")).is_err(), "without line {missing}");
    }
}

#[test]
fn errors_and_debug_show_nothing_of_a_key() {
    let pem = text("keys/merchant_key.pem");
    let inside = &pem.lines().nth(3).expect("a line")[..20];
    let error = MerchantKey::from_pem(&pem.replace("END", "FIN")).expect_err("no END");
    assert!(!format!("{error} {error:?}").contains(inside));
    assert_eq!(format!("{:?}", fixtures::merchant_key()), "MerchantKey([redacted])");
    assert_eq!(format!("{:?}", fixtures::public_key()), "PlatformKey");
}

#[test]
fn a_key_knows_its_certificate() {
    let certificate = MerchantCertificate::from_pem(&text("keys/merchant_certificate.pem")).expect("loads");
    assert_eq!(certificate.serial.as_str(), fixtures::MERCHANT_SERIAL);
    assert!(fixtures::merchant_key().belongs_to(&certificate));
    let other = MerchantKey::from_pem(&text("keys/platform_key.pem")).expect("loads");
    assert!(!other.belongs_to(&certificate));
}

#[test]
fn the_own_public_half_is_recognised_in_the_platforms_place() {
    let own = PlatformKey::from_pem(&text("keys/merchant_public.pem")).expect("loads");
    assert!(fixtures::merchant_key().is_own_half(&own));
    assert!(!fixtures::merchant_key().is_own_half(&fixtures::public_key()));
}

#[test]
fn serials_are_upper_case_hex() {
    assert_eq!(fixtures::certificate("platform_certificate").serial.as_str(), fixtures::PLATFORM_SERIAL);
    assert_eq!(fixtures::certificate("next_platform_certificate").serial.as_str(), fixtures::NEXT_SERIAL);
    // Its DER has a zero byte before the high bit, which is no part of the serial.
    let go = PlatformCertificate::from_pem(&text("published/go_certificate.pem")).expect("loads");
    assert_eq!(go.serial.as_str(), "D7CE59D1F522D701");
    assert_eq!(go.not_before.to_string(), "2021-04-27T08:55:23Z");
    assert_eq!(go.not_after.to_string(), "2031-04-25T08:55:23Z");
}

#[test]
fn a_published_signature_verifies_by_public_key_and_by_certificate() {
    let signature = STANDARD.decode(text("published/go_source.signature")).expect("base64");
    let key = PlatformKey::from_pem(&text("published/go_public_key.pem")).expect("loads");
    let certificate = PlatformCertificate::from_pem(&text("published/go_certificate.pem")).expect("loads");
    for key in [key, certificate.key] {
        assert!(key.verifies(b"source", &signature));
        assert!(!key.verifies(b"wrong source", &signature));
        assert!(!key.verifies(b"", &signature));
        assert!(!key.verifies(b"source", b""));
    }
}

#[test]
fn a_signature_of_any_other_length_is_wrong() {
    let key = fixtures::public_key();
    let message = b"message";
    let good = MerchantKey::from_pem(&text("keys/wechatpay_key.pem")).expect("loads").sign(message).expect("signed");
    assert!(key.verifies(message, &good));
    for length in 0..good.len() {
        assert!(!key.verifies(message, &good[..length]), "{length}");
    }
    for more in 1..300 {
        assert!(!key.verifies(message, &[good.as_slice(), &vec![0; more]].concat()), "{more} more");
        assert!(!key.verifies(message, &[&vec![0; more], good.as_slice()].concat()), "{more} before");
    }
}
