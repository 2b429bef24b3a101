//! Notifications made by hand (`wechatpay-v3.md` §2.1, §4, §6), with the sandbox's platform keys:
//! whatever can be signed and sealed can be sent. Shares no code with the site or the sandbox.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use rsa::{
    PrivateKey,
    pkcs1v15::SigningKey,
    pkcs8::DecodePrivateKey as _,
    signature::{SignatureEncoding as _, Signer as _},
};
use saoma::{clock::Clock, entropy::Entropy};
use serde_json::{Value, json};
use sha2::Sha256;

use super::Placed;

pub const NATIVE_NOTIFY: &str = "/api/wx-pay/native/notify";
pub const REFUNDS_NOTIFY: &str = "/api/wx-pay/refunds/notify";
pub const TIMESTAMP: &str = "wechatpay-timestamp";
pub const NONCE: &str = "wechatpay-nonce";
pub const SERIAL: &str = "wechatpay-serial";
pub const SIGNATURE: &str = "wechatpay-signature";
pub const TYPE: &str = "wechatpay-signature-type";
/// All of them; the last may be absent.
pub const SIGNING_HEADERS: [&str; 5] = [TIMESTAMP, NONCE, SERIAL, SIGNATURE, TYPE];

/// The platform's two kinds of signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    PublicKey,
    Certificate,
}

pub struct Forger {
    pub mchid: String,
    pub appid: String,
    pub public_key_id: String,
    pub certificate_serial: String,
    pub api_v3_key: String,
    public: SigningKey<Sha256>,
    certificate: SigningKey<Sha256>,
    clock: Clock,
}

/// What a notification says, before it is sealed.
#[derive(Clone, Debug)]
pub struct Notice {
    pub id: String,
    pub event_type: String,
    pub original_type: String,
    pub associated_data: String,
    pub content: Value,
}

/// A request to the notify route.
#[derive(Clone, Debug)]
pub struct Callback {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Forger {
    /// From a sandbox's folder.
    pub fn read(dir: &Path, clock: Clock) -> Self {
        let account = fs::read(dir.join("account.json")).expect("an account");
        let account: HashMap<String, Value> = serde_json::from_slice(&account).expect("JSON");
        let text = |name: &str| account[name].as_str().expect("a text").to_owned();
        let key = |file: &str| {
            let pem = fs::read_to_string(dir.join("platform").join(file)).expect("a key");
            SigningKey::new(PrivateKey::from_pkcs8_pem(&pem).expect("PKCS#8"))
        };
        Self {
            mchid: text("mchid"),
            appid: text("appid"),
            public_key_id: text("public_key_id"),
            certificate_serial: text("certificate_serial"),
            api_v3_key: text("api_v3_key"),
            public: key("pub_key_private.pem"),
            certificate: key("cert_key.pem"),
            clock,
        }
    }

    /// A `transaction_id` that nobody has had.
    pub fn transaction_id() -> String {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        format!("42000099{:020}", NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// The transaction that pays an order.
    pub fn transaction(&self, order: &Placed) -> Value {
        let success = Timestamp::from_second(self.clock.now().as_second()).expect("in range");
        json!({
            "appid": self.appid,
            "mchid": self.mchid,
            "out_trade_no": order.order_no,
            "transaction_id": Self::transaction_id(),
            "trade_type": "NATIVE",
            "trade_state": "SUCCESS",
            "trade_state_desc": "支付成功",
            "bank_type": "OTHERS",
            "success_time": success.to_string(),
            "payer": { "openid": "oForgedOpenid00000000000001" },
            "amount": {
                "total": order.total, "payer_total": order.total, "currency": "CNY", "payer_currency": "CNY",
            },
        })
    }

    /// `nonce` and `ciphertext` of a resource.
    pub fn seal(key: &str, associated_data: &str, plaintext: &[u8]) -> (String, String) {
        let nonce = Entropy::system().nonce()[..12].to_owned();
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_bytes()).expect("32 bytes"));
        let mut sealed = plaintext.to_vec();
        let unique = Nonce::try_assume_unique_for_key(nonce.as_bytes()).expect("12 bytes");
        key.seal_in_place_append_tag(unique, Aad::from(associated_data), &mut sealed).expect("seals");
        (nonce, STANDARD.encode(sealed))
    }

