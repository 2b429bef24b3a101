//! Keys and answers of `tests/vectors`, and a platform's hand for the cases that are made on the
//! spot. Sealing is done by another library than opening.

use std::{fs, path::Path};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    rsa::{OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, PrivateDecryptingKey},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

use super::{
    ApiV3Key, ApiV3Keys, Mchid, MerchantKey, MerchantSerial, PlatformCertificate, PlatformKey, PlatformKeys,
    PlatformSerial, Signer, message,
};

pub(crate) const MCHID: &str = "1900007291";
pub(crate) const APPID: &str = "wxd678efh567hg6787";
pub(crate) const OUT_TRADE_NO: &str = "1217752501201407033233368018";
pub(crate) const TRANSACTION_ID: &str = "4200001234202601010000000001";
pub(crate) const OUT_REFUND_NO: &str = "7752501201407033233368018";
pub(crate) const OPENID: &str = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o";
pub(crate) const NONCE: &str = "593BEC0C930BF1AFEB40B4A08C8FB242";
pub(crate) const API_V3_KEY: &str = "0123456789abcdefghijABCDEFGHIJ_-";
pub(crate) const PREVIOUS_API_V3_KEY: &str = "previous-previous-previous-12345";
pub(crate) const PUBLIC_KEY_ID: &str = "PUB_KEY_ID_0119000072912026010100000000000001";
pub(crate) const MERCHANT_SERIAL: &str = "5F1C72E2A8931B72A2E13AF8DEE92471EB397100";
pub(crate) const PLATFORM_SERIAL: &str = "440024045C4A427599D09BB4E3DE0279F2E81300";
pub(crate) const NEXT_SERIAL: &str = "0A00240455877E3CF6C33255C2E7DEFFF7E42700";

/// The moment that stands in every answer: 2026-01-01 00:00 in Beijing.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(1_767_196_800).expect("in range")
}

pub(crate) fn bytes(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn text(name: &str) -> String {
    String::from_utf8(bytes(name)).expect("text")
}

/// Headers and body of `folder/name`.
pub(crate) fn answer(name: &str) -> (HeaderMap, Vec<u8>) {
    let headers = text(&format!("{name}.headers"));
    let headers = headers.lines().map(|line| {
        let (name, value) = line.split_once(": ").expect("a header");
        (HeaderName::try_from(name).expect("a name"), HeaderValue::try_from(value).expect("a value"))
    });
    (headers.collect(), bytes(&format!("{name}.body")))
}

pub(crate) fn merchant_key() -> MerchantKey {
    MerchantKey::from_pem(&text("keys/merchant_key.pem")).expect("a key")
}

pub(crate) fn signer() -> Signer {
    let serial = MerchantSerial::parse(MERCHANT_SERIAL).expect("legal");
    Signer::new(Mchid::parse(MCHID).expect("legal"), serial, merchant_key())
}

pub(crate) fn public_key() -> PlatformKey {
    PlatformKey::from_pem(&text("keys/wechatpay_public.pem")).expect("a key")
}

pub(crate) fn certificate(name: &str) -> PlatformCertificate {
    PlatformCertificate::from_pem(&text(&format!("keys/{name}.pem"))).expect("a certificate")
}

pub(crate) fn public_key_id() -> PlatformSerial {
    PlatformSerial::parse(PUBLIC_KEY_ID).expect("legal")
}

/// The WeChat Pay public key alone.
pub(crate) fn public_keys() -> PlatformKeys {
    PlatformKeys::default().with_public_key(&public_key_id(), public_key())
}

/// Public key and one platform certificate, as during the switch.
pub(crate) fn both_keys() -> PlatformKeys {
    public_keys().with_certificates([certificate("platform_certificate")])
}

pub(crate) fn api_v3_keys() -> ApiV3Keys {
    ApiV3Keys::new(ApiV3Key::parse(API_V3_KEY).expect("32 bytes"))
}

/// Headers by which WeChat would send `body` at `time`, signed with its public key's other half.
pub(crate) fn sign(body: &[u8], time: Timestamp) -> HeaderMap {
    sign_as("wechatpay_key", PUBLIC_KEY_ID, body, &time.as_second().to_string())
}

pub(crate) fn sign_as(key: &str, serial: &str, body: &[u8], timestamp: &str) -> HeaderMap {
    let key = MerchantKey::from_pem(&text(&format!("keys/{key}.pem"))).expect("a key");
    let signature = key.sign(&message::of_answer(timestamp, NONCE, body)).expect("signed");
    let header = |name: &'static str, value: &str| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value"))
    };
    HeaderMap::from_iter([
        header("wechatpay-timestamp", timestamp),
        header("wechatpay-nonce", NONCE),
        header("wechatpay-serial", serial),
        header("wechatpay-signature", &STANDARD.encode(signature)),
    ])
}

/// Base64 of ciphertext and tag.
pub(crate) fn seal(key: &str, nonce: &str, associated_data: &str, plaintext: &[u8]) -> String {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_bytes()).expect("32 bytes"));
    let nonce = Nonce::try_assume_unique_for_key(nonce.as_bytes()).expect("12 bytes");
    let mut sealed = plaintext.to_vec();
    key.seal_in_place_append_tag(nonce, Aad::from(associated_data.as_bytes()), &mut sealed).expect("sealed");
    STANDARD.encode(sealed)
}

/// A notification about `content`.
pub(crate) fn envelope(event_type: &str, original_type: &str, content: &str) -> serde_json::Value {
    let nonce = "Kj7QIyUiYx1q";
    serde_json::json!({
        "id": "3119dfba-e649-5eec-ab1e-3412bc4d2e17",
        "create_time": "2026-01-01T00:00:00+08:00",
        "resource_type": "encrypt-resource",
        "event_type": event_type,
        "summary": "支付成功",
        "resource": {
            "original_type": original_type,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": seal(API_V3_KEY, nonce, "transaction", content.as_bytes()),
            "associated_data": "transaction",
            "nonce": nonce,
        },
    })
}

/// A field that is sealed to the WeChat Pay public key.
pub(crate) fn open_field(sealed: &str) -> String {
    open_field_as("wechatpay_key", sealed).expect("opens")
}

pub(crate) fn open_field_as(key: &str, sealed: &str) -> Option<String> {
    let pem = text(&format!("keys/{key}.pem"));
    let der: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let key = PrivateDecryptingKey::from_pkcs8(&STANDARD.decode(der).expect("PEM")).expect("a key");
    let key = OaepPrivateDecryptingKey::new(key).expect("a key");
    let (sealed, mut out) = (STANDARD.decode(sealed).ok()?, vec![0; key.min_output_size()]);
    let opened = key.decrypt(&OAEP_SHA1_MGF1SHA1, &sealed, &mut out, None).ok()?;
    String::from_utf8(opened.to_vec()).ok()
}
