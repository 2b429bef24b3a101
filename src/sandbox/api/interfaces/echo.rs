//! `POST /v3/security/echo`: tries signing, verifying, sealing and callbacks without an order
//! (`wechatpay-v3.md` §10.6).

use serde_json::{Value, json};

use crate::sandbox::{
    api::{gate::Admitted, reply::Success},
    books::{
        delivery::Subject,
        prepay::is_notify_url,
        schema::{self, Field, Kind, optional, required},
    },
    callbacks::payer,
    crypto::oaep,
    error::ApiError,
    platform::Platform,
};

const FIELDS: &[Field] = &[
    required("echo_message", Kind::Text { max: 128 }),
    optional("encrypted_echo_message", Kind::Text { max: 1024 }),
    optional("notify_url", Kind::Text { max: 255 }),
];

pub(super) fn echo(platform: &Platform, admitted: &Admitted) -> Result<Success, ApiError> {
    let body = schema::read(FIELDS, &admitted.body)?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let message = text("echo_message").unwrap_or_default();
    // The secret of a request is encrypted to the key that `Wechatpay-Serial` names, ours to the
    // merchant's certificate.
    let secret = match text("encrypted_echo_message") {
        None => message.as_bytes().to_vec(),
        Some(sealed) => {
            let key = admitted.key.as_ref().unwrap_or(&platform.keys.public_key);
            oaep::decrypt(key.private_key(), sealed).map_err(|_| {
                ApiError::parameter(
                    "body",
                    "/encrypted_echo_message",
                    &json!(""),
                    "解密失败，请检查公钥与Wechatpay-Serial",
                )
            })?
        }
    };
    let encrypted =
        oaep::encrypt(&platform.keys.merchant_public, &secret).map_err(|error| ApiError::of("sandbox echo", &error))?;
    if let Some(text) = text("notify_url") {
        if !is_notify_url(text, &platform.place.plain_hosts) {
            return Err(ApiError::parameter("body", "/notify_url", &json!(text), "须为https地址，不带参数"));
        }
        let subject = Subject::Echo { message: message.to_owned(), encrypted: Some(encrypted.clone()) };
        let delivery = payer::notification(platform, subject, text.to_owned(), payer::delay(platform));
        platform.ledger().add_delivery(delivery)?;
        platform.wake.notify_one();
    }
    Ok(Success::Body(json!({ "echo_message": message, "encrypted_echo_message": encrypted })))
}
