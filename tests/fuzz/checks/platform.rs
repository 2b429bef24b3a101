//! A platform whose keys are those of `tests/vectors`, made once per process.

use std::sync::LazyLock;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use saoma::wechatpay::{
    ApiV3Key, ApiV3Keys, Notification, NotifyError, PlatformCertificate, PlatformKey, PlatformKeys, PlatformSerial,
};

const API_V3_KEY: &str = "0123456789abcdefghijABCDEFGHIJ_-";
const PUBLIC_KEY_ID: &str = "PUB_KEY_ID_0119000072912026010100000000000001";
pub const PUBLIC_KEY: &str = include_str!("../../vectors/keys/wechatpay_public.pem");
const CERTIFICATE: &str = include_str!("../../vectors/keys/platform_certificate.pem");
pub const NONCE: &str = "Kj7QIyUiYx1q";

/// The moment that stands in every answer of `tests/vectors`.
pub fn now() -> Timestamp {
    Timestamp::from_second(1_767_196_800).expect("in range")
}

pub fn api_v3_keys() -> &'static ApiV3Keys {
    static KEYS: LazyLock<ApiV3Keys> = LazyLock::new(|| ApiV3Keys::new(ApiV3Key::parse(API_V3_KEY).expect("32 bytes")));
    &KEYS
}

/// Both kinds of key, as during the switch.
pub fn platform_keys() -> &'static PlatformKeys {
    static KEYS: LazyLock<PlatformKeys> = LazyLock::new(|| {
        let id = PlatformSerial::parse(PUBLIC_KEY_ID).expect("legal");
        let key = PlatformKey::from_pem(PUBLIC_KEY).expect("a key");
        let certificate = PlatformCertificate::from_pem(CERTIFICATE).expect("a certificate");
        PlatformKeys::default().with_public_key(&id, key).with_certificates([certificate])
    });
    &KEYS
}

/// Base64 of ciphertext and tag, under [`NONCE`].
pub fn seal(associated_data: &str, plaintext: &[u8]) -> String {
    static KEY: LazyLock<LessSafeKey> =
        LazyLock::new(|| LessSafeKey::new(UnboundKey::new(&AES_256_GCM, API_V3_KEY.as_bytes()).expect("32 bytes")));
    let nonce = Nonce::try_assume_unique_for_key(NONCE.as_bytes()).expect("12 bytes");
    let mut sealed = plaintext.to_vec();
    KEY.seal_in_place_append_tag(nonce, Aad::from(associated_data.as_bytes()), &mut sealed).expect("sealed");
    STANDARD.encode(sealed)
}

/// One `name: value` per line, up to an empty line or the end; what follows.
pub fn headers(mut text: &[u8]) -> Option<(HeaderMap, &[u8])> {
    let mut headers = HeaderMap::new();
    loop {
        let (line, rest) = match text.iter().position(|byte| *byte == b'\n') {
            Some(end) => (&text[..end], &text[end + 1..]),
            None => (text, &[][..]),
        };
        text = rest;
        if line.is_empty() {
            return Some((headers, text));
        }
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii_start()).ok()?;
        headers.try_append(name, value).ok()?;
    }
}

/// A notification that WeChat signed, whatever is in it: past the signature by the door that only the
/// fuzzer has.
#[cfg(fuzzing)]
pub fn open_signed(body: &[u8]) -> Result<Notification, NotifyError> {
    saoma::wechatpay::notify::unseal_unverified(PUBLIC_KEY_ID, body, api_v3_keys())
}

/// The same with a real signature, which a few inputs can afford.
#[cfg(not(fuzzing))]
pub fn open_signed(body: &[u8]) -> Result<Notification, NotifyError> {
    use saoma::wechatpay::{MerchantKey, message, notify};

    static KEY: LazyLock<MerchantKey> = LazyLock::new(|| {
        MerchantKey::from_pem(include_str!("../../vectors/keys/wechatpay_key.pem")).expect("a private key")
    });
    let timestamp = now().as_second().to_string();
    let signature = KEY.sign(&message::of_answer(&timestamp, NONCE, body)).expect("signed");
    let head = format!(
        "wechatpay-timestamp: {timestamp}\nwechatpay-nonce: {NONCE}\nwechatpay-serial: {PUBLIC_KEY_ID}\n\
         wechatpay-signature: {}",
        STANDARD.encode(signature)
    );
    let (headers, _) = headers(head.as_bytes()).expect("headers");
    notify::open(&headers, body, platform_keys(), api_v3_keys(), now())
}
