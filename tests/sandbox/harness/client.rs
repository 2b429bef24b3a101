//! A client of `APIv3`, written from `wechatpay-v3.md` §1 and §2 alone.

use std::{collections::HashMap, path::Path};

use aes_gcm::{
    Aes256Gcm, KeyInit as _,
    aead::{Aead as _, Payload},
};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{
        OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
        PublicEncryptingKey,
    },
    signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{Method, header::HeaderMap};
use saoma::{clock::Clock, entropy::Entropy};
use serde_json::Value;
use x509_cert::{
    Certificate,
    der::{DecodePem as _, Encode as _},
};

pub struct Client {
    pub base: String,
    pub mchid: String,
    pub appid: String,
    pub serial_no: String,
    pub public_key_id: String,
    pub api_v3_key: String,
    key: RsaKeyPair,
    private_der: Vec<u8>,
    /// Both of the platform's kinds, by serial: DER of the SPKI.
    platform_keys: HashMap<String, Vec<u8>>,
    http: reqwest::Client,
    clock: Clock,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// What goes into an `Authorization`; tests spoil one part at a time.
#[derive(Clone)]
pub struct Signing {
    pub mchid: String,
    pub serial_no: String,
    pub nonce: String,
    pub timestamp: i64,
}

impl Client {
    /// Reads `credentials.env` as dotenv does.
    pub fn new(dir: &Path, clock: Clock) -> Self {
        let env: HashMap<String, String> = dotenvy::from_path_iter(dir.join("credentials.env"))
            .expect("is there")
            .map(|pair| pair.expect("dotenv"))
            .collect();
        let value = |name: &str| env.get(name).unwrap_or_else(|| panic!("{name} is missing")).clone();
        let read = |path: String| std::fs::read_to_string(path).expect("is there");
        let (serial, spki) = read_certificate(&read(dir.join("platform/cert.pem").display().to_string()));
        // Also where the credentials do not tell of it, so that tests can see what signs.
        let public = pem_body(&read(dir.join("pub_key.pem").display().to_string()));
        let account: Value = serde_json::from_str(&read(dir.join("account.json").display().to_string())).expect("JSON");
        let public_key_id = account["public_key_id"].as_str().expect("an id").to_owned();
        let private_der = pem_body(&read(value("WXPAY_PRIVATE_KEY_PATH")));
        let key = RsaKeyPair::from_pkcs8(&private_der).expect("PKCS#8");
        Self {
            base: value("WXPAY_DOMAIN"),
            mchid: value("WXPAY_MCH_ID"),
            appid: value("WXPAY_APPID"),
            serial_no: value("WXPAY_MCH_SERIAL_NO"),
            api_v3_key: value("WXPAY_API_V3_KEY"),
            platform_keys: HashMap::from([(public_key_id.clone(), public), (serial, spki)]),
            public_key_id,
            key,
            private_der,
            http: reqwest::Client::builder().no_proxy().build().expect("a client"),
            clock,
        }
    }

    /// Believes another certificate as well; its serial.
    pub fn trust(&mut self, pem: &str) -> String {
        let (serial, spki) = read_certificate(pem);
        self.platform_keys.insert(serial.clone(), spki);
        serial
    }

    pub fn certificate_serial(&self) -> &str {
        self.platform_keys.keys().find(|serial| **serial != self.public_key_id).expect("two keys")
    }

    pub fn signing(&self) -> Signing {
        Signing {
            mchid: self.mchid.clone(),
            serial_no: self.serial_no.clone(),
            nonce: Entropy::system().nonce(),
            timestamp: self.clock.now().as_second(),
        }
    }

