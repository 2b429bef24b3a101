//! A request to the notify route, as text: headers, an empty line, the body. The seeds are answers
//! of `tests/vectors` with good signatures, so that every mutation of them is a forgery.

use std::sync::LazyLock;

use http::HeaderMap;
use saoma::wechatpay::{
    NotifyError,
    headers::SignatureHeaders,
    notify::{self, Refusal},
};

use super::platform::{api_v3_keys, headers, now, platform_keys};

macro_rules! answer {
    ($name:literal) => {
        (
            include_str!(concat!("../../vectors/answers/", $name, ".headers")),
            include_bytes!(concat!("../../vectors/answers/", $name, ".body")).as_slice(),
        )
    };
}

/// Everything in the name of the platform that its keys did sign.
const SIGNED: [(&str, &[u8]); 13] = [
    answer!("absent_associated_data"),
    answer!("close"),
    answer!("crlf"),
    answer!("newline"),
    answer!("prepay"),
    answer!("previous_key"),
    answer!("query"),
    answer!("refund"),
    answer!("reordered"),
    answer!("security"),
    answer!("transaction"),
    answer!("transaction_by_certificate"),
    answer!("unknown"),
];

pub fn check(data: &[u8]) -> bool {
    let Some((headers, body)) = headers(data) else { return false };
    let outcome = notify::open(&headers, body, platform_keys(), api_v3_keys(), now());
    match &outcome {
        Err(error @ NotifyError::Verify(_)) => {
            let read = SignatureHeaders::read(&headers).is_ok();
            assert_eq!(error.refusal() == Refusal::Unauthentic, read, "{error}");
            assert_eq!(error.unknown_serial().is_some(), error.label() == "serial");
            assert!(!error.to_string().chars().any(char::is_control), "fit for a log");
            return false;
        }
        // Past the signature, whatever came after it.
        Ok(_) | Err(_) => assert!(is_genuine(&headers, body), "a forgery was believed: {outcome:?}"),
    }
    outcome.is_ok()
}

/// Body and signature headers are, to the letter, those of one answer.
fn is_genuine(found: &HeaderMap, body: &[u8]) -> bool {
    static GENUINE: LazyLock<Vec<(HeaderMap, &[u8])>> = LazyLock::new(|| {
        SIGNED.iter().map(|(head, body)| (headers(head.as_bytes()).expect("headers").0, *body)).collect()
    });
    let fields = |headers| {
        let read = SignatureHeaders::read(headers).expect("verified");
        (read.timestamp, read.nonce, read.serial, read.signature)
    };
    GENUINE.iter().any(|(signed, of)| *of == body && fields(signed) == fields(found))
}