    /// The envelope as JSON.
    pub fn envelope(&self, notice: &Notice) -> Value {
        let plaintext = notice.content.to_string();
        let (nonce, ciphertext) = Self::seal(&self.api_v3_key, &notice.associated_data, plaintext.as_bytes());
        json!({
            "id": notice.id,
            "create_time": "2026-11-23T14:05:09+08:00",
            "resource_type": "encrypt-resource",
            "event_type": notice.event_type,
            "summary": "支付成功",
            "resource": {
                "original_type": notice.original_type,
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": ciphertext,
                "associated_data": notice.associated_data,
                "nonce": nonce,
            },
        })
    }

    /// `body` with its five headers, signed `seconds` from now by the key of this kind.
    pub fn signed_at(&self, kind: KeyKind, body: impl Into<Vec<u8>>, seconds: i64) -> Callback {
        let (key, serial) = match kind {
            KeyKind::PublicKey => (&self.public, &self.public_key_id),
            KeyKind::Certificate => (&self.certificate, &self.certificate_serial),
        };
        let body = body.into();
        let timestamp = (self.clock.now().as_second() + seconds).to_string();
        let nonce = Entropy::system().nonce();
        let mut message = format!("{timestamp}\n{nonce}\n").into_bytes();
        message.extend_from_slice(&body);
        message.push(b'\n');
        let signature = STANDARD.encode(key.sign(&message).to_bytes());
        let bare = Callback { headers: HeaderMap::new(), body };
        let callback = bare.with(TIMESTAMP, timestamp).with(NONCE, nonce).with(SIGNATURE, signature);
        callback.with(SERIAL, serial.as_str()).with(TYPE, "WECHATPAY2-SHA256-RSA2048")
    }

    pub fn signed(&self, body: impl Into<Vec<u8>>) -> Callback {
        self.signed_at(KeyKind::PublicKey, body, 0)
    }

    pub fn callback(&self, notice: &Notice) -> Callback {
        self.signed(self.envelope(notice).to_string())
    }

    /// The notice of a refund of a payment that has gone well, made by whoever and under whatever number.
    pub fn refund(&self, order: &Placed, transaction_id: &str, out_refund_no: &str, amount: i64) -> Notice {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let refund_id = format!("50300099{:021}", NEXT.fetch_add(1, Ordering::Relaxed));
        Notice {
            event_type: "REFUND.SUCCESS".to_owned(),
            original_type: "refund".to_owned(),
            associated_data: "refund".to_owned(),
            ..Notice::of(json!({
                "mchid": self.mchid, "transaction_id": transaction_id, "out_trade_no": order.order_no,
                "refund_id": refund_id, "out_refund_no": out_refund_no, "refund_status": "SUCCESS",
                "user_received_account": "支付用户零钱",
                "success_time": "2026-11-23T14:05:09+08:00",
                "amount": {
                    "total": order.total, "refund": amount, "payer_total": order.total, "payer_refund": amount,
                },
            }))
        }
    }

    /// The genuine notification of an order's payment.
    pub fn payment(&self, order: &Placed) -> Callback {
        self.callback(&Notice::of(self.transaction(order)))
    }
}

impl Notice {
    /// Of a payment, unless changed.
    pub fn of(content: Value) -> Self {
        Self {
            id: Entropy::system().nonce(),
            event_type: "TRANSACTION.SUCCESS".to_owned(),
            original_type: "transaction".to_owned(),
            associated_data: "transaction".to_owned(),
            content,
        }
    }
}

impl Callback {
    fn name(header: &'static str) -> HeaderName {
        HeaderName::from_static(header)
    }

    /// With another value for this header.
    #[must_use]
    pub fn with(mut self, header: &'static str, value: impl AsRef<[u8]>) -> Self {
        let value = HeaderValue::from_bytes(value.as_ref()).expect("a header value");
        self.headers.insert(Self::name(header), value);
        self
    }

    #[must_use]
    pub fn without(mut self, header: &'static str) -> Self {
        self.headers.remove(header).expect("is there");
        self
    }

    #[must_use]
    pub fn with_double(mut self, header: &'static str) -> Self {
        let value = self.headers.get(header).expect("is there").clone();
        self.headers.append(Self::name(header), value);
        self
    }

    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).expect("is there").to_str().expect("text")
    }

    /// Request line and headers, for [`super::raw`].
    pub fn head(&self) -> String {
        let first = format!("POST {NATIVE_NOTIFY} HTTP/1.1\r\ncontent-length: {}", self.body.len());
        let lines = self.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().expect("text")));
        [first].into_iter().chain(lines).collect::<Vec<_>>().join("\r\n")
    }
}
