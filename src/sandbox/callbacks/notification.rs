//! The text of a notification: sealed, keys in any order, signed (`wechatpay-v3.md` §6.1, §6.2).

use std::sync::Arc;

use axum::body::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::{
    entropy::Entropy,
    sandbox::{
        books::{
            delivery::{Delivery, Subject},
            order::TradeState,
            refund::RefundStatus,
        },
        crypto::signature::{self, PlatformKey, SCHEME},
        error::ApiError,
        faults::Twist,
        platform::{Platform, Signed},
        wire_time,
    },
};

/// How far back a stale timestamp lies.
const STALE: SignedDuration = SignedDuration::from_mins(10);

/// Ready to be sent.
pub(super) struct Notification {
    pub(super) content_type: &'static str,
    /// Those that belong to this text alone.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
}

/// Seals and signs anew: every attempt has its own timestamp, nonces and signature, and the same
/// `id`.
pub(super) async fn build(
    platform: &Arc<Platform>,
    delivery: &Delivery,
    key: Arc<PlatformKey>,
    twists: &[Twist],
) -> Result<Notification, ApiError> {
    let body = Bytes::from(envelope(platform, delivery, twists)?);
    let now = platform.signing_now();
    let timestamp =
        if twists.contains(&Twist::StaleTimestamp) { now.saturating_sub(STALE).unwrap_or(now) } else { now };
    let Signed { timestamp, nonce, signature, serial } = platform.sign(key, timestamp, body.clone()).await?;
    let signature =
        if twists.contains(&Twist::Signtest) { signature::probe(&platform.entropy.bytes::<254>()) } else { signature };
    let body = if twists.contains(&Twist::AlteredBody) { altered(&body) } else { body };
    let headers = vec![
        ("Wechatpay-Timestamp", timestamp),
        ("Wechatpay-Nonce", nonce),
        ("Wechatpay-Signature", signature),
        ("Wechatpay-Signature-Type", SCHEME.to_owned()),
        ("Wechatpay-Serial", serial),
    ];
    Ok(Notification { content_type: "application/json", headers, body })
}

fn envelope(platform: &Platform, delivery: &Delivery, twists: &[Twist]) -> Result<String, ApiError> {
    let entropy = &platform.entropy;
    let (original_type, summary, mut told) = content(platform, &delivery.subject)?;
    make_wrong(&mut told, twists);
    let event_type = delivery.subject.event_type().filter(|_| !twists.contains(&Twist::WrongEventType));
    let event_type = event_type.unwrap_or("TRANSACTION.UNKNOWN");
    // §4, §14: documented as possibly empty, seen as the original type.
    let [coin] = entropy.bytes();
    let associated_data = if coin & 1 == 0 { original_type } else { "" };
    let plaintext = shuffled(entropy, &told);
    let sealed = platform
        .keys
        .api_v3_key()
        .seal(entropy, associated_data, plaintext.as_bytes())
        .map_err(|error| ApiError::of("sandbox seal", &error))?;
    let created = Timestamp::from_millisecond(delivery.created_ms).unwrap_or_default();
    Ok(shuffled(
        entropy,
        &json!({
            "id": delivery.id,
            "create_time": wire_time::seconds(created),
            "event_type": event_type,
            "resource_type": "encrypt-resource",
            "summary": summary,
            "resource": {
                "original_type": original_type,
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": sealed.ciphertext,
                "associated_data": associated_data,
                "nonce": sealed.nonce,
            },
        }),
    ))
}

/// The original type, a word for people, the text.
type Content = (&'static str, &'static str, Value);

