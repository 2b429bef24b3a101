//! Signs and seals as the platform does, with the keys of a sandbox's folder. Shares no code with
//! either side of the wire.

use std::{collections::HashMap, fs, path::Path, sync::Arc};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use rsa::pkcs8::SecretDocument;
use saoma::entropy::Entropy;
use serde_json::{Value, json};

/// A request to a notify route.
#[derive(Clone, Debug)]
pub struct Callback {
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

#[derive(Clone)]
pub struct Forger {
    pub mchid: String,
    pub appid: String,
    serial: String,
    api_v3_key: String,
    key: Arc<RsaKeyPair>,
}

impl Forger {
    pub fn read(dir: &Path) -> Self {
        let account = fs::read(dir.join("account.json")).expect("an account");
        let account: HashMap<String, Value> = serde_json::from_slice(&account).expect("JSON");
        let text = |name: &str| account[name].as_str().expect("a text").to_owned();
        let pem = fs::read_to_string(dir.join("platform/pub_key_private.pem")).expect("a key");
        let (_, der) = SecretDocument::from_pem(&pem).expect("PEM");
        Self {
            mchid: text("mchid"),
            appid: text("appid"),
            serial: text("public_key_id"),
            api_v3_key: text("api_v3_key"),
            key: Arc::new(RsaKeyPair::from_pkcs8(der.as_bytes()).expect("PKCS#8")),
        }
    }

    /// The headers that make this body the platform's word at this time.
    pub fn sign(&self, body: &str, now: Timestamp) -> Vec<(&'static str, String)> {
        let (timestamp, nonce) = (now.as_second().to_string(), Entropy::system().nonce());
        let message = format!("{timestamp}\n{nonce}\n{body}\n");
        let mut signature = vec![0; self.key.public_modulus_len()];
        let random = SystemRandom::new();
        self.key.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).expect("signs");
        vec![
            ("wechatpay-timestamp", timestamp),
            ("wechatpay-nonce", nonce),
            ("wechatpay-serial", self.serial.clone()),
            ("wechatpay-signature", STANDARD.encode(signature)),
            ("wechatpay-signature-type", "WECHATPAY2-SHA256-RSA2048".to_owned()),
        ]
    }

    /// A notification, sealed and signed.
    pub fn notify(&self, id: &str, event_type: &str, content: &Value, now: Timestamp) -> Callback {
        let kind = if event_type.starts_with("REFUND.") { "refund" } else { "transaction" };
        let nonce = Entropy::system().nonce()[..12].to_owned();
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, self.api_v3_key.as_bytes()).expect("32 bytes"));
        let mut sealed = content.to_string().into_bytes();
        let unique = Nonce::try_assume_unique_for_key(nonce.as_bytes()).expect("12 bytes");
        key.seal_in_place_append_tag(unique, Aad::from(kind), &mut sealed).expect("seals");
        let body = json!({
            "id": id,
            "create_time": now.to_string(),
            "resource_type": "encrypt-resource",
            "event_type": event_type,
            "summary": "通知",
            "resource": {
                "original_type": kind,
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": STANDARD.encode(sealed),
                "associated_data": kind,
                "nonce": nonce,
            },
        })
        .to_string();
        Callback { headers: self.sign(&body, now), body }
    }
}
