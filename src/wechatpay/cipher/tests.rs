use proptest::prelude::*;

use super::*;
use crate::wechatpay::fixtures::{API_V3_KEY, PREVIOUS_API_V3_KEY, api_v3_keys, seal};

const NONCE: &str = "14b16c03dc1b";

/// wechatpay-java, `core/src/test/java/com/wechat/pay/java/core/cipher/AeadAesCipherTest.java`.
#[test]
fn the_published_value_opens() {
    let keys = ApiV3Keys::new(ApiV3Key::parse("a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb").expect("32 bytes"));
    let plaintext = keys.open("uluk4a9R25RW", "associatedData", "ulwSiIajGClcvcOYvOQ7+l+0PAbzzwI=");
    assert_eq!(plaintext.as_deref(), Ok(b"message".as_slice()));
}

#[test]
fn a_key_has_exactly_32_bytes() {
    for length in (0..=31).chain(33..=66) {
        let text = "k".repeat(length);
        assert_eq!(ApiV3Key::parse(&text).err(), Some(InvalidApiV3Key(length)));
    }
    assert!(ApiV3Key::parse(&format!(" {API_V3_KEY}\r\n")).is_ok(), "white space around it is dropped");
    assert_eq!(ApiV3Key::parse(&"键".repeat(32)).err(), Some(InvalidApiV3Key(96)));
}

#[test]
fn the_previous_key_still_opens() {
    let sealed = seal(PREVIOUS_API_V3_KEY, NONCE, "", b"{}");
    assert_eq!(api_v3_keys().open(NONCE, "", &sealed), Err(OpenError::Unopened));
    let keys = api_v3_keys().with_previous(ApiV3Key::parse(PREVIOUS_API_V3_KEY).expect("32 bytes"));
    assert_eq!(keys.open(NONCE, "", &sealed).as_deref(), Ok(b"{}".as_slice()));
    let sealed = seal(API_V3_KEY, NONCE, "", b"[]");
    assert_eq!(keys.open(NONCE, "", &sealed).as_deref(), Ok(b"[]".as_slice()));
}

#[test]
fn a_nonce_has_12_bytes() {
    let sealed = seal(API_V3_KEY, NONCE, "", b"{}");
    for nonce in ["", "14b16c03dc1", "14b16c03dc1b1", "14b16c03dc1b14b1"] {
        assert_eq!(api_v3_keys().open(nonce, "", &sealed), Err(OpenError::Nonce), "{nonce}");
    }
}

#[test]
fn other_associated_data_does_not_open() {
    let sealed = seal(API_V3_KEY, NONCE, "transaction", b"{}");
    for other in ["", "transactio", "transaction ", "Transaction"] {
        assert_eq!(api_v3_keys().open(NONCE, other, &sealed), Err(OpenError::Unopened), "{other}");
    }
}

#[test]
fn what_is_not_base64_is_told_apart() {
    for bad in ["=", "a", "ab!=", "ulwSiIajGClcvcOYvOQ7-l-0PAbzzwI=", "dGVzdA==\n"] {
        assert_eq!(api_v3_keys().open(NONCE, "", bad), Err(OpenError::Base64), "{bad}");
    }
}

#[test]
fn a_ciphertext_cut_anywhere_does_not_open() {
    let sealed = STANDARD.decode(seal(API_V3_KEY, NONCE, "", b"0123456789")).expect("base64");
    for length in 0..sealed.len() {
        let cut = STANDARD.encode(&sealed[..length]);
        assert_eq!(api_v3_keys().open(NONCE, "", &cut), Err(OpenError::Unopened), "{length}");
    }
}

#[test]
fn a_key_does_not_show() {
    assert_eq!(format!("{:?}", api_v3_keys()), "ApiV3Keys([ApiV3Key([redacted])])");
}

proptest! {
    #[test]
    fn what_another_library_seals_opens(
        plaintext in proptest::collection::vec(any::<u8>(), 0..2000),
        associated_data in "\\PC{0,16}",
        nonce in "[0-9A-Za-z]{12}",
    ) {
        let sealed = seal(API_V3_KEY, &nonce, &associated_data, &plaintext);
        prop_assert_eq!(api_v3_keys().open(&nonce, &associated_data, &sealed), Ok(plaintext));
    }

    #[test]
    fn one_flipped_bit_anywhere_keeps_it_shut(
        plaintext in proptest::collection::vec(any::<u8>(), 0..200),
        at in any::<prop::sample::Index>(),
        bit in 0..8,
    ) {
        let mut sealed = STANDARD.decode(seal(API_V3_KEY, NONCE, "a", &plaintext)).expect("base64");
        let at = at.index(sealed.len());
        sealed[at] ^= 1_u8 << bit;
        prop_assert_eq!(api_v3_keys().open(NONCE, "a", &STANDARD.encode(sealed)), Err(OpenError::Unopened));
    }
}
