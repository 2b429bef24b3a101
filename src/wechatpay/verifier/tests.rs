use http::{HeaderMap, HeaderValue};
use jiff::{SignedDuration, ToSpan as _};
use proptest::prelude::*;

use super::*;
use crate::wechatpay::{
    fixtures::{self, NEXT_SERIAL, PLATFORM_SERIAL, PUBLIC_KEY_ID, both_keys, now, public_keys, sign, sign_as},
    headers,
};

const BODY: &[u8] = r#"{"code_url":"weixin://wxpay/bizpayurl?pr=1"}"#.as_bytes();

fn verify(keys: &PlatformKeys, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<(), VerifyError> {
    keys.verify(&SignatureHeaders::read(headers).expect("complete"), body, now)
}

fn with(headers: &HeaderMap, name: &'static str, value: &[u8]) -> HeaderMap {
    let mut headers = headers.clone();
    headers.insert(name, HeaderValue::from_bytes(value).expect("a value"));
    headers
}

#[test]
fn answers_signed_by_openssl_verify() {
    for name in ["transaction", "crlf", "newline", "refund", "prepay", "close", "transaction_by_certificate"] {
        let (headers, body) = fixtures::answer(&format!("answers/{name}"));
        assert_eq!(verify(&both_keys(), &headers, &body, now()), Ok(()), "{name}");
    }
}

#[test]
fn the_reply_of_the_official_page_verifies() {
    let (headers, body) = fixtures::answer("published/doc_reply");
    let key = PlatformKey::from_pem(&fixtures::text("published/doc_reply.pem")).expect("a key");
    let id = PlatformSerial::parse(headers[headers::SERIAL].to_str().expect("text")).expect("legal");
    let keys = PlatformKeys::default().with_public_key(&id, key);
    let then = Timestamp::from_second(1_722_850_421).expect("in range");
    assert_eq!(verify(&keys, &headers, &body, then), Ok(()));
    assert_eq!(verify(&keys, &headers, &body[1..], then), Err(VerifyError::SignatureWrong));
}

#[test]
fn the_notification_of_the_go_sdk_verifies_at_its_time_only() {
    let (headers, body) = fixtures::answer("published/go_notify");
    let pem = fixtures::text("published/go_certificate.pem");
    let keys = PlatformKeys::default().with_certificates(PlatformCertificate::from_pem(&pem));
    let then = Timestamp::from_second(1_624_523_846).expect("in range");
    assert_eq!(verify(&keys, &headers, &body, then), Ok(()));
    assert!(matches!(verify(&keys, &headers, &body, now()), Err(VerifyError::OutsideWindow { .. })));
}

#[test]
fn the_window_is_open_for_less_than_five_minutes_on_both_sides() {
    let headers = sign(BODY, now());
    for millis in [0, 1, 60_000, 299_000, 299_999] {
        for away in [millis, -millis] {
            let clock = now() + SignedDuration::from_millis(away);
            assert_eq!(verify(&public_keys(), &headers, BODY, clock), Ok(()), "{away} ms");
        }
    }
    for millis in [300_000, 300_001, 3_600_000, 864_000_000] {
        for (away, direction) in [(millis, Direction::Past), (-millis, Direction::Future)] {
            let clock = now() + SignedDuration::from_millis(away);
            let away_seconds = u64::try_from(millis / 1000).expect("positive");
            let expected = VerifyError::OutsideWindow { away_seconds, direction };
            assert_eq!(verify(&public_keys(), &headers, BODY, clock), Err(expected), "{away} ms");
        }
    }
}

#[test]
fn absurd_timestamps_are_outside_and_do_not_overflow() {
    for timestamp in ["0", "00", "9223372036854775807", "9223372036854775808", "18446744073709551615"] {
        let headers = sign_as("wechatpay_key", PUBLIC_KEY_ID, BODY, timestamp);
        for clock in [Timestamp::MIN, now(), Timestamp::MAX] {
            let verdict = verify(&public_keys(), &headers, BODY, clock);
            assert!(matches!(verdict, Err(VerifyError::OutsideWindow { .. })), "{timestamp} {clock}");
        }
    }
}

#[test]
fn the_text_of_the_timestamp_is_what_was_signed() {
    let headers = sign_as("wechatpay_key", PUBLIC_KEY_ID, BODY, "0001767196800");
    assert_eq!(verify(&public_keys(), &headers, BODY, now()), Ok(()));
    let shorter = with(&headers, headers::TIMESTAMP, b"1767196800");
    assert_eq!(verify(&public_keys(), &shorter, BODY, now()), Err(VerifyError::SignatureWrong));
}

#[test]
fn every_signed_part_counts() {
    let headers = sign(BODY, now());
    for (name, value) in [(headers::TIMESTAMP, "1767196801"), (headers::NONCE, "other"), (headers::NONCE, "")] {
        let changed = with(&headers, name, value.as_bytes());
        assert_eq!(verify(&public_keys(), &changed, BODY, now()), Err(VerifyError::SignatureWrong), "{name}");
    }
    for body in [&b""[..], b"{}", &BODY[..BODY.len() - 1], &[BODY, b"\n"].concat(), &[b" ", BODY].concat()] {
        assert_eq!(verify(&public_keys(), &headers, body, now()), Err(VerifyError::SignatureWrong));
    }
}

#[test]
fn a_line_end_moved_between_the_parts_changes_the_message() {
    // "nonce\nbody" could be read as a longer nonce with a shorter body: headers hold no line ends.
    let headers = sign(b"second\nthird", now());
    assert_eq!(verify(&public_keys(), &headers, b"second\nthird", now()), Ok(()));
    assert_eq!(verify(&public_keys(), &headers, b"third", now()), Err(VerifyError::SignatureWrong));
}

#[test]
fn a_serial_is_compared_letter_by_letter() {
    let headers = sign(BODY, now());
    let long = "A".repeat(5000);
    for serial in [
        "",
        "PUB_KEY_ID_",
        "pub_key_id_0119000072912026010100000000000001",
        "PUB_KEY_ID_119000072912026010100000000000001",
        "0119000072912026010100000000000001",
        PLATFORM_SERIAL,
        &long,
    ] {
        let changed = with(&headers, headers::SERIAL, serial.as_bytes());
        let expected = VerifyError::UnknownSerial(serial.to_owned());
        assert_eq!(verify(&public_keys(), &changed, BODY, now()), Err(expected), "{serial}");
    }
}

#[test]
fn the_key_of_another_serial_does_not_verify() {
    let swapped = with(&sign(BODY, now()), headers::SERIAL, PLATFORM_SERIAL.as_bytes());
    assert_eq!(verify(&both_keys(), &swapped, BODY, now()), Err(VerifyError::SignatureWrong));
    let own = sign_as("merchant_key", PUBLIC_KEY_ID, BODY, "1767196800");
    assert_eq!(verify(&both_keys(), &own, BODY, now()), Err(VerifyError::SignatureWrong));
}

#[test]
fn every_altered_character_of_a_signature_is_wrong() {
    let headers = sign(BODY, now());
    let good = headers[headers::SIGNATURE].as_bytes().to_vec();
    for at in 0..good.len() {
        for other in [b'A', b'B', b'/', b'+', b'=', b'-', b'_', b' ', b'!', 0xff] {
            if good[at] == other {
                continue;
            }
            let mut bad = good.clone();
            bad[at] = other;
            let changed = with(&headers, headers::SIGNATURE, &bad);
            let verdict = verify(&public_keys(), &changed, BODY, now());
            assert_eq!(verdict, Err(VerifyError::SignatureWrong), "{other} at {at}");
        }
    }
}

#[test]
fn a_signature_cut_anywhere_is_wrong() {
    let headers = sign(BODY, now());
    let good = headers[headers::SIGNATURE].as_bytes();
    for length in 0..good.len() {
        let changed = with(&headers, headers::SIGNATURE, &good[..length]);
        assert_eq!(verify(&public_keys(), &changed, BODY, now()), Err(VerifyError::SignatureWrong), "{length}");
    }
    let doubled = with(&headers, headers::SIGNATURE, &[good, good].concat());
    assert_eq!(verify(&public_keys(), &doubled, BODY, now()), Err(VerifyError::SignatureWrong));
}

#[test]
fn a_probe_is_wrong_and_counted_apart() {
    let (headers, body) = fixtures::answer("answers/probe");
    assert_eq!(verify(&public_keys(), &headers, &body, now()), Err(VerifyError::SignatureProbe));
    for tail in ["", "A", "AA=", "not base64!", "AAAA"] {
        let probe = with(&headers, headers::SIGNATURE, format!("{SIGNATURE_PROBE}{tail}").as_bytes());
        assert_eq!(verify(&public_keys(), &probe, &body, now()), Err(VerifyError::SignatureProbe), "{tail}");
    }
    let unlike = with(&headers, headers::SIGNATURE, b"WECHATPAY/SIGNTES/AAAA");
    assert_eq!(verify(&public_keys(), &unlike, &body, now()), Err(VerifyError::SignatureWrong));
}

#[test]
fn a_probe_passes_the_other_checks_first() {
    let (headers, body) = fixtures::answer("answers/probe");
    let late = now() + 1.hour();
    assert!(matches!(verify(&public_keys(), &headers, &body, late), Err(VerifyError::OutsideWindow { .. })));
    let unknown = PlatformKeys::default();
    assert!(matches!(verify(&unknown, &headers, &body, now()), Err(VerifyError::UnknownSerial(_))));
}

#[test]
fn fresh_certificates_replace_old_ones_and_leave_public_keys() {
    let keys = both_keys();
    let renewed = keys.with_certificates([fixtures::certificate("next_platform_certificate")]);
    assert!(renewed.contains(PUBLIC_KEY_ID) && renewed.contains(NEXT_SERIAL) && !renewed.contains(PLATFORM_SERIAL));
    assert!(keys.contains(PLATFORM_SERIAL), "a snapshot does not change");
    let overlap = ["platform_certificate", "next_platform_certificate"].map(fixtures::certificate);
    assert_eq!(keys.with_certificates(overlap).list().len(), 3);
}

#[test]
fn an_empty_list_of_certificates_replaces_nothing() {
    assert!(both_keys().with_certificates([]).contains(PLATFORM_SERIAL));
}

#[test]
fn the_list_tells_which_keys_expire() {
    let keys = both_keys();
    let list = keys.list();
    assert_eq!(list.iter().map(|(serial, _)| *serial).collect::<Vec<_>>(), [PLATFORM_SERIAL, PUBLIC_KEY_ID]);
    assert!(list[0].1.is_some() && list[1].1.is_none());
    assert_eq!(format!("{keys:?}"), format!("{{\"{PLATFORM_SERIAL}\", \"{PUBLIC_KEY_ID}\"}}"));
}

#[test]
fn an_error_repeats_a_serial_only_if_it_can_be_one() {
    let error = VerifyError::UnknownSerial("5DEA10EF".to_owned());
    assert_eq!(error.to_string(), "no key is known for serial 5DEA10EF");
    // The signature in the serial's place (§11 no. 6).
    let signature = fixtures::text("published/go_source.signature");
    let error = VerifyError::UnknownSerial(signature.clone()).to_string();
    assert!(!error.contains(&signature[..20]), "{error}");
    let forged = VerifyError::UnknownSerial("x\n2026 INFO paid".to_owned()).to_string();
    assert!(!forged.contains('\n'), "{forged}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_signed_verifies(body in proptest::collection::vec(any::<u8>(), 0..1000)) {
        prop_assert_eq!(verify(&public_keys(), &sign(&body, now()), &body, now()), Ok(()));
    }

    #[test]
    fn one_flipped_bit_of_a_body_fails(
        body in proptest::collection::vec(any::<u8>(), 1..300),
        at in any::<prop::sample::Index>(),
        bit in 0..8,
    ) {
        let headers = sign(&body, now());
        let mut body = body;
        let at = at.index(body.len());
        body[at] ^= 1_u8 << bit;
        prop_assert_eq!(verify(&public_keys(), &headers, &body, now()), Err(VerifyError::SignatureWrong));
    }

    #[test]
    fn one_flipped_bit_of_a_signature_fails(at in 0_usize..256, bit in 0..8) {
        let headers = sign(BODY, now());
        let mut signature = STANDARD.decode(headers[headers::SIGNATURE].as_bytes()).expect("base64");
        signature[at] ^= 1_u8 << bit;
        let changed = with(&headers, headers::SIGNATURE, STANDARD.encode(signature).as_bytes());
        prop_assert_eq!(verify(&public_keys(), &changed, BODY, now()), Err(VerifyError::SignatureWrong));
    }
}