fn content(platform: &Platform, subject: &Subject) -> Result<Content, ApiError> {
    match subject {
        Subject::Payment { out_trade_no } => {
            let account = &platform.keys.account;
            let ledger = platform.ledger();
            let order = ledger.find(out_trade_no).ok_or_else(ApiError::order_not_exist)?;
            let mut told = order.transaction(&account.mchid, &account.appid, TradeState::Success);
            // Always there, unlike in a query's answer.
            told["attach"] = json!(order.attach.as_deref().unwrap_or_default());
            Ok(("transaction", "支付成功", told))
        }
        Subject::Refund { out_refund_no, status, .. } => {
            let ledger = platform.ledger();
            let refund = ledger.refund(out_refund_no).ok_or_else(|| ApiError::resource_not_exists("退款单不存在"))?;
            let summary = match status {
                RefundStatus::Closed => "退款关闭",
                RefundStatus::Abnormal => "退款异常",
                RefundStatus::Success | RefundStatus::Processing => "退款成功",
            };
            Ok(("refund", summary, refund.notification(&platform.keys.account.mchid, *status)))
        }
        // Not written here: it is no envelope.
        Subject::RefundV2 { .. } => Err(ApiError::system_error()),
        // §10.6: `encrypt_echo_message` here, `encrypted_echo_message` in the reply.
        Subject::Echo { message, encrypted } => {
            let told = json!({ "echo_message": message, "encrypt_echo_message": encrypted });
            Ok(("security", "回显成功", told))
        }
    }
}

/// Only what is there is made wrong: an echo has no amount.
fn make_wrong(told: &mut Value, twists: &[Twist]) {
    // A refund has both: what it cost and what comes back.
    let amount = if told.pointer("/amount/refund").is_some() { "/amount/refund" } else { "/amount/total" };
    let state = if told.get("refund_status").is_some() { "/refund_status" } else { "/trade_state" };
    for twist in twists {
        let (pointer, value) = match twist {
            Twist::WrongAmount => {
                let fen = told.pointer(amount).and_then(Value::as_i64).unwrap_or_default();
                (amount, json!(fen.saturating_add(1)))
            }
            Twist::WrongCurrency => ("/amount/currency", json!("HKD")),
            Twist::WrongMchid => ("/mchid", json!("1900000001")),
            Twist::WrongAppid => ("/appid", json!("wx0000000000000000")),
            Twist::WrongOutTradeNo => ("/out_trade_no", json!("NOBODY0HAS0THIS0NUMBER")),
            Twist::WrongOutRefundNo => ("/out_refund_no", json!("NOBODY0HAS0THIS0NUMBER")),
            Twist::WrongTradeState => (state, json!("NOTPAY")),
            Twist::WrongEventType | Twist::Signtest | Twist::StaleTimestamp | Twist::AlteredBody => continue,
        };
        if let Some(place) = told.pointer_mut(pointer) {
            *place = value;
        }
    }
}

/// The first character of the ciphertext changed, so that all is as it was but the signature.
fn altered(body: &[u8]) -> Bytes {
    const BEFORE: &[u8] = br#""ciphertext":""#;
    let mut body = body.to_vec();
    let start = body.windows(BEFORE.len()).position(|window| window == BEFORE);
    if let Some(byte) = start.and_then(|start| body.get_mut(start + BEFORE.len())) {
        *byte = if *byte == b'A' { b'B' } else { b'A' };
    }
    body.into()
}

/// JSON whose objects have their keys in random order: nobody is to depend on it (§1.4).
fn shuffled(entropy: &Entropy, value: &Value) -> String {
    match value {
        Value::Object(object) => shuffled_object(entropy, object),
        other => other.to_string(),
    }
}

fn shuffled_object(entropy: &Entropy, object: &Map<String, Value>) -> String {
    let mut members: Vec<(u64, String)> = object
        .iter()
        .map(|(name, value)| {
            let place = u64::from_be_bytes(entropy.bytes());
            (place, format!("{}:{}", Value::from(name.as_str()), shuffled(entropy, value)))
        })
        .collect();
    members.sort_unstable();
    let members: Vec<String> = members.into_iter().map(|(_, member)| member).collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffling_changes_the_order_and_nothing_else() {
        let value = json!({"a": 1, "b": "支付\"成功\"", "c": {"d": [1, {"e": null}], "f": true}});
        let entropy = Entropy::seeded(7);
        let texts: Vec<String> = (0..20).map(|_| shuffled(&entropy, &value)).collect();
        assert!(texts.iter().any(|text| text != &texts[0]));
        for text in texts {
            assert_eq!(serde_json::from_str::<Value>(&text).expect("json"), value);
        }
    }

    #[test]
    fn altering_changes_the_ciphertext_alone() {
        let other = altered(br#"{"resource":{"ciphertext":"ABC","nonce":"abcA"}}"#);
        assert_eq!(&other[..], br#"{"resource":{"ciphertext":"BBC","nonce":"abcA"}}"#);
    }
}
