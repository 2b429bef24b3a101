use proptest::prelude::*;
use rsa::{
    pkcs1v15::{Signature, VerifyingKey},
    pkcs8::DecodePublicKey as _,
    signature::Verifier as _,
};
use sha2::Sha256;

use super::*;
use crate::wechatpay::fixtures::{self, MERCHANT_SERIAL, NONCE, OUT_TRADE_NO, now, signer};

#[test]
fn requests_are_signed_as_openssl_signs_them() {
    let query = format!("/v3/pay/transactions/out-trade-no/{OUT_TRADE_NO}?mchid=1900007291");
    let close = format!("/v3/pay/transactions/out-trade-no/{OUT_TRADE_NO}/close");
    for (name, method, target) in [
        ("prepay", "POST", "/v3/pay/transactions/native"),
        ("query", "GET", &query),
        ("close", "POST", &close),
        ("refund", "POST", "/v3/refund/domestic/refunds"),
        ("refund_query", "GET", "/v3/refund/domestic/refunds/7752501201407033233368018"),
    ] {
        let body = fixtures::bytes(&format!("requests/{name}.body"));
        let request = Request { method, target, body: &body };
        let timestamp = now().as_second().to_string();
        assert_eq!(
            message::of_request(&request, &timestamp, NONCE),
            fixtures::bytes(&format!("requests/{name}.message")),
            "{name}"
        );
        let value = signer().authorization(&request, now(), NONCE).expect("signed");
        assert_eq!(value.to_str().expect("text"), fixtures::text(&format!("requests/{name}.authorization")), "{name}");
        assert!(value.is_sensitive());
    }
}

#[test]
fn a_nonce_that_could_break_out_of_its_quotes_is_refused() {
    let request = Request { method: "GET", target: "/", body: b"" };
    let long = "a".repeat(33);
    for bad in ["", "a\"b", "a b", "a,b", "a\n", "随机", &long] {
        assert_eq!(signer().authorization(&request, now(), bad).err(), Some(SignError::Nonce), "{bad:?}");
    }
}

#[test]
fn no_key_shows() {
    let shown = format!("{:?}", signer());
    assert!(shown.contains(MERCHANT_SERIAL) && shown.contains("[redacted]"), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn another_library_verifies_what_we_sign(
        target in "/[0-9A-Za-z/_?=&%-]{0,60}",
        body in proptest::collection::vec(any::<u8>(), 0..300),
        seconds in 0_i64..4_000_000_000,
    ) {
        let request = Request { method: "POST", target: &target, body: &body };
        let time = Timestamp::from_second(seconds).expect("in range");
        let value = signer().authorization(&request, time, NONCE).expect("signed");
        let text = value.to_str().expect("text");
        let signature = text.split_once("signature=\"").expect("there").1.trim_end_matches('"');
        let signature = STANDARD.decode(signature).expect("base64");
        let signature = Signature::try_from(signature.as_slice()).expect("256 bytes");
        let message = message::of_request(&request, &seconds.to_string(), NONCE);
        let public = rsa::PublicKey::from_public_key_pem(&fixtures::text("keys/merchant_public.pem")).expect("a key");
        prop_assert!(VerifyingKey::<Sha256>::new(public).verify(&message, &signature).is_ok());
    }
}
