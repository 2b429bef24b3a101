use super::*;
use crate::wechatpay::fixtures;

const ALL: [&str; 4] = [TIMESTAMP, NONCE, SIGNATURE, SERIAL];

fn headers() -> HeaderMap {
    fixtures::answer("answers/transaction").0
}

fn error_of(headers: &HeaderMap) -> Option<HeaderError> {
    SignatureHeaders::read(headers).err()
}

#[test]
fn all_four_are_read() {
    let headers = headers();
    let read = SignatureHeaders::read(&headers).expect("complete");
    assert_eq!(read.seconds, 1_767_196_800);
    assert_eq!(read.timestamp, "1767196800");
    assert_eq!(read.nonce, "EcZ9Cmy4Xyx1i6RlJQzLcCyEqDa26NBz");
    assert_eq!(read.serial, fixtures::PUBLIC_KEY_ID);
    assert_eq!(read.signature.len(), 344);
}

#[test]
fn each_of_them_is_needed() {
    for name in ALL {
        let mut headers = headers();
        headers.remove(name);
        assert_eq!(error_of(&headers), Some(HeaderError::Missing(name)));
    }
}

#[test]
fn none_may_come_twice() {
    for name in ALL {
        let mut headers = headers();
        headers.append(name, headers[name].clone());
        assert_eq!(error_of(&headers), Some(HeaderError::Repeated(name)), "even with the same value");
    }
    let mut headers = headers();
    headers.append(TYPE, HeaderValue::from_static(SIGNATURE_TYPE));
    headers.append(TYPE, HeaderValue::from_static(SIGNATURE_TYPE));
    assert_eq!(error_of(&headers), Some(HeaderError::Repeated(TYPE)));
}

#[test]
fn a_timestamp_is_digits() {
    for bad in [
        "",
        "+1767196800",
        "-1767196800",
        "1767196800.0",
        "1767196800 ",
        " 1767196800",
        "0x10",
        "1e9",
        "now",
        "2026-01-01T00:00:00+08:00",
        "99999999999999999999",
        "1767196800,1767196800",
    ] {
        let mut headers = headers();
        headers.insert(TIMESTAMP, HeaderValue::from_static(bad));
        assert_eq!(error_of(&headers), Some(HeaderError::Unreadable(TIMESTAMP)), "{bad:?}");
    }
}

#[test]
fn text_is_needed_where_text_is_used() {
    for name in [TIMESTAMP, NONCE, SERIAL] {
        let mut headers = headers();
        headers.insert(name, HeaderValue::from_bytes(b"17\xff").expect("legal for HTTP"));
        assert_eq!(error_of(&headers), Some(HeaderError::Unreadable(name)));
    }
}

#[test]
fn only_our_signature_type_is_known() {
    let mut headers = headers();
    headers.insert(TYPE, HeaderValue::from_static(SIGNATURE_TYPE));
    assert_eq!(error_of(&headers), None);
    for other in ["WECHATPAY2-SM2-WITH-SM3", "WECHATPAY-BRAND-SHA256-RSA2048", "wechatpay2-sha256-rsa2048", ""] {
        headers.insert(TYPE, HeaderValue::from_static(other));
        assert_eq!(error_of(&headers), Some(HeaderError::UnknownType), "{other:?}");
    }
}

#[test]
fn debug_shows_no_signature() {
    let headers = headers();
    let shown = format!("{:?}", SignatureHeaders::read(&headers).expect("complete"));
    assert!(!shown.contains(&headers[SIGNATURE].to_str().expect("text")[..16]), "{shown}");
}