    pub fn authorization(&self, signing: &Signing, method: &str, url: &str, body: &[u8]) -> String {
        let Signing { mchid, serial_no, nonce, timestamp } = signing;
        let mut message = format!("{method}\n{url}\n{timestamp}\n{nonce}\n").into_bytes();
        message.extend_from_slice(body);
        message.push(b'\n');
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message, &mut signature).expect("signs");
        let signature = STANDARD.encode(signature);
        format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{mchid}\",nonce_str=\"{nonce}\",signature=\"{signature}\",\
             timestamp=\"{timestamp}\",serial_no=\"{serial_no}\""
        )
    }

    /// A request with nothing but what a test wants in it.
    pub fn bare(&self, method: &str, url: &str, body: &[u8]) -> reqwest::RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        self.http.request(method, format!("{}{url}", self.base)).body(body.to_vec())
    }

    /// A request as it should be.
    pub fn request(&self, method: &str, url: &str, body: &[u8]) -> reqwest::RequestBuilder {
        let authorization = self.authorization(&self.signing(), method, url, body);
        let request = self
            .bare(method, url, body)
            .header("Authorization", authorization)
            .header("User-Agent", "test/1")
            .header("Accept", "application/json")
            .header("Wechatpay-Serial", &self.public_key_id);
        if body.is_empty() { request } else { request.header("Content-Type", "application/json") }
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, body: answer.bytes().await.expect("a body").to_vec() }
    }

    /// Sends a GET; whatever succeeds must be signed well.
    pub async fn get(&self, url: &str) -> Answer {
        self.verified(self.send(self.request("GET", url, b"")).await)
    }

    pub async fn post(&self, url: &str, body: &Value) -> Answer {
        self.verified(self.send(self.request("POST", url, body.to_string().as_bytes())).await)
    }

    fn verified(&self, answer: Answer) -> Answer {
        if answer.status < 300 {
            assert_eq!(self.verify(&answer.headers, &answer.body), Ok(()), "{answer:?}");
        } else {
            assert!(!answer.is_signed(), "{answer:?}");
        }
        answer
    }

    pub async fn control(&self, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.send(self.bare(method, path, &body).header("Content-Type", "application/json")).await
    }

    /// §2.1: over the raw bytes of a reply or a notification.
    pub fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), &'static str> {
        let one = |name: &str| {
            let mut values = headers.get_all(name).iter();
            match (values.next(), values.next()) {
                (Some(value), None) => value.to_str().map_err(|_| "not ASCII"),
                _ => Err("missing or repeated"),
            }
        };
        if one("Wechatpay-Signature-Type")? != "WECHATPAY2-SHA256-RSA2048" {
            return Err("signature type");
        }
        let (timestamp, nonce) = (one("Wechatpay-Timestamp")?, one("Wechatpay-Nonce")?);
        let seconds: i64 = timestamp.parse().map_err(|_| "timestamp")?;
        if (self.clock.now().as_second() - seconds).abs() >= 300 {
            return Err("stale");
        }
        let mut message = format!("{timestamp}\n{nonce}\n").into_bytes();
        message.extend_from_slice(body);
        message.push(b'\n');
        let key = self.platform_keys.get(one("Wechatpay-Serial")?).ok_or("unknown serial")?;
        let signature = STANDARD.decode(one("Wechatpay-Signature")?).map_err(|_| "not base64")?;
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
        key.verify(&message, &signature).map_err(|_| "mismatch")
    }

    /// §4: what `resource` or `encrypt_certificate` holds.
    pub fn open(&self, sealed: &Value) -> Vec<u8> {
        assert_eq!(sealed["algorithm"], "AEAD_AES_256_GCM");
        let text = |name: &str| sealed[name].as_str().unwrap_or_default();
        let nonce: [u8; 12] = text("nonce").as_bytes().try_into().expect("12 bytes");
        let msg = STANDARD.decode(text("ciphertext")).expect("base64");
        let payload = Payload { msg: &msg, aad: text("associated_data").as_bytes() };
        let cipher = Aes256Gcm::new_from_slice(self.api_v3_key.as_bytes()).expect("32 bytes");
        cipher.decrypt(&nonce.into(), payload).expect("opens")
    }
}

impl Client {
    /// §2.3: a field for the platform, encrypted to the public key in this file.
    pub fn encrypt(public_key: &Path, field: &str) -> String {
        let der = pem_body(&std::fs::read_to_string(public_key).expect("is there"));
        let key = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(&der).expect("a key")).expect("a key");
        let mut sealed = vec![0; key.ciphertext_size()];
        key.encrypt(&OAEP_SHA1_MGF1SHA1, field.as_bytes(), &mut sealed, None).expect("encrypts");
        STANDARD.encode(sealed)
    }

    /// §2.3: a field encrypted to the merchant's certificate.
    pub fn decrypt(&self, field: &str) -> Vec<u8> {
        let key = PrivateDecryptingKey::from_pkcs8(&self.private_der).expect("PKCS#8");
        let key = OaepPrivateDecryptingKey::new(key).expect("a key");
        let mut out = vec![0; key.min_output_size()];
        let sealed = STANDARD.decode(field).expect("base64");
        key.decrypt(&OAEP_SHA1_MGF1SHA1, &sealed, &mut out, None).expect("decrypts").to_vec()
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().expect("a code").to_owned()
    }

    /// The text of a page for people: nothing in it is styled or run from anywhere but a file.
    pub fn as_page(&self) -> String {
        let policy = self.headers["Content-Security-Policy"].to_str().expect("ASCII");
        assert!(policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self'"));
        let html = String::from_utf8(self.body.clone()).expect("UTF-8");
        assert!(html.contains("<html lang=\"zh-CN\">") && html.contains("沙箱") && html.contains("不涉及真实资金"));
        assert!(!html.contains(" style=") && !html.contains("<style") && !html.contains(" onclick"), "{html}");
        html
    }

    pub fn location(&self) -> &str {
        self.headers.get("Location").map_or("", |value| value.to_str().expect("ASCII"))
    }

    pub fn is_signed(&self) -> bool {
        self.headers.keys().any(|name| name.as_str().starts_with("wechatpay-"))
    }
}

/// Serial and DER of the SPKI.
fn read_certificate(pem: &str) -> (String, Vec<u8>) {
    let certificate = Certificate::from_pem(pem).expect("X.509");
    let certificate = certificate.tbs_certificate();
    let serial = certificate.serial_number().to_string().replace(':', "");
    (serial, certificate.subject_public_key_info().to_der().expect("DER"))
}

fn pem_body(pem: &str) -> Vec<u8> {
    let lines: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(lines).expect("PEM")
}
