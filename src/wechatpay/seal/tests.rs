//! Sealed for WeChat alone, and opened as WeChat opens it.

use super::*;
use crate::wechatpay::{
    PlatformKeys,
    fixtures::{self, NEXT_SERIAL, PLATFORM_SERIAL, PUBLIC_KEY_ID, both_keys, certificate, now, public_key_id},
};

#[test]
fn what_is_sealed_opens_with_the_other_half_alone_and_never_looks_the_same() {
    let key = both_keys().sealing_key(Some(&public_key_id()), now()).expect("a key");
    assert_eq!(key.serial.as_str(), PUBLIC_KEY_ID);
    let (sealed, again) =
        (key.seal("6225880123456783").expect("sealed"), key.seal("6225880123456783").expect("sealed"));
    assert_ne!(sealed, again);
    assert_eq!(fixtures::open_field(&sealed), "6225880123456783");
    assert_eq!(fixtures::open_field_as("platform_key", &sealed), None);
}

/// The opening of these tests is openssl's, too: otherwise both halves could be wrong alike.
#[test]
fn what_openssl_seals_with_these_parameters_opens_alike() {
    let sealed = fixtures::text("requests/sealed_field.txt");
    assert_eq!(fixtures::open_field(sealed.trim()), "6225880123456789 张三");
}

#[test]
fn without_a_public_key_the_certificate_that_lasts_longest_seals() {
    let certificates = PlatformKeys::default()
        .with_certificates([certificate("platform_certificate"), certificate("next_platform_certificate")]);
    let (older, newer) = (certificate("platform_certificate"), certificate("next_platform_certificate"));
    let last = [(older.not_after, PLATFORM_SERIAL), (newer.not_after, NEXT_SERIAL)].into_iter().max().expect("two").1;
    let key = certificates.sealing_key(None, now()).expect("a key");
    assert_eq!(key.serial.as_str(), last);
    // One that is configured and not there is none.
    assert_eq!(
        certificates.sealing_key(Some(&public_key_id()), now()).map(|it| it.serial.to_string()).as_deref(),
        Some(last)
    );
    let after = older.not_after.max(newer.not_after);
    assert!(certificates.sealing_key(None, after).is_none(), "ended");
    assert!(PlatformKeys::default().sealing_key(Some(&public_key_id()), now()).is_none());
}

#[test]
fn a_certificates_key_seals_as_well() {
    let keys = PlatformKeys::default().with_certificates([certificate("platform_certificate")]);
    let sealed = keys.sealing_key(None, now()).expect("a key").seal("张三").expect("sealed");
    assert_eq!(fixtures::open_field_as("platform_key", &sealed).as_deref(), Some("张三"));
}

#[test]
fn what_is_too_long_is_refused() {
    let key = both_keys().sealing_key(Some(&public_key_id()), now()).expect("a key");
    assert!(key.seal(&"a".repeat(214)).is_ok());
    assert_eq!(key.seal(&"a".repeat(215)), Err(SealError::TooLong));
}
